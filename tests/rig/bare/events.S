/*
 * events.S - the snippets of events.c, assembled with BITS 16, 32 and 64, and the ways in and out.
 *
 * A snippet starts by an IRET with its flags (so the first trap comes behind its first instruction) and
 * ends with INT 30. (E)BX points to `watched`, the accumulator is 0.
 */
#if BITS == 64
#define BX %rbx
#define CX %rcx
#define SI %rsi
#define DI %rdi
#define WORD .quad
#define IRET iretq
	.code64
#elif BITS == 32
#define BX %ebx
#define CX %ecx
#define SI %esi
#define DI %edi
#define WORD .long
#define IRET iretl
	.code32
#else
#define BX %bx
#define CX %cx
#define SI %si
#define DI %di
#define WORD .long
#define IRET iretw
	.code16
#endif

	.section .text.start, "ax"
	.globl _start
_start:
#if BITS == 16
	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $stack_top, %esp
	ljmpw $0, $1f
1:	calll events_main
#elif BITS == 32
	movl $stack_top, %esp
	call events_main
#else
	leaq stack_top(%rip), %rsp
	call events_main
#endif
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
#if BITS != 16
	.if (v == 8) || (v >= 10 && v <= 14) || (v == 17)
	.else
	push $0
	.endif
	push $v
#else
	pushl $v
#endif
	jmp common_stub
	.endif
	.set v, v + 1
	.endr

	/* struct frame of events.c: the C code may change it */
common_stub:
#if BITS == 64
	pushq %rax
	pushq %rcx
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	movq %rsp, %rdi
	cld
	call event_seen
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rdi
	popq %rsi
	popq %rdx
	popq %rcx
	popq %rax
	addq $16, %rsp
	iretq
#elif BITS == 32
	pushal
	movl %esp, %eax
	cld
	pushl %eax
	call event_seen
	addl $4, %esp
	popal
	addl $8, %esp
	iretl
#else
	pushal
	movl %esp, %eax
	cld
	pushl %eax
	calll event_seen
	addl $4, %esp
	popal
	addw $4, %sp
	iretw
#endif

	.globl snippet_run
snippet_run:
#if BITS == 64
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, saved_sp(%rip)
	movq %rsp, %rcx
	pushq $0x10
	pushq %rcx
	orq $2, %rsi
	pushq %rsi
	pushq $8
	pushq %rdi
	xorl %eax, %eax
	leaq watched(%rip), %rbx
	iretq
end_stub:
	movq saved_sp(%rip), %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret
#elif BITS == 32
	pushal
	movl 36(%esp), %ecx
	movl 40(%esp), %edx
	movl %esp, saved_sp
	orl $2, %edx
	pushl %edx
	pushl $8
	pushl %ecx
	xorl %eax, %eax
	movl $watched, %ebx
	iretl
end_stub:
	movl saved_sp, %esp
	movl %eax, 28(%esp)
	popal
	ret
#else
	pushal
	movl 36(%esp), %ecx
	movl 40(%esp), %edx
	movl %esp, saved_sp
	orl $2, %edx
	pushw %dx
	pushw $0
	pushw %cx
	xorl %eax, %eax
	movl $watched, %ebx
	iretw
end_stub:
	movl saved_sp, %esp
	movl %eax, 28(%esp)
	popal
	retl
#endif

#include "snippet.inc"
	/* SS loaded with what is in it. */
	.macro SS_LOAD
	movl %ss, %eax
	movl %eax, %ss
	.endm

	SNIPPET "66 icebp, TF", T
	.byte 0x66, 0xf1
	nop
	END
	SNIPPET "int 3 as CD 03, TF", T
	.byte 0xcd, 0x03
	nop
	END
#if BITS != 64
	SNIPPET "into, OF and TF", T | 0x800
	into
	nop
	END
	SNIPPET "into without OF, TF", T
	into
	nop
	END
#endif
#if BITS != 64
	SNIPPET "pop ss; nop; nop, TF", T
	push %ss
	pop %ss
	nop
	nop
	END
