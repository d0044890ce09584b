#!/bin/sh
# A program that tries to notice its debugger (notice.elf), run free, stepped and with the user's points on engines kvm
# and mtf: notice.HOW.ENGINE. What it printed and what vmstep did goes to the host (tests/guests/transparency.py).
[ -x vmstep ] || { echo "ok - rig: transparency # SKIP vmstep is not built"; exit 0; }

cd notice || exit 1
for session in notice.*.kvm notice.*.mtf; do
	rm -f log
	timeout 60 ../vmstep -q -nx --batch -e "${session##*.}" --serial null --debugcon ./log -x "$session" notice.elf >./out 2>&1
	echo "$session: status $?, at $(cut -d' ' -f1 /proc/uptime)"
	tail -3 out >./end
	grep BREAK/ out >>./end
	rig-out file "$session.out" ./end
	rig-out file "$session.log" ./log
done
exit 0
