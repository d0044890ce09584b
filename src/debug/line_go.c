/*
 * line_go.c - the ways a step by source line takes where it leaves its line: over a call and back,
 * into a function's body, out of code nobody knows; see line.h.
 */
#include <string.h>
#include "line.h"

enum {
	/* A stop that has one of these is one the user must see, wherever the line ends. */
	NEWS = CAUSE_BIT(CAUSE_ICEBP) | CAUSE_BIT(CAUSE_INT3) | CAUSE_BIT(CAUSE_HWBP) |
	       CAUSE_BIT(CAUSE_WATCH) | CAUSE_BIT(CAUSE_IOBP) | CAUSE_BIT(CAUSE_GD) |
	       CAUSE_BIT(CAUSE_TBIT) | CAUSE_BIT(CAUSE_BLD) | CAUSE_BIT(CAUSE_RTM) |
	       CAUSE_BIT(CAUSE_BREAK) | CAUSE_BIT(CAUSE_UWATCH) | CAUSE_BIT(CAUSE_CATCH) |
	       CAUSE_BIT(CAUSE_EXCEPTION) | CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_INTERRUPT) |
	       CAUSE_BIT(CAUSE_EXIT) | CAUSE_BIT(CAUSE_ERROR),
};

/* ---- freely, back --------------------------------------------------------------------------- */

/* The functions that leave frames without returning (C standard, POSIX, the compilers' own). */
static const char *const jumpers[] = { "longjmp", "_longjmp", "__longjmp", "siglongjmp" };

static const struct symbol *jumper_at(struct session *s, u64 addr)
{
	for (size_t i = 0; s->symbols && i < ARRAY_SIZE(jumpers); i++) {
		const struct symbol *sym = symbols_find(s->symbols, jumpers[i]);

		if (sym && sym->kind == 'F' && sym->addr == addr)
			return sym;
	}
	return NULL;
}

/* Adds their entries to the points of a run. */
static unsigned watch_jumpers(struct session *s, struct temp_point *t, unsigned n)
{
	for (size_t i = 0; s->symbols && i < ARRAY_SIZE(jumpers) && n < TEMP_POINTS_MAX; i++) {
		const struct symbol *sym = symbols_find(s->symbols, jumpers[i]);

		if (sym && sym->kind == 'F')
			t[n++] = (struct temp_point){ .addr = sym->addr };
	}
	return n;
}

/* From a jumper's entry to where it jumped. */
static int follow_jumper(struct run *r, const struct symbol *sym, struct err *err)
{
	u64 size = sym->size ?: 1;
	int rc = 0;

	while (!rc && !r->ended && r->stop.lin - sym->addr < size)
		rc = step_over(r, false, err);
	return rc;
}

/* Freely to one of the points; a longjmp that goes past the frame of `p` comes out here as well. */
static int run_back(struct line_step *l, const struct temp_point *back, unsigned n, struct err *err)
{
	struct run *r = l->r;
	struct temp_point t[TEMP_POINTS_MAX];
	const struct symbol *jumper;
	const struct cpu_state *c;
	int rc;

	memcpy(t, back, n * sizeof(*t));
	n = watch_jumpers(r->s, t, n);
	for (;;) {
		jumper = jumper_at(r->s, r->stop.lin); /* it may be what was called */
		rc = jumper ? 0 : run_to(r, t, n, err);
		if (!jumper && !rc && !r->ended)
			jumper = jumper_at(r->s, r->stop.lin);
		if (!jumper)
			return rc;
		rc = follow_jumper(r, jumper, err) ?: state_need(r->s, REGS_GPR | REGS_SYS, &c, err);
		if (rc || r->ended)
			return rc;
		if (state_linear_sp(c) >= l->p.sp) {
			l->left = true;
			return 0;
		}
	}
}

bool line_is_news(const struct stop *st)
{
	return (st->causes & NEWS) || st->pending;
}

/* ---- into a function ------------------------------------------------------------------------- */

/*
 * From a function's first instruction to its body, one by one: what a prologue calls is gone over,
 * and code that leaves without coming by the body (a shrink-wrapped early return) is noticed.
 */
static int go_into(struct line_step *l, struct err *err)
{
	struct run *r = l->r;
	u64 body = source_skip_frame(r->s->symbols, r->stop.lin);
	struct place entry, p;
	int rc = place_here(r, &entry, err);

	while (!rc && !r->ended && r->stop.lin != body) {
		rc = place_here(r, &p, err) ?: step_over(r, false, err);
		if (rc || r->ended || line_is_news(&r->stop) || step_entered_handler(r))
			break;
		if (insn_returns(&p.in) && p.sp >= entry.sp) {
			l->left = true;
			return 0;
		}
	}
	l->done = true;
	return rc;
}

static bool has_lines(struct session *s, u64 addr)
{
	struct source_line row;

	return s->symbols && source_line_at(s->symbols, addr, &row);
}

int line_go_call(struct line_step *l, struct err *err)
{
	struct temp_point t = place_back(&l->p, l->p.next);

	if (!l->over && has_lines(l->r->s, l->r->stop.lin))
		return go_into(l, err);
	return run_back(l, &t, 1, err);
}

int line_go_handler(struct line_step *l, struct err *err)
{
	const struct stop *st = &l->r->stop;
	struct temp_point t[2] = { place_back(&l->p, l->p.lin), place_back(&l->p, l->p.next) };

	if (!l->p.pending && st->event_type != INTR_EXTERNAL && st->event_type != INTR_NMI) {
		l->done = true;
		return 0;
	}
	if (!l->over && has_lines(l->r->s, st->lin))
		return go_into(l, err);
	return run_back(l, t, l->p.next == l->p.lin ? 1 : 2, err);
}

int line_go_out(struct line_step *l, struct err *err)
{
	const struct frame *caller = frame_caller(l->r->s, 0);
	struct temp_point t;

	if (!caller || caller->deduced) {
		l->done = true;
		return 0;
	}
	t = (struct temp_point){ .addr = caller->pc,
				 .min_sp = frame_linear_sp(caller),
				 .cpl = caller->regs.cpl };
	l->left = true;
	return run_back(l, &t, 1, err);
}
