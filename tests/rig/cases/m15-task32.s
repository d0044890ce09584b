# mtf: a task switch exits always and is not emulated: a stop ERROR that says so, and the session lives
# run: -q -nx --batch -e mtf -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'info registers rip' -ex 'start' -ex 'stepi' GUEST
# status: 0
# stop: MTF load
# stop: MTF load\+0x4
# stop: MTF jump
# stop: ERROR jump | exit 9 .*qual=80000020
# stop: MTF load
	.code32
	.text
	.globl _start
_start:	lgdt gdt_pointer
load:	movw $0x18, %ax
	ltr %ax
jump:	ljmp $0x20, $0
other:	nop
gdt_pointer: .word 0x27
	.long gdt
	.balign 8
gdt:	.quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
	.long 0x10000067, 0x00008940 /* TSS at 401000 */
	.long 0x10800067, 0x00008940 /* and at 401080 */
	.org 0x1000
	.skip 0x80
	.skip 0x20
	.long other
	.skip 0x44
