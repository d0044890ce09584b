# mtf: an interrupt pending at the local APIC is held while the user steps by hand (BLOCKIRQ), and then let in
# run: -q -nx --batch -e mtf -ex 'break before' -ex 'continue' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'stepi' -ex 'set step-irq on' -ex 'stepi' -ex 'stepi' -ex 'continue' --guest-status GUEST
# status: 1
# stop: BREAK/1 before
# stop: MTF sti_at
# stop: MTF n1 | shadow=sti
# stop: MTF n2
# stop: MTF n3
# stop: MTF\+EVENT handler | event vector 80 type 0.*\(deduced\)
# stop: MTF eoi
# stop: EXIT .*
	.include "held.inc"
