/*
 * step.c - run control as policy over single steps and free runs: stepi, nexti, until, advance,
 * finish, jump, continue, trace, skip; see session.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vmstep/source.h>
#include "step.h"

/*
 * Calls and events are gone over, so that the first return met is the frame's. One deeper in the
 * stack or at another CPL is a handler's whose entry was not seen (K17): not ours.
 */
static int finish_by_stepping(struct run *r, struct err *err)
{
	struct place start, p;
	bool last = false;
	int rc = place_here(r, &start, err);

	while (!rc && !r->ended && !last) {
		rc = place_here(r, &p, err);
		if (rc)
			break;
		last = insn_returns(&p.in) && p.sp >= start.sp && p.cpl == start.cpl;
		rc = step_over(r, true, err);
	}
	return rc;
}

static void name_place(struct session *s, u64 addr, char *buf, size_t size)
{
	char sym[200];

	if (session_symbolize(s, addr, sym, sizeof(sym)))
		snprintf(buf, size, "0x%llx <%s>", (unsigned long long)addr, sym);
	else
		snprintf(buf, size, "0x%llx", (unsigned long long)addr);
}

/* A caller that is a guess is no place to plant a point in the guest's code. */
static const struct frame *sure_caller(struct session *s, unsigned level)
{
	const struct frame *f = frame_caller(s, level);

	return f && !f->deduced ? f : NULL;
}

static struct temp_point return_of(const struct frame *caller)
{
	return (struct temp_point){ .addr = caller->pc,
				    .min_sp = frame_linear_sp(caller),
				    .cpl = caller->regs.cpl };
}

/* The places a frame's end may lead to: a fault's handler may return behind the instruction. */
static unsigned returns_of(struct session *s, const struct frame *caller, struct temp_point *ret)
{
	const struct cpu_state *c;
	struct insn in;

	ret[0] = ret[1] = return_of(caller);
	if (caller->how != FRAME_EVENT || state_need(s, REGS_GPR | REGS_SYS, &c, NULL))
		return 1;
	state_decode(s, c, caller->pc, &in);
	ret[1].addr = state_linear_cs(c, caller->regs.value[FRAME_RIP] + in.facts.length);
	return in.facts.length ? 2 : 1;
}

/* How deep the body is inlined that frame `level` is in, if the guest stands in the same function; 0:
 * it is no inlined body. */
static unsigned body_depth(struct session *s, unsigned level)
{
	const struct frame *f = NULL;

	for (unsigned i = 0; i <= level; i++)
		if (frame_at(s, i, &f, NULL) || (i && f->how != FRAME_INLINED))
			return 0;
	return f->inline_depth;
}

static int finish_frame(struct run *r, unsigned level, struct err *err)
{
	const struct frame *caller = sure_caller(r->s, level);
	unsigned depth = body_depth(r->s, level);
	const char *how = caller ? frame_how_text(caller->how) : "";
	struct temp_point t[2];
	char where[240];

	if (depth)
		return line_leave_body(r, depth, err);
	if (!caller && level)
		return err_set(err, ENOENT,
			       "finish: the return address of the selected frame cannot be told; see info frame");
	if (!caller) {
		note(r->s,
		     "finish: no return address can be told here, stepping until this frame's RET or IRET");
		return finish_by_stepping(r, err);
	}
	name_place(r->s, caller->pc, where, sizeof(where));
	/* What call frame information says needs no word. */
	if (caller->how != FRAME_CFI)
		note(r->s, "finish: running to %s, return address by the %s", where,
		     how + (strncmp(how, "the ", 4) ? 0 : 4));
	return run_to(r, t, returns_of(r->s, caller, t), err);
}

/* until and advance: any of the addresses, or the return from the current frame. */
static int run_to_addresses(struct run *r, const u64 *addr, size_t n_addr, unsigned level,
			    bool same_frame, struct err *err)
{
	const struct frame *caller = sure_caller(r->s, level);
	struct temp_point t[TEMP_POINTS_MAX];
	unsigned n = 0;

	if (n_addr >= TEMP_POINTS_MAX)
		return err_set(err, ENOSPC, "these are %zu places, more than %d to run to at once",
			       n_addr, TEMP_POINTS_MAX - 1);
	for (; n < n_addr; n++)
		t[n] = (struct temp_point){
			.addr = addr[n],
			.min_cfa = caller && same_frame ? frame_linear_sp(caller) : 0,
		};
	if (caller)
		t[n++] = return_of(caller);
	return run_to(r, t, n, err);
}

