# shellcheck shell=sh
# corpus.sh - the corpus (tests/guests/corpus) for the scripts t_59_corpus-ENGINE.sh: each session GUEST.HOW.WHERE leaves
# what it printed, the guest's log and a trace, which the host judges (tests/guests/corpus_run.py).

# corpus_run ENGINE: on kvm_amd the sessions of engine kvm are named amd.
corpus_run() {
	engine=$1
	where=$engine
	[ "$RIG_SESSIONS" != amd ] || where=amd
	[ -x vmstep ] || { echo "ok - rig: corpus on $engine # SKIP vmstep is not built"; return; }
	cd corpus || exit 1
	for session in corpus-*."$where"; do
		guest=${session%%.*}
		image=$guest.elf
		[ -e "$guest.bin" ] && image=$guest.bin
		timeout 60 ../vmstep -q -nx --batch -e "$engine" --serial null --debugcon ./log -x "$session" "$image" >./out 2>&1
		echo "$session: status $?, at $(cut -d' ' -f1 /proc/uptime)"
		for f in out log trace.jsonl; do
			[ -e $f ] && rig-out file "$session.$f" $f
			rm -f $f
		done
	done
}
