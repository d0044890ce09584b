# K1: an ICEBP exits with pc on the F1 and no cause bit; one stop each, the inner skip applied
# run: trace -e kvm GUEST
# stop: TF f1 | exc=1 pc=400001 dr6=ffff4ff0\[BS\]
# stop: ICEBP prefixed | exc=1 pc=400001 dr6=ffff0ff0\[\] \(deduced\).*inner skip 400001 -> 400002
# stop: ICEBP rexed | exc=1 pc=400002 dr6=ffff0ff0\[\] \(deduced\).*inner skip 400002 -> 400004
# stop: ICEBP plain | exc=1 pc=400004 dr6=ffff0ff0\[\] \(deduced\).*inner skip 400004 -> 400006
# stop: TF end | exc=1 pc=400007 dr6=ffff4ff0\[BS\]
# stop: HLT behind
	.include "case.inc"
_start:	nop
f1:	.byte 0xf1
prefixed: .byte 0x66, 0xf1
rexed:	.byte 0x48, 0xf1
plain:	nop
end:	hlt
behind:	nop
