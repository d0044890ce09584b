#!/bin/sh
# Sessions on engine mtf: points, wrong skips, what the user changes, faults; and the self-watching
# guest running free, whose text the host compares.
[ -x vmstep ] || { echo "ok - rig: sessions on mtf # SKIP vmstep is not built"; exit 0; }

# shellcheck source=tests/rig/guest/session.sh
. ./session.sh

session --mode long -ex "break *0x100003" -ex continue -ex "x/2bx 0x100003" -ex stepi --hex "90 90 90 90 90 90 f4"
check "break by INT3 that nobody sees" "BREAK/1 .*100003.*by int3" "0x90.*0x90" "MTF .*100004" "status 0"
session --mode long -ex "hbreak *0x100003" -ex stepi -ex continue -ex stepi -ex continue --hex "90 90 90 90 90 90 f4"
check "hbreak, and on from it" "MTF .*100001" "BREAK/1 .*100003.*qual=1.*by dr0" "MTF .*100004" "HLT .*100007"
session --mode long -ex "watch *(int*)0x200000" -ex continue -ex continue -ex continue \
	--hex "90 c7 04 25 00 00 20 00 34 12 00 00 90 90 f4"
check "watch running free; HLT for ever is said again" "WATCH/1 .*10000c.*0 -> 1234" "HLT" "HLT" "status 0"
session --mode long -ex "awatch *(int*)0x200000" -ex stepi -ex stepi -ex stepi --hex "90 8b 04 25 00 00 20 00 90 90 f4"
check "awatch while stepping folds into the step" "MTF .*100001" "MTF\+WATCH/1 .*100008.*pdbg=1001" "MTF .*100009"
session --mode long -ex "catch icebp" -ex continue -ex continue --hex "90 90 f1 90 90 f4"
check "catch icebp" "ICEBP\+CATCH/1 .*100003.*type 5" "HLT .*swallowed vector 1"
session --mode long -ex "set skip none" -ex stepi -ex stepi -ex stepi --hex "90 f1 90 90 f4"
check "set skip none: the F1 again and again" "MTF .*100001" "ICEBP .*100001.*no skip.*WARNING" "ICEBP .*100001.*no skip"
session --mode long -ex "set skip outer" -ex stepi -ex stepi -ex stepi -ex stepi --hex "90 f1 90 90 f4"
check "set skip outer: an MTF too many" "ICEBP .*100002.*outer skip.*WARNING" "MTF .*100002.*WARNING" "MTF .*100003"
# The trap that MOV SS deferred gives the ICEBP a DR6 bit, and that rule then takes it for none.
session --mode long -ex "set skip dr6-empty" -ex stepi -ex stepi --hex "90 f1 90 90 f4"
check "set skip dr6-empty: right as long as DR6 is empty" "MTF .*100001" "ICEBP .*100002.*inner skip"
session --mode long -ex stepi -ex "set \$eflags=0x20002" -ex stepi --hex "90 90 90 f4"
check "an entry that is refused is told in words" "VM entry refuses.*RFLAGS.VM is 1 in long mode" "status 1"
session --mode long -ex "set \$rip=0x100004" -ex stepi -ex skip -ex stepi -ex "deliver 6" -ex stepi \
	--hex "90 90 90 90 90 90 90 90 f4"
check "jump, skip, deliver" "MTF .*100005" "MTF .*100006.*outer skip" "MTF .*100007" "MTF\+EVENT .*vector 6 type 3"
session --mode long -ex stepi -ex "info vmcs" -ex "info engine" --hex "90 90 f4"
check "info vmcs, info engine" "4402 +REASON +0x25" "681e +RIP +0x100001" "MTF on" "L2 of a shim"
timeout 30 ./vmstep -q -nx --batch -e mtf -ex continue -ex run -ex stepi guests/triple64.elf >/tmp/out 2>&1
check "a triple fault is a stop, and run begins anew" "SHUTDOWN .*exit 2" "START"
timeout -s INT 4 ./vmstep -q -nx --batch -e mtf --mode long -ex continue --hex "fb 90 eb fd" >/tmp/out 2>&1
echo "status $?" >>/tmp/out
check "Ctrl-C gets a running L2" "INTERRUPT .*10000[12]" "status 130"

timeout 60 ./vmstep -q -nx --batch -e mtf guests/demo.elf --serial null --debugcon null -ex continue >/tmp/free 2>&1
timeout 60 ./vmstep trace -q -e mtf -f jsonl -o /tmp/t.jsonl guests/demo.elf >/tmp/out 2>&1
echo "status $?" >>/tmp/out
check "the demo's self-test cannot tell stepping" "demo: undisturbed" "status 0"

timeout 60 ./vmstep -q -nx --batch -e mtf --serial null --debugcon /tmp/oracle --mode long --load 0x400000 \
	--entry 0x400000 -ex continue oracle.bin
rig-out file oracle-mtf.txt /tmp/oracle
