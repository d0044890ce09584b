#!/bin/sh
# libs.sh PROGRAM ROOT - copy a dynamic program's loader and libraries, and the terminal
# descriptions readline wants, into ROOT/.lib, which becomes the top of the guest's file system.
set -eu
ldd "$1" | awk '/=> \// {print $3} /^[ \t]*\/[^ ]*ld-linux/ {print $1}' | while read -r lib; do
	mkdir -p "$2/.lib$(dirname "$lib")"
	cp -L "$lib" "$2/.lib$lib"
	strip --strip-unneeded "$2/.lib$lib"
done
for term in v/vt100 l/linux x/xterm x/xterm-256color s/screen; do
	[ -e "/lib/terminfo/$term" ] || continue
	mkdir -p "$2/.lib/lib/terminfo/$(dirname "$term")"
	cp -L "/lib/terminfo/$term" "$2/.lib/lib/terminfo/$term"
done
