# K2: the shadow of STI is shown, that of MOV SS makes one stop of two instructions
# run: trace -e kvm GUEST
# stop: TF sti_at
# stop: TF in_sti
# stop: TF ss_at
# stop: TF ss_load
# stop: TF behind_ss
# stop: TF end
# stop: HLT behind
	.include "case.inc"
_start:	cli
sti_at:	sti
in_sti:	cli
ss_at:	movl %ss, %eax
ss_load: movl %eax, %ss
	nop
behind_ss: nop
end:	hlt
behind:	nop
