# mtf: an interrupt that an OUT raises comes behind the OUT's own boundary, whose MTF is not merged away
# run: -q -nx --batch -e mtf --serial null -ex 'set step-irq on' -ex 'break n1' -ex 'continue' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' GUEST
# stop: BREAK/1 n1
# stop: MTF raise
# stop: MTF n2 | l0=mtf-pending; completed the access
# stop: MTF\+EVENT handler | event vector 36 type 0
# stop: MTF handler_2
# stop: MTF handler_3
# stop: MTF handler_4 | l0=mtf-pending; completed the access
# stop: MTF n2
	.include "case.inc"
	GATE 0x24, handler
_start:	IDT_LOAD
	movb $0x11, %al /* the interrupt controller: vectors 20-27, edge, only line 4 open */
	outb %al, $0x20
	movb $0x20, %al
	outb %al, $0x21
	movb $4, %al
	outb %al, $0x21
	movb $1, %al
	outb %al, $0x21
	movb $0xef, %al
	outb %al, $0x21
	movw $0x3fc, %dx /* COM1: OUT2, which lets its interrupts out */
	movb $8, %al
	outb %al, %dx
	movw $0x3f9, %dx
	movb $2, %al
	sti
n1:	nop
raise:	outb %al, %dx /* "transmitter empty" is wanted, and is true at once */
n2:	nop
end:	hlt
handler: movw $0x3f9, %dx
handler_2: xorl %eax, %eax
handler_3: outb %al, %dx
handler_4: iretq
