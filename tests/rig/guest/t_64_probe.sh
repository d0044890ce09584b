#!/bin/sh
# vmstep probe on real VMX: as docs/probe has it, and in the file that goes to the host.
[ -x vmstep ] || { echo "ok - rig: probe # SKIP vmstep is not built"; exit 0; }

timeout 100 ./vmstep probe --json >/tmp/probe.json 2>&1
rig-out file kvm-intel.json /tmp/probe.json
kernel=$(uname -r | cut -d . -f 1,2)
file=probe/kvm-intel-$kernel.json
if ! [ -e "$file" ]; then
	echo "ok - rig: probe: as docs/probe has it # SKIP no results of kernel $kernel are kept"
	exit 0
fi
timeout 100 ./vmstep probe --against "$file" >/tmp/probe.diff 2>&1
status=$?
if [ $status = 0 ]; then
	echo "ok - rig: probe: as docs/probe has it, $(grep -c '"id"' /tmp/probe.json) probes"
else
	echo "not ok - rig: probe: got status $status, $(tail -1 /tmp/probe.diff), wanted what $file has"
	cat /tmp/probe.diff
fi
