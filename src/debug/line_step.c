/*
 * line_step.c - step, next and until by source line: policy over single steps, and temporary points
 * over calls. The rules are gdb's, so that a program steps as its user is used to:
 *
 * The range of the row of the line table is stepped through. A call is gone over, or into where the
 * callee has lines (to behind its prologue). Outside of the range the step ends where a row of
 * another line begins that is a statement; in the middle of a row (a return into the caller's line,
 * a jump) that row becomes the range. The first instruction of an inlined body is its call.
 *
 * What gdb takes from frame identities follows here from the instructions, since every one of them is
 * seen: CALL goes deeper, RET and IRET come back, everything else stays in its frame.
 */
#include <errno.h>
#include <string.h>
#include "spot.h"
#include "step.h"

enum {
	/* A stop that has one of these is one the user must see, wherever the line ends. */
	NEWS = CAUSE_BIT(CAUSE_ICEBP) | CAUSE_BIT(CAUSE_INT3) | CAUSE_BIT(CAUSE_HWBP) |
	       CAUSE_BIT(CAUSE_WATCH) | CAUSE_BIT(CAUSE_IOBP) | CAUSE_BIT(CAUSE_GD) |
	       CAUSE_BIT(CAUSE_TBIT) | CAUSE_BIT(CAUSE_BLD) | CAUSE_BIT(CAUSE_RTM) |
	       CAUSE_BIT(CAUSE_BREAK) | CAUSE_BIT(CAUSE_UWATCH) | CAUSE_BIT(CAUSE_CATCH) |
	       CAUSE_BIT(CAUSE_EXCEPTION) | CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_INTERRUPT) |
	       CAUSE_BIT(CAUSE_EXIT) | CAUSE_BIT(CAUSE_ERROR),
};

struct line_step {
	struct run *r;
	bool over;                      /* next, until: calls and inlined bodies are gone over */
	u64 start, end;                 /* the range that is stepped through */
	const struct source_file *file; /* the line it belongs to; line 0: none */
	u32 line;
	struct spot origin; /* the frame in which the range was set */
	bool left;          /* that frame was left since */
	struct place p;     /* before the last instruction */
	bool done;
};

/* ---- the ways on ----------------------------------------------------------------------------- */

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
		rc = run_to(r, t, n, err);
		jumper = rc || r->ended ? NULL : jumper_at(r->s, r->stop.lin);
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

static bool is_news(const struct stop *st)
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
		if (rc || r->ended || is_news(&r->stop) || step_entered_handler(r))
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

/* The callee is at its first instruction. */
static int go_call(struct line_step *l, struct err *err)
{
	struct temp_point t = place_back(&l->p, l->p.next);

	if (!l->over && has_lines(l->r->s, l->r->stop.lin))
		return go_into(l, err);
	return run_back(l, &t, 1, err);
}

/*
 * An interrupt, or the event that was pending when the step set out, is like a call; an exception
 * nobody expected is the news.
 */
static int go_handler(struct line_step *l, struct err *err)
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

/* Back to the caller of code of which not even the name is known; where the caller cannot be told the
 * step ends. */
static int go_out(struct line_step *l, struct err *err)
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

/* ---- where a step led ------------------------------------------------------------------------ */

static void range_set(struct line_step *l, const struct spot *at)
{
	l->start = at->row.start;
	l->end = at->row.end;
}

/* The row's line becomes the one that is left, this frame the one that is stepped in. */
static void line_set(struct line_step *l, const struct spot *at, u32 line)
{
	l->file = at->row.file;
	l->line = line;
	l->origin = *at;
	l->left = false;
}

static bool same_function(const struct line_step *l, const struct spot *at)
{
	return !l->left && at->function == l->origin.function;
}

/* The same visible frame. */
static bool same_frame(const struct line_step *l, const struct spot *at)
{
	return same_function(l, at) && spot_body(at) == spot_body(&l->origin) &&
	       at->n_bodies - at->hidden == l->origin.n_bodies - l->origin.hidden;
}

/* Now in a body inlined, however deep, into the frame that is stepped in. */
static bool entered_body(const struct line_step *l, const struct spot *at)
{
	unsigned depth = at->n_bodies - at->hidden, was = l->origin.n_bodies - l->origin.hidden;

	if (!same_function(l, at) || depth <= was)
		return false;
	return !was || at->body[at->n_bodies - was] == spot_body(&l->origin);
}

/* At the call of an inlined body. */
static void at_inlined_call(struct line_step *l, struct spot *at)
{
	bool same_line = at->line == l->line && at->file == l->file;

	if (l->over) {
		l->done = !same_line;
		return;
	}
	/* The call stands on the line the user is at already: go in. */
	if (same_line)
		spot_enter(l->r->s, at);
	l->r->s->inline_hidden = at->hidden;
	l->r->view_set = true;
	l->done = true;
}

