/*
 * location_read.c - location expressions from bytes and from DIEs. libdwarf decodes those of
 * attributes; those nested in others (entry values) and in call frame information come as bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cursor.h"
#include "location.h"
#include "try.h"

static u64 sign(u64 v, unsigned bytes)
{
	unsigned shift = 64 - 8 * bytes;

	return (u64)((s64)(v << shift) >> shift);
}

static void block(struct cursor *r, struct location_op *o, u64 n)
{
	if (n > (u64)(r->end - r->p)) {
		r->bad = true;
		return;
	}
	o->bytes = r->p;
	o->n_bytes = n;
	r->p += n;
}

/* DWARF 5 "DWARF Expressions", table "DWARF operation encodings". */
static void operands(struct cursor *r, struct location_op *o, u8 address, u8 offset)
{
	switch (o->atom) {
	case DW_OP_addr:
		o->a = cursor_get(r, address);
		break;
	case DW_OP_const1u: case DW_OP_pick: case DW_OP_deref_size: case DW_OP_xderef_size:
		o->a = cursor_get(r, 1);
		break;
	case DW_OP_const1s:
		o->a = sign(cursor_get(r, 1), 1);
		break;
	case DW_OP_const2u: case DW_OP_call2:
		o->a = cursor_get(r, 2);
		break;
	case DW_OP_const2s: case DW_OP_bra: case DW_OP_skip:
		o->a = sign(cursor_get(r, 2), 2);
		break;
	case DW_OP_const4u: case DW_OP_call4: case DW_OP_GNU_parameter_ref:
		o->a = cursor_get(r, 4);
		break;
	case DW_OP_const4s:
		o->a = sign(cursor_get(r, 4), 4);
		break;
	case DW_OP_const8u: case DW_OP_const8s:
		o->a = cursor_get(r, 8);
		break;
	case DW_OP_call_ref: case DW_OP_GNU_variable_value:
		o->a = cursor_get(r, offset);
		break;
	case DW_OP_constu: case DW_OP_plus_uconst: case DW_OP_regx: case DW_OP_piece:
	case DW_OP_addrx: case DW_OP_constx: case DW_OP_convert: case DW_OP_GNU_convert:
	case DW_OP_reinterpret: case DW_OP_GNU_reinterpret:
	case DW_OP_GNU_addr_index: case DW_OP_GNU_const_index:
		o->a = cursor_uleb(r);
		break;
	case DW_OP_consts: case DW_OP_fbreg:
		o->a = cursor_sleb(r);
		break;
	case DW_OP_bregx:
		o->a = cursor_uleb(r);
		o->b = cursor_sleb(r);
		break;
	case DW_OP_bit_piece: case DW_OP_regval_type: case DW_OP_GNU_regval_type:
		o->a = cursor_uleb(r);
		o->b = cursor_uleb(r);
		break;
	case DW_OP_deref_type: case DW_OP_GNU_deref_type:
		o->a = cursor_get(r, 1);
		o->b = cursor_uleb(r);
		break;
	case DW_OP_implicit_pointer: case DW_OP_GNU_implicit_pointer:
		o->a = cursor_get(r, offset);
		o->b = cursor_sleb(r);
		break;
	case DW_OP_implicit_value: case DW_OP_entry_value: case DW_OP_GNU_entry_value:
		block(r, o, cursor_uleb(r));
		break;
	case DW_OP_const_type: case DW_OP_GNU_const_type:
		o->a = cursor_uleb(r);
		block(r, o, cursor_get(r, 1));
		break;
	default:
		if (o->atom >= DW_OP_breg0 && o->atom <= DW_OP_breg31)
			o->a = cursor_sleb(r);
	}
}

int location_decode(const u8 *bytes, size_t n, u8 address_size, u8 offset_size,
		    struct location_expr *ret, struct err *err)
{
	struct cursor r = { bytes, bytes + n, false };
	struct location_expr e = { 0 };

	while (r.p < r.end && !r.bad && e.n < LOCATION_OPS_MAX) {
		struct location_op *p = realloc(e.op, (e.n + 1) * sizeof(*p));

		if (!p) {
			free(e.op);
			return err_set(err, ENOMEM, "no memory for a location");
		}
		e.op = p;
		p += e.n++;
		*p = (struct location_op){ .off = r.p - bytes };
		p->atom = cursor_get(&r, 1);
		operands(&r, p, address_size, offset_size);
		p->next = r.p - bytes;
	}
	if (r.bad || r.p < r.end) {
		free(e.op);
		return err_set(err, EBADMSG, "the location expression is damaged");
	}
	*ret = e;
	return 0;
}

