/*
 * guests.S - what the shim runs on the bare CPU: each a few instructions ended by HLT, copied to 500000
 * (16 bit: 0:8000). What must come is in expected.txt, by hand from docs/semantics.md.
 */
	.macro GUEST name, bits, flags=0
	.pushsection .rodata
	.balign 8
9:	.asciz "\name"
	.popsection
	.pushsection .guests, "a"
	.quad 9b, 7f, 8f, \bits, \flags
	.popsection
	.pushsection .guest_code, "ax"
	.code\bits
7:
	.endm
	.macro GUEST_END
	hlt
8:	.code64
	.popsection
	.endm

	/* The table of docs/rig.md. */
	GUEST "table", 64
	nop
	nop
	movl $0x1234, %eax
	.byte 0xf1
	nop
	int3
	nop
	xorl %eax, %eax
	cpuid
	nop
	invd
	nop
	GUEST_END

	GUEST "shadows", 64
	movl $0x10, %eax
	movl %eax, %ss
	nop
	sti
	nop
	cli
	GUEST_END

	GUEST "prefixed icebp", 64
	.byte 0x66, 0xf1
	.byte 0x48, 0xf1
	GUEST_END

	/* TF on from the start: pending BS at each MTF, and its #DB at the next entry. */
	GUEST "own tf", 64, 0x100
	nop
	nop
	nop
	GUEST_END

	GUEST "rep", 64
	movl $3, %ecx
	movl $0x600000, %edi
	rep stosb
	nop
	GUEST_END

	GUEST "real mode", 16
	nop
	.byte 0xf1
	nop
	int3
	movw %ax, %ss
	nop
	cpuid
	GUEST_END

	/* INT n through the IVT: MTF at its handler's first instruction. */
	GUEST "real mode int", 16
	movw $0x8010, 0x80 * 4
	movw $0, 0x80 * 4 + 2
	int $0x80
	nop
	.byte 0xf4
	.byte 0x90
	iret
	GUEST_END

	GUEST "32 bit", 32
	nop
	.byte 0xf1
	int3
	movl %ss, %eax
	movl %eax, %ss
	pushl %eax
	popl %eax
	cpuid
	GUEST_END

	/* No IDT: #UD becomes a triple fault. */
	GUEST "triple fault", 32
	nop
	ud2
	GUEST_END

	.section .text.start, "ax"
	.globl _start
_start:
	leaq shim_stack_top(%rip), %rsp
	jmp shim_main
	.section .note.GNU-stack, "", @progbits
