/*
 * real16.S - real mode: a flat binary at 0:1000. IVT handlers of the guest's own; what each saw goes
 * to debug port e9 as letters.
 */
	.include "expect.inc"
	.intel_syntax noprefix
	.code16
	.text
	.globl _start
_start:
	xor ax, ax
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov sp, 0x1000
	mov word ptr [1 * 4], OFFSET h_db
	mov word ptr [1 * 4 + 2], ax
	mov word ptr [3 * 4], OFFSET h_bp
	mov word ptr [3 * 4 + 2], ax
	mov word ptr [0x60 * 4], OFFSET h_60
	mov word ptr [0x60 * 4 + 2], ax

	CASE "real mode: nop, far jump"
	nop
	S "TF mode=real"
	jmp 0:1f
1:	S "TF"
	nop
	S "TF"
	END

	CASE "real mode: pushf, popf"
	pushf
	S "TF"
	pop dx
	S "TF"
	push dx
	S "TF"
	popf
	S "TF"
	nop
	S "TF"
	END
	mov al, dh
	and al, 1
	add al, '0'
	out 0xe9, al

	CASE "real mode: out, in, cpuid"
	mov al, 'o'
	S "TF"
	out 0xe9, al
	S "TF|IO"
	in al, 0xe9
	S "TF|IO"
	xor eax, eax
	S "TF"
	cpuid
	S "TF"
	nop
	S "TF"
	END

	CASE "real mode: rep stosb of 3"
	mov di, OFFSET buffer
	S "TF"
	mov cx, 3
	S "TF; TF retired=0 event=rep x2"
	rep stosb
	S "TF"
	nop
	S "TF"
	END

	CASE "real mode: mov ss; nop"
	xor ax, ax
	S "TF"
	mov ss, ax
	S "-", pvm="TF", why="K2"
	nop
	S "TF retired=2", pvm="TF", why="K2"
	nop
	S "TF"
	END

	CASE "real mode: icebp"
	nop
	S "TF"
	.byte 0xf1
	S "ICEBP; TF"
	nop
	S "TF"
	END

	CASE "real mode: int3"
	int3
	S "INT3; TF"
	nop
	S "TF"
	END

	CASE "real mode: int 0x60"
	int 0x60
	S "TF"
	nop
	S "TF"
	END

	mov al, 0
	out 0xf4, al
	hlt

h_db:
	S "EVENT vector=1 x*"
	push ax
	mov al, 'd'
	out 0xe9, al
	pop ax
	iret
h_bp:
	S "EVENT vector=3"
	push ax
	mov al, 'b'
	out 0xe9, al
	pop ax
	iret
h_60:
	S "EVENT vector=96 retired=1"
	push ax
	mov al, 's'
	out 0xe9, al
	pop ax
	iret
buffer:	.skip 4
