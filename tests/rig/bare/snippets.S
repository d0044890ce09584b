/*
 * snippets.S - the oracle's snippets, their table, and the ways in and out.
 *
 * A snippet starts by IRETQ with its RFLAGS (so the first trap comes behind its first instruction)
 * and ends with INT 30, which clears TF and returns to the caller of snippet_run.
 */
	.section .text.start, "ax"
	.globl _start
_start:
	leaq stack_top(%rip), %rsp
	/* Delivery that meets an EPT violation shows RF in the frame: touch the stacks first. */
	movq $0, snippet_top-8(%rip)
	movq $0, ring0_top-8(%rip)
	call oracle_main
1:	hlt
	jmp 1b

	.text
	.balign 16
	.globl vector_stubs
vector_stubs:
	.set v, 0
	.rept 256
	.balign 16
	.if v == 0x30
	jmp end_stub
	.else
	.if (v == 8) || (v >= 10 && v <= 14) || (v == 17)
	.else
	pushq $0
	.endif
	pushq $v
	jmp common_stub
	.endif
	.set v, v + 1
	.endr

	/* struct frame of oracle.c; the C code may change RAX, RCX, RDX and the frame, all else it saves */
common_stub:
	pushq %rdx
	pushq %rcx
	pushq %rax
	pushq %rsi
	pushq %rdi
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	leaq 48(%rsp), %rdi
	cld
	call event_seen
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rdi
	popq %rsi
	popq %rax
	popq %rcx
	popq %rdx
	addq $16, %rsp
	iretq

	.globl snippet_run
snippet_run:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, saved_rsp(%rip)
	movq %rdx, %rax
	pushq %rcx
	leaq snippet_top(%rip), %rcx
	pushq %rcx
	orq $2, %rsi
	pushq %rsi
	pushq %rax
	pushq %rdi
	xorl %eax, %eax
	leaq watched(%rip), %rbx
	iretq
	.globl syscall_entry
syscall_entry:
	nop
	sysretq
end_stub:
	movl $0x10, %ecx
	movl %ecx, %ss
	movq saved_rsp(%rip), %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret

#define WORD .quad
#include "snippet.inc"

	SNIPPET "nop; nop, TF", T
	nop
	nop
	END
	SNIPPET "icebp"
	nop
	.byte 0xf1
	nop
	END
	SNIPPET "icebp, TF", T
	nop
	.byte 0xf1
	nop
	END
	SNIPPET "icebp twice, TF", T
	.byte 0xf1, 0xf1
	nop
	END
	SNIPPET "66 icebp, 48 icebp, TF", T
	.byte 0x66, 0xf1
	.byte 0x48, 0xf1
	nop
	END
	SNIPPET "int3, TF", T
	nop
	int3
	nop
	END
	SNIPPET "int 1, TF", T
	nop
	.byte 0xcd, 0x01
	nop
	END
	SNIPPET "int 3 as CD 03, TF", T
	nop
	.byte 0xcd, 0x03
	nop
	END
	SNIPPET "int 31, TF", T
	nop
	int $0x31
	nop
	END
	SNIPPET "cpuid, TF", T
	cpuid
	xorl %eax, %eax
	leaq watched(%rip), %rbx
	nop
	END
	SNIPPET "out, in, TF", T
	outb %al, $0x80
	inb $0x80, %al
	xorl %eax, %eax
	END
	SNIPPET "rdmsr, TF", T
	movl $0xc0000080, %ecx
	rdmsr
	xorl %eax, %eax
	END
	SNIPPET "sti; nop; cli, TF", T
	sti
	nop
	cli
	nop
	END
	SNIPPET "mov ss; nop; nop, TF", T
	movl %ss, %eax
	movl %eax, %ss
	nop
	nop
	END
	SNIPPET "mov ss; icebp; nop, TF", T
	movl %ss, %eax
	movl %eax, %ss
	.byte 0xf1
	nop
	END
	SNIPPET "mov ss; int3; nop, TF", T
	movl %ss, %eax
	movl %eax, %ss
	int3
	nop
	END
	SNIPPET "sti; icebp; nop, TF", T
	sti
	.byte 0xf1
	cli
	nop
	END
	SNIPPET "pushf, TF", T
	pushfq
	popq %rax
	nop
	END
	SNIPPET "popf old 0 new 0"
	pushq $2
	popfq
	nop
	END
	SNIPPET "popf old 0 new 1"
	pushq $0x102
	popfq
	nop
	nop
	END
	SNIPPET "popf old 1 new 0", T
	pushq $2
	popfq
	nop
	nop
	END
	SNIPPET "popf old 1 new 1", T
	pushq $0x102
	popfq
	nop
	END
	SNIPPET "iret to TF=1"
	movq %rsp, %rcx
	pushq $0x10
	pushq %rcx
	pushq $0x102
	pushq $0x8
	leaq 1f(%rip), %rcx
	pushq %rcx
	iretq
1:	nop
	nop
	END
	SNIPPET "syscall, FMASK 0, TF=1 before"
	leaq 1f(%rip), %rdi
	xorl %esi, %esi
	call syscall_prepare
	pushq $0x102
	popfq
	syscall
	nop
1:	movl %r11d, %eax
	nop
	END
	SNIPPET "syscall, FMASK TF, TF=1 before"
	leaq 1f(%rip), %rdi
	movl $0x100, %esi
	call syscall_prepare
	pushq $0x102
	popfq
	syscall
	nop
