/*
 * flags64.S - whose TF it is. The debugger's never shows in a PUSHF image, the guest's own traps
 * with BS as in a free run, one instruction after the POPF or IRET that set it.
 */
	.include "guest64.inc"

	.data
image:	.quad 0

	.text
	/* The trap of the guest's own TF is one stop with ours; the #DB is the guest's too. */
	HANDLER h_db, 1, first="EVENT vector=1 x*"

	.macro PUT_IMAGE
	mov rdx, [image]
	shr edx, 8
	and edx, 1
	add edx, '0'
	mov eax, edx
	out 0xe9, al
	.endm

main:
	GATE 1, h_db

	CASE "pushf holds no TF of the debugger"
	pushfq
	S "TF"
	pop [image]
	S "TF"
	nop
	S "TF"
	END
	PUT_IMAGE

	CASE "popf with TF=0 when it was 0"
	pushfq
	S "TF"
	popfq
	S "TF"
	nop
	S "TF"
	END

	pushfq
	pop rax
	or eax, FL_TF
	push rax
	CASE "popf with TF=1 when it was 0: the first trap is behind the next instruction"
	popfq
	S "TF"
	nop
	S "TF; TF"
	END
	pushfq
	pop [image]
	pushfq
	and qword ptr [rsp], ~FL_TF
	popfq
	PUT_IMAGE

	pushfq
	pop rax
	or eax, FL_TF
	push rax
	popfq
	pushfq
	popfq
	pushfq
	and qword ptr [rsp], ~FL_TF
	popfq
	nop

	/* IRET to TF=1: the first trap behind the instruction at its target. */
	mov rax, rsp
	push 0x10
	push rax
	pushfq
	or qword ptr [rsp], FL_TF
	push 8
	push OFFSET 1f
	iretq
1:	nop
	pushfq
	and qword ptr [rsp], ~FL_TF
	popfq
	nop

	/* ICEBP under the guest's own TF: one #DB for the F1, without BS, then one for each instruction. */
	pushfq
	or qword ptr [rsp], FL_TF
	popfq
	nop
	.byte 0xf1
	nop
	.byte 0xf1, 0xf1
	nop
	cpuid
	nop
	pushfq
	and qword ptr [rsp], ~FL_TF
	popfq
	nop
	ret
