/*
 * load_flat.c - bytes without a header: flat binaries in three modes, and boot sectors.
 */
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum flat_mode { FLAT_REAL, FLAT_PROTECTED, FLAT_LONG, FLAT_MODES };
enum { BOOT_SECTOR_AT = 0x7c00, BOOT_DRIVE = 0x80, REAL_LOAD = 0x1000, HIGH_LOAD = 0x100000 };

static const char *const mode_names[FLAT_MODES] = { "real", "protected", "long" };

static int mode_parse(const char *text, enum flat_mode *ret, struct err *err)
{
	if (!text) {
		*ret = FLAT_REAL;
		return 0;
	}
	for (int i = 0; i < FLAT_MODES; i++)
		if (!strcmp(text, mode_names[i])) {
			*ret = (enum flat_mode)i;
			return 0;
		}
	return err_set(err, EINVAL, "--mode %s: there are the modes real, protected and long",
		       text);
}

int address_parse(const char *text, const char *option, u64 *ret, struct err *err)
{
	char *end;
	u64 v;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || end == text || *end || text[0] == '-')
		return err_set(err, EINVAL, "%s %s is no address: give a number such as 0x7c00",
			       option, text);
	*ret = v;
	return 0;
}

/* SEG:OFF, both hexadecimal with or without 0x, as segment addresses always are written. */
static int seg_off_parse(const char *text, u16 *ret_cs, u16 *ret_ip, struct err *err)
{
	char *end;
	unsigned long seg = strtoul(text, &end, 16), off = 0;
	bool good = end != text && *end == ':' && text[0] != '-';

	if (good) {
		const char *o = end + 1;

		off = strtoul(o, &end, 16);
		good = end != o && !*end && *o != '-' && *o != '+';
	}
	if (!good || seg > 0xffff || off > 0xffff)
		return err_set(err, EINVAL,
			       "--entry %s is no SEG:OFF: give two hexadecimal numbers up to ffff",
			       text);
	*ret_cs = (u16)seg;
	*ret_ip = (u16)off;
	return 0;
}

static int real_entry(const char *text, u64 load, u16 *ret_cs, u16 *ret_ip, struct err *err)
{
	u64 entry = load;
	int rc;

	if (text && strchr(text, ':'))
		return seg_off_parse(text, ret_cs, ret_ip, err);
	rc = text ? address_parse(text, "--entry", &entry, err) : 0;
	if (rc)
		return rc;
	if (entry > 0xfffff)
		return err_set(err, EINVAL,
			       "entry %#" PRIx64
			       " cannot be reached in real mode: give one below 1 MiB, or --mode "
			       "protected",
			       entry);
	*ret_cs = entry < 0x10000 ? 0 : (u16)(entry >> 4);
	*ret_ip = entry < 0x10000 ? (u16)entry : (u16)(entry & 15);
	return 0;
}

/* The stack grows down from below the image where there is room, else it lies at 8000:fff0. */
static void real_stack(struct cpu_state *c, u64 load)
{
	bool below = load >= REAL_LOAD;

	c->seg[SEG_SS].sel = below ? 0 : 0x8000;
	c->seg[SEG_SS].base = below ? 0 : 0x80000;
	c->gpr[GPR_RSP] =
		below ? (load < BOOT_SECTOR_AT ? load & ~(u64)15 : BOOT_SECTOR_AT) : 0xfff0;
}

/* A PC starts its boot sector with the drive's number in DL. */
static int start_boot_sector(struct machine *m, struct err *err)
{
	boot_state_real(&m->boot, 0, BOOT_SECTOR_AT);
	m->boot.gpr[GPR_RSP] = BOOT_SECTOR_AT;
	m->boot.gpr[GPR_RDX] = BOOT_DRIVE;
	return bios_services_build(m, err);
}

