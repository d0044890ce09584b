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
	       machine_is_handler(e->r.base.machine, gpa);
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
	if (e->r.event == MACHINE_EXCEPTION)
		e->c->rflags &= ~FL_RF; /* the frame's, for the handler's sake */
	soft_at_load(e);
}

/* ---- the end -------------------------------------------------------------------------------------- */

/* What happened that the stop's causes do not tell, as catch bits. */
static u32 happened(const struct soft_engine *e, const struct step *st)
{
	return (st->r.retired ? catches_of_class(st->r.cls) : 0) | (e->mmio ? CATCH_MMIO : 0);
}

void soft_step_finish(struct soft_engine *e, struct step *st, int *ret_end)
{
	struct stop *s = st->stop;

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
	if (runner_order_take(&e->r, s) == MACHINE_EXCEPTION)
		soft_stop_place(e, s);
	runner_end(&e->r, s, CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_EXIT), ret_end);
	runner_push(&e->r, s, soft_points_check(e, st), happened(e, st), ret_end);
}
