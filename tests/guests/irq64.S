/*
 * irq64.S - interrupts while stepping: in a trace they are let in, and their handler is seen from its
 * first instruction. The source is the local APIC, to itself: no clock, so that runs are equal.
 */
	.include "guest64.inc"

	.set APIC, 0xfee00000
	.set ICR, 0x300
	.set EOI, 0xb0
	.set SVR, 0xf0
	.set SELF, 0x44000

	.data
count:	.long 0

	.text
h_irq:
	S "EVENT vector=64; EVENT vector=64 retired=1 | mtf: EVENT vector=64 x2"
	inc dword ptr [count]
	mov dword ptr [rbx + EOI], 0
	iretq

main:
	GATE 0x40, h_irq
	mov ebx, APIC
	mov dword ptr [rbx + SVR], 0x1ff

	CASE "an interrupt held by IF and taken behind the STI's shadow"
	mov dword ptr [rbx + ICR], SELF | 0x40
	S "TF"
	nop
	S "TF"
	sti
	S "TF"
	nop
	S "TF; TF"
	cli
	S "TF"
	END

	/* Free, the software flavour lets it in a little later. */
	sti
1:	cmp dword ptr [count], 0
	je 1b
	cli
	/* HLT retires and waits; its interrupt is there already. */
	mov dword ptr [rbx + ICR], SELF | 0x40
	CASE "sti; hlt with an interrupt to end it"
	sti
	S "TF"
	/* MTF stops behind the HLT, asleep; the interrupt is a stop of its own then. */
	hlt
	S "TF | mtf: TF x2"
	cli
	S "TF"
	END

	mov eax, [count]
	add eax, '0'
	out 0xe9, al
	ret
