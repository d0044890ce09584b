# mtf: REP with devices: OUTS stops at each iteration, the iterations of INS and of MOVS from MMIO come as one
# run: trace -e mtf GUEST
# stop: MTF outs_di
# stop: MTF outs_cx
# stop: MTF outs
# stop: MTF outs | l0=mtf-pending, rep iteration; completed the access
# stop: MTF outs | l0=mtf-pending, rep iteration; completed the access
# stop: MTF ins_cx | l0=mtf-pending; completed the access
# stop: MTF ins
# stop: MTF movs_si | l0=mtf-pending; completed the access
# stop: MTF movs_di
# stop: MTF movs_cx
# stop: MTF movs
# stop: MTF end | l0=mtf-pending; completed the access
# stop: ...
	.include "case.inc"
_start:	movl $0x80, %edx
outs_di: movl $0x400000, %esi
outs_cx: movl $3, %ecx
outs:	rep outsb
ins_cx:	movl $3, %ecx
ins:	rep insb
movs_si: movl $0xd0000000, %esi
movs_di: movl $0x600000, %edi
movs_cx: movl $2, %ecx
movs:	rep movsl
end:	movb $1, %al
	outb %al, $0xf4