1:	movl %r11d, %eax
	nop
	END
	SNIPPET "write watch", 0, W0, watched
	movl $0x11, (%rbx)
	nop
	movl (%rbx), %eax
	nop
	END
	SNIPPET "read-write watch", 0, RW0, watched
	movl $0x11, (%rbx)
	nop
	movl (%rbx), %eax
	nop
	END
	SNIPPET "write watch, TF", T, W0, watched
	movl $0x11, (%rbx)
	nop
	END
	SNIPPET "watch of a neighbour", 0, W0, watched
	movb $1, 4(%rbx)
	movb $1, 3(%rbx)
	movb $1, -1(%rbx)
	movw $1, -1(%rbx)
	nop
	END
	SNIPPET "watch hit by mov ss; nop", 0, RW0, watched
	movl %ss, %eax
	movl %eax, -4(%rbx)
	movl $0x10, (%rbx)
	mov (%rbx), %ss
	nop
	nop
	END
	SNIPPET "watch hit by mov ss; nop, TF", T, RW0, watched
	movl $0x10, (%rbx)
	mov (%rbx), %ss
	nop
	nop
	END
	SNIPPET "execute breakpoint", 0, X0, at_execute
	nop
at_execute:
	nop
	nop
	END
	SNIPPET "execute breakpoint, TF", T, X0, at_execute_tf
	nop
at_execute_tf:
	nop
	nop
	END
	SNIPPET "execute breakpoint behind mov ss", 0, X0, at_execute_ss
	movl %ss, %eax
	movl %eax, %ss
at_execute_ss:
	nop
	nop
	END
	SNIPPET "I/O breakpoint", 0, IO0, 0x80
	outb %al, $0x80
	nop
	END
	SNIPPET "GD", 0, 0x2000
	nop
	movq %dr0, %rax
	xorl %eax, %eax
	nop
	END
	SNIPPET "rep movsb of 3, TF", T
	leaq watched+16(%rip), %rsi
	leaq watched+32(%rip), %rdi
	movl $3, %ecx
	rep movsb
	nop
	END
	SNIPPET "ud2", 0, 0, 0, behind_ud
	nop
	ud2
behind_ud:
	nop
	END
	SNIPPET "ud2, TF", T, 0, 0, behind_ud_tf
	nop
	ud2
behind_ud_tf:
	nop
	END
	SNIPPET "#GP, TF", T, 0, 0, behind_gp_tf
	movl $0xfff8, %eax
	movl %eax, %ds
behind_gp_tf:
	nop
	END
	SNIPPET "#PF, TF", T, 0, 0, behind_pf_tf
	movabsq $0x8000000000, %rcx
	movl (%rcx), %eax
behind_pf_tf:
	nop
	END
	SNIPPET "#DE, TF", T, 0, 0, behind_de_tf
	xorl %ecx, %ecx
	divl %ecx
behind_de_tf:
	nop
	END

	SNIPPET "watch hit by mov ss; int3", 0, RW0, watched
	movl $0x10, (%rbx)
	mov (%rbx), %ss
	int3
	nop
	END
	SNIPPET "watch hit by mov ss; int 31", 0, RW0, watched
	movl $0x10, (%rbx)
	mov (%rbx), %ss
	int $0x31
	nop
	END
	SNIPPET "GD, TF", T, 0x2000
	movq %dr0, %rax
	xorl %eax, %eax
	nop
	END
	SNIPPET "GD behind mov ss", 0, 0x2000
	movl %ss, %eax
	movl %eax, %ss
	movq %dr0, %rax
	xorl %eax, %eax
	END
	SNIPPET "ring 3: nop, TF", T, user=1
	nop
	nop
	END
	SNIPPET "ring 3: icebp, TF", T, user=1
	nop
	.byte 0xf1
	nop
	END
	SNIPPET "ring 3: int3, TF", T, user=1
	nop
	int3
	nop
	END
	SNIPPET "ring 3: int 31, TF", T, user=1
	nop
	int $0x31
	nop
	END
	SNIPPET "ring 3: pushf, popf new 1", 0, user=1
	pushfq
	orl $0x100, (%rsp)
	popfq
	nop
	nop
	END
	SNIPPET "ring 3: mov ss; nop, TF", T, user=1
	movl %ss, %eax
	movl %eax, %ss
	nop
	nop
	END
	SNIPPET "ring 3: cli, TF", T, resume=behind_cli, user=1
	cli
behind_cli:
	nop
	END
	SNIPPET "ring 3: syscall, sysret, TF", T, user=1
	nop
	syscall
	nop
	movl %r11d, %eax
	END
	SNIPPET "ring 3: write watch, TF", T, W0, watched, user=1
	movl $0x11, (%rbx)
	nop
	END

	/* LSTAR = RDI, FMASK = ESI, STAR for this GDT, EFER.SCE */
syscall_prepare:
	movl $0xc0000081, %ecx
	xorl %eax, %eax
	movl $0x8, %edx
	wrmsr
	movl $0xc0000080, %ecx
	rdmsr
	orl $1, %eax
	wrmsr
	movl $0xc0000082, %ecx
	movl %edi, %eax
	xorl %edx, %edx
	wrmsr
	movl $0xc0000084, %ecx
	movl %esi, %eax
	wrmsr
	ret

	.pushsection .rodata.table, "a"
table_end:
	.balign 8
	.globl snippets_count
snippets_count:
	.quad (table_end - snippets) / 56
	.popsection

	.bss
	.balign 16
	.skip 64
watched:
	.skip 64
	.globl watched
saved_rsp:
	.quad 0
	.balign 16
	.skip 8192
stack_top:
	.skip 4096
snippet_top:
	.globl ring0_top
	.skip 8192
ring0_top:
	.section .note.GNU-stack, "", @progbits
