/*
 * machine_images.c - boot sectors, PC firmware and Linux kernels: good ones built here, what they
 * find when they start, and broken ones; and telling the kinds apart.
 */
#include "machine_test.h"

static u8 file[1 << 18];
static const struct guest_spec none;

/* ---- boot sector ----------------------------------------------------------------------------- */

static void make_boot_sector(void)
{
	memset(file, 0, 512);
	memcpy(file, "\xeb\xfe", 2);
	file[510] = 0x55;
	file[511] = 0xaa;
}

static u32 ivt(struct machine *m, u8 vector)
{
	return get32(machine_hva(m, vector * 4, 4));
}

static void boot_sector(void)
{
	const struct cpu_state *c;
	struct machine *m;
	struct err err;

	make_boot_sector();
	m = machine_from(file, 512, none, &err);
	if (!tap_ok(m, "boot sector loads (%s)", err.text))
		return;
	c = machine_boot_state(m);
	tap_eq(machine_image_kind(m), IMAGE_BOOT_SECTOR, "boot sector: kind");
	tap_eq(cpu_mode(c), MODE_REAL, "boot sector: real mode");
	tap_eq(c->seg[SEG_CS].sel, 0, "boot sector: CS");
	tap_eq(c->rip, 0x7c00, "boot sector: IP");
	tap_eq(c->gpr[GPR_RDX], 0x80, "boot sector: DL is the drive");
	tap_mem(machine_hva(m, 0x7c00, 512), file, 512, "boot sector: bytes");
	tap_eq(ivt(m, 0x21), 0xf000ff53, "boot sector: an unused vector leads to f000:ff53");
	tap_eq(*machine_hva(m, 0xfff53, 1), 0xcf, "boot sector: IRET at f000:ff53");
	tap_ok(ivt(m, 0x10) != 0xf000ff53 && ivt(m, 0x10) >> 16 == 0xf000,
	       "boot sector: INT 10h has a service");
	tap_ok(ivt(m, 0x13) != 0xf000ff53 && ivt(m, 0x13) >> 16 == 0xf000,
	       "boot sector: INT 13h has a service");
	tap_ok(ivt(m, EXC_UD) != 0xf000ff53, "boot sector: #UD is a stop");
	tap_str(machine_symbol_file(m), NULL, "boot sector: no symbols");
	machine_destroy(m);
}

static void boot_sector_odd(void)
{
	struct machine *m;
	struct err err;

	make_boot_sector();
	/* As mbr.bin: code for 0:7c00 without the partition table and the signature. */
	m = machine_from(file, 440,
			 (struct guest_spec){ .mode = "real", .has_load = true, .load = 0x7c00 },
			 &err);
	if (tap_ok(m, "440 bytes for 7c00 load (%s)", err.text)) {
		tap_eq(machine_image_kind(m), IMAGE_BOOT_SECTOR, "... as a boot sector");
		tap_eq(machine_boot_state(m)->gpr[GPR_RDX], 0x80, "... with DL");
	}
	machine_destroy(m);
	m = machine_from(file, 440, (struct guest_spec){ .kind = IMAGE_BOOT_SECTOR }, &err);
	tap_ok(m, "440 bytes load when they are called a boot sector (%s)", err.text);
	machine_destroy(m);
	m = machine_from(file, 512, (struct guest_spec){ .mode = "real" }, &err);
	if (tap_ok(m, "a boot sector with --mode loads (%s)", err.text))
		tap_eq(machine_image_kind(m), IMAGE_FLAT, "... as flat bytes");
	machine_destroy(m);
	refused(file, 513, (struct guest_spec){ .kind = IMAGE_BOOT_SECTOR }, "dd bs=512",
		"a boot sector of 513 bytes");
	refused(file, 4096, none, "disk image", "a disk image");
	memcpy(file + 0x8001, "CD001", 5);
	file[510] = 0;
	refused(file, 0x8800, none, "CD image", "a CD image");
	memset(file + 0x8000, 0, 8);
	make_boot_sector();
	refused(file, 512, (struct guest_spec){ .entry = "0" }, "--entry",
		"--entry with a boot sector");
	refused(file, 0, none, "empty", "an empty file");
	refused("#!/bin/sh\nexec true\n", 20, none, "is a text", "a script");
	m = machine_from("#!/bin/sh\nexec true\n", 20, (struct guest_spec){ .mode = "real" }, &err);
	tap_ok(m, "a text loads on request (%s)", err.text);
	machine_destroy(m);
	m = machine_from("PZ[XYPZ", 7, none, &err);
	tap_ok(m, "a few printable bytes are code (%s)", err.text);
	machine_destroy(m);
}

/* ---- firmware -------------------------------------------------------------------------------- */

static void make_firmware(size_t size)
{
	for (size_t i = 0; i < size; i++)
		file[i] = (u8)(i >> 12 ^ i);
	memcpy(file + size - 16, "\xea\x5b\xe0\x00\xf0", 5);
}

