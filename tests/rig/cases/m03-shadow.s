# mtf: both shadows are seen, where a TF stepper sees neither boundary nor shadow (K2)
# run: trace -e mtf GUEST
# stop: MTF load
# stop: MTF in_shadow | pdbg=0 shadow=movss
# stop: MTF sti_at | pdbg=0 shadow=-
# stop: MTF n1 | shadow=sti
# stop: MTF end | shadow=-
# stop: HLT behind
	.include "case.inc"
_start:	movl %ss, %eax
load:	movl %eax, %ss
in_shadow: nop
sti_at:	sti
n1:	cli
end:	hlt
behind:	nop
