/*
 * notice.S - a program that tries to notice that it is debugged. Each attempt prints one line on debug port
 * e9: its name, a value, then the events its handlers saw (as guest64.inc prints them). A debugger that hides
 * itself leaves every line as it is when the program runs free (tests/engines/t_transparency.py, which
 * also puts the user's points on the labels point_*). docs/transparency.md says what an engine cannot hide.
 */
	.include "guest64.inc"

	.bss
	.balign 16
tss:	.skip 0x68
image:	.skip 8

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

	ATTEMPT "pushf"
	pushfq
	pop r8
point_1: cpuid
	pushfq
	pop rcx
	or r8d, ecx
	out 0x80, al
	pushfq
	pop rcx
	or r8d, ecx
	mov ecx, 3
	mov esi, OFFSET bytes
	mov edi, OFFSET copy
	rep movsb
	pushfq
	pop rcx
	or r8d, ecx
	mov eax, r8d
	and eax, FL_TF | 0x10000
	TELL

	ATTEMPT "int-n-frame"
point_2: int 0x80
	TELL
	ATTEMPT "int3-frame"
	int3
point_3: nop
	TELL
	ATTEMPT "icebp-frame"
	.byte 0xf1
	nop
	TELL
	ATTEMPT "icebp-twice"
	.byte 0xf1, 0xf1
	nop
	TELL
	FIXUP 1f
	ATTEMPT "ud-frame"
	ud2
1:	TELL

	/* SYSCALL from ring 0 comes back to the next instruction. */
	mov ecx, 0xc0000080
	rdmsr
	or eax, 1
	wrmsr
	mov ecx, 0xc0000081
	xor eax, eax
	mov edx, 0x180008
	wrmsr
	mov ecx, 0xc0000082
	mov eax, OFFSET 1f
	xor edx, edx
	wrmsr
	mov ecx, 0xc0000084
	xor eax, eax
	wrmsr
	ATTEMPT "syscall-r11"
	syscall
1:	mov eax, r11d
	and eax, FL_TF
	TELL

	/* Its own code as data. */
	ATTEMPT "checksum"
	mov esi, OFFSET main
	mov ecx, OFFSET main_end
	xor ebx, ebx
1:	movzx eax, byte ptr [rsi]
	rol ebx, 5
	xor ebx, eax
	inc rsi
	cmp rsi, rcx
	jb 1b
	mov eax, ebx
	TELL

	mov eax, 0x400
	mov dr7, rax
	ATTEMPT "dr7-read"
	mov rax, dr7
	TELL
	ATTEMPT "dr6-read"
	mov rax, dr6
	TELL
	mov eax, OFFSET watched
	mov dr0, rax
	mov dr3, rax
	ATTEMPT "dr0-read"
	mov rax, dr0
	mov rbx, dr3
	sub eax, ebx
	TELL
	xor eax, eax
	mov dr0, rax
	mov dr3, rax

	/* Its own data breakpoint, and one it has not enabled. */
	mov eax, OFFSET watched
	mov dr0, rax
	mov eax, 0xd0402
	mov dr7, rax
	ATTEMPT "own-watch"
	mov dword ptr [watched], 1
	nop
	TELL
	mov eax, 0x400
	mov dr7, rax

	/* It traces itself. */
	ATTEMPT "own-trace"
	TF_SET
	nop
point_4: inc eax
	xor ebx, ebx
	TF_CLEAR
	nop
	TELL
	ATTEMPT "own-trace-cpuid"
	TF_SET
	cpuid
	xor eax, eax
	TF_CLEAR
	nop
	TELL
	ATTEMPT "own-trace-rep"
	mov ecx, 3
	mov esi, OFFSET bytes
	mov edi, OFFSET copy
	TF_SET
	rep movsb
	TF_CLEAR
	nop
	TELL
	ATTEMPT "own-trace-icebp"
	TF_SET
	.byte 0xf1
	nop
	TF_CLEAR
	nop
	TELL
	ATTEMPT "own-trace-pushf"
	TF_SET
	pushfq
	pop rax
	TF_CLEAR
	and eax, FL_TF
	TELL
	ATTEMPT "own-trace-movss"
	mov ecx, ss
	TF_SET
	mov ss, ecx
	nop
	nop
	TF_CLEAR
	nop
	TELL
	ATTEMPT "iret-tf"
	mov rbx, rsp
	push 0x10
	push rbx
	pushfq
	or qword ptr [rsp], FL_TF
	push 8
	push OFFSET 1f
	iretq
1:	nop
	TF_CLEAR
	nop
	TELL

	ATTEMPT "movss-icebp"
	mov ecx, ss
	mov ss, ecx
	.byte 0xf1
	nop
	TELL
	ATTEMPT "movss-int3"
	mov ecx, ss
	mov ss, ecx
	int3
	nop
	TELL
	/* A data breakpoint that MOV SS holds back, in front of INT1. */
	mov ecx, ss
	mov [watched], ecx
	mov eax, OFFSET watched
	mov dr0, rax
	mov eax, 0xf0402
	mov dr7, rax
	ATTEMPT "movss-watch-nop"
	mov ss, [watched]
	nop
	nop
	TELL
	mov eax, 0x400
	mov dr7, rax

	/* Where the interrupt is let in. */
	mov ebx, 0xfee00000
	mov dword ptr [rbx + 0xf0], 0x1ff
	mov dword ptr [rbx + 0x300], 0x44040
	ATTEMPT "sti-window"
	sti
	inc eax
	inc eax
	inc eax
	cli
	TELL

	/* The shortest of sixteen pairs, in units of 65536 ticks. */
	ATTEMPT "time"
	mov r8d, 16
	mov r9, -1
1:	rdtsc
	mov ebx, eax
	rdtsc
	sub eax, ebx
	cmp rax, r9
	cmovb r9, rax
	dec r8d
	jnz 1b
	mov eax, r9d
	shr eax, 16
	TELL
	ret
main_end:
