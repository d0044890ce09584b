# mtf: one of each kind, for the switches of the engine (t_63_mtf-switches.sh)
# run: trace -e mtf --guest-status GUEST
# status: 1
# stop: MTF pushf_at
# stop: ...
	.include "case.inc"
	GATE 0x03, handler
	GATE 0x40, handler
_start:	IDT_LOAD
pushf_at: pushf
pop_at:	popq %rax
out_at:	outb %al, $0x80
after_out: inb $0x80, %al
after_in: movl $0xd0000000, %ebx
write_at: movl %eax, (%rbx)
read_at: movl (%rbx), %eax
modify_at: addl %eax, (%rbx)
cpuid_at: cpuid
after_cpuid: movl %ss, %eax
movss_at: movl %eax, %ss
in_shadow: nop
sti_at:	sti
behind_sti: nop
	cli
f1:	.byte 0xf1
after_f1: int3
after_int3: int $0x40
after_int: nop
behind_int: movb $0, %al
	EXIT
handler: addl $1, %edi
	iretq