void location_expr_free(struct location_expr *e)
{
	free(e->op);
	e->op = NULL;
	e->n = 0;
}

/* ---- from attributes ------------------------------------------------------------------------- */

static void take_block(struct location_op *o, u64 n, u64 pointer)
{
	o->bytes = (const u8 *)(uintptr_t)pointer;
	o->n_bytes = o->bytes ? n : 0;
}

/* libdwarf hands blocks over as a length and a pointer in the operands. */
static int take_op(struct dwfile *f, Dwarf_Locdesc_c desc, u64 i, struct location_op *ret)
{
	Dwarf_Unsigned a, b, c, ra, rb, rc, off;
	Dwarf_Small atom;

	if (!TRY(f, dwarf_get_location_op_value_d(desc, i, &atom, &a, &b, &c, &ra, &rb, &rc, &off,
						  &e)))
		return -EBADMSG;
	*ret = (struct location_op){ .atom = atom, .a = a, .b = b, .off = off };
	switch (atom) {
	case DW_OP_implicit_value: case DW_OP_entry_value: case DW_OP_GNU_entry_value:
		take_block(ret, a, b);
		break;
	case DW_OP_const_type: case DW_OP_GNU_const_type:
		take_block(ret, b, c);
		break;
	}
	return 0;
}

static int take_expr(struct dwfile *f, Dwarf_Locdesc_c desc, u64 n, struct location_expr *ret)
{
	if (n > LOCATION_OPS_MAX)
		return -EBADMSG;
	ret->op = calloc(n + 1, sizeof(*ret->op));
	if (!ret->op)
		return -ENOMEM;
	ret->n = n;
	for (u64 i = 0; i < n; i++) {
		if (take_op(f, desc, i, &ret->op[i]))
			return -EBADMSG;
		if (i)
			ret->op[i - 1].next = ret->op[i].off;
	}
	if (n)
		ret->op[n - 1].next = UINT64_MAX;
	return 0;
}

static int take_entry(struct dwfile *f, Dwarf_Loc_Head_c head, u64 i, struct location_list *l)
{
	Dwarf_Unsigned raw_low, raw_high, count = 0, expr_off, desc_off;
	Dwarf_Small lle = 0, source = 0;
	Dwarf_Bool no_addr = false;
	Dwarf_Addr low = 0, high = 0;
	Dwarf_Locdesc_c desc = NULL;
	struct location_expr *to = &l->expr[l->n];
	int rc;

	if (!TRY(f, dwarf_get_locdesc_entry_d(head, i, &lle, &raw_low, &raw_high, &no_addr, &low,
					      &high, &count, &desc, &source, &expr_off, &desc_off,
					      &e)))
		return -EBADMSG;
	l->is_list |= source != 0;
	if (source && (lle == DW_LLE_base_address || lle == DW_LLE_base_addressx)) {
		to->has_base = true;
		to->base = high ?: low;
	}
	if (source && lle != DW_LLE_offset_pair && lle != DW_LLE_start_end &&
	    lle != DW_LLE_start_length && lle != DW_LLE_startx_endx &&
	    lle != DW_LLE_startx_length && lle != DW_LLE_default_location)
		return 0; /* base addresses, the end, GNU's view pairs */
	if (source && (no_addr || (high < low && lle != DW_LLE_default_location)))
		return 0;
	l->n++;
	rc = take_expr(f, desc, count, to);
	if (source && lle != DW_LLE_default_location) {
		to->low = low;
		to->high = high;
	}
	return rc;
}

int location_read(struct dwfile *f, struct dwunit *u, Dwarf_Die die, u16 attr,
		  struct location_list *ret, struct err *err)
{
	Dwarf_Attribute a = dw_attr(die, attr);
	struct location_list l = { 0 };
	Dwarf_Loc_Head_c head = NULL;
	Dwarf_Unsigned n = 0;
	int rc = 0;

	if (!a)
		return -ENOENT;
	if (!TRY(f, dwarf_get_loclist_c(a, &head, &n, &e)))
		head = NULL;
	if (!head || n > 100000 || !(l.expr = calloc(n + 1, sizeof(*l.expr))))
		rc = -EBADMSG;
	for (u64 i = 0; !rc && i < n; i++)
		rc = take_entry(f, head, i, &l);
	if (head)
		dwarf_loc_head_c_dealloc(head);
	dwarf_dealloc_attribute(a);
	if (rc) {
		location_list_free(&l);
		return err_set(err, EBADMSG, "%s: a location of the debug information is damaged",
			       f->path);
	}
	*ret = l;
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
