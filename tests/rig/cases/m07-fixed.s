# mtf: what VMX fixes in CR0 and CR4 L2 has as it set it: NE is kept for it, VMXE faults
# run: trace -e mtf --guest-status GUEST
# status: 1
# stop: MTF .*
# stop: MTF clear_ne
# stop: MTF write_clear
# stop: MTF read_clear | exit 37
# stop: MTF test_clear
# stop: MTF branch_clear
# stop: MTF set_ne
# stop: MTF write_set
# stop: MTF read_set | exit 37
# stop: MTF test_set
# stop: MTF branch_set
# stop: MTF read_cr4
# stop: MTF set_vmxe
# stop: MTF write_vmxe
# stop: MTF\+EVENT gp | event vector 13 type 3 error=0
# stop: MTF behind_gp
# stop: MTF return
# stop: MTF behind_vmxe | exit 37
# stop: MTF test_vmxe
# stop: MTF branch_vmxe
# stop: MTF good
# stop: MTF leave
# stop: EXIT .*
	.include "case.inc"
	GATE 13, gp
_start:	lidt idt_pointer(%rip)
	mov %cr0, %rax
clear_ne: and $~0x20, %eax
write_clear: mov %rax, %cr0
read_clear: mov %cr0, %rbx
test_clear: test $0x20, %ebx
branch_clear: jnz bad
set_ne:	or $0x20, %eax
write_set: mov %rax, %cr0
read_set: mov %cr0, %rbx
test_set: test $0x20, %ebx
branch_set: jz bad
read_cr4: mov %cr4, %rax
set_vmxe: or $0x2000, %eax
write_vmxe: mov %rax, %cr4
behind_vmxe: mov %cr4, %rbx
test_vmxe: test $0x2000, %ebx
branch_vmxe: jnz bad
good:	xor %eax, %eax
leave:	EXIT
bad:	mov $1, %al
	EXIT
gp:	add $8, %rsp
behind_gp: push $behind_vmxe
return:	ret
