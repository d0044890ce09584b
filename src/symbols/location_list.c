/*
 * location_list.c - the expressions of an attribute: one, or a list of them from .debug_loc (DWARF 2 to
 * 4) or .debug_loclists (DWARF 5, "Location Lists").
 *
 * Our own reading of the lists: libdwarf 20210528 frees the heads of a damaged .debug_loclists twice, so
 * that it never sees the section (ready.c).
 */
#include <errno.h>
#include <stdlib.h>
#include "cursor.h"
#include "location.h"
#include "try.h"

enum { ENTRIES_MAX = 100000, LLE_GNU_VIEW_PAIR = 9 };

struct listreader {
	struct dwfile *f;
	struct dwunit *u;
	struct cursor at;
	struct location_list list;
	u32 cap;
	u64 base;
	bool told_base; /* the next entry has a base before it */
	struct err *err;
};

/* References in expressions are offsets, in DWARF 2 addresses. */
static int expression(struct listreader *r, const u8 *bytes, size_t n, struct location_expr *ret)
{
	const struct dwunit *u = r->u;

	return location_decode(bytes, n, u->address_size == 4 ? 4 : 8,
			       u->version < 3 ? u->address_size : u->offset_size, ret, r->err);
}

/* An entry with the bytes at the cursor as its expression. */
static int entry_add(struct listreader *r, u64 low, u64 high, u64 n)
{
	struct location_list *l = &r->list;
	const u8 *bytes = r->at.p;
	struct location_expr *e;
	int rc;

	cursor_skip(&r->at, n);
	if (r->at.bad || l->n == ENTRIES_MAX)
		return -EBADMSG;
	if (high < low)
		return 0;
	if (l->n == r->cap) {
		u32 cap = r->cap ? r->cap * 2 : 8;

		e = realloc(l->expr, cap * sizeof(*e));
		if (!e)
			return -ENOMEM;
		l->expr = e;
		r->cap = cap;
	}
	e = &l->expr[l->n];
	rc = expression(r, bytes, n, e);
	if (rc)
		return rc;
	e->low = low;
	e->high = high;
	e->has_base = r->told_base;
	e->base = r->base;
	r->told_base = false;
	l->n++;
	return 0;
}

static void base_set(struct listreader *r, u64 base)
{
	r->base = base;
	r->told_base = true;
}

/* Pairs of addresses counted from the base; the largest one announces another base. */
static int read_old(struct listreader *r)
{
	const unsigned size = r->u->address_size == 4 ? 4 : 8;
	const u64 mask = size == 4 ? 0xffffffff : UINT64_MAX;
	int rc = 0;

	while (!rc) {
		u64 low = cursor_get(&r->at, size), high = cursor_get(&r->at, size);

		if (r->at.bad)
			return -EBADMSG;
		if (!low && !high)
			return 0;
		if (low == mask)
			base_set(r, high);
		else
			rc = entry_add(r, (r->base + low) & mask, (r->base + high) & mask,
				       cursor_get(&r->at, 2));
	}
	return rc;
}

/* The addresses of one entry; false: they are damaged. */
static bool entry_addresses(struct listreader *r, u8 kind, u64 *low, u64 *high)
{
	const unsigned size = r->u->address_size == 4 ? 4 : 8;
	u64 a, b;

	switch (kind) {
	case DW_LLE_startx_endx:
		a = cursor_uleb(&r->at);
		b = cursor_uleb(&r->at);
		return dw_indexed_addr(r->f, r->u, a, low) && dw_indexed_addr(r->f, r->u, b, high);
	case DW_LLE_startx_length:
		a = cursor_uleb(&r->at);
		b = cursor_uleb(&r->at);
		if (!dw_indexed_addr(r->f, r->u, a, low))
			return false;
		*high = *low + b;
		return true;
	case DW_LLE_offset_pair:
		*low = r->base + cursor_uleb(&r->at);
		*high = r->base + cursor_uleb(&r->at);
		return true;
	case DW_LLE_default_location:
		*low = *high = 0;
		return true;
	case DW_LLE_start_end:
		*low = cursor_get(&r->at, size);
		*high = cursor_get(&r->at, size);
		return true;
	case DW_LLE_start_length:
		*low = cursor_get(&r->at, size);
		*high = *low + cursor_uleb(&r->at);
		return true;
	default:
		return false;
	}
}

