# K7: SYSCALL with FMASK.TF=1 keeps the step: the next stop is its entry
# run: trace -e kvm GUEST
# stop: TF m2
# stop: TF m3
# stop: TF m4
# stop: TF m5
# stop: TF m6
# stop: TF m7
# stop: TF m8
# stop: TF m9
# stop: TF m10
# stop: TF m11
# stop: TF m12
# stop: TF m13
# stop: TF m14
# stop: TF m15
# stop: TF call_at
# stop: .* entry
# stop: TF end
# stop: HLT behind
	.include "case.inc"
_start:	movl $0xc0000080, %ecx
m2:	rdmsr
m3:	orl $1, %eax
m4:	wrmsr
m5:	movl $0xc0000081, %ecx
m6:	xorl %eax, %eax
m7:	movl $CS, %edx
m8:	wrmsr
m9:	movl $0xc0000082, %ecx
m10:	leaq entry(%rip), %rax
m11:	xorl %edx, %edx
m12:	wrmsr
m13:	movl $0xc0000084, %ecx
m14:	movl $TF, %eax
m15:	wrmsr
call_at: syscall
	nop
entry:	nop
end:	hlt
behind:	nop
