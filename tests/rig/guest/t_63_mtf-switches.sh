#!/bin/sh
# `set mtf off`, `set intercept db|bp off`, the wrong skip by an empty DR6, REPs whose iterations KVM
# merges, and what KVM says of the MTF it owes.
[ -x vmstep ] || { echo "ok - rig: switches of mtf # SKIP vmstep is not built"; exit 0; }

# shellcheck source=tests/rig/guest/session.sh
. ./session.sh
traced() { # the whole trace of a guest, with these settings
	rm -f /tmp/trace
	session "$@"
	cat /tmp/trace >>/tmp/out
}

# TF in L2: exit 0, type 3, BS in the qualification.
traced -ex "set mtf off" -ex "trace on /tmp/trace" -ex "stepi 60" cases/m16-all.elf
check "set mtf off: TF drives the steps" "TF .*pushf_at .*exit 0 .*intr=80000301.type 3. qual=4000" \
	"TF .*pop_at .*took TF out of PUSHF" "TF .*after_out .*completed the access" "TF .*after_in .*completed" \
	"TF .*after_cpuid .*exit 10 .*deduced.*outer skip" "TF .*sti_at .*qual=4000" "TF .*behind_sti .*shadow=sti" \
	"ICEBP .*after_f1 .*type 5.*inner skip" "INT3 .*after_int3 .*type 6" "MTF.EVENT .*handler .*delivered vector 3" \
	"TF .*after_int3" "gap .*after_int3 .*unseen" "TF .*behind_int" "ended EXIT"
check "set mtf off: no stop behind MOV SS" "TF .*movss_at .*qual=4000" "TF .*sti_at "
check "set mtf off: a trap that KVM loses is two instructions" "TF .*write_at" "TF .*modify_at"
session -ex "set mtf off" -ex stepi -ex "info stop" -ex "set mtf on" -ex stepi --mode long --hex "90 9c 90 f4"
check "set mtf off and on again: whose TF" "TF .*100001" "retired +1" "step's on, the guest's own off" "MTF .*100002 .*exit 37"
traced -ex "set mtf off" -ex "trace on /tmp/trace" -ex "stepi 60" cases/m05-guest-tf.elf
check "set mtf off: the guest's own TF beside ours" "TF .* n2 .*owes the guest a #DB, dr6 bits 4000" \
	"MTF.EVENT .*handler .*delivered vector 1" "TF .* n2 " "TF .*out_at .*owes" "TF .* id .*owes" "TF .* f1 .*exit 10.*owes" \
	"ICEBP .* n3 .*type 5. len=1 pdbg" "ended EXIT"
traced -ex "set mtf off" -ex "set step-irq on" -ex "trace on /tmp/trace" -ex "stepi 60" cases/m10-held.elf
check "set mtf off: an interrupt that waits is seen at its handler" "TF .* n1 " "TF .* n2 " \
	"MTF.EVENT .*handler .*vector 80 type 0" "TF .*eoi" "TF .* n[23] " "MTF 1, .*gaps 0  ended EXIT"

# MTF rule 9: an ICEBP that is not intercepted is one MTF, at the handler's first instruction.
traced -ex "set intercept db off" -ex "trace on /tmp/trace" -ex "stepi 60" cases/m05-guest-tf.elf
check "set intercept db off: MTF rule 9 at an ICEBP" "MTF .* n2 .*pdbg=4000" \
	"MTF.EVENT .*handler .*exit 37.*vector 1 type 3 .deduced" "MTF .* f1 .*exit 10" "MTF.EVENT .*handler .*vector 1 type 3 .deduced" \
	"MTF .* f1 " "MTF.EVENT .*handler .*exit 37.*vector 1 type 5" "MTF .* n3 .*pdbg=0" "gaps 0  ended EXIT"
traced -ex "set intercept bp off" -ex "trace on /tmp/trace" -ex "stepi 60" cases/m16-all.elf
check "set intercept bp off: INT3 vectors in L2" "ICEBP .*after_f1" "MTF.EVENT .*handler .*exit 37.*vector 3 type 6" \
	"MTF.EVENT .*handler .*vector 64 type 4" "gaps 0  ended EXIT"
session -ex "set mtf off" -ex "set intercept db off" -ex stepi --mode long --hex "90 f4"
check "TF without #DB exits is refused" "set intercept db on, or set mtf on" "status 1"

# MOV SS from watched memory defers the watchpoint's trap to the ICEBP's exit: DR6 is not empty there.
code="c7 04 25 00 00 20 00 10 00 00 00 8e 14 25 00 00 20 00 f1 90 90 f4"
session -ex stepi -ex "awatch *(short*)0x200000" -ex stepi -ex stepi -ex stepi --mode long --hex "$code"
check "an ICEBP in a shadow with a trap deferred, by its type" "MTF .*100012 .*pdbg=1001 shadow=movss" \
	"ICEBP.WATCH/1 .*100013 .*type 5. len=1 qual=1.*inner skip" "MTF .*100014"
session -ex stepi -ex "awatch *(short*)0x200000" -ex "set skip dr6-empty" -ex stepi -ex stepi -ex stepi --mode long --hex "$code"
check "set skip dr6-empty: takes it for none and runs it twice" "ICEBP.WATCH/1 .*100012 .*qual=1.*no skip.*WARNING" "ICEBP .*100013"

traced -ex "trace on /tmp/trace" -ex "stepi 60" cases/m14-rep.elf
check "iterations that KVM merges are a gap" "rep iteration; completed" "MTF .* ins " "gap .*ins .*retired 0.*iterations" "MTF .*movs_si" \
	"MTF .* movs " "gap .*movs .*retired 0.*iterations" "MTF .* end " "gaps 2  ended EXIT"
session -ex stepi -ex "info stop" -ex "info vmcs" -ex "info engine" --mode long --hex "e6 80 90 f4"
check "KVM_STATE_NESTED_MTF_PENDING is shown" "MTF .*100002 .*l0=mtf-pending" "evidence .*l0=mtf-pending" "MTF pending .KVM_STATE_NESTED" \
	"tried at the start.*KVM_STATE_NESTED_MTF_PENDING"
session -ex stepi -ex stepi -ex "info stop" --mode long --hex "bb 00 00 00 d0 89 03 90 f4"
check "... behind a write to device memory too" "MTF .*100007 .*l0=mtf-pending" "evidence .*l0=mtf-pending"
