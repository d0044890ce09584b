#!/bin/sh
# image.sh KERNEL_DIR ROOT ISO [PARAMETER...] - make the initramfs and the bootable ISO.
#
# ROOT is what the guest sees below /t (cases to run in t_* files, the rest is theirs to use);
# ROOT/.lib, where present, becomes the guest's library folders. PARAMETERs are added to the
# kernel's command line and read by the guest's init (rig.NAME=VALUE).
set -eu

kernel=$1 root=$2 iso=$3
shift 3
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Checks that cost seconds under emulation and tell the rig nothing are switched off; the rig's
# machine has one CPU, no ACPI tables worth reading and a timer that cannot be calibrated.
cmdline="console=ttyS0,115200 quiet loglevel=0 nokaslr nopti mitigations=off acpi=off noapic nosmp \
lpj=80000 init_on_alloc=0 audit=0 random.trust_cpu=on apparmor=0 selinux=0 panic=-1 \
cryptomgr.notests rdinit=/init $*"

initramfs_make() {
	mkdir -p "$work/i/bin" "$work/i/proc" "$work/i/sys" "$work/i/dev" "$work/i/tmp" "$work/i/t"
	cp "$(command -v busybox)" "$work/i/bin/busybox"
	cp "$here/guest/init" "$work/i/init"
	cp "$root/.bin/"* "$work/i/bin/"
	cp "$kernel"/*.ko "$work/i/"
	cp -RL "$root/." "$work/i/t/"
	[ ! -d "$root/.lib" ] || cp -RL "$root/.lib/." "$work/i/"
	rm -rf "$work/i/t/.bin" "$work/i/t/.lib"
	chmod +x "$work/i/init"
	# compressed: reading it through the BIOS costs more than unpacking it
	(cd "$work/i" && find . | cpio -o -H newc --quiet | gzip -9)
}

iso_make() {
	mkdir -p "$work/iso/boot/grub"
	cp "$kernel/vmlinuz" "$work/iso/boot/vmlinuz"
	initramfs_make >"$work/iso/boot/initrd"
	printf 'set timeout=0\nlinux /boot/vmlinuz %s\ninitrd /boot/initrd\nboot\n' "$cmdline" \
		>"$work/iso/boot/grub/grub.cfg"
	grub-mkrescue -d /usr/lib/grub/i386-pc --install-modules='normal linux iso9660 biosdisk' \
		--fonts='' --themes='' --locales='' -o "$iso" "$work/iso" >"$work/log" 2>&1 ||
		{ cat "$work/log"; exit 1; }
}

iso_make
