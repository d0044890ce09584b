# mtf: MSRs beyond the bitmap exit and are done by the shim (KVM's clock); one that is not there raises #GP
# run: trace -e mtf --guest-status GUEST
# status: 1
# stop: MTF a1
# stop: MTF read
# stop: MTF a2 | exit 31 .*deduced.*outer skip
# stop: MTF a3
# stop: MTF write
# stop: MTF a4 | exit 32 .*outer skip
# stop: MTF again
# stop: MTF a5 | exit 31
# stop: MTF not_there
# stop: MTF\+EVENT handler | event vector 13 type 3 error=0
# stop: MTF h2
# stop: MTF h3
# stop: MTF h4
# stop: MTF end
# stop: MTF end\+0x2
# stop: EXIT .*
	.include "case.inc"
	GATE 13, handler
_start:	IDT_LOAD
a1:	movl $0x4b564d01, %ecx
read:	rdmsr
a2:	xorl %edx, %edx
a3:	movl $0x600001, %eax
write:	wrmsr
a4:	nop
again:	rdmsr
a5:	movl $0x4b564fff, %ecx
not_there: rdmsr
end:	movb $0, %al
	EXIT
handler: addq $8, %rsp
h2:	addq $2, (%rsp)
h3:	nop
h4:	iretq
