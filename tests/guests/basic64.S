/* basic64.S - instructions that retire one by one, and those a hypervisor emulates: none lost, none doubled. */
	.include "guest64.inc"

	.data
	.balign 16
from:	.ascii "abc"
to:	.skip 16

	.text
main:
	CASE "nop"
	nop
	S "TF dr6=BS insn=nop"
	nop
	S "TF"
	mov eax, 5
	S "TF"
	END

	CASE "taken and untaken branches"
	xor eax, eax
	S "TF"
	jnz 1f
	S "TF"
	jz 1f
	ud2
1:	S "TF"
	nop
	S "TF"
	END

	CASE "call and return"
	call returns
	S "TF insn=nop"
	nop
	S "TF"
	END

	CASE "cpuid"
	xor eax, eax
	S "TF"
	cpuid
	S "TF"
	nop
	S "TF"
	END

	CASE "out"
	mov eax, 'o'
	S "TF"
	out 0xe9, al
	S "TF|IO"
	nop
	S "TF"
	END

	CASE "out, 16 and 32 bit, to a port nobody has"
	mov dx, 0x4d0
	S "TF"
	out dx, ax
	S "TF|IO"
	out dx, eax
	S "TF|IO"
	nop
	S "TF"
	END

	CASE "in"
	in al, 0xe9
	S "TF|IO"
	in eax, dx
	S "TF|IO"
	nop
	S "TF"
	END

	CASE "mmio write and read"
	mov ebx, 0xd0000000
	S "TF"
	mov dword ptr [rbx], 0x12345678
	S "TF|MMIO"
	mov eax, [rbx]
	S "TF|MMIO"
	nop
	S "TF"
	END

	CASE "rdmsr and wrmsr"
	mov ecx, 0xc0000102
	S "TF"
	rdmsr
	S "TF"
	wrmsr
	S "TF"
	nop
	S "TF"
	END

	CASE "mov cr"
	mov rax, cr4
	S "TF"
	mov cr4, rax
	S "TF"
	nop
	S "TF"
	END

	/* One stop an iteration; the last one retires the instruction. */
	CASE "rep movsb of 3"
	cld
	S "TF"
	mov esi, OFFSET from
	S "TF"
	mov edi, OFFSET to
	S "TF"
	mov ecx, 3
	S "TF; TF retired=0 event=rep x2"
	rep movsb
	S "TF"
	nop
	S "TF"
	END

	CASE "rep movsb of 0"
	rep movsb
	S "TF"
	nop
	S "TF"
	END
	ret

returns:
	ret
