/*
 * cursor.h - reading forwards in bytes that may end anywhere: the sections of a file that may be
 * damaged. Once `bad`, everything reads as 0 and nothing moves. Inside src/symbols/ only.
 */
#ifndef VMSTEP_SYMBOLS_CURSOR_H
#define VMSTEP_SYMBOLS_CURSOR_H

#include "dwarf.h"

struct cursor {
	const u8 *p, *end;
	bool bad;
};
u64 cursor_get(struct cursor *c, unsigned n); /* little-endian, n <= 8 */
u64 cursor_uleb(struct cursor *c);
s64 cursor_sleb(struct cursor *c);
const char *cursor_string(struct cursor *c); /* up to its NUL; NULL: there is none */
void cursor_skip(struct cursor *c, u64 n);

/* A section of the file libdwarf reads, uncompressed; no bytes where it has none. */
struct dwsection {
	const u8 *bytes;
	size_t size;
};
struct dwsection dw_section(struct dwfile *f, const char *name);
/* From an offset on; behind the end: bad at once. */
struct cursor dw_section_at(const struct dwsection *s, u64 offset);
/* A string that ends within the section; NULL: none there. */
const char *dw_section_string(const struct dwsection *s, u64 offset);

#endif
