#!/bin/sh
# Sessions under `set predict on` on engines kvm and mtf: predict.GUEST.ENGINE. The guest is stepped, and each stop that is
# not the one predicted ends a stepi; the host judges what was said (tests/guests/predictions.py).
[ -x vmstep ] || { echo "ok - rig: predict # SKIP vmstep is not built"; exit 0; }

cd predict || exit 1
for session in predict.*.kvm predict.*.mtf; do
	engine=${session##*.} guest=${session#*.}
	guest=${guest%.*}
	image=$guest.elf
	[ -e "$guest.bin" ] && image=$guest.bin
	set -- "$image"
	[ "$guest" = boot ] && set -- ../boot.img
	[ "$guest" = mbr ] && set -- --load 0x7c00 ../mbr.bin
	timeout 100 ../vmstep -q -nx --batch -e "$engine" --serial null --debugcon null -x "$session" "$@" >./out 2>&1
	echo "$session: status $?, at $(cut -d' ' -f1 /proc/uptime)"
	rig-out file "$session.out" ./out
done
exit 0
