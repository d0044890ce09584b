# mtf: an instruction that the loop around it changes is told as it was at its boundary, batches or not
# run: trace -e mtf GUEST
# stop: MTF first
# stop: MTF patch | mov al, 0x0
# stop: MTF change
# stop: MTF device
# stop: MTF count
# stop: MTF again
# stop: MTF patch | mov al, 0x1
# stop: MTF change
# stop: MTF device
# stop: MTF count
# stop: MTF again
# stop: MTF patch | mov al, 0x2
# stop: ...
	.include "case.inc"
_start:	movl $0xd0000000, %ebx
first:	movl $40, %ecx
patch:	movb $0, %al
change:	incb patch + 1(%rip)
device:	movl %ecx, (%rbx)
count:	decl %ecx
again:	jnz patch
	hlt
