# K5: a guest that steps itself gets its own #DBs with BS while it is stepped
# run: trace -e kvm --guest-status GUEST
# status: 1
# stop: TF image
# stop: TF popf_at
# stop: TF first
# stop: TF.* second
# stop: EVENT handler
# stop: TF h1
# stop: TF h2
# stop: TF h3
# stop: TF h4
# stop: TF second
# stop: TF.* third
# stop: EVENT handler
# stop: TF h1
# stop: TF h2
# stop: TF h3
# stop: TF h4
# stop: TF third
# stop: TF.* third\+0x3
# stop: EVENT handler
# stop: ...
	.include "case.inc"
	GATE 1, handler
_start:	IDT_LOAD
image:	pushq $0x102
popf_at: popfq
first:	nop
second:	nop
third:	cmpl $0x3, %ebx
	jmp judge
judge:	pushq $2
	popfq
	cmpl $0x6, %ebx
	setne %al
	EXIT
	# counts, and checks BS in DR6 and TF=1 in the frame
handler: movq %dr6, %rax
h1:	btl $14, %eax
h2:	adcl $0, %ebx
h3:	btl $8, 16(%rsp)
h4:	iretq
