/*
 * entry.S - the shim's first instruction, the way into L2 and back, and exceptions of the shim.
 *
 * Entered in 64-bit mode by the host, flat segments, the shim's own page tables (mailbox.h).
 */
	.section .text.entry, "ax"
	.globl shim_entry
shim_entry:
	lea	shim_stack_top(%rip), %rsp
	xor	%ebp, %ebp
	call	shim_main
1:	hlt
	jmp	1b

	.text
/*
 * u64 guest_enter(u64 gpr[16], u64 launched): run L2 with the registers in gpr (order of enum gpr,
 * RSP is the VMCS's) until the next VM exit. Returns 0 then, 1 if the instruction failed (SDM
 * "VM Entries": VMfail).
 *
 * HOST_RSP and HOST_RIP are written when they change only, which is once: L0 shadows neither, so that
 * each VMWRITE is an exit of the shim's own and makes L0 merge the whole VMCS again at the entry.
 */
	.set	HOST_RSP, 0x6c14
	.set	HOST_RIP, 0x6c16
	.lcomm	host_rsp, 8
	.globl guest_enter
guest_enter:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	cmp	%rsp, host_rsp(%rip)
	je	1f
	mov	%rsp, host_rsp(%rip)
	mov	$HOST_RSP, %eax
	vmwrite	%rsp, %rax
	lea	guest_exit(%rip), %rdx
	mov	$HOST_RIP, %eax
	vmwrite	%rdx, %rax
1:
	mov	%rdi, %rax
	test	%rsi, %rsi
	mov	8(%rax), %rcx
	mov	16(%rax), %rdx
	mov	24(%rax), %rbx
	mov	40(%rax), %rbp
	mov	48(%rax), %rsi
	mov	56(%rax), %rdi
	mov	64(%rax), %r8
	mov	72(%rax), %r9
	mov	80(%rax), %r10
	mov	88(%rax), %r11
	mov	96(%rax), %r12
	mov	104(%rax), %r13
	mov	112(%rax), %r14
	mov	120(%rax), %r15
	mov	(%rax), %rax
	jnz	1f
	vmlaunch
	jmp	2f
1:	vmresume
2:	pop	%rdi
	mov	$1, %eax
	jmp	3f
guest_exit:
	push	%rax
	mov	8(%rsp), %rax
	mov	%rcx, 8(%rax)
	mov	%rdx, 16(%rax)
	mov	%rbx, 24(%rax)
	mov	%rbp, 40(%rax)
	mov	%rsi, 48(%rax)
	mov	%rdi, 56(%rax)
	mov	%r8, 64(%rax)
	mov	%r9, 72(%rax)
	mov	%r10, 80(%rax)
	mov	%r11, 88(%rax)
	mov	%r12, 96(%rax)
	mov	%r13, 104(%rax)
	mov	%r14, 112(%rax)
	mov	%r15, 120(%rax)
	pop	%rcx
	mov	%rcx, (%rax)
	pop	%rdi
	xor	%eax, %eax
3:	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

/*
 * NMIs are how the host gets the attention of a running L2 ("NMI exiting"). One that comes in the
 * shim itself is counted and dropped: the page is on its way to the host anyway. Its exit blocks
 * further NMIs until an IRET (SDM "Handling Multiple NMIs"), which nmi_unblock() does.
 */
	.globl nmi_gate
nmi_gate:
	incl	mailbox+40(%rip)
	iretq

	.globl nmi_unblock
nmi_unblock:
	mov	%ss, %eax
	mov	%rsp, %rcx
	push	%rax
	push	%rcx
	pushfq
	mov	%cs, %eax
	push	%rax
	lea	1f(%rip), %rcx
	push	%rcx
	iretq
1:	ret

/*
 * void xsetbv_try(u32 index, u64 value, u64 *failed), wrmsr_try: the same; and
 * void rdmsr_try(u32 index, u64 *value, u64 *failed): *failed becomes 1 if it faults.
 */
	.macro	WRITE_TRY name
	.globl	\name\()_try
\name\()_try:
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rdx, %rdi
	mov	%rsi, %rdx
	shr	$32, %rdx
\name\()_at:
	\name
	ret
	.endm
	WRITE_TRY xsetbv
	WRITE_TRY wrmsr
	.globl	rdmsr_try
rdmsr_try:
	mov	%edi, %ecx
	mov	%rdx, %rdi
rdmsr_at:
	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, (%rsi)
	ret
try_failed:
	movq	$1, (%rdi)
	ret

/* Exceptions of the shim: vectors 0-31, 16 bytes each; those without an error code push 0. */
	.balign 16
	.globl exception_stubs
exception_stubs:
	.set	vector, 0
	.rept	32
	.balign	16
	.if	(0x27d00 >> vector) & 1
	.else
	push	$0
	.endif
	push	$vector
	jmp	exception_common
	.set	vector, vector + 1
	.endr
exception_common:
	cmpq	$13, (%rsp)
	jne	1f
	push	%rax
	lea	xsetbv_at(%rip), %rax
	cmp	%rax, 24(%rsp)
	je	3f
	lea	wrmsr_at(%rip), %rax
	cmp	%rax, 24(%rsp)
	je	3f
	lea	rdmsr_at(%rip), %rax
	cmp	%rax, 24(%rsp)
	jne	2f
3:	lea	try_failed(%rip), %rax
	mov	%rax, 24(%rsp)
	pop	%rax
	add	$16, %rsp
	iretq
2:	pop	%rax
1:	mov	(%rsp), %rdi
	mov	8(%rsp), %rsi
	mov	16(%rsp), %rdx
	and	$-16, %rsp
	call	shim_exception
	.section .note.GNU-stack, "", @progbits
