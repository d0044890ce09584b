# K2: an ICEBP or INT3 in the shadow of a MOV SS is reached and reported in one run, retired 2
# run: trace -e kvm GUEST; ../vmstep trace -e kvm -f jsonl GUEST
# stop: TF _start\+0x7
# stop: TF ss_load
# stop: ICEBP behind_f1 | pc=40000b dr6=ffff0ff0\[\] \(deduced\).*inner skip 40000b -> 40000c
# stop: TF ss_load2
# stop: INT3 behind_cc | exc=3 pc=400010.*inner skip 400010 -> 400011
# stop: EVENT on_bp
# stop: TF behind_cc
# stop: TF end
# stop: HLT behind
	.include "case.inc"
	GATE 3, on_bp
_start:	IDT_LOAD
	movl %ss, %eax
ss_load: movl %eax, %ss
	.byte 0xf1
behind_f1: movl %ss, %eax
ss_load2: movl %eax, %ss
	int3
behind_cc: nop
end:	hlt
behind:	nop
on_bp:	iretq
