# K8: the guest's own code breakpoint where it is resumed comes once; an INT3 of the user's under it leaves the guest's RF
# run: -q -nx --batch -e kvm -ex 'break stand' -ex 'continue' -ex 'set $pc = own' -ex 'stepi' -ex 'stepi' -ex 'break own' -ex 'continue' -ex 'continue' --guest-status GUEST
# status: 1
# stop: BREAK/1 stand
# stop: HWBP own | (dr6=ffff0ff1|qual=1)
# stop: EVENT handler
# stop: BREAK/2 own | by int3
# stop: EXIT .*
	.include "case.inc"
	GATE 1, handler
_start:	IDT_LOAD
	leaq own(%rip), %rsi
	movq %rsi, %dr0
	movl $0x402, %eax
	movq %rax, %dr7
stand:	nop
own:	nop
	cmpl $1, %ebx
	setne %al
	EXIT
handler: incl %ebx
	orl $0x10000, 16(%rsp)
	iretq
