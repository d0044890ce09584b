#!/bin/sh
# The core is compiled into the shim, where there is no libc: its objects may need nothing from
# outside but the four memory functions gcc itself calls, and the pure table functions of src/x86/.

O=${O:-build}
objs=$(ls "$O"/src/semantics/*.o 2>/dev/null)
n=0
fail=0

say() { # verdict name got wanted
	n=$((n + 1))
	if [ "$1" = ok ]; then
		echo "ok - $2"
	else
		fail=1
		echo "not ok - $2: got $3, wanted $4"
	fi
}

if [ -z "$objs" ]; then
	echo "not ok - the core's objects exist: got none in $O/src/semantics, wanted some"
	exit 1
fi
# shellcheck disable=SC2086 # lists of words
defined=$(nm --defined-only -f posix $objs | awk 'NF > 2 {print $1}' | sort -u)
allowed="memcpy memmove memset memcmp
page_walk linear_to_phys linear_read linear_write descriptor_decode descriptor_read gate_read"
for o in $objs; do
	extra=
	for s in $(nm -u -f posix "$o" | awk '{print $1}'); do
		case $s in
		__asan_* | __ubsan_* | __sanitizer_* | __stack_chk_fail) continue ;;
		esac
		# shellcheck disable=SC2086
		printf '%s\n' $defined $allowed | grep -qx "$s" || extra="$extra $s"
	done
	if [ -z "$extra" ]; then
		say ok "$(basename "$o"): nothing from outside"
	else
		say bad "$(basename "$o"): nothing from outside" "$extra" none
	fi
	# Writable data would be state: the core has none. (A sanitizer brings its own.)
	nm "$o" | grep -q __asan_ && continue
	data=$(size -A "$o" | awk '$1 ~ /^\.(data|bss)$/ {n += $2} END {print n + 0}')
	if [ "$data" = 0 ]; then
		say ok "$(basename "$o"): no writable data"
	else
		say bad "$(basename "$o"): no writable data" "$data bytes" 0
	fi
done
echo "1..$n"
exit $fail