/* By line; without one nexti, but a jump back is followed until it has come round: past the end of the loop. */
static int until_next(struct run *r, struct err *err)
{
	struct source_line row;
	struct place p;
	int rc = place_here(r, &p, err);

	if (!rc && r->s->symbols && source_line_at(r->s->symbols, p.lin, &row))
		return line_until(r, err);
	r->by_insn = true;
	if (!rc)
		rc = step_over(r, false, err);
	if (rc || r->ended || !(p.in.facts.flags & INSNF_BRANCH) || r->stop.lin > p.lin)
		return rc;
	struct temp_point t = place_back(&p, p.next);

	return run_to(r, &t, 1, err);
}

int session_stepi(struct session *s, u64 count, stop_observer *each, void *arg, struct err *err)
{
	struct run r;
	int rc = run_begin(&r, s, each, arg, err);

	return rc ?: run_finish(&r, run_direct(&r, count, err));
}

int session_nexti(struct session *s, u64 count, stop_observer *each, void *arg, struct err *err)
{
	struct run r;
	int rc = run_begin(&r, s, each, arg, err);

	if (rc)
		return rc;
	r.rep_whole = true;
	r.by_insn = true;
	while (!rc && count-- && !r.ended) {
		rc = step_over(&r, false, err);
		run_flush(&r);
	}
	return run_finish(&r, rc);
}

int session_continue(struct session *s, stop_observer *each, void *arg, struct err *err)
{
	struct run r;
	int rc = run_begin(&r, s, each, arg, err);

	return rc ?: run_finish(&r, run_free(&r, err));
}

int session_until(struct session *s, bool has_addr, u64 addr, stop_observer *each, void *arg,
		  struct err *err)
{
	struct run r;
	int rc;

	if (has_addr)
		return session_run_to(s, &addr, 1, true, each, arg, err);
	rc = run_begin(&r, s, each, arg, err);
	if (rc)
		return rc;
	r.rep_whole = true;
	return run_finish(&r, until_next(&r, err));
}

int session_run_to(struct session *s, const u64 *addr, size_t n, bool same_frame,
		   stop_observer *each, void *arg, struct err *err)
{
	unsigned level = s->frames.selected;
	struct run r;
	int rc = run_begin(&r, s, each, arg, err);

	return rc ?: run_finish(&r, run_to_addresses(&r, addr, n, level, same_frame, err));
}

int session_advance(struct session *s, u64 addr, stop_observer *each, void *arg, struct err *err)
{
	return session_run_to(s, &addr, 1, false, each, arg, err);
}

int session_finish(struct session *s, stop_observer *each, void *arg, struct err *err)
{
	unsigned level = s->frames.selected;
	struct run r;
	int rc = run_begin(&r, s, each, arg, err);

	if (rc)
		return rc;
	r.hold_irq = false;
	r.rep_whole = true;
	return run_finish(&r, finish_frame(&r, level, err));
}

int session_jump(struct session *s, u64 addr, stop_observer *each, void *arg, struct err *err)
{
	struct run r;
	int rc = run_begin(&r, s, each, arg, err);

	if (!rc)
		rc = state_set_linear_rip(s, addr, err);
	if (rc)
		return rc;
	/* As gdb's jump drops the signal: what was due where we were is not due there. */
	if (s->last.pending && s->pending_once == EVENT_AUTO)
		s->pending_once = EVENT_SWALLOW;
	return run_finish(&r, run_free(&r, err));
}

int session_trace(struct session *s, u64 count, bool points, stop_observer *each, void *arg,
		  struct err *err)
{
	struct run r;
	int rc = run_begin(&r, s, each, arg, err);

	if (rc)
		return rc;
	r.hold_irq = false;
	r.quiet_points = !points;
	return run_finish(&r, run_direct(&r, count ?: UINT64_MAX, err));
}

int session_skip(struct session *s, enum skip_kind kind, struct err *err)
{
	struct stop *st;
	struct run r;
	int rc = run_begin(&r, s, NULL, NULL, err); /* a skip makes a stop as a run does */

	if (rc)
		return rc;
	history_change(s);
	rc = s->engine->ops->skip(s->engine, kind, &s->ring, err);
	state_forget(s);
	s->inline_hidden = 0;
	while ((st = (struct stop *)ring_pop(&s->ring))) /* nothing stays for the next command */
		if (!rc && st->kind == RECORD_STOP)
			run_show(s, st, NULL, NULL);
	return rc;
}
