/*
 * ranges.c - the code of a DIE: DW_AT_low_pc and DW_AT_high_pc, or a list of ranges in the form of
 * DWARF 3 and 4 (.debug_ranges) or DWARF 5 (.debug_rnglists); see dwarf.h.
 */
#include <stdlib.h>
#include "cursor.h"
#include "private.h"
#include "try.h"

struct list {
	struct dwrange *range;
	size_t n, cap;
};

/* A function has a handful of pieces, a unit of a kernel some thousands. */
enum { RANGES_MAX = 1 << 20 };

static bool list_add(struct list *l, u64 start, u64 end)
{
	if (start >= end)
		return true;
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 4;
		struct dwrange *p = cap <= RANGES_MAX ? realloc(l->range, cap * sizeof(*p)) : NULL;

		if (!p)
			return false;
		l->range = p;
		l->cap = cap;
	}
	l->range[l->n++] = (struct dwrange){ start, end };
	return true;
}

/* DW_AT_high_pc is an address or, since DWARF 4, a length. */
static void add_low_high(struct list *l, struct dwfile *f, Dwarf_Die die)
{
	enum Dwarf_Form_Class class = DW_FORM_CLASS_UNKNOWN;
	Dwarf_Error e = NULL;
	Dwarf_Half form = 0;
	Dwarf_Addr high;
	u64 low;

	if (!dw_addr(die, DW_AT_low_pc, &low)) {
		if (dw_has(die, DW_AT_low_pc))
			dw_damage(f, "an address of its tables");
		return;
	}
	if (dwarf_highpc_b(die, &high, &form, &class, &e) != DW_DLV_OK)
		return;
	list_add(l, low, class == DW_FORM_CLASS_ADDRESS ? high : low + high);
}

/* Offsets from the unit's base, which an entry can change for those behind it. */
static void add_ranges(struct list *l, struct dwfile *f, struct dwunit *u, Dwarf_Die die, u64 at)
{
	Dwarf_Ranges *r = NULL;
	Dwarf_Signed n = 0;
	Dwarf_Unsigned bytes = 0;
	Dwarf_Off real = 0;
	u64 base = u->base;

	if (!TRY(f, dwarf_get_ranges_b(f->dbg, at, die, &real, &r, &n, &bytes, &e))) {
		dw_damage(f, "a list of ranges");
		return;
	}
	for (Dwarf_Signed i = 0; i < n && r[i].dwr_type != DW_RANGES_END; i++) {
		if (r[i].dwr_type == DW_RANGES_ADDRESS_SELECTION)
			base = r[i].dwr_addr2;
		else if (!list_add(l, base + r[i].dwr_addr1, base + r[i].dwr_addr2))
			break;
	}
	dwarf_ranges_dealloc(f->dbg, r, n);
}

/*
 * DWARF 5, "Non-Contiguous Address Ranges". Our own reading: libdwarf 20210528 frees the table's heads
 * twice when one of them is damaged, so that it never sees the section (ready.c).
 */
static bool rnglist_entry(struct cursor *c, struct dwfile *f, struct dwunit *u, u64 *base,
			  struct dwrange *ret)
{
	const unsigned size = u->address_size == 4 ? 4 : 8;
	u64 a, b;

	*ret = (struct dwrange){ 0, 0 };
	switch (cursor_get(c, 1)) {
	case DW_RLE_base_addressx:
		return dw_indexed_addr(f, u, cursor_uleb(c), base);
	case DW_RLE_startx_endx:
		a = cursor_uleb(c);
		b = cursor_uleb(c);
		return dw_indexed_addr(f, u, a, &ret->start) && dw_indexed_addr(f, u, b, &ret->end);
	case DW_RLE_startx_length:
		a = cursor_uleb(c);
		b = cursor_uleb(c);
		ret->end = dw_indexed_addr(f, u, a, &ret->start) ? ret->start + b : 0;
		return ret->end;
	case DW_RLE_offset_pair:
		ret->start = *base + cursor_uleb(c);
		ret->end = *base + cursor_uleb(c);
		return true;
	case DW_RLE_base_address:
		*base = cursor_get(c, size);
		return true;
	case DW_RLE_start_end:
		ret->start = cursor_get(c, size);
		ret->end = cursor_get(c, size);
		return true;
	case DW_RLE_start_length:
		ret->start = cursor_get(c, size);
		ret->end = ret->start + cursor_uleb(c);
		return true;
	default: /* the end, or nothing we know */
		return false;
	}
}

static void add_rnglist(struct list *l, struct dwfile *f, struct dwunit *u, Dwarf_Attribute a, u64 at)
{
	struct dwsection s = dw_section(f, ".debug_rnglists");
	u64 base = u->base;
	struct dwrange range;
	struct cursor c;
	Dwarf_Half form = 0;

	if (!TRY(f, dwarf_whatform(a, &form, &e)) ||
	    (form == DW_FORM_rnglistx &&
	     !dw_indexed_list(f, u, ".debug_rnglists", u->rnglists_base, at, &at))) {
		dw_damage(f, "a list of ranges");
		return;
	}
	c = dw_section_at(&s, at);
	while (!c.bad && rnglist_entry(&c, f, u, &base, &range) && !c.bad)
		if (!list_add(l, range.start, range.end))
			break;
	if (c.bad)
		dw_damage(f, "a list of ranges");
}

size_t dw_ranges(struct dwfile *f, struct dwunit *u, Dwarf_Die die, struct dwrange **ret)
{
	Dwarf_Attribute a = dw_attr(die, DW_AT_ranges);
	struct list l = { 0 };
	Dwarf_Error e = NULL;
	Dwarf_Unsigned at = 0;

	if (!a) {
		add_low_high(&l, f, die);
	} else {
		dw_unit_details(f, u);
		if (dwarf_formudata(a, &at, &e) == DW_DLV_OK ||
		    dwarf_global_formref(a, &at, &e) == DW_DLV_OK) {
			if (u->version >= 5)
				add_rnglist(&l, f, u, a, at);
			else
				add_ranges(&l, f, u, die, at);
		}
		dwarf_dealloc_attribute(a);
	}
	*ret = l.range;
	return l.n;
}
