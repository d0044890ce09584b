# mtf: the guest's own TF: one stop MTF+TF a boundary, also behind what L0 does for L2 (K19) and CPUID
# run: trace -e mtf GUEST
# stop: MTF pushed
# stop: MTF popf
# stop: MTF n1 | exit 37
# stop: MTF\+TF n2 | exit 37 rip=[0-9a-f]+ intr=0 pdbg=4000
# stop: MTF\+EVENT handler | delivered vector 1
# stop: MTF n2
# stop: MTF\+TF out_at
# stop: MTF\+EVENT handler
# stop: MTF out_at
# stop: MTF\+TF id | completed the access
# stop: MTF\+EVENT handler
# stop: MTF id
# stop: MTF\+TF f1 | exit 10
# stop: MTF\+EVENT handler
# stop: MTF f1
# stop: ICEBP n3 | type 5\] len=1 pdbg=0
# stop: MTF\+EVENT handler
# stop: MTF n3
# stop: MTF\+TF end
# stop: MTF\+EVENT handler
# stop: MTF end
# stop: EXIT.* behind
	.include "case.inc"
	GATE 1, handler
_start:	lidt idt_pointer(%rip)
pushed:	push $TF | 2
popf:	popf
n1:	nop
n2:	nop
out_at:	outb %al, $0x80
id:	cpuid
f1:	.byte 0xf1
n3:	nop
end:	outb %al, $0xf4
behind:	nop
handler: iretq
