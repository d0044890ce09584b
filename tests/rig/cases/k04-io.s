# K4: one stop each for OUT, IN, MMIO, CPUID, WRMSR and HLT; none lost, none doubled
# run: trace -e kvm GUEST
# stop: (TF|IO) in_at
# stop: (TF|IO) mmio_address
# stop: TF mmio_write
# stop: (TF|MMIO) mmio_read
# stop: (TF|MMIO) mmio_modify
# stop: (TF|MMIO) cpuid_at
# stop: TF msr_1
# stop: TF msr_2
# stop: TF msr_3
# stop: TF msr_write
# stop: TF behind_msr
# stop: TF ss_load
# stop: .* behind_out
# stop: TF end
# stop: HLT behind
	.include "case.inc"
_start:	outb %al, $0x80
in_at:	inb $0x80, %al
mmio_address: movl $0xd0000000, %ebx
mmio_write: movl %eax, (%rbx)
mmio_read: movl (%rbx), %eax
mmio_modify: addl %eax, (%rbx)
cpuid_at: cpuid
msr_1:	movl $0xc0000082, %ecx
msr_2:	xorl %eax, %eax
msr_3:	xorl %edx, %edx
msr_write: wrmsr
behind_msr: movl %ss, %eax
ss_load: movl %eax, %ss
	outb %al, $0x80
behind_out: nop
end:	hlt
behind:	nop
