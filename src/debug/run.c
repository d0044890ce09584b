/*
 * run.c - the one way to the engine: plans, and what ends a command. step.c says in
 * these words what the commands of run control are.
 */
#include <errno.h>
#include <string.h>
#include "private.h"

static void plan_init(const struct run *r, u8 mode, u64 count, struct plan *ret)
{
	struct session *s = r->s;

	*ret = (struct plan){
		.mode = mode,
		.count = count,
		.hold_irq = mode == PLAN_STEP && r->hold_irq,
		.tf_hygiene = s->settings.tf_hygiene,
		.rep_whole = r->rep_whole,
		.quiet_points = r->quiet_points,
		.goes_on = r->ran && !s->written,
		.icebp = s->settings.icebp,
		.int3 = s->settings.int3,
		.skip = s->settings.skip,
		.mtf = s->settings.mtf,
		.intercept_db = s->settings.intercept_db,
		.intercept_bp = s->settings.intercept_bp,
		.batch = s->settings.batch,
		.pending_once = s->pending_once,
		.accept = points_accept,
		.accept_arg = s,
	};
}

/* The enabled catches; 0 when points do not count. */
static u32 catches_wanted(const struct run *r)
{
	struct plan p = { 0 };

	if (!r->quiet_points)
		points_catches(r->s, &p);
	return p.catches;
}

/* Something is to be looked at after each step. */
static bool looks_each_step(const struct run *r)
{
	return catches_wanted(r) || (!r->quiet_points && watch_by_step(r->s));
}

static int call_engine(struct run *r, const struct plan *plan, enum run_end *ret, struct err *err)
{
	struct session *s = r->s;
	int rc = points_apply(s, err);

	if (rc)
		return rc;
	s->temp_hit = s->watch_moved = s->only_moved = false;
	s->inline_hidden = 0;
	s->catch_by_step = plan->mode == PLAN_STEP;
	history_before(s, plan, r->unseen ? NULL : r->has_stop ? &r->stop : &s->last);
	if (s->watcher.before)
		s->watcher.before(s->watcher.arg, plan);
	s->written = false;
	r->ran = !plan->quiet_points; /* watched values are kept while points count */
	rc = s->engine->ops->run(s->engine, plan, &s->ring, ret, err);
	state_forget(s);
	s->way.told += ring_used(&s->ring);
	if (!rc)
		s->pending_once = EVENT_AUTO; /* it was for this resume */
	s->event_queued &= rc != 0;
	/* Where a watched place moved, the run goes on with the new one. */
	if (!rc && s->only_moved && *ret == RUN_STOP)
		*ret = RUN_RING_FULL;
	return rc;
}

/* ---- the end of the guest -------------------------------------------------------------------- */

/* The engine leaves the exit status in new_value; a reset or power-off has none and counts as 0. */
static void note_exit(struct session *s, const struct stop *st)
{
	struct value v = { .bits = (s32)st->new_value, .size = 4, .is_signed = true, .repeat = 1 };

	s->exit_value = v.bits;
	session_var_set(s, "_exitcode", &v, NULL);
}

static void settle(struct session *s, const struct stop *last, enum run_end end)
{
	if (end != RUN_DEAD)
		return;
	s->alive = false;
	if (last && (last->causes & CAUSE_BIT(CAUSE_EXIT)))
		note_exit(s, last);
}

/* ---- for step.c ------------------------------------------------------------------------------ */

int run_possible(const struct session *s, struct err *err)
{
	if (!s->engine)
		return err_set(err, ESRCH, "the guest is not running; start it with run or start");
	if (s->alive)
		return 0;
	return err_set(err, ESRCH, "the guest has ended (%s); start it again with run",
		       cause_name(s->last.first));
}

int run_begin(struct run *r, struct session *s, stop_observer *each, void *arg, struct err *err)
{
	int rc = run_possible(s, err);

	if (rc)
		return rc;
	*r = (struct run){
		.s = s,
		.each = each,
		.arg = arg,
		.hold_irq = !s->settings.step_irq,
		.rep_whole = s->settings.rep_whole,
	};
	s->frames.selected = 0;
	points_forget_stop(s);
	points_refresh_values(s);
	return points_apply(s, err);
}

