/* pending.c - see pending.h. */
#include "engine/common/pending.h"

static void tell(const struct pending *p, struct stop *s)
{
	s->pending = true;
	s->pending_vector = p->ev.vector;
	if (p->cause == CAUSE_TF)
		stop_did(s, DID_GUEST_DB, 0, p->ev.dr6, 0);
}

void pending_take(struct pending *p, const struct verdict *v, struct stop *s)
{
	bool icebp = v->type == INTR_PRIV_SOFT_EXC, int3 = v->type == INTR_SOFT_EXC;

	if (!v->pending)
		return;
	*p = (struct pending){
		.active = true,
		.cause = icebp ? CAUSE_ICEBP : int3 ? CAUSE_INT3 : CAUSE_TF,
		/* A code breakpoint's #DB pushes RF as it was (SDM "Instruction-Breakpoint Exception
		 * Condition"), and so does what was seen of GD: neither counts as a fault here. */
		.ev = { .vector = v->vector, .type = v->type, .dr6 = v->guest_dr6 },
	};
	tell(p, s);
}

void pending_take_db(struct pending *p, u64 dr6, struct stop *s)
{
	*p = (struct pending){
		.active = true, .cause = CAUSE_TF,
		.ev = { .vector = EXC_DB, .type = INTR_HARD_EXC, .dr6 = dr6 },
	};
	tell(p, s);
}

static u8 policy_of(const struct pending *p, const struct plan *plan)
{
	if (plan->pending_once != EVENT_AUTO)
		return plan->pending_once;
	if (p->by_user || p->cause == CAUSE_TF)
		return EVENT_DELIVER;
	return p->cause == CAUSE_ICEBP ? plan->icebp : plan->int3;
}

bool pending_is_swallowed(const struct pending *p, const struct plan *plan, const struct cpu_state *c,
			  const struct phys_ops *phys, bool *ret_no_gate)
{
	u8 policy = policy_of(p, plan);

	*ret_no_gate = policy == EVENT_AUTO && !gate_usable(c, phys, p->ev.vector);
	return policy == EVENT_SWALLOW || *ret_no_gate;
}
