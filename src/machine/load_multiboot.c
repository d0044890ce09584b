/*
 * load_multiboot.c - kernels with a Multiboot (version 1) header, started as the Multiboot
 * Specification 0.6.96 says in "Machine state" and "Boot information format".
 */
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	HEADER_MAGIC = 0x1badb002,
	BOOT_MAGIC = 0x2badb002,
	SEARCH = 8192,
	HF_PAGE_ALIGN = 1,
	HF_MEMORY = 2,
	HF_VIDEO = 4,
	HF_ADDRESSES = 0x10000,
	HF_MANDATORY = 0xffff,
	IF_MEMORY = 1,
	IF_CMDLINE = 4,
	IF_MODULES = 8,
	IF_MMAP = 0x40,
	IF_LOADER = 0x200,
	INFO_SIZE = 116,
	MODULE_SIZE = 16,
	MMAP_ENTRY = 24,
	MODULES_MAX = 64,
	INFO_LOW = 0x1000,
	INFO_HIGH = 0x9f000, /* where the information lies, below 640 KiB */
};

struct mb_header {
	u32 offset; /* in the file */
	u32 flags;
	u32 header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
};

s64 multiboot_find(const struct image *img)
{
	u8 buf[SEARCH];
	size_t n = image_peek(img, 0, buf, sizeof(buf));

	for (size_t i = 0; i + 12 <= n; i += 4)
		if (get_le32(buf + i) == HEADER_MAGIC &&
		    get_le32(buf + i) + get_le32(buf + i + 4) + get_le32(buf + i + 8) == 0)
			return (s64)i;
	return -1;
}

static int header_read(const struct image *img, struct mb_header *ret, struct err *err)
{
	s64 at = multiboot_find(img);
	u8 h[32] = { 0 };
	int rc;

	if (at < 0)
		return err_set(err, EINVAL,
			       "%s has no Multiboot header (magic 1badb002 with a checksum) in its "
			       "first 8 KiB: load it as "
			       "another kind",
			       img->name);
	ret->offset = (u32)at;
	rc = image_read(img, (u64)at, h, 12, "the Multiboot header", err);
	if (rc)
		return rc;
	ret->flags = get_le32(h + 4);
	if (ret->flags & HF_ADDRESSES) {
		rc = image_read(img, (u64)at, h, sizeof(h), "the Multiboot header with addresses",
				err);
		if (rc)
			return rc;
	}
	ret->header_addr = get_le32(h + 12);
	ret->load_addr = get_le32(h + 16);
	ret->load_end_addr = get_le32(h + 20);
	ret->bss_end_addr = get_le32(h + 24);
	ret->entry_addr = get_le32(h + 28);
	/* A boot loader must refuse requirements (bits 0-15) that it does not know or cannot meet.
	 */
	if (ret->flags & HF_MANDATORY & ~(HF_PAGE_ALIGN | HF_MEMORY | HF_VIDEO))
		return err_set(err, ENOTSUP,
			       "%s: the Multiboot header at offset %#x requires features %#x that "
			       "vmstep does not have: "
			       "build it without them",
			       img->name, ret->offset, ret->flags & HF_MANDATORY);
	if (ret->flags & HF_VIDEO)
		return err_set(err, ENOTSUP,
			       "%s: the Multiboot header at offset %#x requires a video mode, and "
			       "this machine has no "
			       "screen: clear flag bit 2",
			       img->name, ret->offset);
	return 0;
}

