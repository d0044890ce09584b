#!/bin/sh
# vmstep probe on the rig's KVM: as docs/probe has it, against the other kernel's results too, and in the file that
# goes to the host.
[ -x vmstep ] || { echo "ok - rig: probe # SKIP vmstep is not built"; exit 0; }

# NAME DID, for each result of a file.
results() {
	sed -n 's/^{"id":"\([^"]*\)".*"did":"\([^"]*\)".*/\1 \2/p' "$1"
}

# Names of those that two files have differently.
changes() {
	results "$1" >/tmp/was
	results "$2" >/tmp/is
	awk '{ name = $1; sub(/^[^ ]* ?/, "") } NR == FNR { was[name] = $0; next } was[name] != $0 { print name }' /tmp/was /tmp/is
}

# against FILE: what --against says of it is what the two files say.
against() {
	timeout 100 ./vmstep probe --against "$1" >/tmp/probe.diff 2>&1
	status=$?
	rig-out file "against-$(basename "$1" .json).txt" /tmp/probe.diff
	changes "$1" /tmp/probe.json >/tmp/wanted
	grep -v '^ ' /tmp/probe.diff | sed '$d; s/ .*//' >/tmp/told
	[ $status = "$([ -s /tmp/wanted ] && echo 1 || echo 0)" ] && cmp -s /tmp/wanted /tmp/told
}

said() {
	echo "status $status, $(tail -1 /tmp/probe.diff)"
}

timeout 100 ./vmstep probe --json >/tmp/probe.json 2>&1
flavour=$(sed -n '1s/.*"flavour":"kvm_\([a-z]*\)".*/kvm-\1/p' /tmp/probe.json)
rig-out file "$flavour.json" /tmp/probe.json
here=$(uname -r | cut -d . -f 1,2)
for file in probe/"$flavour"-*.json; do
	[ -e "$file" ] || continue
	kernel=${file#probe/"$flavour"-}
	kernel=${kernel%.json}
	if ! against "$file"; then
		echo "not ok - rig: probe: against $file: got $(said), wanted $(wc -l </tmp/wanted) changes: $(tr '\n' ' ' </tmp/wanted)"
	elif [ "$kernel" != "$here" ]; then
		echo "ok - rig: probe: --against $file tells what is otherwise: $(tail -1 /tmp/probe.diff)"
	elif [ $status = 0 ]; then
		echo "ok - rig: probe: as docs/probe has it, $(grep -c '"id"' /tmp/probe.json) probes"
	else
		echo "not ok - rig: probe: got $(said), wanted what $file has"
		cat /tmp/probe.diff
	fi
done
[ -e "probe/$flavour-$here.json" ] || echo "ok - rig: probe: as docs/probe has it # SKIP no results of $flavour, kernel $here are kept"
exit 0
