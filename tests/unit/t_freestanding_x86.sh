#!/bin/sh
# The page walk and the descriptors are linked into the core and the shim: nothing of a libc beyond the
# four functions a freestanding compiler may call on its own.

out=${O:-build}
defined=$(mktemp) && needed=$(mktemp) || exit 1
trap 'rm -f "$defined" "$needed"' EXIT
rc=0

for f in paging linear descriptor names; do
	o=$out/src/x86/$f.o
	if ! [ -f "$o" ]; then
		echo "not ok - $f.o is built: got no $o, wanted one"
		exit 1
	fi
	nm --defined-only "$o" | awk '{print $3}' >>"$defined"
	nm -u "$o" | awk -v f="$f" '{print $2, f}' >>"$needed"
done

while read -r symbol file; do
	case $symbol in
	memcpy | memset | memcmp | memmove | __asan_* | __ubsan_*) continue ;;
	esac
	if ! grep -qx "$symbol" "$defined"; then
		echo "not ok - $file.o is freestanding: got a call of $symbol, wanted none"
		rc=1
	fi
done <"$needed"
[ $rc = 0 ] && echo "ok - paging, linear, descriptor and names are freestanding"
exit $rc
