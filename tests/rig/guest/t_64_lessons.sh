#!/bin/sh
# Every lesson on engines mtf and kvm, each answer shown: its expectations are held against what real VMX does.
[ -x vmstep ] || { echo "ok - rig: lessons # SKIP vmstep is not built"; exit 0; }

lesson_play() {
	timeout 60 ./vmstep lesson -e "$1" --batch "$2" >/tmp/out 2>&1 </dev/null
	status=$?
	if [ "$status" = 0 ]; then
		echo "ok - rig: lesson $2 on $1"
	else
		cat /tmp/out
		echo "not ok - rig: lesson $2 on $1: got status $status, $(grep 'not as the lesson' /tmp/out | head -1), wanted 0"
	fi
}

./vmstep lesson | sed '/^$/,$d' | while read -r name rest; do
	for engine in mtf kvm; do
		lesson_play $engine "$name"
	done
done
