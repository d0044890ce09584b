/*
 * load_bzimage.c - Linux kernels by the 32-bit boot protocol (Documentation/arch/x86/boot.rst,
 * "32-bit Boot Protocol"): no firmware exists here, and the 16-bit entry asks one for the memory
 * map and the screen. The 32-bit entry needs neither, and turns paging on only together with long
 * mode, which also a KVM without VMX or SVM can run; so it starts 64-bit kernels everywhere.
 */
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
	SETUP_SECTS = 0x1f1,
	SYSSIZE = 0x1f4,
	BOOT_FLAG = 0x1fe,
	JUMP = 0x200,
	MAGIC = 0x202,
	VERSION = 0x206,
	TYPE_OF_LOADER = 0x210,
	LOADFLAGS = 0x211,
	CODE32_START = 0x214,
	RAMDISK_IMAGE = 0x218,
	RAMDISK_SIZE = 0x21c,
	CMD_LINE_PTR = 0x228,
	INITRD_ADDR_MAX = 0x22c,
	RELOCATABLE = 0x234,
	CMDLINE_SIZE = 0x238,
	PREF_ADDRESS = 0x258,
	INIT_SIZE = 0x260,
	HEADER_END_MIN = 0x264,
	HEADER_MAX = 0x280, /* header bytes from 0x1f1 that are copied, at most */
	LOADED_HIGH = 1,
	LOADER_UNDEFINED = 0xff,
	VERSION_MIN = 0x0206,
	VERSION_PREF = 0x020a,
	ZERO_PAGE = 0x10000,
	ZP_E820_COUNT = 0x1e8,
	ZP_E820 = 0x2d0,
	CMDLINE_AT = 0x20000,
	KERNEL_DEFAULT = 0x100000,
	BOOT_CS = 0x10,
	BOOT_DS = 0x18,
};

struct kernel {
	u8 h[HEADER_MAX]; /* the file's first bytes */
	u64 setup_size;   /* bytes before the protected-mode kernel */
	u64 load, size, init_size;
};

static int header_check(const struct image *img, const struct kernel *k, struct err *err)
{
	u16 version = get_le16(k->h + VERSION);

	if (get_le16(k->h + BOOT_FLAG) != 0xaa55 || memcmp(k->h + MAGIC, "HdrS", 4))
		return err_set(err, EINVAL,
			       "%s has no Linux boot header (aa55 at offset 0x1fe, HdrS at 0x202): "
			       "give a bzImage",
			       img->name);
	if (version < VERSION_MIN)
		return err_set(err, ENOTSUP,
			       "%s: offset 0x206 says boot protocol %u.%02u, older than the 2.06 "
			       "vmstep needs: give a kernel "
			       "of 2.6.22 or later",
			       img->name, version >> 8, version & 0xff);
	if (!(k->h[LOADFLAGS] & LOADED_HIGH))
		return err_set(err, ENOTSUP,
			       "%s: offset 0x211 says zImage, a kernel for memory below 1 MiB: "
			       "build a bzImage",
			       img->name);
	return 0;
}

static int header_read(const struct image *img, struct kernel *k, struct err *err)
{
	u64 sects;
	int rc = image_read(img, 0, k->h, HEADER_END_MIN, "the Linux boot header", err);

	if (!rc)
		rc = header_check(img, k, err);
	if (rc)
		return rc;
	image_peek(img, 0, k->h, sizeof(k->h));
	sects = k->h[SETUP_SECTS] ? k->h[SETUP_SECTS] : 4;
	k->setup_size = (sects + 1) * 512;
	if (img->size <= k->setup_size)
		return err_set(err, ENODATA,
			       "%s: offset 0x1f1 says the kernel begins at %#" PRIx64
			       ", but the file ends at %#" PRIx64 ": it is cut off, get it again",
			       img->name, k->setup_size, img->size);
	k->size = img->size - k->setup_size;
	if ((u64)get_le32(k->h + SYSSIZE) * 16 > align_up(k->size, 16))
		return err_set(err, ENODATA,
			       "%s: offset 0x1f4 says a kernel of %#" PRIx64
			       " bytes, but only %#" PRIx64
			       " are there: it is cut off, get it again",
			       img->name, (u64)get_le32(k->h + SYSSIZE) * 16, k->size);
	return 0;
}

/* Where it prefers to be, so that it need not move itself; it unpacks within init_size bytes. */
static int kernel_place(struct machine *m, const struct image *img, struct kernel *k,
			struct err *err)
{
	bool pref = get_le16(k->h + VERSION) >= VERSION_PREF;
	u32 init = pref ? get_le32(k->h + INIT_SIZE) : 0;

