# K9: an interrupt pending at the local APIC is held while the user steps by hand, and not by continue
# run: -q -nx --batch -e kvm -ex 'break before' -ex 'continue' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'set step-irq on' -ex 'stepi' -ex 'continue' --guest-status GUEST
# status: 1
# stop: BREAK/1 before
# stop: TF sti_at
# stop: TF n1
# stop: TF n2
# stop: TF n3
# stop: EVENT handler
# stop: EXIT .*
	.include "case.inc"
	GATE 80, handler
_start:	IDT_LOAD
	movl $0xfee00000, %esi
	movl $0x1ff, 0xf0(%rsi)
	movl $0x00040050, 0x300(%rsi)
before:	nop
sti_at:	sti
n1:	nop
n2:	nop
n3:	nop
n4:	nop
	nop
	cmpl $1, %ebx
	setne %al
	EXIT
handler: incl %ebx
	movl $0, 0xb0(%rsi)
	iretq
