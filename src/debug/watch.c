/*
 * watch.c - watchpoints on what an expression names: its place and length from its type, the value of a
 * bit-field alone, and the end of a local's life when its function returns; see session.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/unwind.h>
#include "expr.h"

/* ---- the value ------------------------------------------------------------------------------- */

static u64 watch_value(const struct upoint *p, u64 storage)
{
	if (!p->bit_size)
		return storage;
	storage >>= p->bit_pos;
	return p->bit_size < 64 ? storage & (BIT64(p->bit_size) - 1) : storage;
}

int watch_read_place(struct session *s, const struct upoint *p, u64 *ret)
{
	u64 storage;
	int rc = state_read_uint(s, p->addr, p->len, &storage, NULL);

	if (!rc)
		*ret = watch_value(p, storage);
	return rc;
}

int watch_read(struct session *s, struct upoint *p, u64 *ret)
{
	return p->expr ? watch_expr_read(s, p, ret) : watch_read_place(s, p, ret);
}

static bool is_length(u64 n)
{
	return n == 1 || n == 2 || n == 4 || n == 8;
}

static int bad_length(const char *text, u64 size, struct err *err)
{
	return err_set(err, EINVAL,
		       "%s has %llu bytes, a watchpoint covers 1, 2, 4 or 8: watch a part of it", text,
		       (unsigned long long)size);
}

/* The least storage of a length the processor watches around a bit-field. */
static int bit_field_place(const struct value *v, struct upoint *p, const char *text,
			   struct err *err)
{
	for (u8 len = 1; len <= 8; len *= 2) {
		u64 bit = v->addr * 8 + v->bit_pos, at = bit / (8 * len) * len;

		if (bit + v->bit_size > (at + len) * 8)
			continue;
		p->addr = at;
		p->len = len;
		p->bit_pos = bit - at * 8;
		p->bit_size = v->bit_size;
		return 0;
	}
	return err_set(err, EINVAL, "cannot watch %s: the bit-field is too wide", text);
}

int watch_place(const struct value *v, const char *text, struct upoint *p, struct err *err)
{
	u64 size = v->type ? ctype_size(v->type) : v->size;

	if (v->optimized_out)
		return err_set(err, EINVAL, "cannot watch %s: it has been optimized out", text);
	if (!v->lval_mem)
		return err_set(err, EINVAL,
			       "cannot watch %s: it is a value and no place in memory, try *(u32*)%s",
			       text, text);
	if (v->bit_size)
		return bit_field_place(v, p, text, err);
	if (!is_length(size))
		return bad_length(text, size, err);
	p->addr = v->addr;
	p->len = size;
	return 0;
}

/* ---- the scope ------------------------------------------------------------------------------- */

/* Where the function of the selected frame returns to: the local ends there. */
static void scope_set(struct session *s, struct upoint *p)
{
	const struct frame *f, *up;

	if (frame_selected(s, &f, NULL))
		return;
	up = frame_caller(s, f->level);
	if (!up)
		return;
	p->scoped = true;
	p->scope_function = watch_function(s, f->level);
	p->scope_pc = up->pc;
	p->scope_sp = frame_linear_sp(up);
	p->scope_cpl = up->regs.cpl;
}

bool watch_scope_ends(struct session *s, struct upoint *p, u64 lin)
{
	enum { RETURN_POPS = 1024 }; /* RET n takes arguments along */
	const struct cpu_state *c;

	if (!p->scoped || !p->enabled || lin != p->scope_pc || p->left ||
	    state_need(s, REGS_GPR | REGS_SYS, &c, NULL))
		return false;
	if (cpu_cpl(c) != p->scope_cpl || state_linear_sp(c) - p->scope_sp > RETURN_POPS)
		return false;
	p->left = true;
	note(s,
	     "Watchpoint %u deleted because the program has left the block in which its expression is valid.",
	     p->num);
	return true;
}