static int load_real(struct machine *m, const struct image *img, u64 load, struct err *err)
{
	u16 cs = 0, ip = 0;
	int rc = real_entry(m->spec.entry, load, &cs, &ip, err);

	if (rc)
		return rc;
	rc = extent_load(m, img, 0, img->size, load, img->size, "the flat image", err);
	if (rc)
		return rc;
	/* Code made for 0:7c00 is a boot sector without its last two bytes (as in mbr.bin). */
	if (load == BOOT_SECTOR_AT && !cs && ip == BOOT_SECTOR_AT && img->size <= 512) {
		m->kind = IMAGE_BOOT_SECTOR;
		return start_boot_sector(m, err);
	}
	if (!machine_hva(m, ((u64)cs << 4) + ip, 1))
		return err_set(err, EINVAL,
			       "entry %04x:%04x is outside the guest's RAM: give more with -m", cs,
			       ip);
	boot_state_real(&m->boot, cs, ip);
	real_stack(&m->boot, load);
	env_build_real(m, NULL, 0);
	return 0;
}

static int load_wide(struct machine *m, const struct image *img, enum flat_mode mode, u64 load,
		     struct err *err)
{
	u64 entry = load;
	int rc = m->spec.entry ? address_parse(m->spec.entry, "--entry", &entry, err) : 0;

	if (!rc)
		rc = extent_load(m, img, 0, img->size, load, img->size, "the flat image", err);
	if (rc)
		return rc;
	if (!machine_hva(m, entry, 1) || (mode == FLAT_PROTECTED && entry > UINT32_MAX))
		return err_set(err, EINVAL,
			       "entry %#" PRIx64
			       " is outside the guest's RAM%s: give another --entry",
			       entry, entry > UINT32_MAX ? " that this mode reaches" : "");
	if (mode == FLAT_PROTECTED) {
		boot_state_protected(&m->boot, (u32)entry);
		return env_build_protected(m, err);
	}
	boot_state_long(&m->boot, entry);
	return env_build_long(m, NULL, 0, err);
}

static bool is_text(const u8 *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (b[i] >= 0x7f || (b[i] < ' ' && (b[i] < '\t' || b[i] > '\r')))
			return false;
	return n >= 16;
}

/*
 * Bytes of no known format are run only on request if they look like something else: a disk or a
 * CD, which start with code as well but are of no use without the rest, or a text.
 */
static int flat_check(const struct machine *m, const struct image *img, struct err *err)
{
	u8 b[512];
	size_t n;

	if (m->spec.kind != IMAGE_AUTO || m->spec.hex || m->spec.mode || m->spec.has_load)
		return 0;
	n = image_peek(img, 0, b, sizeof(b));
	if (is_text(b, n))
		return err_set(
			err, EINVAL,
			"%s is a text, not machine code: give a guest image, or --mode to run "
			"its bytes as they are",
			img->name);
	if (img->size > 512 && n == 512 && b[510] == 0x55 && b[511] == 0xaa)
		return err_set(
			err, ENOTSUP,
			"%s looks like a disk image, and vmstep has no disks: cut out its boot "
			"sector with dd bs=512 count=1, or give --mode to load it as it is",
			img->name);
	if (image_peek(img, 0x8000, b, 6) == 6 && !memcmp(b + 1, "CD001", 5))
		return err_set(
			err, ENOTSUP,
			"%s is a CD image, and vmstep has no drives: take the kernel out of it, "
			"or give --mode to load it as it is",
			img->name);
	return 0;
}

int load_flat(struct machine *m, const struct image *img, struct err *err)
{
	enum flat_mode mode = FLAT_REAL;
	u64 load;
	int rc = mode_parse(m->spec.mode, &mode, err);

	if (!rc)
		rc = flat_check(m, img, err);
	if (rc)
		return rc;
	load = m->spec.has_load ? m->spec.load : mode == FLAT_REAL ? REAL_LOAD : HIGH_LOAD;
	return mode == FLAT_REAL ? load_real(m, img, load, err)
				 : load_wide(m, img, mode, load, err);
}

int load_boot_sector(struct machine *m, const struct image *img, struct err *err)
{
	int rc;

	if (img->size > 512)
		return err_set(
			err, EINVAL,
			"%s is %" PRIu64
			" bytes long, a boot sector has 512: cut it out with dd bs=512 count=1",
			img->name, img->size);
	rc = extent_load(m, img, 0, img->size, BOOT_SECTOR_AT, 512, "the boot sector", err);
	return rc ? rc : start_boot_sector(m, err);
}