static int read_new(struct listreader *r)
{
	u64 low, high, base;
	int rc = 0;

	while (!rc) {
		u8 kind = cursor_get(&r->at, 1);

		if (r->at.bad)
			return -EBADMSG;
		switch (kind) {
		case DW_LLE_end_of_list:
			return 0;
		case DW_LLE_base_addressx:
			if (!dw_indexed_addr(r->f, r->u, cursor_uleb(&r->at), &base))
				return -EBADMSG;
			base_set(r, base);
			break;
		case DW_LLE_base_address:
			base_set(r, cursor_get(&r->at, r->u->address_size == 4 ? 4 : 8));
			break;
		case LLE_GNU_VIEW_PAIR:
			cursor_uleb(&r->at);
			cursor_uleb(&r->at);
			break;
		default:
			if (!entry_addresses(r, kind, &low, &high))
				return -EBADMSG;
			rc = entry_add(r, low, high, cursor_uleb(&r->at));
		}
	}
	return rc;
}

static int read_list(struct listreader *r, u64 offset)
{
	struct dwsection s = dw_section(r->f, r->u->version >= 5 ? ".debug_loclists" : ".debug_loc");

	r->at = dw_section_at(&s, offset);
	r->base = r->u->base;
	r->list.is_list = true;
	return r->u->version >= 5 ? read_new(r) : read_old(r);
}

static int read_block(struct listreader *r, const u8 *bytes, size_t n)
{
	r->list.expr = calloc(1, sizeof(*r->list.expr));
	if (!r->list.expr)
		return -ENOMEM;
	r->list.n = 1;
	return expression(r, bytes, n, &r->list.expr[0]);
}

/* By the form: an expression, a place in the section of lists, or an index of one. */
static int read_attribute(struct listreader *r, Dwarf_Attribute a)
{
	struct dwfile *f = r->f;
	Dwarf_Unsigned n = 0;
	Dwarf_Ptr bytes = NULL;
	Dwarf_Block *b = NULL;
	Dwarf_Half form = 0;
	u64 offset = 0;
	int rc;

	if (!TRY(f, dwarf_whatform(a, &form, &e)))
		return -EBADMSG;
	switch (form) {
	case DW_FORM_exprloc:
		return TRY(f, dwarf_formexprloc(a, &n, &bytes, &e)) ? read_block(r, bytes, n) : -EBADMSG;
	case DW_FORM_loclistx:
		if (!TRY(f, dwarf_formudata(a, &n, &e)) ||
		    !dw_indexed_list(f, r->u, ".debug_loclists", r->u->loclists_base, n, &offset))
			return -EBADMSG;
		return read_list(r, offset);
	case DW_FORM_sec_offset: case DW_FORM_data4: case DW_FORM_data8:
		if (!TRY(f, dwarf_global_formref(a, &n, &e)) && !TRY(f, dwarf_formudata(a, &n, &e)))
			return -EBADMSG;
		return read_list(r, n);
	default:
		if (!TRY(f, dwarf_formblock(a, &b, &e)))
			return -EBADMSG;
		rc = read_block(r, b->bl_data, b->bl_len);
		dwarf_dealloc(f->dbg, b, DW_DLA_BLOCK);
		return rc;
	}
}

int location_read(struct dwfile *f, struct dwunit *u, Dwarf_Die die, u16 attr,
		  struct location_list *ret, struct err *err)
{
	struct listreader r = { .f = f, .u = u, .err = err };
	Dwarf_Attribute a = dw_attr(die, attr);
	int rc;

	if (!a)
		return -ENOENT;
	if (u)
		dw_unit_details(f, u);
	rc = u ? read_attribute(&r, a) : -EBADMSG;
	dwarf_dealloc_attribute(a);
	if (rc) {
		location_list_free(&r.list);
		return err_set(err, EBADMSG, "%s: a location of the debug information is damaged",
			       f->path);
	}
	*ret = r.list;
	return 0;
}

void location_list_free(struct location_list *l)
{
	for (u32 i = 0; i < l->n; i++)
		location_expr_free(&l->expr[i]);
	free(l->expr);
	*l = (struct location_list){ 0 };
}

const struct location_expr *location_at(const struct location_list *l, u64 link, bool at_entry)
{
	const struct location_expr *otherwise = NULL;

	for (u32 i = 0; i < l->n; i++) {
		const struct location_expr *e = &l->expr[i];

		if (!e->low && !e->high)
			otherwise = e;
		else if (link >= e->low && link < e->high)
			return e;
		else if (at_entry && link == e->low && link == e->high)
			return e;
	}
	return otherwise;
}
