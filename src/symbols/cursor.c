/* cursor.c - see cursor.h. */
#include <string.h>
#include "cursor.h"
#include "object.h"

u64 cursor_get(struct cursor *c, unsigned n)
{
	u64 v = 0;

	if ((size_t)(c->end - c->p) < n) {
		c->bad = true;
		c->p = c->end;
		return 0;
	}
	memcpy(&v, c->p, n);
	c->p += n;
	return v;
}

u64 cursor_uleb(struct cursor *c)
{
	u64 v = 0;

	for (unsigned shift = 0;; shift += 7) {
		u8 b = cursor_get(c, 1);

		if (shift < 64)
			v |= (u64)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
}

s64 cursor_sleb(struct cursor *c)
{
	u64 v = 0;

	for (unsigned shift = 0;;) {
		u8 b = cursor_get(c, 1);

		if (shift < 64)
			v |= (u64)(b & 0x7f) << shift;
		shift += 7;
		if (!(b & 0x80))
			return shift < 64 && (b & 0x40) ? (s64)(v | -(1ull << shift)) : (s64)v;
	}
}

const char *cursor_string(struct cursor *c)
{
	const u8 *from = c->p, *nul = c->bad ? NULL : memchr(from, '\0', c->end - from);

	if (!nul) {
		c->bad = true;
		return NULL;
	}
	c->p = nul + 1;
	return (const char *)from;
}

void cursor_skip(struct cursor *c, u64 n)
{
	if (n > (u64)(c->end - c->p)) {
		c->bad = true;
		n = c->end - c->p;
	}
	c->p += n;
}

struct dwsection dw_section(struct dwfile *f, const char *name)
{
	u32 i = f->debug ? elfobj_find(f->debug, name) : 0;
	const u8 *bytes = i ? elfobj_bytes(f->debug, i) : NULL;

	return (struct dwsection){ bytes, bytes ? f->debug->section[i].size : 0 };
}

struct cursor dw_section_at(const struct dwsection *s, u64 offset)
{
	bool there = s->bytes && offset < s->size;

	return (struct cursor){ s->bytes + (there ? offset : 0), s->bytes + (there ? s->size : 0),
				!there };
}

const char *dw_section_string(const struct dwsection *s, u64 offset)
{
	struct cursor c = dw_section_at(s, offset);

	return cursor_string(&c);
}
