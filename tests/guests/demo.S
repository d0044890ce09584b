/*
 * demo.S - the guest of `make demo` and of the README: everything that makes stepping hard in one
 * small ELF64, and a self-test that looks from inside whether it was disturbed. It installs its own
 * #DB and #BP handlers, so that what a debugger hides or adds shows in their counters and frames;
 * what it found goes to COM1, its verdict to the exit port (0: undisturbed).
 */
	.intel_syntax noprefix
	.set COM1, 0x3f8
	.set EXIT, 0xf4
	.set FL_TF, 0x100
	.set DR6_INIT, 0xffff0ff0
	.set DR6_BS, 0x4000

	.macro FUNCTION name
	.globl \name
	.type \name, @function
\name:
	.endm
	.macro ENDF name
	.size \name, . - \name
	.endm
	/* Fail with `text` unless eax is `wanted`. */
	.macro CHECK wanted, text
	cmp eax, \wanted
	je 88f
	.pushsection .rodata
89:	.asciz "demo: \text\n"
	.popsection
	mov rsi, OFFSET 89b
	call failed
88:
	.endm
	.macro GATE vector, handler
	mov rax, OFFSET \handler
	mov ecx, OFFSET idt + 16 * \vector
	call gate_set
	.endm

	.bss
	.balign 16
idt:	.skip 64 * 16
n_db:	.skip 4
n_bare:	.skip 4         /* of them, without BS */
n_bp:	.skip 4
n_failed: .skip 4
last_rip: .skip 8
last_flags: .skip 8
image:	.skip 8
copy:	.skip 8

	.data
idtr:	.word 64 * 16 - 1
	.quad idt
word:	.ascii "vmstep!\0"

	.text
FUNCTION main
	call setup

	/* INT1: one #DB of its own, no BS, the frame behind the F1. */
icebp:
	nop
	.byte 0xf1
	nop
	mov eax, [n_db]
	CHECK 1, "the ICEBP gave more or less than one #DB"
	mov eax, [n_bare]
	CHECK 1, "the ICEBP's #DB had BS in DR6"
	mov eax, [last_rip]
	CHECK "OFFSET icebp + 2", "the ICEBP's frame is not behind it"

	/* INT3, and INT 1 as CD 01: through the gates like any INT n. */
int3:
	int3
	nop
	mov eax, [n_bp]
	CHECK 1, "the INT3 gave more or less than one #BP"
int1:
	.byte 0xcd, 1
	nop
	mov eax, [n_db]
	CHECK 2, "INT 1 did not reach the #DB handler once"

	/* Shadows: what comes behind MOV SS and STI runs before anything else. */
shadows:
	mov ax, ss
	mov ss, ax
	nop
	sti
	nop
	cli

	/* PUSHF: the debugger's trap flag must not be in the image. */
flags:
	pushfq
	pop [image]
	mov eax, [image]
	and eax, FL_TF
	CHECK 0, "PUSHF shows a trap flag that is not the guest's"

	/* The guest's own trap flag: a #DB with BS behind each instruction, one without for the F1. */
own_tf:
	mov dword ptr [n_db], 0
	mov dword ptr [n_bare], 0
	pushfq
	or qword ptr [rsp], FL_TF
	popfq
	nop
	.byte 0xf1
	pushfq
	pop [image]
	pushfq
	and qword ptr [rsp], ~FL_TF
	popfq
	nop
	mov eax, [n_db]
	CHECK 7, "the guest's own TF gave a wrong number of #DBs"
	mov eax, [n_bare]
	CHECK 1, "the ICEBP under the guest's TF is not the one #DB without BS"
	mov eax, [image]
	and eax, FL_TF
	CHECK FL_TF, "PUSHF does not show the guest's own trap flag"

	/* REP, CPUID. */
strings:
	cld
	mov esi, OFFSET word
	mov edi, OFFSET copy
	mov ecx, 8
	rep movsb
	mov eax, [copy]
	CHECK "[word]", "REP MOVSB copied something else"
	xor eax, eax
	cpuid
	nop

	mov rsi, OFFSET undisturbed
	mov eax, [n_failed]
	test eax, eax
	jz 1f
	mov rsi, OFFSET disturbed
1:	call print
	mov eax, [n_failed]
	out EXIT, al
2:	hlt
	jmp 2b
ENDF main

FUNCTION setup
	GATE 1, on_db
	GATE 3, on_bp
	lidt [idtr]
	mov eax, DR6_INIT
	mov dr6, rax
	ret
ENDF setup

	/* rax: handler, ecx: where its gate is (SDM volume 3, "64-Bit Mode IDT") */
FUNCTION gate_set
	mov [rcx], ax
	mov word ptr [rcx + 2], 8
	mov word ptr [rcx + 4], 0x8e00
	shr rax, 16
	mov [rcx + 6], ax
	shr rax, 16
	mov [rcx + 8], eax
	ret
ENDF gate_set

FUNCTION on_db
	push rax
	inc dword ptr [n_db]
	mov rax, dr6
	test eax, DR6_BS
	jnz 1f
	inc dword ptr [n_bare]
1:	mov eax, DR6_INIT
	mov dr6, rax
	mov rax, [rsp + 8]
	mov [last_rip], rax
	mov rax, [rsp + 24]
	mov [last_flags], rax
	pop rax
	iretq
ENDF on_db

FUNCTION on_bp
	inc dword ptr [n_bp]
	iretq
ENDF on_bp

	/* rsi: text */
FUNCTION failed
	inc dword ptr [n_failed]
	jmp print
ENDF failed

FUNCTION print
	mov edx, COM1
1:	lodsb
	test al, al
	jz 2f
	out dx, al
	jmp 1b
2:	ret
ENDF print

	.section .rodata
undisturbed: .asciz "demo: undisturbed\n"
disturbed: .asciz "demo: disturbed\n"
