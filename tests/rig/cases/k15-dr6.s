# K15: the guest's own watch and its own TF, given back by us, carry their DR6 bits
# run: trace -e kvm -f jsonl --guest-status GUEST
# status: 1
	.include "case.inc"
	GATE 1, handler
_start:	IDT_LOAD
	leaq cell(%rip), %rsi
	movq %rsi, %dr0
	movl $0xd0402, %eax
	movq %rax, %dr7
	movl $0xffff0ff0, %eax
	movq %rax, %dr6
	movl $1, (%rsi)
	cmpl $0xffff0ff1, %ebx
	jne wrong
	# watch and TF on one instruction: one #DB with both bits
	pushq $0x102
	popfq
	movl $2, (%rsi)
	cmpl $0xffff4ff1, %ebx
	jne wrong
	movb $0, %al
	EXIT
wrong:	movb $1, %al
	EXIT
	# EBX = DR6, then a clean one; TF off in the frame
handler: movq %dr6, %rbx
	movl $0xffff0ff0, %eax
	movq %rax, %dr6
	andl $~TF, 16(%rsp)
	iretq
	.data
	.balign 8
cell:	.quad 0