static void judge_row(struct line_step *l, const struct spot *at)
{
	const struct source_line *row = &at->row;
	u32 line = row->line;

	if (at->pc == row->start && (row->line != l->line || row->file != l->file)) {
		if (row->is_stmt) {
			l->done = true;
			return;
		}
		/* No place to stop at: only the range moves on. In a new frame there is no line
		 * then, so that the statement of the same line that follows is not missed. */
		range_set(l, at);
		if (same_frame(l, at))
			return;
		line = 0;
	}
	range_set(l, at);
	line_set(l, at, line);
}

static int judge(struct line_step *l, struct err *err)
{
	const u64 pc = l->r->stop.lin;
	struct spot at;

	if (pc >= l->start && pc < l->end)
		return 0;
	spot_at(l->r->s, pc, &at);
	if (!l->over && !at.name && !at.has_row)
		return go_out(l, err);
	if (!at.has_row)
		l->done = true;
	else if (at.hidden && same_frame(l, &at))
		at_inlined_call(l, &at);
	else if (entered_body(l, &at))
		l->done = !l->over;
	else
		judge_row(l, &at);
	return 0;
}

/* One instruction and what follows from it. */
static int advance(struct line_step *l, struct err *err)
{
	struct run *r = l->r;
	int rc = place_here(r, &l->p, err) ?: run_step(r, err);

	if (rc || r->ended)
		return rc;
	if (step_called(r, &l->p))
		rc = go_call(l, err);
	else if (step_entered_handler(r))
		rc = go_handler(l, err);
	else if (is_news(&r->stop))
		l->done = true;
	else
		l->left |= insn_returns(&l->p.in);
	if (rc || r->ended || l->done)
		return rc;
	return judge(l, err);
}

/* ---- the commands ---------------------------------------------------------------------------- */

/* gdb's words for it. */
static void range_of_function(struct line_step *l, const struct spot *at)
{
	note(l->r->s,
	     "Single stepping until exit from function %s,\nwhich has no line number information.",
	     at->name);
	l->start = at->function;
	l->end = at->function_end ?: at->pc + 1;
	l->origin = *at;
}

/* Neither a line nor a name: gdb refuses to step there, here it is one instruction. */
static int insn_once(struct run *r, bool over, const struct spot *at, struct err *err)
{
	note(r->s, "No line number information for 0x%llx: %s instead.",
	     (unsigned long long)at->pc, over ? "nexti" : "stepi");
	r->by_insn = true;
	return over ? step_over(r, false, err) : run_step(r, err);
}

/* Where the user stands: bodies that are hidden now, not those that begin here. */
static void spot_now(struct session *s, struct spot *ret)
{
	spot_at(s, s->last.lin, ret);
	while (ret->hidden > s->inline_hidden)
		spot_enter(s, ret);
}

/* A step into an inlined body moves nothing but the user's view. */
static bool entered_view(struct session *s, const struct spot *at)
{
	if (!at->hidden)
		return false;
	s->inline_hidden--;
	frames_forget(s);
	return true;
}

static int line_once(struct run *r, bool over, struct err *err)
{
	struct line_step l = { .r = r, .over = over };
	struct spot at;
	int rc = 0;

	spot_now(r->s, &at);
	if (!over && entered_view(r->s, &at))
		return 0;
	if (at.has_row) {
		range_set(&l, &at);
		line_set(&l, &at, at.line);
		l.file = at.file;
	} else if (at.name) {
		range_of_function(&l, &at);
	} else {
		return insn_once(r, over, &at, err);
	}
	while (!rc && !r->ended && !l.done)
		rc = advance(&l, err);
	return rc;
}

static int lines(struct session *s, bool over, u64 count, stop_observer *each, void *arg,
		 struct err *err)
{
	struct run r;
	int rc = run_begin(&r, s, each, arg, err);

	if (rc)
		return rc;
	r.rep_whole = true;
	while (!rc && count-- && !r.ended) {
		r.view_set = false;
		rc = line_once(&r, over, err);
		run_flush(&r);
	}
	return run_finish(&r, rc);
}

int session_step(struct session *s, u64 count, stop_observer *each, void *arg, struct err *err)
{
	return lines(s, false, count, each, arg, err);
}

int session_next(struct session *s, u64 count, stop_observer *each, void *arg, struct err *err)
{
	return lines(s, true, count, each, arg, err);
}

int line_until(struct run *r, struct err *err)
{
	struct line_step l = { .r = r, .over = true };
	struct spot at;
	int rc = 0;

	spot_now(r->s, &at);
	range_set(&l, &at);
	line_set(&l, &at, at.line);
	l.file = at.file;
	/* Back to any line before this one is still in the range: a loop is run to its end. */
	l.start = at.function ?: l.start;
	while (!rc && !r->ended && !l.done)
		rc = advance(&l, err);
	return rc;
}
