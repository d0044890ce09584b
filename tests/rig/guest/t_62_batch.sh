#!/bin/sh
# Steps that the shim takes by itself (`set batch on`) are told as those the host looks at are: the same
# guests are traced either way and the traces compared byte by byte, but for their first and last line.
# What interrupts a batch is tried beside.
[ -x vmstep ] || { echo "ok - rig: batches # SKIP vmstep is not built"; exit 0; }

# trace BATCH FILE ARGUMENT...
trace() {
	batch=$1 file=$2
	shift 2
	timeout 60 ./vmstep -q -nx --batch -e mtf --serial null --debugcon null -ex "set batch $batch" \
		-ex "trace on /tmp/$file" -ex "stepi $steps" -ex "trace off" -ex "info engine" "$@" >/tmp/said 2>&1
	sed '1d;$d' "/tmp/$file" >"/tmp/$file.body"
}

# passed: how many boundaries the shim passed by itself in the last trace
passed() {
	sed -n 's/^boundaries the shim passed by itself (`set batch`): \([0-9]*\).*/\1/p' /tmp/said
}

same() { # NAME ARGUMENT...
	name=$1
	shift
	trace off visited.jsonl "$@"
	alone=$(passed)
	alone=${alone:-1}
	trace on batched.jsonl "$@"
	by_itself=$(passed)
	by_itself=${by_itself:-0}
	echo "$name: $(wc -l </tmp/visited.jsonl.body) records, passed $by_itself, without batches $alone"
	if [ -s /tmp/batched.jsonl.body ] && cmp /tmp/visited.jsonl.body /tmp/batched.jsonl.body; then
		echo "ok - rig: batch: $name traced the same either way"
	else
		echo "not ok - rig: batch: $name: got another trace with batches than without, wanted the same"
	fi
	most=$((most > by_itself ? most : by_itself))
	sum=$((sum + alone))
}

most=0 sum=0 steps=400
same cases/m12-changes.elf cases/m12-changes.elf
for name in fault64.elf shadow64.elf prot32.elf switch16.bin; do
	same "$name" "guests/$name"
done
same "a loop" --mode long --hex "b9 e8 03 00 00 90 ff c0 50 59 89 04 25 00 00 20 00 75 f3 f4"
same "REP MOVSB" --mode long --hex "be 00 00 10 00 bf 00 00 20 00 b9 c8 00 00 00 f3 a4 b9 05 00 00 00 eb ee"
same "REP MOVSB whole" -ex "set rep whole" --mode long --hex "be 00 00 10 00 bf 00 00 20 00 b9 c8 00 00 00 f3 a4 b9 05 00 00 00 eb ee"
same "REP with devices" cases/m14-rep.elf
[ -e bios-256k.bin ] && same SeaBIOS bios-256k.bin
if [ "$most" -gt 300 ] && [ "$sum" = 0 ]; then
	echo "ok - rig: batch: the shim takes steps by itself when it may and only then"
else
	echo "not ok - rig: batch: got $most boundaries passed with batches, $sum without, wanted many and none"
fi

export part=batch
# shellcheck source=tests/rig/guest/session.sh
. ./session.sh

# 0: inc eax; 2: cmp eax, 50h; 5: jne 0; 7: mov [200000], eax; 0e: nop; 0f: jmp 0e
loop="ff c0 83 f8 50 75 f9 89 04 25 00 00 20 00 90 eb fd"
session --mode long -ex "break *0x100007" -ex "stepi 1000" -ex "p \$rax" -ex "stepi" --hex "$loop"
check "a breakpoint ends it where it is" "#240 .*MTF\+BREAK/1 .*100007" "= 80" "#241 "
session --mode long -ex "watch *(int*)0x200000" -ex "stepi 1000" --hex "$loop"
check "a watchpoint ends it behind the write" "#241 .*MTF\+WATCH/1 .*10000e.*0 -> 50"
session --mode long -ex "break *0x100007 if \$rax == 7" -ex "stepi 300" -ex "info engine" --hex "$loop"
check "a condition that is false goes on" "#300 .*MTF  .*10000[ef]" "by itself .*: 29[0-9] in"
session --mode long -ex "break *0x100000 if \$rax == 9" -ex "stepi 1000" --hex "$loop"
check "a condition in the loop" "#27 .*MTF\+BREAK/1 .*100000"
timeout -s INT 3 ./vmstep -q -nx --batch -e mtf --mode long -ex "stepi 10000000" --hex "fb 90 eb fd" >/tmp/out 2>&1
echo "status $?" >>/tmp/out
check "Ctrl-C" "INTERRUPT .*10000[12]" "status 130"
