# mtf: with the user's points in DR0-3 the guest still has debug registers of its own (MOV DR exits)
# run: -q -nx --batch -e mtf -ex 'watch *(int*)0x600000' -ex 'hbreak far_away' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'continue' -ex 'delete' -ex 'continue' --guest-status GUEST
# status: 1
# stop: MTF write_dr0
# stop: MTF read_dr0 | exit 29
# stop: MTF read_dr7 | exit 29
# stop: MTF compare | exit 29
# stop: MTF branch
# stop: MTF test_dr7
# stop: MTF branch_dr7
# stop: MTF address
# stop: MTF store
# stop: MTF\+WATCH/1 value | by dr.*0 -> 7
# stop: MTF write_dr2
# stop: MTF read_dr2 | exit 29
# stop: BREAK/2 far_away | by dr
# stop: EXIT .*
	.include "case.inc"
_start:	mov $0x1234, %eax
write_dr0: mov %rax, %dr0
read_dr0: mov %dr0, %rbx
read_dr7: mov %dr7, %rdx
compare: cmp %rax, %rbx
branch:	jne bad
test_dr7: cmp $0x400, %edx
branch_dr7: jne bad
address: mov $0x600000, %edi
store:	movl $7, (%rdi)
value:	mov $0x5678, %ecx
write_dr2: mov %rcx, %dr2
read_dr2: mov %dr2, %rsi
	cmp %rcx, %rsi
	jne bad
	mov %dr6, %rdx
	test $0xf, %edx
	jnz bad
far_away: mov %dr0, %rbx
	cmp $0x1234, %ebx
	jne bad
	mov %dr2, %rsi
	cmp $0x5678, %esi
	jne bad
	xor %eax, %eax
	EXIT
bad:	mov $1, %al
	EXIT
