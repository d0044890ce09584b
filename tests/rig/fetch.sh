#!/bin/sh
# fetch.sh CACHE SERIES - get the emulator and a kernel into CACHE, from Debian packages only.
#
# Nothing is installed: apt runs with a private source list, state and cache, and packages are
# unpacked with dpkg. The source list is this machine's own Debian sources with the code name
# replaced, so a local mirror keeps being used. Once CACHE is complete no network is needed.
#
# Leaves  CACHE/bochs/         root of the unpacked emulator with its libraries
#         CACHE/k-SERIES/      vmlinuz, irqbypass.ko, kvm.ko, kvm-intel.ko, kvm-amd.ko, version
# Exit 0, or 77 with one sentence on standard output when something could not be fetched.
set -u

series=$2
mkdir -p "$1" || exit 77
cache=$(cd "$1" && pwd)
emulator='bochs bochsbios vgabios libc6 libstdc++6 libgcc-s1 libltdl7 libreadline8t64 libtinfo6 libsamplerate0'

give_up() {
	echo "$1"
	exit 77
}

# Print "URI suite" for each Debian source of this machine, its code name as CODENAME.
debian_sources() {
	# shellcheck disable=SC2016 # the $(...) are apt's own placeholders
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk '$2 ~ /^(bookworm|trixie|forky|duke)(-security|-updates)?$/ && $3 == "main" {
			sub(/^[a-z]+/, "CODENAME", $2); print $1, $2 }' | sort -u
}

# The first complaint of the last apt run.
apt_complaint() {
	grep -m1 -E '^(W: Failed|E: )' "$cache/apt/log" || tail -1 "$cache/apt/log"
}

sources_write() {
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	for name in trixie bookworm; do
		debian_sources | sed "s/CODENAME/$name/; s|^|deb [signed-by=$key] |; s|\$| main|"
	done >"$cache/apt/sources.list"
	[ -s "$cache/apt/sources.list" ] || give_up "apt is configured with no Debian source to fetch from"
}

private_apt() {
	tool=$1
	shift
	"$tool" -q -o Dir::Etc::SourceList="$cache/apt/sources.list" -o Dir::Etc::SourceParts=/nonexistent \
		-o Dir::State::Lists="$cache/apt/lists" -o Dir::Cache="$cache/apt/cache" \
		-o Dir::State::status=/dev/null -o APT::Sandbox::User=root -o APT::Update::Post-Invoke-Success= \
		-o Acquire::Languages=none -o Acquire::Retries=2 -o Acquire::http::Timeout=20 "$@"
}

lists_update() {
	[ -e "$cache/apt/updated" ] && return
	mkdir -p "$cache/apt/lists/partial" "$cache/apt/cache/archives/partial"
	sources_write
	private_apt apt-get -o APT::Update::Error-Mode=any update >"$cache/apt/log" 2>&1 ||
		give_up "apt-get update failed: $(apt_complaint)"
	touch "$cache/apt/updated"
}

# packages_get FOLDER PACKAGE... - download into FOLDER (apt-get knows only the current folder)
packages_get() {
	folder=$1
	shift
	mkdir -p "$folder"
	(cd "$folder" && private_apt apt-get download "$@") >"$cache/apt/log" 2>&1 ||
		give_up "apt-get download failed: $(apt_complaint)"
}

emulator_fetch() {
	[ -e "$cache/bochs/.done" ] && return
	lists_update
	# shellcheck disable=SC2086 # a list of package names
	packages_get "$cache/deb/bochs" $emulator
	for deb in "$cache"/deb/bochs/*.deb; do
		dpkg -x "$deb" "$cache/bochs" || give_up "cannot unpack $deb"
	done
	touch "$cache/bochs/.done"
}

# The newest package of the series; the cloud flavour boots fastest.
kernel_name() {
	private_apt apt-cache pkgnames "linux-image-$series" 2>/dev/null |
		grep -E "^linux-image-${series}[.-].*cloud-amd64-unsigned\$" | sort -V | tail -1
}

# A module that is there stays: other trees may share the file.
module_unpack() {
	[ ! -e "$3/$2.ko" ] || return
	found=$(find "$1" -name "$2.ko*" | head -1)
	case $found in
	*.xz) xz -dc "$found" >"$3/$2.new" ;;
	*.ko) cp "$found" "$3/$2.new" ;;
	*) give_up "the kernel package has no module $2" ;;
	esac
	strip -g "$3/$2.new"
	mv "$3/$2.new" "$3/$2.ko"
}

# The package itself, where an earlier run has not left it.
kernel_package() {
	set -- "$cache/deb/k-$series"/linux-image-*.deb
	if ! [ -e "$1" ]; then
		lists_update
		name=$(kernel_name)
		[ -n "$name" ] || give_up "the archive has no linux-image-$series cloud kernel"
		packages_get "$cache/deb/k-$series" "$name"
		set -- "$cache/deb/k-$series/$name"_*.deb
	fi
	package=$1
}

kernel_fetch() {
	k=$cache/k-$series
	[ -e "$k/version" ] && [ -e "$k/kvm-amd.ko" ] && return
	kernel_package
	mkdir -p "$k/tree"
	dpkg-deb --fsys-tarfile "$package" |
		tar -C "$k/tree" --wildcards -xf - './boot/vmlinuz*' '*/kvm*.ko*' '*/irqbypass.ko*' ||
		give_up "cannot unpack $package"
	[ -e "$k/vmlinuz" ] || cp "$k"/tree/boot/vmlinuz-* "$k/vmlinuz"
	for m in irqbypass kvm kvm-intel kvm-amd; do module_unpack "$k/tree" "$m" "$k"; done
	rm -rf "$k/tree"
	[ -e "$k/version" ] || basename "$package" | sed 's/_.*//' >"$k/version"
}

emulator_fetch
kernel_fetch