static void firmware(size_t size)
{
	size_t low = size < 0x20000 ? size : 0x20000;
	const struct mem_region *r;
	const struct cpu_state *c;
	struct machine *m;
	struct err err;
	size_t n;

	make_firmware(size);
	m = machine_from(file, size, none, &err);
	if (!tap_ok(m, "firmware of %zu KiB loads (%s)", size >> 10, err.text))
		return;
	c = machine_boot_state(m);
	tap_eq(machine_image_kind(m), IMAGE_FIRMWARE, "firmware: kind");
	tap_eq(c->seg[SEG_CS].sel, 0xf000, "firmware: CS");
	tap_eq(cpu_linear_rip(c), 0xfffffff0, "firmware: starts at the reset vector");
	tap_eq(c->gpr[GPR_RDX] != 0, 1, "firmware: RDX holds the CPU's signature");
	r = machine_regions(m, &n);
	tap_eq(n, 2, "firmware: two regions");
	tap_eq(r[1].gpa, 0x100000000 - size, "firmware: ROM ends at 4 GiB");
	tap_ok(r[1].readonly && !r[1].dirty_log && !r[0].readonly && r[0].dirty_log,
	       "firmware: ROM is read-only, RAM is not");
	tap_eq(r[0].size, 128u << 20, "firmware: 128 MiB by default");
	tap_mem(machine_hva(m, 0x100000000 - 16, 16), file + size - 16, 16,
		"firmware: end of the ROM");
	tap_mem(machine_hva(m, 0x100000000 - size, 16), file, 16, "firmware: start of the ROM");
	tap_mem(machine_hva(m, 0x100000 - low, 16), file + size - low, 16,
		"firmware: start of the low copy");
	tap_mem(machine_hva(m, 0xffff0, 16), file + size - 16, 16, "firmware: end of the low copy");
	machine_destroy(m);
}

static void firmware_bad(void)
{
	struct guest_spec as_firmware = { .kind = IMAGE_FIRMWARE };
	struct machine *m;
	struct err err;

	make_firmware(0x10000);
	refused(file, 0xf000, as_firmware, "64K to 16M", "firmware of 60 KiB");
	refused(file, 0x10001, as_firmware, "64K to 16M", "firmware of 64 KiB and a byte");
	refused(file, 0x10000, (struct guest_spec){ .kind = IMAGE_FIRMWARE, .has_load = true },
		"--load", "--load with firmware");
	memset(file + 0xfff0, 0, 16);
	m = machine_from(file, 0x10000, (struct guest_spec){ .mode = "long" }, &err);
	if (tap_ok(m, "64 KiB without a reset vector load (%s)", err.text))
		tap_eq(machine_image_kind(m), IMAGE_FLAT, "... as flat bytes");
	machine_destroy(m);
}

/* ---- bzImage --------------------------------------------------------------------------------- */

enum { SETUP = 5 * 512, KERNEL = 0x1000, BZ_SIZE = SETUP + KERNEL };

static void make_bzimage(void)
{
	memset(file, 0, BZ_SIZE);
	file[0x1f1] = 4;
	le32(file + 0x1f4, KERNEL / 16);
	le16(file + 0x1fe, 0xaa55);
	le16(file + 0x200, 0x6aeb); /* jmp over the header: it ends at 26c */
	memcpy(file + 0x202, "HdrS", 4);
	le16(file + 0x206, 0x20f);
	file[0x211] = 1;
	le32(file + 0x22c, 0x7fffffff);
	file[0x234] = 1;
	le32(file + 0x238, 2047);
	le64(file + 0x258, 0x1000000);
	le32(file + 0x260, 0x200000);
	memcpy(file + SETUP, "\x90\xfa\xf4", 3);
}

static void bzimage(void)
{
	struct guest_spec spec = { .append = "console=ttyS0 quiet" };
	const struct cpu_state *c;
	struct descriptor d;
	struct phys_ops mem;
	struct machine *m;
	struct err err;
	const u8 *zp;

	make_bzimage();
	m = machine_from(file, BZ_SIZE, spec, &err);
	if (!tap_ok(m, "bzImage loads (%s)", err.text))
		return;
	c = machine_boot_state(m);
	mem = machine_phys(m);
	tap_eq(machine_image_kind(m), IMAGE_BZIMAGE, "bzImage: kind");
	tap_eq(cpu_mode(c), MODE_PROT32, "bzImage: 32-bit entry");
	tap_eq(c->cr0 & CR0_PG, 0, "bzImage: paging off");
	tap_eq(c->rflags & FL_IF, 0, "bzImage: interrupts off");
	tap_eq(c->rip, 0x1000000, "bzImage: at its preferred address");
	tap_eq(c->seg[SEG_CS].sel, 0x10, "bzImage: __BOOT_CS");
	tap_eq(c->seg[SEG_DS].sel, 0x18, "bzImage: __BOOT_DS");
	descriptor_read(c, &mem, 0x10, &d);
	tap_ok(d.kind == DESC_CODE && d.present, "bzImage: GDT 10 is code");
	descriptor_read(c, &mem, 0x18, &d);
	tap_ok(d.kind == DESC_DATA && d.present, "bzImage: GDT 18 is data");
	tap_mem(machine_hva(m, 0x1000000, 3), "\x90\xfa\xf4", 3, "bzImage: the kernel's bytes");
	zp = machine_hva(m, c->gpr[GPR_RSI], 4096);
	if (!tap_ok(zp, "bzImage: RSI points at the zero page"))
		goto out;
	tap_mem(zp + 0x1fe, file + 0x1fe, 0x12, "zero page: the setup header");
	tap_eq(zp[0x210], 0xff, "zero page: loader");
	tap_eq(get32(zp + 0x214), 0x1000000, "zero page: code32_start");
	tap_str((char *)machine_hva(m, get32(zp + 0x228), 20), "console=ttyS0 quiet",
		"zero page: command line");
	tap_eq(zp[0x1e8], 5, "zero page: e820 entries");
	tap_eq(get64(zp + 0x2d0 + 3 * 20), 0x100000, "zero page: memory from 1 MiB");
	tap_eq(get64(zp + 0x2d0 + 3 * 20 + 8), (512u << 20) - 0x100000, "zero page: up to 512 MiB");
out:
	machine_destroy(m);
}

