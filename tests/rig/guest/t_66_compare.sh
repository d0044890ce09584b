#!/bin/sh
# vmstep compare on three engines at once: kvm, mtf and soft. What it says of each guest goes to the host, which judges it
# (tests/rig/compare/judge.py); GUEST.known lists what must differ there.
[ -x vmstep ] || { echo "ok - rig: compare # SKIP vmstep is not built"; exit 0; }

# compared NAME ARGUMENT...: what it printed, its exit status behind
compared() {
	name=$1
	shift
	timeout 100 ./vmstep compare -e kvm,mtf,soft "$@" >/tmp/out 2>&1
	echo "status $?" >>/tmp/out
	echo "$name: $(tail -2 /tmp/out | cut -c1-150), at $(cut -d' ' -f1 /proc/uptime)"
	rig-out file "compare.$name" /tmp/out
}

for name in demo basic64 user64 dr64 fault64 shadow64 real16 prot32 corpus-long; do
	image=guests/$name.elf
	[ -e "guests/$name.bin" ] && image=guests/$name.bin
	[ -e "$image" ] || image=corpus/$name.elf
	set -- --json -q "$image"
	[ -e "compare/$name.known" ] && set -- --known "compare/$name.known" "$@"
	compared "$name.json" "$@"
done
# Without its list a difference is an unlisted one; the text shows where.
compared demo.unlisted --color always -q guests/demo.elf
exit 0
