/* hlt64.S - HLT that nothing can end is a stop and the end of the trace. */
	.include "expect.inc"
	.intel_syntax noprefix
	.text
	.globl _start
_start:
	CASE "hlt with interrupts off"
	cli
	S "TF"
	nop
	S "TF"
	hlt
	S "HLT|TF+HLT|HLT+TF"
	END
	ud2
