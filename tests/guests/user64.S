/*
 * user64.S - ring 3 and back by SYSRET and SYSCALL, with FMASK.TF set: the step that SYSCALL loses
 * (K7) is not lost. On the software flavour of /dev/kvm ring 3 runs unstepped: a gap says so.
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

	GAP_ON "pvm"

	.text
on_syscall:
	S "TF", pvm="-", why="K16"
	mov al, 'k'
	out 0xe9, al
	mov rsp, [kernel_rsp]
	ret

main:
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
	CASE "ring 3: nop, nop, syscall"
	nop
	S "TF cpl=3", pvm="-", why="K16"
	nop
	S "TF cpl=3", pvm="-", why="K16"
	syscall
	END
	ud2
