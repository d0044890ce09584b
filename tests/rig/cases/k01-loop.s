# K1: without a skip the F1 is reported again and again; with it, exactly one step follows
# run: -q -nx --batch -e kvm -ex 'set icebp swallow' -ex 'set skip none' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'set skip corrected' -ex 'stepi' -ex 'stepi' GUEST
# stop: TF f1 | pc=400001 dr6=ffff4ff0\[BS\]
# stop: ICEBP f1 | pc=400001 dr6=ffff0ff0\[\]
# stop: ICEBP f1 | pc=400001 dr6=ffff0ff0\[\]
# stop: ICEBP f1 | pc=400001 dr6=ffff0ff0\[\]
# stop: ICEBP behind | pc=400001 dr6=ffff0ff0\[\].*inner skip 400001 -> 400002
# stop: TF end | pc=400003 dr6=ffff4ff0\[BS\]
	.include "case.inc"
_start:	nop
f1:	.byte 0xf1
behind:	nop
end:	hlt