static void bzimage_initrd(void)
{
	struct guest_spec spec = { .path = NULL };
	char other[] = "/tmp/vmstep-unit-initrd-XXXXXX";
	int fd = mkstemp(other);
	struct machine *m;
	struct err err;
	const u8 *zp;

	if (fd < 0 || write(fd, "initrd!", 7) != 7)
		perror(other);
	close(fd);
	make_bzimage();
	le32(file + 0x22c, 0x17ffffff);
	spec.initrd = other;
	m = machine_from(file, BZ_SIZE, spec, &err);
	if (tap_ok(m, "bzImage with initrd loads (%s)", err.text)) {
		zp = machine_hva(m, machine_boot_state(m)->gpr[GPR_RSI], 4096);
		tap_eq(get32(zp + 0x21c), 7, "initrd: size");
		tap_ok(get32(zp + 0x218) < 0x18000000, "initrd: below initrd_addr_max");
		tap_mem(machine_hva(m, get32(zp + 0x218), 7), "initrd!", 7, "initrd: bytes");
	}
	machine_destroy(m);
	unlink(other);
	refused(file, BZ_SIZE, spec, "--initrd", "a missing initrd");
}

static void bzimage_bad(void)
{
	static const struct {
		const char *name;
		u16 at;
		u8 size;
		u64 value;
		const char *part;
	} row[] = {
		{ "boot flag", 0x1fe, 2, 0, "0x1fe" },
		{ "old protocol", 0x206, 2, 0x203, "2.03" },
		{ "zImage", 0x211, 1, 0, "zImage" },
		{ "setup beyond the file", 0x1f1, 1, 200, "0x1f1" },
		{ "kernel cut off", 0x1f4, 4, KERNEL / 16 + 1, "0x1f4" },
		{ "preferred address too high", 0x258, 8, 0x100000000, "0x258" },
		{ "preferred address too low", 0x258, 8, 0x1000, "0x258" },
		{ "preferred address not aligned", 0x258, 8, 0x1000001, "0x258" },
		{ "preferred address overflows", 0x258, 8, ~(u64)0xfff, "0x258" },
		{ "needs more memory", 0x260, 4, 0xffffffff, "-m" },
		{ "short command line", 0x238, 4, 3, "--append" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		u8 v[8];

		make_bzimage();
		le64(v, row[i].value);
		memcpy(file + row[i].at, v, row[i].size);
		refused(file, BZ_SIZE,
			(struct guest_spec){ .kind = IMAGE_BZIMAGE, .append = "quiet" },
			row[i].part, row[i].name);
	}
	make_bzimage();
	/* The header counts in 16 bytes, so that up to 15 may be missing. */
	refused_when_cut(file, BZ_SIZE - 15, (struct guest_spec){ .kind = IMAGE_BZIMAGE },
			 "bzImage");
	refused(file, 0x210, none, "cut off", "a truncated bzImage found by content");
}

/* The user's word about bytes counts more than what they look like; an ELF file stays one. */
static void flat_on_request(void)
{
	struct guest_spec spec = { .mode = "protected", .has_load = true, .load = 0x300000 };
	struct machine *m;
	struct err err;

	make_bzimage();
	m = machine_from(file, BZ_SIZE, spec, &err);
	if (tap_ok(m, "a bzImage with --mode and --load loads (%s)", err.text)) {
		tap_eq(machine_image_kind(m), IMAGE_FLAT, "... as flat bytes");
		tap_mem(machine_hva(m, 0x300202, 4), "HdrS", 4, "... where they were asked for");
	}
	machine_destroy(m);
	memcpy(file, "\177ELF", 4);
	refused(file, BZ_SIZE, spec, "--mode", "an ELF file with --mode");
}

int main(void)
{
	boot_sector();
	boot_sector_odd();
	firmware(0x10000);
	firmware(0x20000);
	firmware(0x40000);
	firmware_bad();
	bzimage();
	bzimage_initrd();
	bzimage_bad();
	flat_on_request();
	return tap_done();
}
