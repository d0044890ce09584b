/* location_read.c - bytes of a location expression become operations; see location.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cursor.h"
#include "location.h"

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
