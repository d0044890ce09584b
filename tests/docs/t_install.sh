#!/bin/sh
# t_install.sh - make install with DESTDIR and PREFIX: every file in its place, and the program runs.

O=${O:-build}
dest=$(mktemp -d) || exit 1
trap 'rm -rf "$dest"' EXIT

if ! make -s O="$O" DESTDIR="$dest" PREFIX=/opt/v install >"$dest/log" 2>&1; then
	echo "not ok - make install: got $(tail -n 3 "$dest/log" | tr '\n' ';'), wanted success"
	exit 1
fi
for f in bin/vmstep share/man/man1/vmstep.1 share/man/man5/vmstep-trace.5 share/man/man7/vmstep-semantics.7 \
	share/man/man7/vmstep-lessons.7 share/vmstep/lessons/01-tf.lesson \
	share/bash-completion/completions/vmstep share/zsh/site-functions/_vmstep \
	share/fish/vendor_completions.d/vmstep.fish share/doc/vmstep/README.md share/doc/vmstep/LICENSE; do
	if [ -s "$dest/opt/v/$f" ]; then
		echo "ok - installs $f"
	else
		echo "not ok - installs $f: got nothing, wanted a file"
	fi
done
got=$("$dest/opt/v/bin/vmstep" --version 2>&1 | head -n 1)
case $got in
vmstep\ *) echo "ok - the installed program runs" ;;
*) echo "not ok - the installed program runs: got $got, wanted its version" ;;
esac
others=$(find "$dest" -type f ! -path "$dest/opt/v/*" ! -path "$dest/log")
if [ -z "$others" ]; then
	echo "ok - nothing outside of PREFIX"
else
	echo "not ok - nothing outside of PREFIX: got $others, wanted none"
fi
