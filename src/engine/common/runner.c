/* runner.c - a run from its plan to its end; see runner.h. */
#include "engine/common/runner.h"

#include <errno.h>

static int dead(struct err *err)
{
	return err_set(err, ESRCH, "the guest is dead: `run` starts it again");
}

/* ---- steps ---------------------------------------------------------------------------------------- */

enum cause runner_step_cause(const struct runner *r)
{
	return r->base.ops->vmx_view && r->plan->mtf ? CAUSE_MTF : CAUSE_TF;
}

/* The stop too many that a hypervisor with `set skip outer` for a bug gives of the ICEBP it skipped. */
static int owed_stop(struct runner *r, int *ret_end, struct err *err)
{
	r->owed = false;
	return r->ops->stop_here(r, runner_step_cause(r), STOP_TOO_MANY, ret_end, err);
}

static int step_many(struct runner *r, int *ret_end, struct err *err)
{
	int e = 0;

	while (!e && *ret_end < 0) {
		if (r->rec.n_backlog)
			*ret_end = RUN_RING_FULL;
		else if (r->rec.seq - r->first >= r->plan->count)
			*ret_end = RUN_COUNT;
		else if (ring_full(r->rec.ring))
			*ret_end = RUN_RING_FULL;
		else if (r->interrupted && !(r->ops->is_behind && r->ops->is_behind(r)))
			r->ops->interrupted(r, ret_end);
		else if (r->owed)
			e = owed_stop(r, ret_end, err);
		else
			e = r->ops->step(r, ret_end, err);
	}
	return e;
}

static int cont(struct runner *r, int *ret_end, struct err *err)
{
	int e = 0;

	while (!e && *ret_end < 0) {
		if (r->interrupted)
			r->ops->interrupted(r, ret_end);
		else
			e = r->ops->cont(r, ret_end, err);
	}
	return e;
}

/* ---- a run ---------------------------------------------------------------------------------------- */

/*
 * Records the ring had no room for come first of the next run; if they hold the stop that ended the run
 * before, that end is told only then.
 */
static enum run_end backlog_out(struct runner *r)
{
	int end = r->late_end;

	record_backlog_out(&r->rec);
	if (r->rec.n_backlog)
		return RUN_RING_FULL;
	r->late_end = RUN_RING_FULL;
	return end;
}

static enum run_end end_told(struct runner *r, int end)
{
	if (!r->rec.n_backlog)
		return end;
	r->late_end = end;
	return RUN_RING_FULL;
}

int runner_run(struct engine *e, const struct plan *plan, struct ring *ring, enum run_end *ret_end,
	       struct err *err)
{
	struct runner *r = to_runner(e);
	int end = -1, ret;

	r->rec.ring = ring;
	if (r->rec.n_backlog) {
		*ret_end = backlog_out(r);
		return 0;
	}
	if (r->dead)
		return dead(err);
	r->plan = plan;
	r->first = r->rec.seq;
	r->ops->begin(r);
	ret = (plan->mode == PLAN_STEP ? step_many : cont)(r, &end, err);
	if (r->ops->end)
		r->ops->end(r, plan);
	r->plan = NULL;
	if (ret)
		return ret;
	*ret_end = end_told(r, end);
	return 0;
}

/* ---- what the user does at a stop ------------------------------------------------------------------ */

int runner_skip(struct engine *e, enum skip_kind kind, struct ring *ring, struct err *err)
{
	static const struct plan plan = { .mode = PLAN_STEP, .count = 1, .mtf = true };
	struct runner *r = to_runner(e);
	int end = -1, ret;
	u64 lin;

	if (r->dead)
		return dead(err);
	if (!r->ops->insn_length(r, &lin))
		return err_set(err, EINVAL, "the bytes at %#llx are no instruction, so there is no length to "
					    "skip: set $rip instead", (unsigned long long)lin);
	r->plan = &plan;
	r->rec.ring = ring;
	ret = r->ops->stop_here(r, kind == SKIP_KIND_OUTER ? runner_step_cause(r) : CAUSE_LIMIT, kind, &end, err);
	r->plan = NULL;
	return ret;
}

int runner_queue_event(struct engine *e, const struct guest_event *ev, struct err *err)
{
	struct pending *p = &to_runner(e)->pending;

	if (p->active)
		return err_set(err, EBUSY, "vector %#x is pending already: deliver or swallow that first",
			       p->ev.vector);
	*p = (struct pending){ .active = true, .by_user = true, .ev = *ev, .cause = CAUSE_EVENT };
	return 0;
}
