#!/bin/sh
# t_generated.sh - the committed manual and completions are what the tables say, and are well-formed.
O=${O:-build}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
fails=0 n=0

claim() { # STATUS NAME GOT
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok - $2"; else
		fails=$((fails + 1))
		echo "not ok - $2: got $(printf %s "$3" | head -c 300 | tr '\n' ' '), wanted none"
	fi
}

skip() { n=$((n + 1)); echo "ok - $1 # SKIP $2 is not installed"; }

# LANGUAGE FILE COMMAND...: syntax check by the shell itself.
check_shell() {
	shell=$1 file=$2
	if command -v "$shell" >/dev/null; then
		got=$("$shell" -n "$file" 2>&1)
		claim $? "$file: $shell accepts it" "$got"
	else
		skip "$file: $shell accepts it" "$shell"
	fi
}

same() { # GENERATED COMMITTED
	got=$(diff "$1" "$2" 2>&1)
	claim $? "$2 is current (else: make man)" "$got"
}

for page in vmstep.1 vmstep-semantics.7 vmstep-lessons.7; do
	man/assemble "$O/vmstep" "man/$page.in" >"$out/$page"
	same "$out/$page" "man/$page"
done
for row in bash:vmstep.bash zsh:_vmstep fish:vmstep.fish; do
	"$O/vmstep" --dump "${row%%:*}" >"$out/${row#*:}"
	same "$out/${row#*:}" "completions/${row#*:}"
	check_shell "${row%%:*}" "completions/${row#*:}"
done

if command -v mandoc >/dev/null; then
	for page in man/vmstep.1 man/vmstep-semantics.7 man/vmstep-lessons.7; do
		got=$(mandoc -T lint "$page" 2>&1)
		claim $? "mandoc -T lint $page" "$got"
		claim "$([ -z "$got" ]; echo $?)" "mandoc has nothing to say of $page" "$got"
	done
else
	skip "mandoc -T lint man/*" mandoc
fi
if command -v shellcheck >/dev/null; then
	got=$(shellcheck -s bash completions/vmstep.bash 2>&1)
	claim $? "shellcheck completions/vmstep.bash" "$got"
else
	skip "shellcheck completions/vmstep.bash" shellcheck
fi

# bash: words offered for real.
got=$(bash -c '. completions/vmstep.bash; COMP_WORDS=(vmstep --eng); COMP_CWORD=1; _vmstep; echo "${COMPREPLY[*]}"')
claim "$([ "$got" = --engine ]; echo $?)" "bash: --eng becomes --engine" "$got"
got=$(bash -c '. completions/vmstep.bash; COMP_WORDS=(vmstep -e k); COMP_CWORD=2; _vmstep; echo "${COMPREPLY[*]}"')
claim "$([ "$got" = kvm ]; echo $?)" "bash: -e k becomes kvm" "$got"
got=$(bash -c '. completions/vmstep.bash; COMP_WORDS=(vmstep trace --re); COMP_CWORD=2; _vmstep; echo "${COMPREPLY[*]}"')
claim "$([ "$got" = --regs ]; echo $?)" "bash: trace --re becomes --regs" "$got"
got=$(cd completions && bash -c '. ./vmstep.bash; COMP_WORDS=(vmstep lesson skip-); COMP_CWORD=2; _vmstep; echo "${COMPREPLY[*]}"')
claim "$([ "$got" = "skip-none skip-outer skip-dr6-empty" ]; echo $?)" "bash: lesson skip- becomes the lessons" "$got"
if command -v fish >/dev/null; then
	got=$(fish -N -c 'source completions/vmstep.fish; complete -C "vmstep lesson skip-n"' 2>&1 | cut -f1)
	claim "$([ "$got" = skip-none ]; echo $?)" "fish: lesson skip-n becomes skip-none" "$got"
	got=$(fish -N -c 'source completions/vmstep.fish; complete -C "vmstep --eng"' 2>&1 | cut -f1)
	claim "$([ "$got" = --engine ]; echo $?)" "fish: --eng becomes --engine" "$got"
else
	skip "fish: --eng becomes --engine" fish
fi

echo "1..$n"
[ "$fails" = 0 ]
