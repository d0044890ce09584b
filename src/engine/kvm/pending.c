/*
 * pending.c - an event owed to the guest from the last stop (its ICEBP, its INT3, the #DB of its own
 * TF or breakpoints): delivered or swallowed at the resume, by policy.
 *
 * Delivery is our own routine (K12: KVM's own while SINGLESTEP is on pushes TF=1 into the frame and
 * loses the handler), so that the next boundary is the handler's first instruction.
 */
#include "engine/kvm/kvm.h"

#include <errno.h>
#include <string.h>

static const u32 delivery_groups = REGS_GPR | REGS_SYS | REGS_DEBUG | REGS_EVENTS | REGS_MSR;

static void delivery_tell(const struct delivery *d, struct stop *s)
{
	stop_did(s, DID_DELIVER, d->vector, d->return_rip, d->handler_lin);
	s->has_event = true;
	s->event_vector = d->vector;
	s->event_type = d->type;
	s->event_has_error = d->has_error;
	s->event_error = d->error;
}

int deliver_event(struct vcpu *k, const struct guest_event *ev, struct stop *s, int *ret_end,
		  struct err *err)
{
	struct cpu_state c = { 0 };
	struct delivery d;
	int r = regs_get(k, delivery_groups, &c, err);

	if (r)
		return r;
	r = event_deliver(&c, &k->phys, ev, &d);
	if (r)
		return err_set(err, -r, "vector %#x goes through a task gate, which vmstep does not "
					"deliver: use `swallow`", ev->vector);
	if (d.outcome == DELIVERY_SHUTDOWN) {
		k->r.dead = true;
		s->causes |= CAUSE_BIT(CAUSE_SHUTDOWN);
		s->first = CAUSE_SHUTDOWN;
		*ret_end = RUN_DEAD;
		return 0;
	}
	r = regs_set(k, delivery_groups, &c, err);
	if (r)
		return r;
	at_load(k);
	delivery_tell(&d, s);
	stop_place_again(k, s);
	return 0;
}

/* The instruction under a code breakpoint of the guest's own is to run now. */
static void swallowed(struct vcpu *k, const struct pending *p)
{
	if (p->ev.vector != EXC_DB || regs_guest_dr(k, NULL) || !(p->ev.dr6 & guest_breaks_at(k, k->at.lin)))
		return;
	k->s->regs.rflags |= FL_RF;
	vcpu_touch(k, KVM_SYNC_X86_REGS);
}

int pending_resume(struct vcpu *k, bool *ret_stop, int *ret_end, struct err *err)
{
	struct pending p = k->r.pending;
	struct step st;
	bool no_gate;
	int r;

	*ret_stop = false;
	if (!p.active)
		return 0;
	k->r.pending.active = false;
	regs_sys(k, &k->cpu);
	if (pending_is_swallowed(&p, k->r.plan, &k->cpu, &k->phys, &no_gate)) {
		record_note(&k->r.rec, DID_SWALLOW, p.ev.vector, no_gate, 0);
		swallowed(k, &p);
		return 0;
	}
	memset(&st, 0, sizeof(st));
	st.from = k->at;
	stop_begin(k, &st.from, &st.stop);
	st.stop.causes = CAUSE_BIT(CAUSE_EVENT);
	st.stop.first = CAUSE_EVENT;
	r = deliver_event(k, &p.ev, &st.stop, ret_end, err);
	if (r) {
		k->r.pending = p;
		return r;
	}
	*ret_stop = true;
	step_finish(k, &st, ret_end);
	return 0;
}
