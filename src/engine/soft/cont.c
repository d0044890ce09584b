/*
 * cont.c - PLAN_CONTINUE: the model runs freely until something of the user's, or the guest's end. Its
 * VM exits are answered on the way.
 */
#include "engine/soft/soft.h"

enum { CHUNK = 1 << 16 };

static u32 classes_of(u32 catches)
{
	u32 mask = 0;

	for (unsigned c = 0; c < INSN_CLASS_COUNT; c++)
		if (catches_of_class(c) & catches)
			mask |= BIT(c);
	return mask;
}

/* Where the report began, for the stop to say: it is not where the run did. */
static void from_report(struct soft_engine *e, struct step *st)
{
	struct at *a = &st->from;

	a->rip = st->r.from_rip;
	a->insn = (struct model_insn){ .lin = st->r.from_lin, .bits = a->insn.bits };
	a->insn.n = linear_read(e->c, &e->phys, a->insn.lin, a->insn.bytes, INSN_MAX);
}

/* A delivery or an instruction emulated on the way is nobody's business, if not asked for. */
static bool is_passed(struct soft_engine *e, const struct step *st, u32 classes)
{
	const struct model_report *r = &st->r;
	u64 gpa;

	if (r->end != MODEL_BOUNDARY || e->r.event != MACHINE_NONE)
		return false;
	if (r->retired && (classes >> r->cls & 1))
		return false;
	if (r->exits && r->has_event) /* a trap at the handler's first instruction */
		return false;
	if (r->has_event)
		return !(e->r.plan->catches & CATCH_EXCEPTION) &&
		       (linear_to_phys(e->c, &e->phys, cpu_linear_rip(e->c), &gpa) ||
			!machine_is_handler(e->r.base.machine, gpa));
	if (r->skipped)
		return !r->tbit && !(e->c->activity == ACT_HLT && !(e->c->rflags & FL_IF));
	return !r->exits;
}

static bool at_point(const struct soft_engine *e, const struct model_run *run)
{
	return run->breaks && point_set_code(&e->points, cpu_linear_rip(e->c));
}

static bool is_stop(const struct soft_engine *e, const struct model_run *run)
{
	return run->touched || e->r.event != MACHINE_NONE || e->r.interrupted || at_point(e, run);
}

static void halted(struct soft_engine *e, struct step *st, int *ret_end)
{
	if (hlt_wait(e) == AWAKE_NEVER) {
		report_take(e, st);
		soft_step_finish(e, st, ret_end);
	} else {
		record_dropped(&e->r.rec, st->retired);
	}
}

static void reported(struct soft_engine *e, struct step *st, int *ret_end)
{
	from_report(e, st);
	soft_at_load(e);
	st->b = at_boundary(e);
	report_take(e, st);
	soft_step_finish(e, st, ret_end);
}

/* Something of the user's may be here. */
static void limited(struct soft_engine *e, struct step *st, int *ret_end)
{
	soft_at_load(e);
	soft_stop_begin(e, &st->from, st->stop);
	soft_stop_place(e, st->stop);
	st->v = (struct verdict){ .first = CAUSE_NONE };
	soft_step_finish(e, st, ret_end);
}

static u64 least(u64 a, u64 b)
{
	return a < b ? a : b;
}

/* The clock at which the run has to be looked at again, later than now. */
static u64 next_look(const struct soft_engine *e, u64 now)
{
	u64 at = least(least(now + CHUNK, e->chips.deadline), e->poll_at);

	if (e->r.plan->until)
		at = least(at, e->r.plan->until);
	return at > now ? at : now + 1;
}

static bool is_far_enough(const struct soft_engine *e)
{
	return e->r.plan->until && model_clock(e->m) >= e->r.plan->until;
}

/* Until there is something to tell, or the user is there. */
static void run_free(struct soft_engine *e, int *ret_end)
{
	const struct model_controls ctl = controls_of(e, false);
	struct model_run run = { .events = true, .classes = classes_of(e->r.plan->catches) };
	u64 start = model_retired(e->m);
	struct step st;
	bool told, passed;

	soft_step_begin(e, &st);
	st.injected = soft_pending_resume(e);
	run.breaks = e->r.plan->quiet_points ? NULL : e->points.filter;
	do {
		u64 now = model_clock(e->m);

		if (now >= e->poll_at)
			platform_poll(e);
		platform_tick(e);
		run.until = next_look(e, now);
		told = model_free_run(e->m, &ctl, &run, &st.r);
		passed = told && is_passed(e, &st, run.classes);
	} while ((passed ? !at_point(e, &run) : !told && !is_stop(e, &run)) && !is_far_enough(e));
	st.retired = model_retired(e->m) - start;
	if (!told || passed)
		limited(e, &st, ret_end);
	else if (st.r.end == MODEL_HALTED)
		halted(e, &st, ret_end);
	else
		reported(e, &st, ret_end);
	if (*ret_end < 0)
		soft_at_load(e);
}

void soft_cont(struct soft_engine *e, int *ret_end)
{
	if (is_far_enough(e))
		*ret_end = RUN_COUNT;
	else if (e->r.plan->catches & CATCH_MMIO)
		soft_step(e, ret_end); /* which address, only the step can tell */
	else
		run_free(e, ret_end);
}