static int no_progress(struct err *err)
{
	return err_set(err, EIO, "the engine returned without a stop; this is a fault of vmstep");
}

int run_direct(struct run *r, u64 count, struct err *err)
{
	bool one = looks_each_step(r);
	u32 catches = catches_wanted(r);
	enum run_end end;
	struct plan plan;

	while (count && !r->ended) {
		u64 n, records = r->s->ring.tail;
		int rc;

		plan_init(r, PLAN_STEP, one || r->s->watcher.before ? 1 : count, &plan);
		rc = call_engine(r, &plan, &end, err);
		n = run_drain(r, true, catches); /* also what came before an error */
		if (rc)
			return rc;
		if (r->s->ring.tail == records)
			return no_progress(err);
		count -= n < count ? n : count;
		if (end != RUN_COUNT && end != RUN_RING_FULL)
			r->ended = true;
		settle(r->s, &r->s->last, end);
	}
	return 0;
}

int run_step(struct run *r, struct err *err)
{
	u32 catches = catches_wanted(r);
	enum run_end end;
	struct plan plan;
	u64 n = 0;

	while (!n && !r->ended) { /* gaps alone may fill the ring */
		u64 records = r->s->ring.tail;
		int rc;

		plan_init(r, PLAN_STEP, 1, &plan);
		rc = call_engine(r, &plan, &end, err);
		n = run_drain(r, false, catches);
		if (rc)
			return rc;
		if (r->s->ring.tail == records)
			return no_progress(err);
		if (end == RUN_DEAD || end == RUN_INTERRUPTED ||
		    (end == RUN_STOP && !r->s->temp_hit))
			r->ended = true;
		settle(r->s, &r->stop, end);
	}
	return 0;
}

/* Some catch cannot be done by this engine while the guest runs free. */
static int free_by_stepping(struct run *r, struct err *err)
{
	bool hold = r->hold_irq, rep_whole = r->rep_whole;
	int rc = 0;

	r->hold_irq = false;
	r->rep_whole = true;
	r->s->temp_hit = false;
	while (!rc && !r->ended && !r->s->temp_hit)
		rc = run_step(r, err);
	r->hold_irq = hold;
	r->rep_whole = rep_whole;
	return rc;
}

static int free_run(struct run *r, struct err *err)
{
	enum run_end end = RUN_RING_FULL;
	struct plan plan;

	if ((catches_wanted(r) & ~r->s->ops->catches) || watch_by_step(r->s))
		return free_by_stepping(r, err);
	while ((end == RUN_RING_FULL || end == RUN_COUNT) && !r->ended) {
		u64 records = r->s->ring.tail;
		int rc;

		plan_init(r, PLAN_CONTINUE, 0, &plan);
		points_catches(r->s, &plan);
		plan.until = history_until(r->s);
		rc = call_engine(r, &plan, &end, err);
		run_drain(r, false, 0);
		if (rc)
			return rc;
		r->unseen = end == RUN_COUNT;
		if (r->unseen)
			continue;
		if (r->s->ring.tail == records)
			return no_progress(err);
		settle(r->s, &r->stop, end);
	}
	if (!r->s->temp_hit)
		r->ended = true;
	return 0;
}

int run_free(struct run *r, struct err *err)
{
	int rc;

	r->s->running_free = true;
	rc = free_run(r, err);
	r->s->running_free = false;
	return rc;
}

static void temp_set(struct session *s, const struct temp_point *t, unsigned n)
{
	if (n > TEMP_POINTS_MAX)
		n = TEMP_POINTS_MAX;
	if (n)
		memcpy(s->temp, t, n * sizeof(*t));
	s->n_temp = n;
	s->points_dirty = true;
}

int run_to(struct run *r, const struct temp_point *t, unsigned n, struct err *err)
{
	int rc;

	temp_set(r->s, t, n);
	rc = run_free(r, err);
	temp_set(r->s, NULL, 0);
	return rc;
}
