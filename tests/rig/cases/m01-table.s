# mtf: one exit 37 an instruction; ICEBP and INT3 by their types; CPUID and VMCALL by outer skips
# run: trace -e mtf GUEST
# stop: MTF n2 | vmx: exit 37 rip=400001 intr=0 pdbg=0 shadow=-
# stop: MTF move | exit 37
# stop: MTF f1 | exit 37 rip=400007
# stop: ICEBP n3 | exit 0 rip=400007 intr=80000501\[type 5\] len=1 pdbg=0.*; inner skip 400007 -> 400008
# stop: MTF cc | exit 37 rip=400009.*swallowed vector 1, the guest has no usable gate
# stop: INT3 n4 | exit 0 rip=400009 intr=80000603\[type 6\] len=1.*; inner skip 400009 -> 40000a
# stop: MTF clear | exit 37 rip=40000b
# stop: MTF id | exit 37 rip=40000d
# stop: MTF n5 | exit 10 rip=40000d.*len=2.*\(deduced\); outer skip 40000d -> 40000f
# stop: MTF call | exit 37 rip=400010
# stop: MTF n6 | exit 18 rip=400010.*len=3.*\(deduced\); outer skip 400010 -> 400013
# stop: MTF end | exit 37
# stop: HLT behind | exit 12
	.include "case.inc"
_start:	nop
n2:	nop
move:	movl $0x1234, %eax
f1:	.byte 0xf1
n3:	nop
cc:	int3
n4:	nop
clear:	xorl %eax, %eax
id:	cpuid
n5:	nop
call:	vmcall
n6:	nop
end:	hlt
behind:	nop
