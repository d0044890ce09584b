#!/bin/sh
# Going back on real kvm_intel: what engine kvm puts back, and that engine mtf says why it cannot.
[ -x vmstep ] || { echo "ok - rig: checkpoints # SKIP vmstep is not built"; exit 0; }

# shellcheck source=tests/rig/guest/session.sh
. ./session.sh

# The stops of the arguments, without their numbers and without the word that they were run again.
stops() {
	timeout 60 ./vmstep -q -nx --batch -e kvm --serial null --debugcon null "$@" 2>>/tmp/out |
		sed -n 's/; run again up to here.*//; s/^#[0-9]* *//p'
}

claim() {
	if cmp -s /tmp/got /tmp/wanted && [ -s /tmp/got ]; then
		echo "ok - rig: $1"
	else
		echo "not ok - rig: $1: got $(tr '\n' ';' </tmp/got | cut -c1-600) $(cut -c1-300 /tmp/out), wanted $(tr '\n' ';' </tmp/wanted | cut -c1-600)"
	fi
}

for g in demo events64 icebp64; do
	: >/tmp/out
	set -- -ex "stepi 9" -ex checkpoint
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do set -- "$@" -ex stepi; done
	stops "$@" guests/$g.elf >/tmp/first
	tail -n 12 /tmp/first >/tmp/wanted
	set -- -ex "stepi 9" -ex checkpoint -ex "stepi 40" -ex "restart 1"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do set -- "$@" -ex stepi; done
	stops "$@" guests/$g.elf | tail -n 12 >/tmp/got
	claim "engine kvm: a restart gives the stops of before ($g)"
	# From stop 21 back to 20, 18 and 13.
	{ sed -n 13p /tmp/first; sed -n 11p /tmp/first; sed -n 6p /tmp/first; } >/tmp/wanted
	stops -ex "stepi 21" -ex reverse-stepi -ex "reverse-stepi 2" -ex "reverse-stepi 5" guests/$g.elf |
		tail -n 3 >/tmp/got
	claim "engine kvm: reverse-stepi ($g)"
done
# mov ecx, 400; 1: dec ecx; jnz 1b; hlt
session -e kvm --mode long -ex continue -ex "reverse-stepi 7" -ex "info registers rcx" --hex "b9 00 04 00 00 ff c9 75 fc f4"
check "engine kvm: back into what ran free" "HLT" "TF .*7 back" "rcx +0x2 " "status 0"
session --mode long -ex checkpoint --hex "90 f4"
check "engine mtf: no checkpoints, with the reason" "engine mtf .*VMCS" "status 1"
session --mode long -ex stepi -ex reverse-stepi --hex "90 90 f4"
check "engine mtf: no way back, with the reason" "engine mtf .*VMCS" "status 1"
