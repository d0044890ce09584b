# mtf: one boundary each for what L0 or the shim does for L2: OUT, IN, MMIO, CPUID, WRMSR, HLT (K14)
# run: trace -e mtf GUEST
# stop: MTF in_at | exit 37.*completed the access
# stop: MTF mmio_address | exit 37.*completed the access
# stop: MTF mmio_write
# stop: MTF mmio_read | exit 37.*completed the access
# stop: MTF mmio_modify | completed the access
# stop: MTF cpuid_at | completed the access
# stop: MTF msr_1 | exit 10
# stop: MTF msr_2
# stop: MTF msr_3
# stop: MTF msr_write
# stop: MTF behind_msr | exit 37
# stop: MTF ss_load
# stop: MTF out_shadow | shadow=movss
# stop: MTF behind_out | shadow=-.*completed the access
# stop: MTF end
# stop: HLT behind | exit 12
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
out_shadow: outb %al, $0x80
behind_out: nop
end:	hlt
behind:	nop
