# K3: the step survives register writes, also one of RIP
# run: -q -nx --batch -e kvm -ex 'stepi' -ex 'set $rax = 0x77' -ex 'stepi' -ex 'set $rip = far' -ex 'stepi' -ex 'set $eflags = 0x202' -ex 'stepi' -ex 'stepi' GUEST
# stop: TF one
# stop: TF two
# stop: TF far_1
# stop: TF far_2
# stop: TF far_3
	.include "case.inc"
_start:	nop
one:	nop
two:	nop
	hlt
far:	nop
far_1:	nop
far_2:	nop
far_3:	hlt
