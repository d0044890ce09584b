#!/bin/sh
# Every guest of tests/guests on each engine of this machine: its trace goes to the host, which judges it by
# what the guest expects (tests/guests/expect.py); run free, it must have printed the same.
[ -x vmstep ] || { echo "ok - rig: guests # SKIP vmstep is not built"; exit 0; }

guest_run() {
	engine=$1 name=$2 image=$3
	timeout 60 ../vmstep trace -e "$engine" --serial null -f jsonl -n 20000 -o /tmp/trace --debugcon /tmp/stepped "$image" 2>&1
	echo "$name: stepped on $engine, status $?"
	timeout 60 ../vmstep -q --batch -nx -e "$engine" --serial null --debugcon /tmp/free -ex continue "$image" >/tmp/said 2>&1
	status=$?
	if [ "$status" != 0 ] && [ "$status" != 5 ]; then
		echo "not ok - rig: $name free on $engine: got status $status ($(tail -1 /tmp/said)), wanted 0 or 5"
	elif cmp -s /tmp/stepped /tmp/free; then
		echo "ok - rig: $name prints the same stepped and free on $engine"
	else
		echo "not ok - rig: $name on $engine: got another text stepped than free, wanted the same"
		cat /tmp/stepped; echo "-- free:"; cat /tmp/free
	fi
	rig-out file "$engine-$name.jsonl" /tmp/trace
	rm -f /tmp/stepped /tmp/free /tmp/trace
}

cd guests || exit 1
for elf in *[0-9].elf; do
	name=${elf%.elf}
	image=$elf
	[ -e "$name.bin" ] && image=$name.bin
	for engine in $RIG_ENGINES; do
		guest_run "$engine" "$name" "$image"
	done
done
