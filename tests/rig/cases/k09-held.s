# K9: an interrupt pending at the local APIC is held while the user steps by hand, and not by continue
# run: -q -nx --batch -e kvm -ex 'break before' -ex 'continue' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'set step-irq on' -ex 'stepi' -ex 'continue' --guest-status GUEST
# status: 1
# stop: BREAK/1 before
# stop: TF sti_at
# stop: TF n1
# stop: TF n2
# stop: TF n3
# stop: EVENT handler
# stop: EXIT .*
	.include "held.inc"
