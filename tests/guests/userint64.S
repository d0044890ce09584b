/*
 * userint64.S - INT 0x80 from ring 3 through a gate with DPL 3, and back by IRET.
 */
	.include "guest64.inc"

	.bss
	.balign 16
user_stack: .skip 512
user_top:
kernel_rsp: .skip 8
tss:	.skip 0x68

	.data
	.balign 8
gdt:	.quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cffb000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff
tss_low: .quad 0x67 + 0x890000000000, 0
gdtr:	.word . - gdt - 1
	.quad gdt

	SKIP_ON "pvm", "INT n at CPL 3 is #UD on the software flavour of /dev/kvm (K16)"

	.text
h_80:
	S "EVENT vector=128 retired=1"
	push rax
	mov al, 'i'
	out 0xe9, al
	pop rax
	iretq

on_syscall:
	S "TF"
	mov al, 'k'
	out 0xe9, al
	mov rsp, [kernel_rsp]
	ret

main:
	GATE 0x80, h_80
	mov byte ptr [idt + 16 * 0x80 + 5], 0xee
	mov eax, OFFSET tss
	mov [tss_low + 2], ax
	shr eax, 16
	mov [tss_low + 4], al
	mov qword ptr [tss + 4], OFFSET user_top - 256
	lgdt [gdtr]
	mov ax, 0x30
	ltr ax
	mov ecx, 0xc0000080
	rdmsr
	or eax, 1
	wrmsr
	mov ecx, 0xc0000081
	xor eax, eax
	mov edx, 0x180008
	wrmsr
	mov ecx, 0xc0000082
	mov eax, OFFSET on_syscall
	xor edx, edx
	wrmsr
	mov ecx, 0xc0000084
	mov eax, 0x300
	wrmsr
	mov [kernel_rsp], rsp
	mov ecx, OFFSET user
	mov r11d, 2
	mov esp, OFFSET user_top
	sysretq

user:
	S "TF cpl=3"
	CASE "ring 3: int 0x80, syscall"
	nop
	S "TF cpl=3"
	int 0x80
	S "TF cpl=3"
	nop
	S "TF cpl=3"
	syscall
	END
	ud2
