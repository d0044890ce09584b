/*
 * step.c - one step: from the boundary the guest is at to the next one that is told of, and its stop.
 */
#include "engine/soft/soft.h"

#include <string.h>

/* TF that does not come to the debugger would go to the guest: then the model itself tells of the
 * boundaries. */
struct model_controls controls_of(const struct soft_engine *e, bool stepping)
{
	const struct plan *p = e->r.plan;

	return (struct model_controls){
		.mtf = stepping && p->mtf,
		.tf = stepping && !p->mtf && p->intercept_db,
		.db_exiting = p->intercept_db,
		.bp_exiting = p->intercept_bp,
		.hold_irq = stepping && p->hold_irq,
	};
}

void soft_step_begin(struct soft_engine *e, struct step *st)
{
	const struct model_controls ctl = controls_of(e, e->r.plan->mode == PLAN_STEP);

	memset(st, 0, sizeof(*st));
	st->stop = record_slot(&e->r.rec);
	st->from = e->at;
	st->b = at_boundary(e);
	st->armed = (struct armed){ .host_tf = ctl.tf, .mtf = ctl.mtf, .db_exiting = ctl.db_exiting,
				    .bp_exiting = ctl.bp_exiting };
	e->mmio = 0;
}

void soft_plain_stop(struct soft_engine *e, struct step *st, enum cause c)
{
	soft_stop_begin(e, &st->from, st->stop);
	soft_stop_place(e, st->stop);
	st->v = (struct verdict){ .causes = CAUSE_BIT(c), .first = c };
}

/* Is this boundary a stop? Behind a MOV SS, and where else TF does not trap, nothing tells of it. */
static bool is_told(const struct soft_engine *e, const struct step *st, const struct model_controls *ctl)
{
	const struct model_report *r = &st->r;
	unsigned touches;

	if (r->end != MODEL_BOUNDARY || r->has_event || e->r.event != MACHINE_NONE || e->r.interrupted)
		return true;
	model_touched(e->m, &touches);
	if (r->rep && e->r.plan->rep_whole)
		return touches || *model_pending_dbg(e->m);
	/* SYSCALL and SYSRET can lose the step (K7): a point at their target, as engine kvm has it. */
	return r->exits || (!ctl->mtf && !ctl->tf) || r->cls == INSN_SYSCALL || r->cls == INSN_SYSRET;
}

/* Asleep: false, nothing wakes it and the stop says so. */
static bool sleep_through(struct soft_engine *e, struct step *st)
{
	enum awake a = hlt_wait(e);

	if (a == AWAKE) {
		st->waited = true;
		return true;
	}
	soft_plain_stop(e, st, a == AWAKE_NEVER ? CAUSE_HLT : CAUSE_INTERRUPT);
	if (a == AWAKE_NEVER && model_frozen(e->m)) {
		st->v.first = soft_frozen(st->stop);
		st->v.causes = CAUSE_BIT(st->v.first);
	}
	if (a == AWAKE_INTERRUPTED)
		e->r.interrupted = 0;
	return false;
}

static void poll_now_and_then(struct soft_engine *e)
{
	if (model_clock(e->m) >= e->poll_at)
		platform_poll(e);
}

void soft_step(struct soft_engine *e, int *ret_end)
{
	const struct model_controls ctl = controls_of(e, true);
	struct step st;

	soft_step_begin(e, &st);
	st.injected = soft_pending_resume(e);
	poll_now_and_then(e);
	for (;;) {
		platform_tick(e);
		model_step(e->m, &ctl, &st.r);
		e->n_steps++;
		st.retired += st.r.retired;
		if (st.r.end == MODEL_HALTED) {
			if (sleep_through(e, &st))
				continue;
			soft_step_finish(e, &st, ret_end);
			return;
		}
		if (is_told(e, &st, &ctl))
			break;
		soft_at_load(e);
		st.b = at_boundary(e);
	}
	report_take(e, &st);
	soft_step_finish(e, &st, ret_end);
}
