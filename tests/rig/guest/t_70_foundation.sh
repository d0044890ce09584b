#!/bin/sh
# The rest of the foundation's tests on real VMX: the demo, which judges from inside whether it was
# disturbed; boot sectors nobody here wrote, to their messages; the engines' own test programs.
[ -x vmstep ] || { echo "ok - rig: foundation # SKIP vmstep is not built"; exit 0; }

# ran ENGINE NAME MESSAGE ARGUMENT...: stepped and free it says MESSAGE, and the same altogether.
ran() {
	engine=$1 name=$2 message=$3
	shift 3
	timeout 60 ./vmstep trace -e "$engine" -n 20000 -o /tmp/trace --serial /tmp/stepped.1 --debugcon /tmp/stepped.2 "$@" 2>&1
	echo "$name: stepped on $engine, status $?; $(tail -1 /tmp/trace)"
	timeout 60 ./vmstep -q --batch -nx -e "$engine" --serial /tmp/free.1 --debugcon /tmp/free.2 -ex continue "$@" 2>&1
	cat /tmp/stepped.1 /tmp/stepped.2 >/tmp/stepped
	cat /tmp/free.1 /tmp/free.2 >/tmp/free
	if ! grep -q "$message" /tmp/stepped; then
		echo "not ok - rig: $name on $engine: got $(tail -2 /tmp/stepped), wanted $message"
	elif ! cmp -s /tmp/stepped /tmp/free; then
		echo "not ok - rig: $name on $engine: got another text stepped than free: $(tail -2 /tmp/free)"
	elif ! grep -q '^total .* gaps 0 ' /tmp/trace; then
		echo "not ok - rig: $name on $engine: got $(tail -1 /tmp/trace), wanted gaps 0"
	else
		echo "ok - rig: $name on $engine says '$message', stepped and free"
	fi
	rm -f /tmp/trace /tmp/stepped* /tmp/free*
}

for engine in kvm mtf; do
	ran "$engine" demo "demo: undisturbed" guests/demo.elf
	ran "$engine" boot.img "GRUB Floppy Error" boot.img
	ran "$engine" mbr.bin "Missing operating system." --load 0x7c00 mbr.bin
done

for test in engine_step engine_events engine_points mtf_faults; do
	timeout 100 "./$test" >/tmp/out 2>&1
	status=$?
	if [ $status = 0 ]; then
		echo "ok - rig: $test: $(grep -c '^ok' /tmp/out) claims"
	else
		echo "not ok - rig: $test: got status $status, $(grep -c '^not ok' /tmp/out) failed, wanted 0"
		grep -v '^ok' /tmp/out
	fi
done