/* The address-field form: the bytes from load_addr on are the kernel, whatever the format. */
static int load_addresses(struct machine *m, const struct image *img, const struct mb_header *h,
			  u64 *ret_end, struct err *err)
{
	u64 back = (u64)h->header_addr - h->load_addr, off = h->offset - back;
	u64 n, size;

	if (h->load_addr > h->header_addr || back > h->offset)
		return err_set(err, EINVAL,
			       "%s: the Multiboot header at offset %#x says load_addr %#x for "
			       "header_addr %#x, which would "
			       "begin before the file: correct the addresses",
			       img->name, h->offset, h->load_addr, h->header_addr);
	n = h->load_end_addr ? (u64)h->load_end_addr - h->load_addr : img->size - off;
	if (h->load_end_addr && h->load_end_addr <= h->header_addr)
		return err_set(err, EINVAL,
			       "%s: the Multiboot header at offset %#x says load_end_addr %#x, "
			       "before the header itself: "
			       "correct the addresses",
			       img->name, h->offset, h->load_end_addr);
	size = h->bss_end_addr ? (u64)h->bss_end_addr - h->load_addr : n;
	if (h->bss_end_addr && (h->bss_end_addr < h->load_addr || size < n))
		return err_set(err, EINVAL,
			       "%s: the Multiboot header at offset %#x says bss_end_addr %#x, "
			       "before the end of the loaded "
			       "part: correct the addresses",
			       img->name, h->offset, h->bss_end_addr);
	if (h->entry_addr < h->load_addr || h->entry_addr - h->load_addr >= size)
		return err_set(err, EINVAL,
			       "%s: the Multiboot header at offset %#x says entry_addr %#x, "
			       "outside what it loads: correct "
			       "the addresses",
			       img->name, h->offset, h->entry_addr);
	*ret_end = h->load_addr + size;
	return extent_load(m, img, off, n, h->load_addr, size, "the Multiboot kernel", err);
}

static int load_kernel(struct machine *m, const struct image *img, const struct mb_header *h,
		       u64 *ret_entry, u64 *ret_end, struct err *err)
{
	struct elf_info info;
	int rc;

	*ret_entry = h->entry_addr;
	if (h->flags & HF_ADDRESSES)
		return load_addresses(m, img, h, ret_end, err);
	rc = elf_load_segments(m, img, &info, err);
	if (rc)
		return err_prefix(err,
				  "Multiboot header without addresses, so the file must be ELF");
	if (!info.entry_inside || info.entry_phys > UINT32_MAX)
		return err_set(err, EINVAL,
			       "%s: its entry %#" PRIx64
			       " lies in no segment loaded below 4 GiB: link it with -e SYMBOL",
			       img->name, info.entry);
	*ret_entry = info.entry_phys;
	*ret_end = info.end;
	return 0;
}

/* ---- boot information ------------------------------------------------------------------------ */

/* Pieces are put one after the other into the free memory below 640 KiB. */
struct writer {
	struct machine *m;
	u64 at, end;
};

static u32 put(struct writer *w, const void *data, size_t n)
{
	u64 at = w->at;

	memory_put(w->m, at, data, n);
	w->at = align_up(at + n, 8);
	return (u32)at;
}

static u32 put_string(struct writer *w, const char *s)
{
	return put(w, s, strlen(s) + 1);
}

/* A module "FILE ARGS": its string is passed whole, as boot loaders do. */
static int module_load(struct machine *m, const char *spec, u64 floor, u64 *ret_gpa, u64 *ret_size,
		       struct err *err)
{
	size_t len = strcspn(spec, " ");
	char path[4096], what[56];
	struct image img;
	int rc;

	if (!len || len >= sizeof(path))
		return err_set(err, EINVAL,
			       "--module \"%.40s\": give a file name, a blank and its arguments",
			       spec);
	snprintf(path, sizeof(path), "%.*s", (int)len, spec);
	rc = image_open(&img, path, err);
	if (rc)
		return err_prefix(err, "--module");
	snprintf(what, sizeof(what), "module %.40s", img.name);
	*ret_size = img.size;
	*ret_gpa = extent_find_up(m, align_up(floor, 4096), memory_low_size(m), img.size, 4096);
	if (*ret_gpa)
		rc = extent_load(m, &img, 0, img.size, *ret_gpa, img.size, what, err);
	else
		rc = err_set(err, ENOSPC,
			     "--module %s: no room for its %#" PRIx64
			     " bytes: give more memory with -m",
			     path, img.size);
	image_deinit(&img);
	return rc;
}

static int put_modules(struct machine *m, struct writer *w, u64 floor, u8 *info, struct err *err)
{
	const char *const *list = m->spec.modules;
	u8 table[MODULES_MAX * MODULE_SIZE] = { 0 };
	unsigned n = 0;

	for (; list && list[n]; n++) {
		u8 *e = table + n * MODULE_SIZE;
		u64 gpa = 0, size = 0;
		int rc;

		if (n == MODULES_MAX)
			return err_set(err, E2BIG, "--module: at most %d modules can be given",
				       MODULES_MAX);
		rc = module_load(m, list[n], floor, &gpa, &size, err);
		if (rc)
			return rc;
		put_le32(e, (u32)gpa);
		put_le32(e + 4, (u32)(gpa + size));
		put_le32(e + 8, put_string(w, list[n]));
	}
	put_le32(info + 20, n);
	put_le32(info + 24, put(w, table, n * MODULE_SIZE));
	return 0;
}

