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

# `why` and `why not` at each stop: text and trace go to the host, which judges them (tests/guests/why.py).
why_ask() {
	engine=$1 name=$2 steps=$3
	{
		echo "trace on /tmp/trace.jsonl"
		i=0
		while [ $i -lt "$steps" ]; do
			echo stepi
			echo why
			for cause in TF MTF ICEBP INT3 HWBP WATCH IOBP GD EVENT INTERRUPT; do
				printf 'echo @ %s\\n\nwhy not %s\n' $cause $cause
			done
			i=$((i + 1))
		done
	} >/tmp/script
	timeout 60 ./vmstep -q -nx -e "$engine" --serial null --debugcon null "guests/$name.elf" </tmp/script >/tmp/out 2>&1
	rig-out file "why-$engine-$name.txt" /tmp/out
	rig-out file "why-$engine-$name.trace" /tmp/trace.jsonl
}
for engine in mtf kvm; do
	why_ask "$engine" icebp64 60
	why_ask "$engine" shadow64 70
done
