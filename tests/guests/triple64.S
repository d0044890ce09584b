/* triple64.S - an exception without a table to handle it: the guest dies, and that is a stop. */
	.include "expect.inc"
	.intel_syntax noprefix
	.data
none:	.word 0
	.quad 0
	.text
	.globl _start
_start:
	lidt [none]
	nop
	CASE "triple fault"
	nop
	S "TF; SHUTDOWN retired=0"
	ud2
	END
