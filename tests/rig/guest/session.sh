# Sourced by cases that run vmstep by commands: session ARGUMENT... runs it on $engine, check NAME PATTERN...
# judges what it printed. $part names the group of checks.
: "${engine:=mtf}" "${part:=mtf}"

# check NAME PATTERN...: vmstep's output in /tmp/out has the patterns (ERE) in this order.
check() {
	name=$1
	shift
	cat /tmp/out
	for p; do printf '%s\n' "$p"; done >/tmp/patterns
	missing=$(awk 'FNR == NR { want[++n] = $0; next }
		i < n && $0 ~ want[i + 1] { i++ }
		END { if (i < n) print want[i + 1] }' /tmp/patterns /tmp/out)
	if [ -z "$missing" ]; then
		echo "ok - rig: $part: $name"
	else
		echo "not ok - rig: $part: $name: got the output above, wanted next $missing"
	fi
}

session() {
	timeout 30 ./vmstep -q -nx --batch -e "$engine" "$@" >/tmp/out 2>&1 </dev/null
	echo "status $?" >>/tmp/out
}
