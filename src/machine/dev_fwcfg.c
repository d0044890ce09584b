/*
 * dev_fwcfg.c - the "fw_cfg" channel through which PC firmware for virtual machines learns about
 * the machine: a selector at 510, bytes at 511 (QEMU's docs/specs/fw_cfg). Read only, no DMA.
 */
#include "internal.h"

#include <stdio.h>
#include <string.h>

enum {
	KEY_SIGNATURE = 0x00,
	KEY_ID = 0x01,
	KEY_RAM_SIZE = 0x03,
	KEY_CPUS = 0x05,
	KEY_BOOT_MENU = 0x0e,
	KEY_MAX_CPUS = 0x0f,
	KEY_DIR = 0x19,
	KEY_FILE_E820 = 0x20,
	E820_RAM = 1,
	E820_RESERVED = 2,
	E820_ENTRY = 20,
	DIR_NAME = 56,
};

static void e820_add(struct fwcfg *f, u64 start, u64 size, u32 type)
{
	u8 *e = f->e820 + f->e820_size;

	if (!size)
		return;
	put_le64(e, start);
	put_le64(e + 8, size);
	put_le32(e + 16, type);
	f->e820_size += E820_ENTRY;
}

static void put_be32(u8 *p, u32 v)
{
	put_le32(p, __builtin_bswap32(v));
}

/* The directory: a big-endian count, then {size, key, reserved, name} for each file. */
static size_t directory(const struct fwcfg *f, u8 *buf)
{
	memset(buf, 0, 4 + 8 + DIR_NAME);
	put_be32(buf, FWCFG_FILES);
	put_be32(buf + 4, f->e820_size);
	buf[8] = KEY_FILE_E820 >> 8;
	buf[9] = KEY_FILE_E820 & 0xff;
	snprintf((char *)buf + 12, DIR_NAME, "etc/e820");
	return 4 + 8 + DIR_NAME;
}

/* The bytes of the selected item; unknown ones have none and read as zero. */
static size_t item(const struct machine *m, u8 buf[FWCFG_BLOB])
{
	memset(buf, 0, 8);
	switch (m->fwcfg.key) {
	case KEY_SIGNATURE:
		memcpy(buf, "QEMU", 4);
		return 4;
	case KEY_ID:
		buf[0] = 1; /* the traditional interface only */
		return 4;
	case KEY_RAM_SIZE:
		put_le64(buf, m->ram_size);
		return 8;
	case KEY_CPUS:
	case KEY_MAX_CPUS:
		buf[0] = 1;
		return 2;
	case KEY_BOOT_MENU:
		return 2;
	case KEY_DIR:
		return directory(&m->fwcfg, buf);
	case KEY_FILE_E820:
		memcpy(buf, m->fwcfg.e820, m->fwcfg.e820_size);
		return m->fwcfg.e820_size;
	default:
		return 0;
	}
}

bool fwcfg_io(struct machine *m, bool write, u16 port, unsigned size, u32 *data)
{
	struct fwcfg *f = &m->fwcfg;
	u8 buf[FWCFG_BLOB];

	if (write && port == 0x510 && size == 2) {
		f->key = (u16)*data;
		f->pos = 0;
		return true;
	}
	if (write || port != 0x511 || size != 1)
		return false;
	*data = f->pos < item(m, buf) ? buf[f->pos++] : 0;
	return true;
}

void fwcfg_reset(struct machine *m)
{
	struct fwcfg *f = &m->fwcfg;

	*f = (struct fwcfg){ 0 };
	e820_add(f, 0, memory_low_size(m), E820_RAM);
	e820_add(f, RAM_HOLE_END, memory_high_size(m), E820_RAM);
	/* KVM's identity map and TSS pages lie below the firmware: four pages the guest must not
	 * use. */
	e820_add(f, 0xfeffc000, 0x4000, E820_RESERVED);
}
