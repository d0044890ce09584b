/*
 * debuglink.c - finds the separate debug file of a stripped program, in gdb's order: by build-id
 * under each debug directory, then by the name in .gnu_debuglink beside the program, in .debug/
 * there, and under each debug directory at the program's own path. The manual of gdb, "Debugging
 * Information in Separate Files", describes both.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/strbuf.h>
#include "debuglink.h"
#include "object.h"

/* CRC-32 of the file's bytes, as .gnu_debuglink wants it (the polynomial of zlib, reflected). */
static u32 crc32_of(const u8 *p, size_t n)
{
	u32 table[256], crc = ~0u;

	for (u32 i = 0; i < 256; i++) {
		u32 c = i;

		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
		table[i] = c;
	}
	while (n--)
		crc = crc >> 8 ^ table[(crc ^ *p++) & 0xff];
	return ~crc;
}

/* One directory of "DIR:DIR"; false at the end. */
static bool next_dir(const char **list, char *buf, size_t size)
{
	size_t n = strcspn(*list, ":");

	if (!**list)
		return false;
	snprintf(buf, size, "%.*s", (int)n, *list);
	*list += n + ((*list)[n] == ':');
	return true;
}

static bool same_build_id(struct elfobj *a, struct elfobj *b)
{
	const u8 *x, *y;
	size_t n = elfobj_build_id(a, &x), m = elfobj_build_id(b, &y);

	return n && n == m && !memcmp(x, y, n);
}

static struct elfobj *by_build_id(struct dwfile *f)
{
	const u8 *id;
	size_t n = elfobj_build_id(f->obj, &id);
	const char *list = f->debug_dirs;
	struct elfobj *o = NULL;
	char dir[4096];

	while (n > 1 && n <= 64 && next_dir(&list, dir, sizeof(dir))) {
		struct strbuf path;

		strbuf_init(&path);
		strbuf_addf(&path, "%s/.build-id/%02x/", dir, id[0]);
		strbuf_addbytes(&path, id + 1, n - 1);
		strbuf_adds(&path, ".debug");
		if (elfobj_open(strbuf_str(&path), &o, NULL))
			o = NULL;
		strbuf_deinit(&path);
		if (o && same_build_id(f->obj, o))
			return o;
		elfobj_close(o);
		o = NULL;
	}
	return NULL;
}

/* The file at `path` if its checksum is the one wanted; *mismatch remembers one that was not. */
static struct elfobj *checked(const char *path, u32 crc, bool *mismatch)
{
	struct elfobj *o = NULL;

	if (elfobj_open(path, &o, NULL))
		return NULL;
	if (crc32_of(o->image, o->size) == crc)
		return o;
	*mismatch = true;
	elfobj_close(o);
	return NULL;
}

static struct elfobj *by_name(struct dwfile *f, const char *name, u32 crc, bool *mismatch)
{
	char *real = realpath(f->path, NULL), *slash = real ? strrchr(real, '/') : NULL;
	const char *list = f->debug_dirs;
	struct elfobj *o = NULL;
	char dir[4096], path[8192];

	if (slash)
		*slash = '\0';
	if (real) {
		snprintf(path, sizeof(path), "%s/%s", real, name);
		o = checked(path, crc, mismatch);
	}
	if (real && !o) {
		snprintf(path, sizeof(path), "%s/.debug/%s", real, name);
		o = checked(path, crc, mismatch);
	}
	while (real && !o && next_dir(&list, dir, sizeof(dir))) {
		snprintf(path, sizeof(path), "%s%s/%s", dir, real, name);
		o = checked(path, crc, mismatch);
	}
	free(real);
	return o;
}

/* Name and checksum of .gnu_debuglink: a string, padded to four bytes, four bytes. */
static const char *link_name(struct dwfile *f, u32 *ret_crc)
{
	u32 i = elfobj_find(f->obj, ".gnu_debuglink");
	const u8 *p = i ? elfobj_bytes(f->obj, i) : NULL;
	u64 size = p ? f->obj->section[i].size : 0;
	const u8 *end = p ? memchr(p, '\0', size) : NULL;
	u64 at = end ? ((end - p) / 4 + 1) * 4 : 0;

	if (!end || end == p || at + 4 > size || memchr(p, '/', end - p))
		return NULL;
	memcpy(ret_crc, p + at, 4);
	return (const char *)p;
}

int debuglink_open(struct dwfile *f, struct elfobj **ret, struct err *err)
{
	struct elfobj *o = by_build_id(f);
	bool mismatch = false;
	u32 crc = 0;
	const char *name = o ? NULL : link_name(f, &crc);

	if (name)
		o = by_name(f, name, crc, &mismatch);
	if (o) {
		*ret = o;
		return 0;
	}
	if (mismatch)
		return err_set(err, ENOENT,
			       "%s: its debug file %.100s does not match (checksum %08x wanted)",
			       f->path, name, crc);
	if (name)
		return err_set(err, ENOENT,
			       "%s: its debug information is in %.100s, which is not found; see set "
			       "debug-file-directory",
			       f->path, name);
	return err_set(err, ENOENT, "%s: it has no debug information; compile it with -g", f->path);
}
