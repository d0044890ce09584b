/*
 * notice.S - a program that tries to notice that it is debugged. Each attempt prints one line on debug port
 * e9: its name, a value, then the events its handlers saw (as guest64.inc prints them). A debugger that hides
 * itself leaves every line as it is when the program runs free (tests/engines/t_transparency.py, which
 * also puts the user's points on the labels point_*). docs/transparency.md says what an engine cannot hide.
 * The attempts are in the files notice_*.inc.
 */
	.include "guest64.inc"

	.data
	.balign 8
bytes:	.ascii "abcdefgh"
copy:	.quad 0
watched: .quad 0

	/* ATTEMPT name: the line so far; TELL: the value in EAX, the events, the end of the line. */
	.macro ATTEMPT name
	.pushsection .rodata
7:	.asciz "\name"
	.popsection
	mov rsi, OFFSET 7b
	call text_print
	mov qword ptr [log_next], OFFSET log
	xor eax, eax
	.endm
	.macro TELL
	call tell
	.endm
	.macro TF_SET
	pushfq
	or qword ptr [rsp], FL_TF
	popfq
	.endm
	.macro TF_CLEAR
	pushfq
	and qword ptr [rsp], ~FL_TF
	popfq
	.endm

	.text
	.set FL_IF, 0x200
	.set MSR_EFER, 0xc0000080
	.set MSR_STAR, 0xc0000081
	.set MSR_LSTAR, 0xc0000082
	.set MSR_SFMASK, 0xc0000084

	HANDLER h_db, 1
	HANDLER h_bp, 3
	HANDLER h_ud, 6
	HANDLER h_gp, 13, error=1
	HANDLER h_n, 0x80
h_irq:	push rbx
	mov ebx, 0xfee00000
	mov dword ptr [rbx + 0xb0], 0
	pop rbx
	push 0
	push 0x40
	jmp log_event

h_break: or dword ptr [rsp + 16], 0x10000
	push 0
	push 1
	jmp log_event
h_count: inc r15d
	iretq

text_print:
	lodsb
	test al, al
	jz 1f
	out 0xe9, al
	jmp text_print
1:	mov al, ' '
	out 0xe9, al
	ret

tell:
	mov edx, eax
	call hex_print
	mov al, ' '
	out 0xe9, al
	mov rsi, OFFSET log
1:	cmp rsi, [log_next]
	jae 2f
	mov al, '['
	out 0xe9, al
	LOG_FIELD 0, 2
	LOG_FIELD 4, 8
	LOG_FIELD 8, 5
	LOG_FIELD 12, 4
	mov al, ']'
	out 0xe9, al
	add rsi, 16
	jmp 1b
2:	mov al, 10
	out 0xe9, al
	ret

main:
	GATE 1, h_db
	GATE 3, h_bp
	GATE 6, h_ud
	GATE 13, h_gp
	GATE 0x80, h_n
	GATE 0x40, h_irq
	mov dword ptr [watched], 0
	mov dword ptr [copy], 0

	.include "notice_frames.inc"
	.include "notice_debug.inc"
	.include "notice_time.inc"
	ret
main_end:

	/* Not in what is summed up: the one is written, the other run at another address. */
patched:
point_5: clc
	setc al
	ret
doubled:
point_6: lea eax, [rax + rax]
	ret
	.skip 8, 0x90
