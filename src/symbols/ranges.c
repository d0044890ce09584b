/*
 * ranges.c - the code of a DIE: DW_AT_low_pc and DW_AT_high_pc, or a list of ranges in the form of
 * DWARF 3 and 4 (.debug_ranges) or DWARF 5 (.debug_rnglists); see dwarf.h.
 */
#include <stdlib.h>
#include "private.h"

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
static void add_low_high(struct list *l, Dwarf_Die die)
{
	enum Dwarf_Form_Class class = DW_FORM_CLASS_UNKNOWN;
	Dwarf_Error e = NULL;
	Dwarf_Half form = 0;
	Dwarf_Addr high;
	u64 low;

	if (!dw_addr(die, DW_AT_low_pc, &low) ||
	    dwarf_highpc_b(die, &high, &form, &class, &e) != DW_DLV_OK)
		return;
	list_add(l, low, class == DW_FORM_CLASS_ADDRESS ? high : low + high);
}

/* Offsets from the unit's base, which an entry can change for those behind it. */
static void add_ranges(struct list *l, struct dwfile *f, struct dwunit *u, Dwarf_Die die, u64 at)
{
	Dwarf_Ranges *r = NULL;
	Dwarf_Signed n = 0;
	Dwarf_Unsigned bytes = 0;
	Dwarf_Error e = NULL;
	Dwarf_Off real = 0;
	u64 base = u->base;

	if (dwarf_get_ranges_b(f->dbg, at, die, &real, &r, &n, &bytes, &e) != DW_DLV_OK)
		return;
	for (Dwarf_Signed i = 0; i < n && r[i].dwr_type != DW_RANGES_END; i++) {
		if (r[i].dwr_type == DW_RANGES_ADDRESS_SELECTION)
			base = r[i].dwr_addr2;
		else if (!list_add(l, base + r[i].dwr_addr1, base + r[i].dwr_addr2))
			break;
	}
	dwarf_ranges_dealloc(f->dbg, r, n);
}

static void add_rnglist(struct list *l, Dwarf_Attribute a, u64 at)
{
	Dwarf_Rnglists_Head head = NULL;
	Dwarf_Unsigned n = 0, where = 0;
	Dwarf_Error e = NULL;
	Dwarf_Half form = 0;

	if (dwarf_whatform(a, &form, &e) != DW_DLV_OK ||
	    dwarf_rnglists_get_rle_head(a, form, at, &head, &n, &where, &e) != DW_DLV_OK)
		return;
	for (Dwarf_Unsigned i = 0; i < n; i++) {
		Dwarf_Unsigned raw1, raw2, start, end;
		Dwarf_Bool missing = 0;
		unsigned size, kind;

		if (dwarf_get_rnglists_entry_fields_a(head, i, &size, &kind, &raw1, &raw2, &missing,
						      &start, &end, &e) != DW_DLV_OK)
			break;
		if (kind == DW_RLE_end_of_list)
			break;
		if (missing || kind == DW_RLE_base_address || kind == DW_RLE_base_addressx)
			continue;
		if (!list_add(l, start, end))
			break;
	}
	dwarf_dealloc_rnglists_head(head);
}

size_t dw_ranges(struct dwfile *f, struct dwunit *u, Dwarf_Die die, struct dwrange **ret)
{
	Dwarf_Attribute a = dw_attr(die, DW_AT_ranges);
	struct list l = { 0 };
	Dwarf_Error e = NULL;
	Dwarf_Unsigned at = 0;

	if (!a) {
		add_low_high(&l, die);
	} else {
		dw_unit_details(f, u);
		if (dwarf_formudata(a, &at, &e) == DW_DLV_OK ||
		    dwarf_global_formref(a, &at, &e) == DW_DLV_OK) {
			if (u->version >= 5)
				add_rnglist(&l, a, at);
			else
				add_ranges(&l, f, u, die, at);
		}
		dwarf_dealloc_attribute(a);
	}
	*ret = l.range;
	return l.n;
}
