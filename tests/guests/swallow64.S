/*
 * swallow64.S - ICEBP and INT3 in a guest without a gate for them: `auto` swallows them, execution
 * goes on behind, nothing is delivered and nothing is repeated.
 */
	.include "expect.inc"
	.intel_syntax noprefix

	.text
	.globl _start
_start:
	CASE "icebp without a gate"
	nop
	S "TF"
	.byte 0xf1
	S "ICEBP"
	nop
	S "TF"
	.byte 0xf1
	S "ICEBP"
	.byte 0xf1
	S "ICEBP"
	nop
	S "TF"
	END

	CASE "int3 without a gate"
	int3
	S "INT3"
	nop
	S "TF"
	int3
	S "INT3"
	nop
	S "TF"
	END
	mov al, 's'
	out 0xe9, al
	mov al, 0
	out 0xf4, al
	hlt
