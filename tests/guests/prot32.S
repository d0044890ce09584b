/*
 * prot32.S - 32-bit protected mode, as an ELF32. The handlers return by POPF and a far RET: the
 * software flavour of /dev/kvm does not execute a 32-bit IRET.
 */
	.include "expect.inc"
	.intel_syntax noprefix
	.code32

	.bss
	.balign 8
idt:	.skip 256 * 8

	.data
idtr:	.word 256 * 8 - 1
	.long idt
image:	.long 0

	.macro GATE vector, handler
	mov eax, OFFSET \handler
	and eax, 0xffff
	or eax, 0x80000
	mov [idt + 8 * \vector], eax
	mov eax, OFFSET \handler
	and eax, 0xffff0000
	or eax, 0x8e00
	mov [idt + 8 * \vector + 4], eax
	.endm
	.macro HANDLER32 name, letter, first
\name:
	S "\first"
	push eax
	mov al, \letter
	out 0xe9, al
	pop eax
	push [esp + 8]
	popfd
	retf 4
	.endm

	.text
	.globl _start
_start:
	lidt [idtr]
	GATE 1, h_db
	GATE 3, h_bp
	GATE 0x80, h_80

	CASE "protected mode: nop"
	nop
	S "TF mode=prot32"
	inc eax
	S "TF"
	END

	CASE "protected mode: pushf holds no TF of the debugger"
	pushfd
	S "TF"
	pop [image]
	S "TF"
	nop
	S "TF"
	END
	mov eax, [image]
	shr eax, 8
	and eax, 1
	add eax, '0'
	out 0xe9, al

	CASE "protected mode: icebp"
	nop
	S "TF"
	.byte 0xf1
	S "ICEBP; TF"
	nop
	S "TF"
	END

	CASE "protected mode: int3"
	int3
	S "INT3; TF"
	nop
	S "TF"
	END

	CASE "protected mode: int 1 and int 0x80"
	.byte 0xcd, 1
	S "TF"
	int 0x80
	S "TF"
	nop
	S "TF"
	END

	mov al, 0
	out 0xf4, al
	hlt

	HANDLER32 h_db, 'd', "EVENT vector=1; EVENT vector=1 retired=1"
	HANDLER32 h_bp, 'b', "EVENT vector=3"
	HANDLER32 h_80, 's', "EVENT vector=128 retired=1"
