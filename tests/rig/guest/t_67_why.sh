#!/bin/sh
# `why` and `why not` at the stops of the corpus on engines kvm and mtf: each session GUEST.ENGINE leaves what it printed,
# the guest's log and a trace, which the host judges (tests/guests/why.py).
[ -x vmstep ] || { echo "ok - rig: why # SKIP vmstep is not built"; exit 0; }

cd why || exit 1
for session in corpus-*.kvm corpus-*.mtf; do
	guest=${session%%.*}
	image=../corpus/$guest.elf
	[ -e "../corpus/$guest.bin" ] && image=../corpus/$guest.bin
	timeout 120 ../vmstep -q -nx --batch -e "${session##*.}" --serial null --debugcon ./log -x "$session" "$image" >./out 2>&1
	echo "$session: status $?, at $(cut -d' ' -f1 /proc/uptime)"
	for f in out log trace.jsonl; do
		[ -e $f ] && rig-out file "why-$session.$f" $f
		rm -f $f
	done
done
exit 0
