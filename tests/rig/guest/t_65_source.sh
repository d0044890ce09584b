#!/bin/sh
# Source stepping on engines mtf and kvm beside engine soft: the same commands on guests with -g must show
# the same places, lines, frames and values; what differs by right (causes, evidence, how a point was
# noticed) is taken out first.
[ -x vmstep ] || { echo "ok - rig: source stepping # SKIP vmstep is not built"; exit 0; }

# transcript ENGINE GUEST COMMANDS: what a session shows, in /tmp/ENGINE.txt
transcript() {
	timeout 100 ./vmstep -q -nx -e "$1" "source/$2" <"source/$3" >/tmp/raw 2>&1
	echo "status $?" >>/tmp/raw
	sed -E -e 's/^(#[0-9]+) +[^ ]+ +(0x[0-9a-f]{16}  [^ ]+).*/\1 \2/' -e 's/ \((a debug|continue single).*\)$//' \
		-e '/^\t(noticed|continue single-steps)/d' </tmp/raw >"/tmp/$1.txt"
}

same() {
	transcript "$1" "$2" "$3"
	if cmp -s "/tmp/$1.txt" /tmp/soft.txt; then
		echo "ok - rig: $3 on $1: the same transcript as on soft"
	else
		echo "not ok - rig: $3 on $1: got another transcript than on soft, wanted the same"
		diff /tmp/soft.txt "/tmp/$1.txt"
		cat /tmp/raw
	fi
}

# has NAME PATTERN: a line of soft's transcript, which the others are held to.
has() {
	if grep -Eq "$2" /tmp/soft.txt; then
		echo "ok - rig: $1"
	else
		echo "not ok - rig: $1: got the transcript above, wanted $2"
	fi
}

transcript soft flow.elf flow.cmds
cat /tmp/soft.txt
has "next and step show lines" "^13	.*int sum = a . b;"
has "finish shows the value" "Value returned is .1 = 5"
has "break FUNCTION stops behind the prologue" "^factorial .n=4. at"
has "watch on a variable" "^New value = 2"
has "and on a local, to its end" "^Watchpoint .* deleted because"
has "until and advance" "^many .a=1, b=2"
has "the guest ends" "^status 0"
same mtf flow.elf flow.cmds
same kvm flow.elf flow.cmds

transcript soft irq.elf irq.cmds
cat /tmp/soft.txt
has "a backtrace through an interrupt" "^#1 .*work .n=5. at .*irq.c:74 .*interrupted by vector 48"
has "finish leaves the handler" "^74	"
has "a backtrace through a fault" "^#1 .*bad_segment .*interrupted by #GP"
has "its error code" " = 32760"
has "the guest ends" "^status 0"
same mtf irq.elf irq.cmds
same kvm irq.elf irq.cmds

# The PIT's interrupts over lines stepped: some 18 a second, on soft by its own count of time.
for irq in on off; do
	sed "s/IRQ/$irq/; s/PERIOD/1000/" source/tick.cmds >source/tick-$irq.cmds
	transcript soft tick.elf tick-$irq.cmds
	sed "s/IRQ/$irq/; s/PERIOD/65535/" source/tick.cmds >source/tick-$irq.cmds
	[ $irq = off ] || cat /tmp/soft.txt
	has "next over lines with a clock, step-irq $irq" "^086230d7"
	same mtf tick.elf tick-$irq.cmds
	same kvm tick.elf tick-$irq.cmds
done
