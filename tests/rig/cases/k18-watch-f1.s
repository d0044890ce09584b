# K18: a trap whose next byte is an F1 is no ICEBP; the ICEBP behind it is one
# run: -q -nx --batch -e kvm -ex 'set icebp swallow' -ex 'catch icebp' -ex 'watch *(unsigned int *)&cell' -ex 'continue' -ex 'continue' GUEST
# stop: WATCH/2 f1 | dr6=ffff0ff1\[B0\]
# stop: ICEBP.* behind | dr6=ffff0ff0\[\]
	.include "case.inc"
_start:	leaq cell(%rip), %rsi
	movl $1, (%rsi)
f1:	.byte 0xf1
behind:	nop
	hlt
	.data
	.balign 8
cell:	.quad 0
