# K1: catch icebp sees it in a free run, by USE_HW_BP; without a catch the guest has it to itself
# run: -q -nx --batch -e kvm -ex 'catch icebp' -ex 'continue' -ex 'delete' -ex 'continue' --guest-status GUEST
# status: 1
# stop: ICEBP.* behind | pc=[0-9a-f]* dr6=ffff0ff0\[\]
# stop: EXIT .*
	.include "case.inc"
	GATE 1, handler
_start:	IDT_LOAD
	nop
	.byte 0xf1
behind:	nop
	.byte 0xf1
	movb $0, %al
	cmpl $2, %ebx
	setne %al
	EXIT
handler: incl %ebx
	iretq
