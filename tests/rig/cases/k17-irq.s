# K17: an interrupt taken while tracing is seen from its handler's first instruction
# run: trace -e kvm -n 40 GUEST
# stop: TF a0
# stop: TF a1
# stop: (TF|MMIO) a2
# stop: (TF|MMIO) a3
# stop: TF n1
# stop: TF n1\+0x1
# stop: EVENT handler
# stop: (TF|MMIO) eoi_behind
# stop: TF n1\+0x1
# stop: TF end
# stop: HLT behind
	.include "case.inc"
	GATE 80, handler
_start:	movl $0xfee00000, %esi
a0:	IDT_LOAD
a1:	movl $0x1ff, 0xf0(%rsi)
a2:	movl $0x00040050, 0x300(%rsi)
a3:	sti
n1:	nop
	cli
end:	hlt
behind:	nop
handler: movl $0, 0xb0(%rsi)
eoi_behind: iretq
