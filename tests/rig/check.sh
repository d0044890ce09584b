#!/bin/sh
# check.sh OUT CACHE SERIES ROOT CPU - the whole rig check; called by make check-rig.
#
# CPU is intel or amd. On amd two cases run, which judge themselves, and nothing on the bare processor.
# Prints TAP lines and ends with "N passed, N failed, N skipped". Exit 1 if anything failed. When
# the emulator or the kernel cannot be had the whole check is one SKIP with its reason.
set -u

out=$1 cache=$2 series=$3 root=$4 cpu=$5
here=$(dirname "$0")
amd_cases=t_30_engines.sh,t_64_probe.sh
mkdir -p "$out"

# The oracle on the bare emulated CPU, half a second.
oracle_bare() {
	"$here/boot.py" --bochs "$cache/bochs" --rom "$root/../oracle.rom" --out "$out/bare" --timeout 20
	"$here/bare/compare.py" bare "$out/bare/guest.log"
}

# The cases of semantics.md section 12 there, in each width.
events_bare() {
	for bits in 16 32 64; do
		"$here/boot.py" --bochs "$cache/bochs" --rom "$root/../events$bits.rom" --out "$out/events$bits" --timeout 20
		"$here/bare/compare.py" "bare-events$bits" "$out/events$bits/guest.log" "$here/bare/events$bits.txt"
	done
}

# The corpus there, in each mode.
corpus_bare() {
	"$here/corpus_bare.py" "$cache/bochs" "$root/.." "$root/corpus" "$out/corpus"
}

# Segments, gates and tasks at random: the emulator and engine soft print the same lines.
random_bare() {
	"$here/boot.py" --bochs "$cache/bochs" --rom "$root/../random.rom" --out "$out/random" --timeout 60
	"$root/vmstep" -q -nx --batch -e soft --debugcon "$out/random/soft" -ex 'set intercept db off' \
		-ex 'set intercept bp off' -ex continue "$root/../random.elf" >"$out/random/vmstep.log" 2>&1
	"$here/bare/random.py" "$out/random/guest.log" "$out/random/soft"
}

# The shim there, with a host of a few lines: no Linux and no KVM between it and the processor.
shim_bare() {
	"$here/boot.py" --bochs "$cache/bochs" --rom "$root/../shim-bare.rom" --out "$out/shim" --timeout 20
	"$here/bare/compare.py" "shim on the bare CPU" "$out/shim/guest.log" "$here/shim/expected.txt"
}

rig_run() {
	why=$("$here/fetch.sh" "$cache" "$series")
	status=$?
	if [ "$status" = 77 ]; then
		echo "ok - rig: everything # SKIP $why"
		return
	elif [ "$status" != 0 ]; then
		echo "not ok - rig: fetch: got status $status, wanted 0"
		return
	fi
	if [ "$cpu" = amd ] && why=$(errata_misfit); then
		echo "ok - rig: kvm_amd # SKIP $why"
		return
	elif [ "$cpu" = amd ]; then
		machine_run "rig.cases=$amd_cases" --cpu ryzen --preload "$root/../errata.so"
	else
		oracle_bare
		events_bare
		corpus_bare
		random_bare
		shim_bare
		machine_run '' && results_judge
	fi
}

# Says so where the emulator is another build than the one whose errata are known.
errata_misfit() {
	lib=$cache/bochs/usr/lib/x86_64-linux-gnu
	"$lib/ld-linux-x86-64.so.2" --preload "$root/../errata.so" --library-path "$lib" "$cache/bochs/usr/bin/bochs-bin" \
		--help 2>&1 </dev/null | grep -m1 '^errata: '
}

# machine_run PARAMETERS [OPTION...] - boot Linux with these parameters, the emulator with these options.
machine_run() {
	"$here/image.sh" "$cache/k-$series" "$root" "$out/rig.iso" "$1" >"$out/image.log" 2>&1 ||
		{ echo "not ok - rig: image: got $(tail -1 "$out/image.log"), wanted an ISO"; return 1; }
	shift
	rm -rf "$out/files"
	"$here/boot.py" --bochs "$cache/bochs" --iso "$out/rig.iso" --out "$out" --files "$out/files" "$@"
	return 0
}

# What the cases handed over.
results_judge() {
	for engine in kvm mtf; do
		for got in "$out/files/$engine-"*.jsonl; do
			[ -e "$got" ] || continue
			name=$(basename "$got" .jsonl)
			"$here/../guests/expect.py" "$root/guests/${name#*-}.elf" "$got" "$([ $engine = kvm ] && echo hw || echo mtf)"
		done
	done
	"$here/../guests/transparency.py" judge-files "$out/files"
	"$here/../guests/predictions.py" judge-files "$out/files" "$root/corpus"
	"$here/compare/judge.py" "$out/files" "$root/corpus"
	"$here/../guests/why.py" judge-files "$out/files" "$root/guests"
	"$here/../guests/corpus_run.py" judge-files "$out/files" "$root/corpus"
	[ ! -e "$out/files/seabios-bios.txt" ] || "$here/seabios.py" "$out/files" "$root/vmstep"
	for got in "$out"/files/*oracle-*.txt; do
		[ -e "$got" ] && "$here/bare/compare.py" "$(basename "$got" .txt | sed 's/.*oracle-//')" "$got"
	done
}

rig_run | tee "$out/results.tap"
awk '/^ok .*# SKIP/ {s++; next} /^ok / {p++} /^not ok / {f++}
	END {printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 || p + s == 0}' "$out/results.tap"
