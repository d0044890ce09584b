#!/bin/sh
# `why` and `why not` at each of the first stops of two guests on engines kvm and mtf: what was said and the trace go to the
# host, which judges every sentence (tests/guests/why.py). The whole corpus would take the emulator half an hour.
[ -x vmstep ] || { echo "ok - rig: why # SKIP vmstep is not built"; exit 0; }

why_ask() {
	engine=$1 name=$2 steps=$3
	{
		printf 'set step-irq on\ntrace on /tmp/trace.jsonl\n'
		i=0
		while [ $i -lt "$steps" ]; do
			cat why.ask
			i=$((i + 1))
		done
	} >/tmp/script
	timeout 60 ./vmstep -q -nx --batch -e "$engine" --serial null --debugcon null -x /tmp/script "guests/$name.elf" >/tmp/out 2>&1
	echo "$name on $engine: status $?, at $(cut -d' ' -f1 /proc/uptime)"
	rig-out file "why-$name.$engine.out" /tmp/out
	rig-out file "why-$name.$engine.jsonl" /tmp/trace.jsonl
	rm -f /tmp/script /tmp/out /tmp/trace.jsonl
}

for engine in kvm mtf; do
	why_ask "$engine" icebp64 60
	why_ask "$engine" shadow64 70
done
exit 0
