#!/bin/sh
# The corpus (tests/guests/corpus) on engines kvm and mtf: each session GUEST.HOW.WHERE leaves what it printed, the
# guest's log and a trace, which the host judges (tests/guests/corpus_run.py).
[ -x vmstep ] || { echo "ok - rig: corpus # SKIP vmstep is not built"; exit 0; }

cd corpus || exit 1
for session in $(for where in $RIG_SESSIONS; do ls corpus-*."$where"; done); do
	guest=${session%%.*}
	engine=${session##*.}
	[ "$engine" != amd ] || engine=kvm
	image=$guest.elf
	[ -e "$guest.bin" ] && image=$guest.bin
	timeout 60 ../vmstep -q -nx --batch -e "$engine" --serial null --debugcon ./log -x "$session" "$image" >./out 2>&1
	echo "$session: status $?, at $(cut -d' ' -f1 /proc/uptime)"
	for f in out log trace.jsonl; do
		[ -e $f ] && rig-out file "$session.$f" $f
		rm -f $f
	done
done
exit 0
