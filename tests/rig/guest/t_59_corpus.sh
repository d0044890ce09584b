#!/bin/sh
# The corpus (tests/guests/corpus) on engines kvm and mtf: each session GUEST.HOW.ENGINE leaves what it printed, the
# guest's log and a trace, which the host judges (tests/guests/corpus_run.py).
[ -x vmstep ] || { echo "ok - rig: corpus # SKIP vmstep is not built"; exit 0; }

cd corpus || exit 1
for session in corpus-*.kvm corpus-*.mtf; do
	guest=${session%%.*}
	image=$guest.elf
	[ -e "$guest.bin" ] && image=$guest.bin
	timeout 60 ../vmstep -q -nx --batch -e "${session##*.}" --serial null --debugcon ./log -x "$session" "$image" >./out 2>&1
	echo "$session: status $?, at $(cut -d' ' -f1 /proc/uptime)"
	for f in out log trace.jsonl; do
		[ -e $f ] && rig-out file "$session.$f" $f
		rm -f $f
	done
done
exit 0
