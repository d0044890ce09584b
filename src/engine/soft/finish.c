/*
 * finish.c - from a report to the stop record that is pushed: exceptions nobody in the guest handles,
 * orders to the machine, the user's points.
 */
#include "engine/soft/soft.h"

/* ---- exceptions that end in vmstep's own default handlers ------------------------------------------ */

/* Their instructions are few and cannot fault. */
enum { HANDLER_INSNS = 16 };

static bool in_handler(struct soft_engine *e)
{
	u64 gpa;

	return !linear_to_phys(e->c, &e->phys, cpu_linear_rip(e->c), &gpa) &&
	       machine_is_handler(e->base.machine, gpa);
}

/*
 * Nobody asked to see those instructions: the handler is run to its report and through its return, so
 * that the stop is at the instruction that faulted, with the registers it faulted with: what a debugger
 * shows of a signal, too.
 */
static void unhandled_run(struct soft_engine *e)
{
	const struct model_controls ctl = { .hold_irq = true };
	struct model_report r;

	for (unsigned i = 0; i < HANDLER_INSNS && in_handler(e); i++)
		model_step(e->m, &ctl, &r);
	if (e->event == MACHINE_EXCEPTION)
		e->c->rflags &= ~FL_RF; /* the frame's, for the handler's sake */
	soft_at_load(e);
}

/* ---- what the guest ordered ----------------------------------------------------------------------- */

static enum cause cause_of(enum machine_event e)
{
	switch (e) {
	case MACHINE_EXIT:
	case MACHINE_POWEROFF:
		return CAUSE_EXIT;
	case MACHINE_RESET:
		return CAUSE_SHUTDOWN;
	default:
		return CAUSE_EXCEPTION;
	}
}

static void exception_tell(struct soft_engine *e, struct stop *s)
{
	struct machine_exception x = machine_exception(e->base.machine);

	s->has_event = true;
	s->event_vector = x.vector;
	s->event_type = INTR_HARD_EXC;
	s->event_has_error = x.has_error;
	s->event_error = x.error;
	soft_stop_place_again(e, s);
}

static void order_take(struct soft_engine *e, struct stop *s)
{
	enum machine_event ev = e->event;

	if (ev == MACHINE_NONE)
		return;
	e->event = MACHINE_NONE;
	s->first = cause_of(ev);
	s->causes = CAUSE_BIT(s->first);
	if (ev == MACHINE_EXIT)
		s->new_value = e->event_value;
	if (ev == MACHINE_EXCEPTION)
		exception_tell(e, s);
}

/* ---- the end -------------------------------------------------------------------------------------- */

static int end_of(struct soft_engine *e, const struct stop *s)
{
	const u32 dead = CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_EXIT);

	if (s->causes & dead) {
		e->dead = true;
		return RUN_DEAD;
	}
	if (s->causes & CAUSE_BIT(CAUSE_INTERRUPT))
		return RUN_INTERRUPTED;
	if (s->causes & (CAUSE_BIT(CAUSE_HLT) | CAUSE_BIT(CAUSE_EXCEPTION) | CAUSE_BIT(CAUSE_ERROR)))
		return RUN_STOP;
	return -1;
}

void soft_step_finish(struct soft_engine *e, struct step *st, int *ret_end)
{
	struct stop *s = &st->stop;

	s->causes |= st->v.causes;
	s->first = st->v.first;
	s->proof = st->v.proof;
	s->retired = st->retired + st->v.retired;
	s->host_tf = st->armed.host_tf;
	s->guest_tf = st->b.rflags & FL_TF;
	if (e->mmio && s->ev.kind == EVIDENCE_SOFT)
		s->ev.vmx.gpa = e->mmio; /* what an EPT violation of a hypervisor with devices shows */
	soft_pending_set(e, st);
	if (s->has_event && !s->event_rep && in_handler(e))
		unhandled_run(e);
	order_take(e, s);
	if (*ret_end < 0)
		*ret_end = end_of(e, s);
	if (soft_points_check(e, st) && *ret_end < 0)
		*ret_end = RUN_STOP;
	if (e->plan->mode == PLAN_CONTINUE && *ret_end < 0 && soft_catch_check(e, st))
		*ret_end = RUN_STOP;
	if (e->plan->mode == PLAN_STEP || *ret_end >= 0)
		record_push(&e->rec, s);
	else
		record_drop(&e->rec, s);
}
