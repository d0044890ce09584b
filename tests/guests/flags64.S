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

	.macro SET_TF
	pushfq
	or qword ptr [rsp], FL_TF
	popfq
	.endm
	.macro CLEAR_TF
	pushfq
	and qword ptr [rsp], ~FL_TF
	popfq
	nop
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

	CASE "pushf with the guest's own TF shows it"
	pushfq
	S "TF; TF"
	pop [image]
	S "TF; TF"
	END

	CASE "popf with TF=1 when it was 1"
	pushfq
	S "TF; TF"
	popfq
	S "TF; TF"
	nop
	S "TF; TF"
	END

	CASE "popf with TF=0 when it was 1: the last trap is behind the popf"
	pushfq
	S "TF; TF"
	and qword ptr [rsp], ~FL_TF
	S "TF; TF"
	popfq
	S "TF; TF"
	nop
	S "TF"
	nop
	S "TF"
	END
	PUT_IMAGE

	mov rax, rsp
	push 0x10
	push rax
	pushfq
	or qword ptr [rsp], FL_TF
	push 8
	push OFFSET 1f
	CASE "iret to TF=1: the first trap is behind the instruction at its target"
	iretq
1:	S "TF"
	nop
	S "TF; TF"
	END
	CLEAR_TF

	SET_TF
	CASE "icebp with the guest's TF: one #DB for it, without BS, then one an instruction"
	nop
	S "TF; TF"
	.byte 0xf1
	S "ICEBP; TF"
	nop
	S "TF; TF"
	END
	CLEAR_TF

	SET_TF
	CASE "icebp twice with the guest's TF"
	nop
	S "TF; TF"
	.byte 0xf1
	S "ICEBP; TF"
	.byte 0xf1
	S "ICEBP; TF"
	nop
	S "TF; TF"
	END
	CLEAR_TF

	SET_TF
	CASE "cpuid and out with the guest's TF"
	cpuid
	S "TF; TF"
	mov al, '.'
	S "TF; TF"
	out 0xe9, al
	S "TF|IO|IO+TF|TF+IO; TF"
	nop
	S "TF; TF"
	END
	CLEAR_TF
	ret
