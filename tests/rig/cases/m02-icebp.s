# mtf: ICEBP with prefixes and in shadows: type 5, its length from the exit, the shadow gone behind it
# run: trace -e mtf GUEST
# stop: MTF f1
# stop: ICEBP prefixed | type 5\] len=1
# stop: ICEBP rexed | type 5\] len=2.*inner skip 400002 -> 400004
# stop: ICEBP ss | type 5\] len=2
# stop: MTF ss_load
# stop: MTF ss_f1 | shadow=movss
# stop: ICEBP ss_behind | type 5\] len=1 pdbg=0 shadow=movss
# stop: MTF sti_f1 | shadow=sti
# stop: ICEBP sti_behind | type 5\] len=1 pdbg=0 shadow=sti
# stop: MTF end | shadow=-
# stop: HLT behind
	.include "case.inc"
_start:	nop
f1:	.byte 0xf1
prefixed: .byte 0x66, 0xf1
rexed:	.byte 0x48, 0xf1
ss:	movl %ss, %eax
ss_load: movl %eax, %ss
ss_f1:	.byte 0xf1
ss_behind: sti
sti_f1:	.byte 0xf1
sti_behind: cli
end:	hlt
behind:	nop
