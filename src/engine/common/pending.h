/*
 * pending.h - the event that the guest is owed at the next resume: the ICEBP, INT3 or #DB of the last
 * stop, or one the user queued. How it gets there is each engine's own.
 */
#ifndef VMSTEP_ENGINE_PENDING_H
#define VMSTEP_ENGINE_PENDING_H

#include <vmstep/engine.h>

struct pending {
	bool active;
	bool by_user;   /* queue_event(): delivered whatever the policy */
	u8 cause;       /* CAUSE_ICEBP, CAUSE_INT3, CAUSE_TF (the guest's own #DB) or CAUSE_EVENT (by_user) */
	struct guest_event ev;
	u64 deferred;   /* PDBG_*: held back by a MOV SS before an INT3 (engines with a VMCS) */
};

/* What the verdict leaves pending, if anything, told in the stop too. */
void pending_take(struct pending *p, const struct verdict *v, struct stop *s);
/* The guest's own #DB with these DR6 bits, told in the stop. */
void pending_take_db(struct pending *p, u64 dr6, struct stop *s);
/* What the plan says of it now; *ret_no_gate: swallowed since the guest has no usable gate for it. */
bool pending_is_swallowed(const struct pending *p, const struct plan *plan, const struct cpu_state *c,
			  const struct phys_ops *phys, bool *ret_no_gate);

#endif
