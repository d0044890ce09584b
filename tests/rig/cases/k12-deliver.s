# K12: an ICEBP delivered while stepping: the handler is seen, its frame is behind the F1 without our TF
# run: trace -e kvm --guest-status GUEST
# status: 1
# stop: TF f1
# stop: ICEBP behind
# stop: EVENT handler
# stop: TF h1
# stop: TF h2
# stop: TF h3
# stop: TF h4
# stop: TF h5
# stop: TF h6
# stop: TF h7
# stop: TF behind
# stop: TF leave
# stop: EXIT .*
	.include "case.inc"
	GATE 1, handler
_start:	IDT_LOAD
f1:	.byte 0xf1
behind:	nop
leave:	EXIT
	# AL = 0 if the frame is right: RIP behind the F1, TF clear; DR6 gained no bit
handler: leaq behind(%rip), %rcx
h1:	xorq (%rsp), %rcx
h2:	movq 16(%rsp), %rax
h3:	andl $TF, %eax
h4:	orq %rax, %rcx
h5:	testq %rcx, %rcx
h6:	setne %al
h7:	iretq
