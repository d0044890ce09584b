/*
 * expr_place.c - variables where the debug information says they are: in memory, in registers of a
 * frame, in pieces, or nowhere any more.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <vmstep/unwind.h>
#include "eval.h"

/* ---- what location expressions ask for ------------------------------------------------------- */

enum { ENTRIES_MAX = 64 }; /* frames gone up for one value: what was passed may have been passed before */

struct access {
	struct session *s;
	const struct frame *frame;
	bool is64;
	unsigned entries;
};

bool place_register_known(struct session *s, const struct frame *f, unsigned reg)
{
	return (f->regs.known & BIT(reg)) || (!f->_tail && scope_keeps_registers(s->symbols, f->lookup));
}

static int get_reg(void *arg, unsigned reg, u64 *ret, struct err *err)
{
	const struct access *a = arg;
	int i = frame_reg_of_dwarf(a->is64 ? 64 : 32, reg);

	if (i < 0)
		return err_set(err, ENODATA, "a location uses register %u, which has no value here",
			       reg);
	if (!place_register_known(a->s, a->frame, i))
		return err_set(err, ENODATA, "a register of the frame was not saved");
	*ret = a->frame->regs.value[i];
	return 0;
}

static int get_memory(void *arg, u64 addr, void *buf, size_t n, struct err *err)
{
	const struct access *a = arg;

	return session_read(a->s, addr, buf, n, err);
}

static int get_cfa(void *arg, u64 *ret, struct err *err)
{
	const struct access *a = arg;

	return frame_cfa(a->s, a->frame, ret, err);
}

/* The frame that called the one we are in, bodies inlined into it left out. */
static const struct frame *caller(const struct access *a, const struct frame **ret_callee)
{
	const struct frame *f = a->frame, *up = NULL;

	while (f->how == FRAME_INLINED || f->inline_depth) {
		if (frame_at(a->s, f->level + 1, &up, NULL))
			return NULL;
		if (!f->inline_depth)
			break;
		f = up;
	}
	*ret_callee = f;
	return frame_at(a->s, f->level + 1, &up, NULL) ? NULL : up;
}

/* What the caller passed: it says so where it calls. */
static int get_entry(void *arg, unsigned reg, u64 *ret, struct err *err)
{
	struct access *a = arg;
	const struct frame *callee = NULL, *up;
	struct access there = *a;
	struct location_ops ops = { get_reg, get_memory, get_cfa, get_entry, &there };

	if (a->frame->pc == a->frame->function && !a->frame->inline_depth)
		return get_reg(arg, reg, ret, err);
	up = ++there.entries < ENTRIES_MAX ? caller(a, &callee) : NULL;
	if (!up)
		return err_set(err, ENODATA, "the caller is not known");
	there.frame = up;
	return call_site_value(a->s->symbols, up->pc, a->frame->lookup, reg, &ops, ret, err);
}

/* ---- variables ------------------------------------------------------------------------------- */

int eval_frame(struct eval *ev, const struct frame **ret)
{
	if (ev->has_level)
		return frame_at(ev->s, ev->level, ret, ev->err);
	return frame_selected(ev->s, ret, ev->err);
}

static struct place *place_new(struct eval *ev)
{
	return &ev->place[ev->n_places++ % EVAL_PLACES];
}

static void at_address(struct val *v, u64 addr)
{
	v->in_memory = true;
	v->addr = addr;
	if (v->type.c && !ctype_is_scalar(v->type.c))
		v->bits = addr;
}

static int from_place(struct eval *ev, const struct place *p, struct val *ret)
{
	struct place *kept;

	if (!p->n || (p->n == 1 && p->piece[0].kind == PIECE_NONE)) {
		ret->gone = true;
		return 0;
	}
	if (p->n == 1 && p->piece[0].kind == PIECE_MEMORY && !p->piece[0].bit_offset) {
		at_address(ret, p->piece[0].at);
		return 0;
	}
	kept = place_new(ev);
	*kept = *p;
	ret->place = kept;
	return 0;
}

/* A variable-length array is one of as many elements as it has now. */
static void counted_type(struct eval *ev, struct val *v, u64 count)
{
	const struct ctype *t = ctype_array(ev->s->types, ctype_bare(v->type.c)->target, count);

	if (t && ctype_size(t) <= INT32_MAX)
		v->type = type_of_ctype(t);
}

int eval_variable(struct eval *ev, const struct variable *var, struct val *ret)
{
	struct access a = { .s = ev->s, .is64 = var->is64 };
	struct location_ops ops = { get_reg, get_memory, get_cfa, get_entry, &a };
	struct place p;
	u64 addr, count;
	int rc;

	*ret = (struct val){ .type = type_of_ctype(var->type), .repeat = 1 };
	if (var->kind == VARIABLE_ENUM) {
		ret->bits = var->value;
		return 0;
	}
	if (var->kind == VARIABLE_FUNCTION) {
		at_address(ret, var->value);
		return 0;
	}
	if (variable_static(var, &addr)) {
		at_address(ret, addr);
		return 0;
	}
	if (ev->types_only) {
		if (ctype_bare(var->type)->kind == CTYPE_ARRAY && session_has_guest(ev->s) &&
		    !frame_selected(ev->s, &a.frame, NULL) &&
		    variable_count(var, a.frame->lookup, &ops, &count))
			counted_type(ev, ret, count);
		return 0;
	}
	rc = eval_frame(ev, &a.frame);
	if (!rc)
		rc = variable_place(var, a.frame->lookup, &ops, &p, ev->err);
	if (!rc && variable_count(var, a.frame->lookup, &ops, &count))
		counted_type(ev, ret, count);
	return rc ?: from_place(ev, &p, ret);
}

int eval_name(struct eval *ev, const struct node *n, struct val *ret)
{
	int rc = eval_variable(ev, n->var, ret);

	if (rc && ev->err)
		return err_prefix(ev->err, "%s", n->var->name);
	return rc;
}

int val_bytes(struct eval *ev, const struct val *v, u64 off, void *buf, size_t n, bool *ret_gone)
{
	*ret_gone = v->gone;
	if (v->gone || ev->types_only) {
		memset(buf, 0, n);
		return 0;
	}
	if (v->data) {
		memcpy(buf, v->data + off, n);
		return 0;
	}
	if (v->in_memory)
		return session_read(ev->s, v->addr + off, buf, n, ev->err);
	if (v->place)
		return place_bytes(ev, v->place, v->place_off + off, buf, n, ret_gone);
	memset(buf, 0, n);
	if (type_size(&v->type) > 8)
		memcpy(buf, v->wide + off, n < 16 - off ? n : 16 - off);
	else if (off < 8)
		memcpy(buf, (const u8 *)&v->bits + off, n < 8 - off ? n : 8 - off);
	return 0;
}
