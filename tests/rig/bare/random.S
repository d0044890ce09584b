/*
 * random.S - the tasks of random.c: each vector's begins at its stub, ends by an IRET back to the case,
 * and goes on behind it when the vector comes again.
 */
	.code32
	.section .text.start, "ax"
	.globl _start
_start:
	movl $task_stack_top, %esp
	call random_main
	pushl $0x4002 /* NT */
	popfl
	movl $32, %edi
	jmp task_run

	.text
	.balign 16
	.globl task_stubs
task_stubs:
	.set v, 0
	.rept 33
	.balign 16
	movl $v, %edi
	jmp task_run
	.set v, v + 1
	.endr

	/* EDI: number of the task; ESP: below the top if the event has an error code. */
task_run:
	xorl %ecx, %ecx
	xorl %edx, %edx
	cmpl $task_stack_top, %esp
	je 1f
	movl (%esp), %edx
	incl %ecx
1:	movl $task_stack_top, %esp
	pushl %edx
	pushl %ecx
	pushl %edi
	call case_end
	movl $task_stack_top, %esp
	iretl
	jmp task_run

	.bss
	.balign 16
	.skip 4096
	.globl task_stack_top
task_stack_top:
	.skip 16
	.section .note.GNU-stack, "", @progbits