	k->load = pref && k->h[RELOCATABLE] ? get_le64(k->h + PREF_ADDRESS) : KERNEL_DEFAULT;
	k->init_size = init > k->size ? init : k->size;
	if (k->load < KERNEL_DEFAULT || k->load > UINT32_MAX || k->load & 0xfff)
		return err_set(err, EINVAL,
			       "%s: offset 0x258 says load address %#" PRIx64
			       ", which cannot be: it is damaged",
			       img->name, k->load);
	if (k->load + k->init_size > memory_low_size(m))
		return err_set(err, ENOSPC,
			       "%s needs memory up to %#" PRIx64 " and the guest has %#" PRIx64
			       ": give at least -m %" PRIu64 "M",
			       img->name, k->load + k->init_size, memory_low_size(m),
			       ((k->load + k->init_size) >> 20) + 32);
	return extent_load(m, img, k->setup_size, k->size, k->load, k->init_size, "the kernel",
			   err);
}

static int initrd_load(struct machine *m, const struct kernel *k, u8 *zp, struct err *err)
{
	u64 top = memory_low_size(m), max = (u64)get_le32(k->h + INITRD_ADDR_MAX) + 1, at;
	struct image img;
	int rc;

	if (!m->spec.initrd)
		return 0;
	rc = image_open(&img, m->spec.initrd, err);
	if (rc)
		return err_prefix(err, "--initrd");
	at = extent_find(m, KERNEL_DEFAULT, top < max ? top : max, img.size, 4096);
	if (at)
		rc = extent_load(m, &img, 0, img.size, at, img.size, "the initrd", err);
	else
		rc = err_set(err, ENOSPC,
			     "--initrd %s: no room for its %#" PRIx64
			     " bytes: give more memory with -m",
			     img.name, img.size);
	put_le32(zp + RAMDISK_IMAGE, (u32)at);
	put_le32(zp + RAMDISK_SIZE, (u32)img.size);
	image_deinit(&img);
	return rc;
}

static int cmdline_put(struct machine *m, const struct image *img, const struct kernel *k, u8 *zp,
		       struct err *err)
{
	const char *line = m->spec.append ? m->spec.append : "";
	u32 max = get_le32(k->h + CMDLINE_SIZE);
	int rc;

	if (strlen(line) > max)
		return err_set(err, E2BIG, "--append has %zu characters, %s takes %u: shorten it",
			       strlen(line), img->name, max);
	rc = extent_take(m, CMDLINE_AT, strlen(line) + 1, "the kernel's command line", err);
	if (rc)
		return rc;
	memory_put(m, CMDLINE_AT, line, strlen(line) + 1);
	put_le32(zp + CMD_LINE_PTR, CMDLINE_AT);
	return 0;
}

static void e820_add(u8 *zp, u64 start, u64 end, u32 type)
{
	u8 *e = zp + ZP_E820 + 20 * zp[ZP_E820_COUNT];

	if (end <= start)
		return;
	put_le64(e, start);
	put_le64(e + 8, end - start);
	put_le32(e + 16, type);
	zp[ZP_E820_COUNT]++;
}

static void e820_put(const struct machine *m, u8 *zp)
{
	e820_add(zp, 0, 0x9fc00, 1);
	e820_add(zp, 0x9fc00, 0xa0000, 2);
	e820_add(zp, 0xf0000, MIB(1), 2);
	e820_add(zp, MIB(1), memory_low_size(m), 1);
	e820_add(zp, 0xfeffc000, 0xff000000, 2); /* KVM's own pages */
	e820_add(zp, RAM_HOLE_END, RAM_HOLE_END + memory_high_size(m), 1);
}

/* "Zero page": cleared, then the header from 0x1f1 to its end, which the jump at 0x200 tells. */
static int zero_page_put(struct machine *m, const struct image *img, const struct kernel *k,
			 struct err *err)
{
	size_t end = (size_t)MAGIC + k->h[JUMP + 1];
	int rc = extent_take(m, ZERO_PAGE, 4096, "the kernel's boot parameters", err);
	u8 *zp;

	if (rc)
		return rc;
	zp = machine_hva(m, ZERO_PAGE, 4096);
	if (end > sizeof(k->h))
		end = sizeof(k->h);
	memcpy(zp + SETUP_SECTS, k->h + SETUP_SECTS, end > SETUP_SECTS ? end - SETUP_SECTS : 0);
	zp[TYPE_OF_LOADER] = LOADER_UNDEFINED;
	put_le32(zp + CODE32_START, (u32)k->load);
	e820_put(m, zp);
	rc = cmdline_put(m, img, k, zp, err);
	return rc ? rc : initrd_load(m, k, zp, err);
}

int load_bzimage(struct machine *m, const struct image *img, struct err *err)
{
	struct kernel k = { .h = { 0 } };
	int rc = header_read(img, &k, err);

	if (!rc)
		rc = kernel_place(m, img, &k, err);
	if (!rc)
		rc = zero_page_put(m, img, &k, err);
	if (rc)
		return rc;
	boot_state_protected(&m->boot, (u32)k.load);
	m->boot.seg[SEG_CS].sel = BOOT_CS;
	for (int i = 0; i < SEG_COUNT; i++)
		if (i != SEG_CS)
			m->boot.seg[i].sel = BOOT_DS;
	m->boot.gpr[GPR_RSI] = ZERO_PAGE;
	return env_build_protected(m, err);
}
