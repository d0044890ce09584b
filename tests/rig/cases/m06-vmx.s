# mtf: L2 has no VMX: no bit in CPUID, #UD for its instructions, #GP for its MSRs
# run: trace -e mtf GUEST
# stop: MTF leaf
# stop: MTF id
# stop: MTF bit | exit 10
# stop: MTF vmxoff_at
# stop: MTF\+EVENT ud | exit 37.*event vector 6
# stop: MTF back_ud
# stop: MTF skip_ud
# stop: MTF msr
# stop: MTF rd
# stop: MTF\+EVENT gp | exit 37.*event vector 13
# stop: MTF drop
# stop: MTF back_gp
# stop: MTF skip_gp
# stop: MTF end
# stop: EXIT behind
	.include "case.inc"
	GATE 6, ud
	GATE 13, gp
_start:	lidt idt_pointer(%rip)
leaf:	movl $1, %eax
id:	cpuid
bit:	andl $0x20, %ecx
vmxoff_at: vmxoff
msr:	movl $0x480, %ecx
rd:	rdmsr
end:	outb %al, $0xf4
behind:	nop
ud:	addq $3, (%rsp)
back_ud: nop
skip_ud: iretq
gp:	addq $8, %rsp
drop:	addq $2, (%rsp)
back_gp: nop
skip_gp: iretq
