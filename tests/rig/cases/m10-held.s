# mtf: an interrupt pending at the local APIC is held while the user steps by hand (BLOCKIRQ), and then let in
# run: -q -nx --batch -e mtf -ex 'break before' -ex 'continue' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'set step-irq on' -ex 'stepi' -ex 'stepi' -ex 'continue' --guest-status GUEST
# status: 1
# stop: BREAK/1 before
# stop: MTF sti_at
# stop: MTF n1 | shadow=sti
# stop: MTF n2
# stop: MTF n3
# stop: MTF\+EVENT handler | event vector 80 type 0.*\(deduced\)
# stop: MTF eoi
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
eoi:	movl $0, 0xb0(%rsi)
	iretq
