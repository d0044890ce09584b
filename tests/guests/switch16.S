/*
 * switch16.S - from real mode through 32-bit protected mode to 64-bit long mode, a stop at every
 * boundary of the way, each in the mode it is in. A flat binary at 0:1000.
 */
	.include "expect.inc"
	.intel_syntax noprefix
	.set PML4, 0x8000
	.code16
	.text
	.globl _start
_start:
	cli
	xor ax, ax
	mov ds, ax
	mov es, ax
	lgdt [gdtr]

	CASE "real to protected mode"
	mov eax, cr0
	S "TF mode=real"
	or al, 1
	S "TF mode=real"
	mov cr0, eax
	S "TF mode=prot16"
	jmp 8:wide
	.code32
wide:
	S "TF mode=prot32"
	nop
	S "TF mode=prot32"
	END
	mov ax, 0x10
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov esp, 0x1000
	/* The rest of the tables is zero as RAM is at the start. */
	mov dword ptr [PML4], PML4 + 0x1000 + 3
	mov dword ptr [PML4 + 0x1000], PML4 + 0x2000 + 3
	mov dword ptr [PML4 + 0x2000], 0x83

	CASE "protected to long mode"
	mov eax, cr4
	S "TF"
	or eax, 0x20
	S "TF"
	mov cr4, eax
	S "TF"
	mov eax, PML4
	S "TF"
	mov cr3, eax
	S "TF"
	mov ecx, 0xc0000080
	S "TF"
	rdmsr
	S "TF"
	or ah, 1
	S "TF"
	wrmsr
	S "TF"
	mov eax, cr0
	S "TF"
	or eax, 0x80000000
	S "TF mode=prot32"
	mov cr0, eax
	S "TF mode=compat32"
	jmp 0x18:long
	.code64
long:
	S "TF mode=long"
	nop
	S "TF mode=long"
	.byte 0x48, 0xf1
	S "ICEBP mode=long"
	nop
	S "TF"
	END
	mov al, 'l'
	out 0xe9, al
	mov al, 0
	out 0xf4, al
	hlt

	.balign 8
gdt:	.quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff
gdtr:	.word 31
	.long gdt
