/*
 * watch.c - watchpoints on what an expression names: its place and length from its type, the value of a
 * bit-field alone, and the end of a local's life when its function returns; see session.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/unwind.h>
#include "private.h"

/* ---- the value ------------------------------------------------------------------------------- */

u64 watch_value(const struct upoint *p, u64 storage)
{
	if (!p->bit_size)
		return storage;
	storage >>= p->bit_pos;
	return p->bit_size < 64 ? storage & (BIT64(p->bit_size) - 1) : storage;
}

int watch_read(struct session *s, const struct upoint *p, u64 *ret)
{
	u64 storage;
	int rc = state_read_uint(s, p->addr, p->len, &storage, NULL);

	if (!rc)
		*ret = watch_value(p, storage);
	return rc;
}

static bool is_length(u64 n)
{
	return n == 1 || n == 2 || n == 4 || n == 8;
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

static int place_of(const struct value *v, const char *text, struct upoint *p, struct err *err)
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
		return err_set(err, EINVAL,
			       "%s has %llu bytes, a watchpoint covers 1, 2, 4 or 8: watch a part of it",
			       text, (unsigned long long)size);
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

int session_watch(struct session *s, enum upoint_type type, const char *text, bool location,
		  const char *condition, struct upoint **ret, struct err *err)
{
	struct upoint place = { 0 };
	struct expr *e = NULL;
	struct value v;
	bool local;
	int rc = expr_parse(s, text, &e, err);

	if (rc)
		return rc;
	rc = expr_eval(s, e, &v, err);
	local = expr_is_local(e) && !location;
	expr_destroy(e);
	if (!rc)
		rc = place_of(&v, text, &place, err);
	if (!rc)
		rc = session_break(s, type, text, place.addr, place.len, false, condition, ret, err);
	if (rc)
		return rc;
	(*ret)->bit_pos = place.bit_pos;
	(*ret)->bit_size = place.bit_size;
	(*ret)->watched = v.type;
	watch_read(s, *ret, &(*ret)->old_value);
	if (local)
		scope_set(s, *ret);
	s->points_dirty |= (*ret)->scoped;
	return 0;
}
