#!/bin/sh
# t_lint.sh - what `make lint` checks, as TAP: scripts, manual pages, headers that compile alone, layers
# that include only lower ones, and the house rules a machine can see. Gets the build folder in O
# (its objects are looked at) and the compiler in CC.

O=${O:-build} CC=${CC:-cc}
failures=0

# claim NAME OUTPUT: holds when there is no output.
claim() {
	if [ -z "$2" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1: got $(echo "$2" | head -n 5 | tr '\n' ';'), wanted nothing"
		failures=$((failures + 1))
	fi
}

# files PATTERN...: tracked or not, outside of build folders.
files() {
	for pattern in "$@"; do
		find . \( -name .git -o -name 'build*' \) -prune -o -type f -path "./$pattern" -print
	done | sed 's|^\./||' | sort
}

skip() {
	echo "ok - $1 # SKIP $2"
}

scripts() {
	files '*' | while read -r f; do
		head -n 1 "$f" | grep -qE '^#!.*[ /](ba|da)?sh$' && echo "$f"
	done
}

shell_scripts() {
	if ! command -v shellcheck >/dev/null; then
		skip "shell scripts pass shellcheck" "no shellcheck here: make deps"
		return
	fi
	# shellcheck disable=SC2046 # file names without blanks
	claim "shell scripts pass shellcheck" "$(shellcheck -x -e SC2187,SC2016,SC2043 -f gcc $(scripts) 2>&1)"
}

python_scripts() {
	claim "Python scripts compile" "$(files '*.py' | while read -r f; do
		python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$f" 2>&1
	done)"
}

generated_docs() {
	claim "docs/probe.md is what docs/probe has" "$(docs/probe.py --check 2>&1)"
}

manual_pages() {
	if ! command -v mandoc >/dev/null; then
		skip "manual pages pass mandoc" "no mandoc here: make deps"
		return
	fi
	claim "manual pages pass mandoc" "$(find man "$O/man" -name '*.[1-9]' 2>/dev/null | while read -r f; do
		mandoc -T lint -W warning "$f"
	done)"
}

headers() {
	claim "each header compiles alone" "$(for h in include/vmstep/*.h; do
		echo "#include <vmstep/$(basename "$h")>" |
			$CC -std=gnu11 -D_GNU_SOURCE -Iinclude -Wall -Wextra -Wno-unused-parameter -fsyntax-only -x c - 2>&1
	done)"
	claim "each header has its guard" "$(for h in include/vmstep/*.h; do
		guard=VMSTEP_$(basename "$h" .h | tr 'a-z-' 'A-Z_')_H
		grep -q "^#ifndef $guard\$" "$h" || echo "$h lacks $guard"
	done)"
}

# Lower never includes higher (ARCHITECTURE.md). Both folders and headers have a rank.
layers() {
	claim "lower layers never include higher ones" "$(files 'src/*.[ch]' 'include/*.h' | xargs awk '
	BEGIN {
		split("util 1 x86 2 semantics 3 shim 3 machine 4 model 4.5 engine 5 symbols 5 debug 6 trace 7 teach 7 compare 7.5 probe 7.5 cli 8", w, " ")
		for (i = 1; i in w; i += 2) rank[w[i]] = w[i + 1]
		split("types 1 err 1 strbuf 1 parse 1 cpu 2 x86 2 x86_tables 2 insn 2 stop 3 semantics 3 mailbox 3 machine 4 model 4.5 " \
		      "engine 5 symbols 5 cfi 5 source 5 ctype 5 scope 5 macro 5 srctext 6 location 6 expr 6 print 6 unwind 6 session 6 checkpoint 6 trace 7 teach 7 lesson 7 command 8 cli 8", h, " ")
		for (i = 1; i in h; i += 2) header[h[i]] = h[i + 1]
		split("common 1 vcpu 2 kvm 3 mtf 3 soft 3", e, " ")
		for (i = 1; i in e; i += 2) part[e[i]] = e[i + 1]
	}
	FNR == 1 {
		n = split(FILENAME, p, "/"); name = p[n]; sub(/\.h$/, "", name)
		mine = p[1] == "include" ? header[name] : (n == 2 ? 9 : rank[p[2]])
		if (!mine) print FILENAME " has no layer: add it here"
		own = p[1] == "src" && p[2] == "engine" && n == 4 ? p[3] : ""
		if (own && !(own in part)) print FILENAME ": src/engine/" own " has no layer: add it here"
	}
	/^#include <vmstep\// {
		split($2, q, "[/.]")
		if (!(q[2] in header)) print FILENAME ": vmstep/" q[2] ".h has no layer: add it here"
		else if (header[q[2]] > mine) print FILENAME ": includes vmstep/" q[2] ".h, which is higher"
	}
	/^#include "/ {
		n = split($2, q, "[/\"]")
		if (p[1] == "src" && q[2] in rank && rank[q[2]] > mine) print FILENAME ": includes " $2 ", which is higher"
		if (own && q[2] == "engine" && q[3] in part && q[3] != own && part[q[3]] >= part[own])
			print FILENAME ": includes " $2 ": engines know only what they share"
	}')"
}

