/*
 * pending.c - events owed to the guest: injected at the next entry, as a hypervisor does it, so that
 * the handler's first instruction is the next boundary (SDM 3 "Monitor Trap Flag").
 */
#include "engine/soft/soft.h"

bool soft_pending_resume(struct soft_engine *e)
{
	struct pending p = e->r.pending;
	bool no_gate;

	if (!p.active)
		return false;
	e->r.pending.active = false;
	*model_pending_dbg(e->m) |= p.deferred;
	if (!pending_is_swallowed(&p, e->r.plan, e->c, &e->phys, &no_gate)) {
		/* What a MOV SS deferred to an INT3 follows it to the handler, if the entry that injects it
		 * has MOV-SS blocking (SDM 3 "Delivery of Pending Debug Exceptions after VM Entry"). */
		if (p.deferred)
			e->c->shadow |= SHADOW_MOV_SS;
		model_inject(e->m, &p.ev);
		return true;
	}
	record_note(&e->r.rec, DID_SWALLOW, p.ev.vector, no_gate, 0);
	if (p.cause == CAUSE_TF) /* the code breakpoint's instruction is to run now */
		e->c->rflags |= FL_RF;
	return false;
}

void soft_pending_set(struct soft_engine *e, struct step *st)
{
	struct pending *p = &e->r.pending;

	if (!st->v.pending)
		return;
	pending_take(p, &st->v, st->stop);
	if (p->cause == CAUSE_INT3)
		p->deferred = st->r.ev.pending_dbg & (PDBG_BN | PDBG_ENABLED);
}
