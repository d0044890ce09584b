# K6: TF of the debugger shows in no image: PUSHF, interrupt frame, exception frame, R11
# run: trace -e kvm -f jsonl --guest-status GUEST
# status: 1
	.include "case.inc"
	GATE 6, on_ud
	GATE 64, on_int
_start:	IDT_LOAD
	xorl %ebx, %ebx
	pushfq
	popq %rax
	orl %eax, %ebx
	int $0x40
	ud2
	# SYSCALL in ring 0: R11
	movl $0xc0000080, %ecx
	rdmsr
	orl $1, %eax
	wrmsr
	movl $0xc0000081, %ecx
	xorl %eax, %eax
	movl $CS, %edx
	wrmsr
	movl $0xc0000082, %ecx
	leaq entry(%rip), %rax
	xorl %edx, %edx
	wrmsr
	movl $0xc0000084, %ecx
	xorl %eax, %eax
	wrmsr
	syscall
	nop
entry:	orl %r11d, %ebx
	# all images together must have TF clear
	movl %ebx, %eax
	shrl $8, %eax
	andb $1, %al
	EXIT
on_int:	movq 16(%rsp), %rax
	orl %eax, %ebx
	iretq
on_ud:	movq 16(%rsp), %rax
	orl %eax, %ebx
	addq $2, (%rsp)
	iretq
