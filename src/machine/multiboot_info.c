/*
 * multiboot_info.c - what a Multiboot kernel is told: "Boot information format" of the Multiboot
 * Specification 0.6.96, with its modules loaded behind the kernel.
 */
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
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

int multiboot_info_build(struct machine *m, const struct image *img, u64 kernel_end, u32 *ret,
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
