/*
 * name_seek.c - one name at file scope without the index of all names, which a kernel's takes seconds:
 * only units that hold the name's text, or a reference to it, can declare it; see names.h.
 *
 * A linker may end one string within another, so that every place of .debug_str where the name ends
 * a string counts. Any four bytes of a unit that are such a place make it one to be looked into; what it
 * really declares is read from its entries.
 */
#include <stdlib.h>
#include <string.h>
#include "cursor.h"
#include "names.h"

struct seek {
	struct dwsection info, str;
	const char *name;
	size_t size; /* of the name, with its NUL */
	u8 *places;  /* a bit for each byte of .debug_str */
};

static bool is_place(const struct seek *s, const u8 *p)
{
	u32 at;

	memcpy(&at, p, sizeof(at));
	return at < s->str.size && (s->places[at / 8] >> at % 8 & 1);
}

static void places_find(struct seek *s)
{
	const u8 *p = s->str.bytes, *end = p + s->str.size;

	while (p && (p = memmem(p, end - p, s->name, s->size))) {
		size_t at = p++ - s->str.bytes;

		s->places[at / 8] |= 1 << at % 8;
	}
}

static bool refers(const struct seek *s, const u8 *p, const u8 *end)
{
	if (memmem(p, end - p, s->name, s->size))
		return true;
	for (; end - p >= 4; p++)
		if (is_place(s, p))
			return true;
	return false;
}

static bool holds(struct dwfile *f, const char *section, const char *text)
{
	struct dwsection s = dw_section(f, section);

	return s.bytes && memmem(s.bytes, s.size, text, strlen(text) + 1);
}

bool dw_is_spread(struct dwfile *f)
{
	return holds(f, ".debug_str", "<artificial>") || holds(f, ".debug_line_str", "<artificial>");
}

/* clang's units may name strings by an index, and link-time optimization spreads a function over
 * units: then all names are to be read. */
static bool is_plain(struct dwfile *f, const struct seek *s)
{
	struct dwsection offsets = dw_section(f, ".debug_str_offsets");

	for (size_t i = 0; i + 4 <= offsets.size; i += 4)
		if (is_place(s, offsets.bytes + i))
			return false;
	return !dw_is_spread(f);
}

bool dw_name_seek(struct dwfile *f, const char *name, void (*each)(void *arg, struct dwunit *u), void *arg)
{
	struct seek s = { .name = name, .size = strlen(name) + 1 };
	bool plain;

	if (dw_units(f, NULL))
		return true;
	s.info = dw_section(f, ".debug_info");
	s.str = dw_section(f, ".debug_str");
	s.places = calloc(s.str.size / 8 + 1, 1);
	if (!s.places)
		return false;
	places_find(&s);
	plain = is_plain(f, &s);
	for (u32 i = 0; plain && i < f->n_units; i++) {
		struct dwunit *u = &f->unit[i];

		if (u->end <= s.info.size && u->die < u->end &&
		    refers(&s, s.info.bytes + u->die, s.info.bytes + u->end))
			each(arg, u);
	}
	free(s.places);
	return plain;
}