# From the objects, so that no spelling escapes. main.c exits and prints; cli/ is the terminal and may
# write to it.
objects() {
	if ! ls "$O"/src/main.o >/dev/null 2>&1; then
		skip "nothing below main exits" "no objects in $O: make"
		return
	fi
	below=$(find "$O/src" -name '*.o' ! -name main.o | sort)
	# shellcheck disable=SC2086 # a list of files
	claim "nothing below main exits" "$(nm -uA $below | grep -E ' U (exit|_Exit|abort|quick_exit|err|errx|verr|verrx)$')"
	# A forked child and the terminal's last resort may.
	# shellcheck disable=SC2086
	claim "nothing below cli ends the process" "$(nm -uA $below | grep -v '/src/cli/' | grep ' U _exit$')"
	# shellcheck disable=SC2086
	claim "nothing below main prints to stderr" "$(nm -uA $below | grep -E ' U (stderr|perror|warn|warnx|vwarn|vwarnx)$')"
	# shellcheck disable=SC2086
	claim "nothing below cli prints" "$(nm -uA $below | grep -v '/src/cli/' | grep -E ' U (stdout|printf|puts|putchar|vprintf|__printf_chk)$')"
	if nm "$O/src/main.o" | grep -q __asan; then
		skip "no mutable global state" "a sanitizer's objects have some of their own"
		return
	fi
	claim "no mutable global state below main" "$(for o in $below; do
		objdump -t "$o" | awk -v o="$o" '($4 ~ /^\.(data|bss)$/ || $4 == "*COM*") && $3 != "d" && $2 != "d" && $5 !~ /^0+$/ {print o ": " $NF}' |
			grep -vE 'src/cli/.*(signal|interrupt|resize|winch)|src/cli/(input|term|tui/(tui|keys))\.'
	done)"
}

# docs/semantics.md is what they cite.
citations() {
	claim "each K-number cited is in docs/semantics.md" "$(grep -rhoE '\bK(1[0-9]|[1-9])\b' src include tests man ./*.md docs/*.md |
		sort -u | while read -r k; do grep -q "^\*\*$k\. " docs/semantics.md || echo "$k"; done)"
	claim "each section cited is in docs/semantics.md" "$(grep -rhoE 'semantics\.md,? \(?section [0-9]+' src include tests man ./*.md |
		grep -oE '[0-9]+$' | sort -u | while read -r n; do grep -q "^## $n\. " docs/semantics.md || echo "$n"; done)"
}

words() {
	claim "nothing is left to be done in the code" "$(grep -rnwE 'TODO|FIXME|XXX|HACK' src include)"
	claim "no line ends in blanks" "$(grep -rnIE '[ 	]+$' src include man Makefile ./*.md tests --include='*.[chS]' --include='*.py' --include='*.sh' --include='*.md' --include='*.mk' --include='Makefile' | head -n 5)"
}

shell_scripts
python_scripts
generated_docs
manual_pages
headers
layers
objects
citations
words
[ "$failures" = 0 ]