static size_t map_add(u8 *map, size_t n, u64 start, u64 end, u32 type)
{
	u8 *e = map + n;

	if (end <= start)
		return n;
	put_le32(e, MMAP_ENTRY - 4); /* the size field does not count itself */
	put_le64(e + 4, start);
	put_le64(e + 12, end - start);
	put_le32(e + 20, type);
	return n + MMAP_ENTRY;
}

static void put_memory(const struct machine *m, struct writer *w, u8 *info)
{
	u64 low = memory_low_size(m);
	u8 map[6 * MMAP_ENTRY];
	size_t n = 0;

	n = map_add(map, n, 0, 0x9fc00, 1);
	n = map_add(map, n, 0x9fc00, 0xa0000, 2);
	n = map_add(map, n, 0xf0000, MIB(1), 2);
	n = map_add(map, n, MIB(1), low, 1);
	n = map_add(map, n, RAM_HOLE_END, RAM_HOLE_END + memory_high_size(m), 1);
	put_le32(info + 4, 639);
	put_le32(info + 8, (u32)((low - MIB(1)) >> 10));
	put_le32(info + 44, (u32)n);
	put_le32(info + 48, put(w, map, n));
}

static u64 strings_size(const struct machine *m, const char *name)
{
	u64 n = strlen(name) + (m->spec.append ? strlen(m->spec.append) : 0) + 64;

	for (size_t i = 0; m->spec.modules && m->spec.modules[i]; i++)
		n += strlen(m->spec.modules[i]) + 16 + MODULE_SIZE;
	return n + INFO_SIZE + 6 * MMAP_ENTRY;
}

static int info_build(struct machine *m, const struct image *img, u64 kernel_end, u32 *ret,
		      struct err *err)
{
	u64 size = strings_size(m, img->name);
	struct writer w = { .m = m };
	u8 info[INFO_SIZE] = { 0 };
	char cmdline[4096];
	int rc;

	w.at = extent_find(m, INFO_LOW, INFO_HIGH, size, 16);
	if (!w.at)
		return err_set(err, ENOSPC,
			       "no room below 640 KiB for the Multiboot information: shorten "
			       "--append and --module");
	rc = extent_take(m, w.at, size, "the Multiboot information", err);
	if (rc)
		return rc;
	*ret = put(&w, info, sizeof(info));
	put_le32(info, IF_MEMORY | IF_CMDLINE | IF_MODULES | IF_MMAP | IF_LOADER);
	put_memory(m, &w, info);
	if (snprintf(cmdline, sizeof(cmdline), "%s%s%s", img->name, m->spec.append ? " " : "",
		     m->spec.append ? m->spec.append : "") >= (int)sizeof(cmdline))
		return err_set(err, E2BIG, "--append is longer than %zu characters: shorten it",
			       sizeof(cmdline) - 1);
	put_le32(info + 16, put_string(&w, cmdline));
	put_le32(info + 64, put_string(&w, "vmstep"));
	rc = put_modules(m, &w, kernel_end, info, err);
	if (!rc)
		memory_put(m, *ret, info, sizeof(info));
	return rc;
}

int load_multiboot(struct machine *m, const struct image *img, struct err *err)
{
	struct mb_header h = { 0 };
	u64 entry = 0, end = 0;
	u32 info = 0;
	int rc = header_read(img, &h, err);

	if (!rc)
		rc = load_kernel(m, img, &h, &entry, &end, err);
	if (!rc)
		rc = info_build(m, img, end > MIB(1) ? end : MIB(1), &info, err);
	if (rc)
		return rc;
	/* "Machine state": flat 32-bit segments, paging off, A20 on, interrupts off. */
	boot_state_protected(&m->boot, (u32)entry);
	m->boot.gpr[GPR_RAX] = BOOT_MAGIC;
	m->boot.gpr[GPR_RBX] = info;
	return env_build_protected(m, err);
}
