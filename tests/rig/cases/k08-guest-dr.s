# K8: the guest's own write watch reaches the guest while it is stepped, and beside a hardware point of ours
# run: -q -nx --batch -e kvm -ex 'break set_up' -ex 'continue' -ex 'hbreak point' -ex 'continue' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'continue' --guest-status GUEST
# status: 1
# stop: BREAK/1 set_up
# stop: BREAK/2 point
# stop: TF after_1
# stop: TF.WATCH after_2 | dr6=ffff4ff[124]\[BS,B[012]\]
# stop: EVENT handler
# stop: EXIT .*
	.include "case.inc"
	GATE 1, handler
_start:	IDT_LOAD
	leaq cell(%rip), %rsi
	movq %rsi, %dr0
	movl $0xd0402, %eax
	movq %rax, %dr7
set_up:	nop
	movl $1, (%rsi)
	nop
point:	nop
after_1: movl $2, (%rsi)
after_2: nop
	movl $3, (%rsi)
	nop
	cmpl $3, %ebx
	setne %al
	EXIT
handler: movq %dr6, %rax
	btl $0, %eax
	adcl $0, %ebx
	iretq
	.data
	.balign 8
cell:	.quad 0
