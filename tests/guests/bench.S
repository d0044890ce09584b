/*
 * bench.S - the guest of `make bench`: a boot sector that never ends, so that the bare loop, vmstep
 * and QEMU all run the same bytes from 0:7c00. Moves, arithmetic, memory, calls and branches, about
 * as real code mixes them; nothing that leaves the guest.
 */
	.intel_syntax noprefix
	.code16
	.text
	.globl _start
_start:
	cli
	xor ax, ax
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov sp, 0x7c00
	cld
again:
	mov cx, 32
	mov si, OFFSET table
	xor bx, bx
1:	lodsb
	call mix
	add bx, ax
	rol bx, 3
	test bl, 1
	jz 2f
	xor bx, 0x5a5a
2:	mov [sum], bx
	loop 1b
	inc dword ptr [rounds]
	jmp again

mix:
	push cx
	mov cl, al
	and cl, 7
	mov ah, al
	shl ax, cl
	imul dx, ax, 13
	lea di, [bx + 4]
	cmp di, dx
	adc ax, 0
	pop cx
	ret

sum:	.word 0
rounds:	.long 0
table:	.ascii "the quick brown fox jumps over a"
	.org 510
	.word 0xaa55
