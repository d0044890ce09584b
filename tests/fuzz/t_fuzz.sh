#!/bin/sh
# t_fuzz.sh - each fuzz target on its corpus and on some inputs mutated from it. `make fuzz` is the long run.
O=${O:-build}
status=0
for corpus in tests/fuzz/corpus/*/; do
	name=$(basename "$corpus")
	"$O/tests/fuzz/$name" -n 5000 -s 1 -k "$O/tests/fuzz/$name.last" "$corpus" || {
		echo "not ok - fuzz $name: got exit status $?, wanted 0; the input is $O/tests/fuzz/$name.last"
		status=1
	}
done
exit $status