#endif
	SNIPPET "mov ss; mov ss; nop; nop, TF", T
	SS_LOAD
	movl %eax, %ss
	nop
	nop
	END
	SNIPPET "mov ss; int3; nop, TF", T
	SS_LOAD
	int3
	nop
	END
	SNIPPET "mov ss; int 1; nop, TF", T
	SS_LOAD
	.byte 0xcd, 0x01
	nop
	END
	/* IRET to `to` with `flags` */
	.macro IRET_TO to:req, flags:req
#if BITS == 64
	movq %rsp, %rcx
	pushq $0x10
	pushq %rcx
	pushq $\flags
	pushq $8
	pushq $\to
#elif BITS == 32
	pushl $\flags
	pushl $8
	pushl $\to
#else
	pushw $\flags
	pushw $0
	pushw $\to
#endif
	IRET
	.endm
	SNIPPET "write watch of 2, unaligned address", 0, W2, watched+1
	movb $1, (BX)
	movb $1, 1(BX)
	movb $1, 2(BX)
	nop
	END
	SNIPPET "write watch of 4, neighbours", 0, W0, watched
	movb $1, 4(BX)
	movb $1, 3(BX)
	movb $1, -1(BX)
	movw $1, -1(BX)
	nop
	END
	SNIPPET "watch hit by mov ss; ud2", 0, RW0, watched, behind_ss_ud
	movl %ss, %eax
	movl %eax, (BX)
	mov (BX), %ss
	ud2
behind_ss_ud:
	nop
	END
	SNIPPET "I/O breakpoint of a word beside", 0, IO0, 0x81
	outw %ax, $0x80
	outb %al, $0x80
	nop
	END
	SNIPPET "rep movsb of 3 over a watch", 0, W1, watched+33
	mov $watched+16, SI
	mov $watched+32, DI
	mov $3, CX
	rep movsb
	nop
	END
	SNIPPET "#DE, TF", T, 0, 0, behind_de_tf
	xorl %ecx, %ecx
	divl %ecx
behind_de_tf:
	nop
	END
	SNIPPET "write watch undone by a fault", 0, RW0, watched, behind_undone
	divl (BX)
behind_undone:
	nop
	END

	/* --- with IRQ 0 pending --- */
	SNIPPET "irq; sti; cli; nop", irq=1
	sti
	cli
	nop
	END
	SNIPPET "irq; iret to IF=1", irq=1
	IRET_TO 1f, 0x202
1:	nop
	END
	SNIPPET "irq; sti; ud2", 0, 0, 0, behind_irq_ud, 1
	sti
	ud2
behind_irq_ud:
	nop
	END
	SNIPPET "irq; popf to IF=1, TF", T, irq=1
	push $0x302
	popf
	nop
	END
	SNIPPET "irq; popf to IF=1 on an execute breakpoint", 0, X0, at_irq_execute, irq=1
	push $0x202
	popf
at_irq_execute:
	nop
	END
	SNIPPET "irq; sti; write watch", 0, W0, watched, irq=1
	sti
	movl $1, (BX)
	nop
	END
	SNIPPET "irq; sti; rep movsb of 3", irq=1
	mov $watched+16, SI
	mov $watched+32, DI
	mov $3, CX
	sti
	rep movsb
	nop
	END

#if BITS == 32
	SNIPPET "call of a task with T=1; iret"
	lcall $0x20, $0
	nop
	END
	SNIPPET "call of a task with T=1; iret, TF", T
	lcall $0x20, $0
	nop
	END
#endif
	.pushsection .rodata.table, "a"
	.globl snippets_end
snippets_end:
	.popsection

	.globl task_code, task_stack
task_code:
	nop
	IRET
	jmp task_code

	.bss
	.balign 16
	.skip 64
watched:
	.skip 64
	.globl watched
saved_sp:
	.quad 0
	.balign 16
	.skip 1024
task_stack:
	.skip 4096
stack_top:
	.section .note.GNU-stack, "", @progbits
