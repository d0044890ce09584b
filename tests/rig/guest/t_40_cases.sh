#!/bin/sh
# Each case of tests/rig/cases under vmstep: its stops and exit status against its own comments.
# All of vmstep's output is printed: it is the evidence.

# Compare the stop lines of $2 with the "# stop:" lines of $1; prints "ok" or what differs.
stops_compare() {
	awk '
	FNR == NR {
		if (sub(/^# stop: /, "")) {
			n = split($0, part, / \| /)
			split(part[1], word, " ")
			cause[++want] = word[1]; symbol[want] = word[2]; pattern[want] = n > 1 ? part[2] : ""
		}
		next
	}
	/^#[0-9]+ / {
		split($0, col, /  +/)
		sub(/ \(.*/, "", col[4])
		if (col[2] == "START")
			next
		line[++got] = $0; gc[got] = col[2]; gs[got] = col[4]
	}
	function bad(i, what) {
		print "got " (i > got ? "no stop " i : "stop " i " " gc[i] " " gs[i]) ", wanted " what
	}
	END {
		for (i = 1; i <= want; i++) {
			if (cause[i] == "...") { print "ok"; exit }
			if (i > got || gc[i] !~ "^(" cause[i] ")$" || gs[i] !~ "^(" symbol[i] ")$") {
				bad(i, "stop " i " " cause[i] " " symbol[i])
				exit
			}
			if (pattern[i] != "" && line[i] !~ pattern[i]) {
				print "got stop " i " " line[i] ", wanted in it " pattern[i]
				exit
			}
		}
		if (want && got > want) { bad(want + 1, want " stops"); exit }
		print "ok"
	}' "$1" "$2"
}

case_run() {
	file=$1
	name=$(basename "$file" .s)
	title=$(sed -n '1s/^# //p' "$file")
	wanted=$(sed -n 's/^# status: //p' "$file")
	args=$(sed -n 's/^# run: //p' "$file" | sed "s|GUEST|$name.elf|g")
	echo
	echo "== $name: $title"
	echo "\$ vmstep $args"
	eval "timeout 60 ../vmstep $args" >"/tmp/$name.out" 2>&1 </dev/null
	status=$?
	cat "/tmp/$name.out"
	echo
	verdict=$(stops_compare "$file" "/tmp/$name.out")
	if [ "$verdict" = ok ] && [ "$status" != "${wanted:-0}" ]; then
		verdict="got exit status $status, wanted ${wanted:-0}"
	fi
	if [ "$verdict" = ok ]; then
		echo "ok - rig: case $name"
	else
		echo "not ok - rig: case $name: $verdict"
		return 1
	fi
}

[ -x vmstep ] || { echo "ok - rig: cases # SKIP vmstep is not built"; exit 0; }
cd cases || exit 1
failed=0
for f in *.s; do
	case_run "$f" || failed=1
done
exit $failed
