/*
 * watch_expr.c - watchpoints whose place or value can move (p->x, v[i], a + b, $rax): what the value was
 * read through is watched as well, and where that changes the expression is evaluated again, in the frame
 * whose locals it names. gdb does the same along its chain of values. See session.h.
 */
#include <errno.h>
#include <string.h>
#include <vmstep/unwind.h>
#include "eval.h"

static const char cost_step[] =
	"continue single-steps the guest and evaluates it after each instruction";

/* ---- what is read ---------------------------------------------------------------------------- */

static bool is_seen(const struct eval_seen *seen, u64 addr, u8 len)
{
	for (unsigned i = 0; i < seen->n; i++)
		if (seen->part[i].addr == addr && seen->part[i].len == len)
			return true;
	return false;
}

void seen_memory(struct eval_seen *seen, u64 addr, u64 size)
{
	while (size) {
		u8 len = size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;

		if (!is_seen(seen, addr, len)) {
			if (seen->n == WATCH_PARTS) {
				seen->too_many = true;
				return;
			}
			seen->part[seen->n++] = (struct watch_part){ addr, len };
		}
		addr += len;
		size -= len;
	}
}

/* The place itself is no part it is read through. */
static void seen_drop(struct eval_seen *seen, u64 addr, u64 len)
{
	unsigned n = 0;

	for (unsigned i = 0; i < seen->n; i++)
		if (seen->part[i].addr < addr || seen->part[i].addr + seen->part[i].len > addr + len)
			seen->part[n++] = seen->part[i];
	seen->n = n;
}

/* ---- the frame it means ---------------------------------------------------------------------- */

u64 watch_function(struct session *s, unsigned level)
{
	const struct frame *f = NULL;

	do
		if (frame_at(s, level++, &f, NULL))
			return 0;
	while (f->inline_depth);
	return f->function;
}

/* The frame whose locals are meant, not one that its function left to by a jump; the outermost one has no caller to know it by. */
static bool is_frame(struct session *s, const struct upoint *p, unsigned level)
{
	const struct frame *up = frame_caller(s, level);

	if (!p->scoped || !up)
		return !p->scoped && !up;
	return up->pc == p->scope_pc && frame_linear_sp(up) == p->scope_sp &&
	       watch_function(s, level) == p->scope_function;
}

static bool frame_of(struct session *s, const struct upoint *p, unsigned *ret)
{
	enum { FAR = 256 }; /* a stack to be walked at every step must have an end */
	const struct frame *f;

	*ret = 0;
	if (!expr_is_local(p->expr))
		return true;
	while (*ret < FAR && !frame_at(s, *ret, &f, NULL)) {
		if (is_frame(s, p, *ret))
			return true;
		++*ret;
	}
	return false;
}

/* ---- the value ------------------------------------------------------------------------------- */

static int eval_there(struct session *s, const struct upoint *p, struct eval_seen *seen,
		      struct value *ret)
{
	unsigned level, selected = s->frames.selected;
	int rc;

	if (!frame_of(s, p, &level))
		return -EAGAIN;
	s->frames.selected = level;
	rc = expr_eval_seen(s, p->expr, seen, ret, NULL);
	s->frames.selected = selected;
	return rc;
}

static bool same_parts(const struct upoint *p, const struct eval_seen *seen)
{
	if (p->n_parts != seen->n)
		return false;
	for (unsigned i = 0; i < seen->n; i++)
		if (p->part[i].addr != seen->part[i].addr || p->part[i].len != seen->part[i].len)
			return false;
	return true;
}

static void parts_set(struct session *s, struct upoint *p, const struct eval_seen *seen)
{
	if (p->by_step || same_parts(p, seen))
		return;
	memcpy(p->part, seen->part, sizeof(p->part));
	p->n_parts = seen->n;
	s->watch_moved = s->points_dirty = true;
}

static void place_move(struct session *s, struct upoint *p, const struct upoint *place)
{
	s->watch_moved |= !p->by_step && (p->addr != place->addr || p->len != place->len);
	s->points_dirty |= s->watch_moved;
	p->addr = place->addr;
	p->len = place->len;
	p->bit_pos = place->bit_pos;
	p->bit_size = place->bit_size;
}

/* Registers and too many parts are beyond what an engine watches. */
static void step_set(struct session *s, struct upoint *p, const struct eval_seen *seen)
{
	if (p->by_step || (!seen->registers && !seen->too_many))
		return;
	p->by_step = true;
	p->n_parts = 0;
	p->cost = cost_step;
	p->got = POINT_HOW_ADDRESS;
	s->watch_moved = s->points_dirty = true;
}

int watch_expr_read(struct session *s, struct upoint *p, u64 *ret)
{
	struct eval_seen seen = { 0 };
	struct upoint place = { 0 };
	struct value v;
	int rc = eval_there(s, p, &seen, &v);

	if (rc == -EAGAIN) /* not to be told from here: it is what it was */
		return rc;
	step_set(s, p, &seen);
	if (!rc && v.optimized_out) /* nor in the few instructions in which the compiler keeps no value */
		return -EAGAIN;
	p->lost = rc || v.is_void || (v.lval_mem && watch_place(&v, "", &place, NULL));
	if (!p->lost && v.lval_mem) {
		place_move(s, p, &place);
		seen_drop(&seen, p->addr, p->len);
		p->lost = watch_read_place(s, p, ret);
	} else if (!p->lost) {
		*ret = v.bits;
	}
	if (p->lost) {
		*ret = 0;
		place_move(s, p, &(struct upoint){ 0 });
	}
	parts_set(s, p, &seen);
	return 0;
}

bool watch_moves(struct session *s, const struct expr *e)
{
	struct eval_seen seen = { 0 };
	struct upoint place = { 0 };
	struct value v;

	if (expr_eval_seen(s, e, &seen, &v, NULL)) /* a pointer that leads nowhere yet */
		return seen.n || seen.registers;
	if (v.lval_mem && !watch_place(&v, "", &place, NULL))
		seen_drop(&seen, place.addr, place.len);
	return seen.n || seen.registers;
}

bool watch_by_step(const struct session *s)
{
	if (!s->points_dirty && !s->any_by_step)
		return false;
	for (size_t i = 0; i < s->n_points; i++)
		if (s->point[i]->by_step && s->point[i]->enabled && !s->point[i]->left)
			return true;
	return false;
}

void watch_recompile(struct session *s, struct upoint *p)
{
	struct expr *e = NULL;
	struct err why = { 0 };
	bool local = p->expr && expr_is_local(p->expr);

	if (!p->expr)
		return;
	if (local)
		err_set(&why, ENOENT, "it names locals");
	else
		expr_parse(s, p->what, &e, &why);
	expr_destroy(p->expr);
	p->expr = e;
	if (e)
		return;
	p->by_step = false;
	p->n_parts = 0;
	p->enabled = false;
	note(s, "point %u is disabled: \"%s\" does not fit the new symbols: %s", p->num, p->what,
	     why.text);
}
