# mtf: no instruction of VMX or SMX takes L2 out: each is its #UD, at CPL 0 and with every operand
# run: -q -nx --batch -e mtf -ex 'continue' --guest-status GUEST
# status: 25
# stop: EXIT .*
	.include "case.inc"
	GATE 6, ud
	.macro TRY instruction:vararg
	lea 1f(%rip), %r8
	\instruction
1:
	.endm
_start:	lidt idt_pointer(%rip)
	xor %r9d, %r9d
	mov $0x500000, %edi
	mov $0x681e, %eax
	TRY vmclear (%rdi)
	TRY vmptrld (%rdi)
	TRY vmptrst (%rdi)
	TRY vmlaunch
	TRY vmresume
	TRY vmread %rax, %rbx
	TRY vmwrite %rbx, %rax
	TRY vmxon (%rdi)
	TRY vmxoff
	TRY invept (%rdi), %rax
	TRY invvpid (%rdi), %rax
	TRY vmfunc
	/* twelve faults; the exit status is 2 * 12 + 1 */
	mov %r9b, %al
	EXIT
ud:	inc %r9d
	mov %r8, (%rsp)
	iretq
