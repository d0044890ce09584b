# mtf: L2 cannot reach the shim: at its address L2 reads, writes and fetches as from a hole of the bus
# run: -q -nx --batch -e mtf -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'continue' -ex 'set $rip=again' -ex 'stepi' -ex 'stepi' GUEST
# status: 0
# stop: MTF entry
# stop: MTF page
# stop: MTF enter
# stop: MTF write
# stop: MTF read
# stop: MTF behind | completed the access
# stop: MTF again
# stop: EXCEPTION - | event vector 6 type 3
# stop: MTF branch
# stop: MTF address
	.include "case.inc"
	.set SHIM, 0xf00000000
_start:	mov %cr3, %rax
entry:	mov (%rax), %rbx
page:	and $~0xfff, %rbx
enter:	movabs $SHIM | 0x83, %rcx
write:	mov %rcx, 8 * 60(%rbx)
read:	movabs SHIM, %rax
behind:	nop
again:	cmp $-1, %rax
branch:	jne bad
address: movabs $SHIM + 0x1000, %rdi
	mov $512, %ecx
	rep stosq
	nop
	movabs $SHIM + 0x1000, %rdi
	jmp *%rdi
bad:	mov $1, %al
	EXIT
