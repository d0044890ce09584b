/*
 * indexed.c - what DWARF 5 says by an index into a table of the unit: addresses, lists, strings; see
 * dwarf.h and the standard's "String Offsets Table", "Address Table", "Range List Table".
 */
#include "cursor.h"

/* The table's entry; false: not in the section. */
static bool entry(struct dwfile *f, const char *section, u64 base, u64 index, u8 size, u64 *ret)
{
	struct dwsection s = dw_section(f, section);
	struct cursor c;

	if (index >= s.size || base >= s.size)
		return false;
	c = dw_section_at(&s, base + index * size);
	*ret = cursor_get(&c, size);
	return !c.bad;
}

bool dw_indexed_addr(struct dwfile *f, struct dwunit *u, u64 index, u64 *ret)
{
	dw_unit_details(f, u);
	return entry(f, ".debug_addr", u->addr_base, index, u->address_size == 4 ? 4 : 8, ret);
}

bool dw_indexed_list(struct dwfile *f, struct dwunit *u, const char *section, u64 base, u64 index,
		     u64 *ret)
{
	u64 offset;

	if (!entry(f, section, base, index, u->offset_size == 8 ? 8 : 4, &offset))
		return false;
	*ret = base + offset;
	return true;
}

const char *dw_indexed_string(struct dwfile *f, struct dwunit *u, u64 index, u8 offset_size)
{
	struct dwsection strings = dw_section(f, ".debug_str");
	u64 at;

	dw_unit_details(f, u);
	return entry(f, ".debug_str_offsets", u->str_base, index, offset_size, &at)
		       ? dw_section_string(&strings, at)
		       : NULL;
}