/* ---- setting one ----------------------------------------------------------------------------- */

/* What a value that has a place and one that has none must be. */
static int check_value(const struct value *v, const char *text, struct err *err)
{
	struct upoint place = { 0 };

	if (v->lval_mem)
		return watch_place(v, text, &place, err);
	if (v->optimized_out)
		return err_set(err, EINVAL, "cannot watch %s: it has been optimized out", text);
	if (v->is_void)
		return err_set(err, EINVAL, "cannot watch %s: it has no value", text);
	return is_length(v->size) ? 0 : bad_length(text, v->type ? ctype_size(v->type) : v->size, err);
}

/* A place that cannot be read yet is one to wait for, if its type can be watched. */
static int check_moving(struct session *s, enum upoint_type type, const struct expr *e,
			const char *text, struct err *err)
{
	struct value v;
	u64 size;

	if (expr_assigns(e))
		return err_set(err, EINVAL, "cannot watch %s: looking at it would change the guest",
			       text);
	if (!expr_eval(s, e, &v, NULL))
		return check_value(&v, text, err);
	if (expr_type(s, e, &v, err))
		return -EINVAL;
	size = v.type ? ctype_size(v.type) : v.size;
	return is_length(size) ? 0 : bad_length(text, size, err);
}

static int need_place(const struct upoint *p, struct err *err)
{
	if (!p->by_step || p->type == UPOINT_WATCH)
		return 0;
	return err_set(err, EINVAL,
		       "%s hangs on registers, whose accesses nothing notices: use watch, which stops when "
		       "the value changes",
		       p->what);
}

static void type_set(struct session *s, struct upoint *p)
{
	struct value v;

	if (!expr_type(s, p->expr, &v, NULL))
		p->watched = v.type || v.lval_mem ? v.type : value_type(s, &v);
}

/* Takes `e` over. */
static int watch_moving(struct session *s, enum upoint_type type, const char *text, struct expr *e,
			const char *condition, struct upoint **ret, struct err *err)
{
	struct upoint *p;
	int rc = check_moving(s, type, e, text, err) ?: point_create(type, text, false, &p, err);

	if (rc) {
		expr_destroy(e);
		return rc;
	}
	p->expr = e;
	if (expr_is_local(e))
		scope_set(s, p);
	type_set(s, p);
	watch_read(s, p, &p->old_value);
	rc = need_place(p, err);
	if (!rc && condition)
		rc = point_compile(s, p, condition, err);
	if (rc) {
		point_free(p);
		return rc;
	}
	return point_enter(s, p, ret, err);
}

static int watch_fixed(struct session *s, enum upoint_type type, const char *text,
		       const struct value *v, const char *condition, struct upoint **ret,
		       struct err *err)
{
	struct upoint place = { 0 };
	int rc = watch_place(v, text, &place, err);

	if (!rc)
		rc = session_break(s, type, text, place.addr, place.len, false, condition, ret, err);
	if (rc)
		return rc;
	(*ret)->bit_pos = place.bit_pos;
	(*ret)->bit_size = place.bit_size;
	(*ret)->watched = v->type;
	watch_read(s, *ret, &(*ret)->old_value);
	return 0;
}

int session_watch(struct session *s, enum upoint_type type, const char *text, bool location,
		  const char *condition, struct upoint **ret, struct err *err)
{
	struct expr *e = NULL;
	struct value v;
	bool local;
	int rc = expr_parse(s, text, &e, err);

	if (rc)
		return rc;
	if (!location && watch_moves(s, e))
		return watch_moving(s, type, text, e, condition, ret, err);
	rc = expr_eval(s, e, &v, err);
	local = expr_is_local(e) && !location;
	expr_destroy(e);
	if (!rc)
		rc = watch_fixed(s, type, text, &v, condition, ret, err);
	if (!rc && local)
		scope_set(s, *ret);
	if (!rc)
		s->points_dirty |= (*ret)->scoped;
	return rc;
}
