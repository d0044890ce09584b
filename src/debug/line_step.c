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
#include "line.h"

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
		return line_go_out(l, err);
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
		rc = line_go_call(l, err);
	else if (step_entered_handler(r))
		rc = line_go_handler(l, err);
	else if (line_is_news(&r->stop))
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

int line_leave_body(struct run *r, unsigned depth, struct err *err)
{
	struct line_step l = { .r = r, .over = true };
	int rc = 0;

	/* As if stepping in the frame around, in no line: the next begin of one there is the end. */
	spot_now(r->s, &l.origin);
	l.origin.hidden = l.origin.n_bodies >= depth ? l.origin.n_bodies - (depth - 1) : 0;
	while (!rc && !r->ended && !l.done)
		rc = advance(&l, err);
	return rc;
}
