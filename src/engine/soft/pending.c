/*
 * pending.c - events owed to the guest: injected at the next entry, as a hypervisor does it, so that
 * the handler's first instruction is the next boundary (SDM 3 "Monitor Trap Flag").
 */
#include "engine/soft/soft.h"

static u8 policy_of(const struct soft_engine *e, const struct pending *p)
{
	if (e->plan->pending_once != EVENT_AUTO)
		return e->plan->pending_once;
	if (p->by_user || p->cause == CAUSE_TF)
		return EVENT_DELIVER;
	return p->cause == CAUSE_ICEBP ? e->plan->icebp : e->plan->int3;
}

static bool swallows(const struct soft_engine *e, const struct pending *p, bool *ret_no_gate)
{
	u8 policy = policy_of(e, p);

	*ret_no_gate = policy == EVENT_AUTO && !gate_usable(e->c, &e->phys, p->ev.vector);
	return policy == EVENT_SWALLOW || *ret_no_gate;
}

bool soft_pending_resume(struct soft_engine *e)
{
	struct pending p = e->pending;
	bool no_gate;

	if (!p.active)
		return false;
	e->pending.active = false;
	*model_pending_dbg(e->m) |= p.deferred;
	if (!swallows(e, &p, &no_gate)) {
		/* What a MOV SS deferred to an INT3 follows it to the handler, if the entry that injects it
		 * has MOV-SS blocking (SDM 3 "Delivery of Pending Debug Exceptions after VM Entry"). */
		if (p.deferred)
			e->c->shadow |= SHADOW_MOV_SS;
		model_inject(e->m, &p.ev);
		return true;
	}
	record_note(&e->rec, DID_SWALLOW, p.ev.vector, no_gate, 0);
	if (p.cause == CAUSE_TF) /* the code breakpoint's instruction is to run now */
		e->c->rflags |= FL_RF;
	return false;
}

void soft_pending_set(struct soft_engine *e, struct step *st)
{
	const struct verdict *v = &st->v;
	bool icebp = v->type == INTR_PRIV_SOFT_EXC, int3 = v->type == INTR_SOFT_EXC;

	if (!v->pending)
		return;
	e->pending = (struct pending){
		.active = true,
		.cause = icebp ? CAUSE_ICEBP : int3 ? CAUSE_INT3 : CAUSE_TF,
		/* A code breakpoint's #DB pushes RF as it was, and so does what was seen of GD: neither
		 * counts as a fault here. */
		.ev = { .vector = v->vector, .type = v->type, .dr6 = v->guest_dr6 },
		.deferred = int3 ? st->r.ev.pending_dbg & (PDBG_BN | PDBG_ENABLED) : 0,
	};
	st->stop.pending = true;
	st->stop.pending_vector = v->vector;
	if (!icebp && !int3)
		stop_did(&st->stop, DID_GUEST_DB, 0, v->guest_dr6, 0);
}
