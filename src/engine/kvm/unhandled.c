/*
 * unhandled.c - an exception that nobody in the guest handles: it reached a handler of vmstep's own
 * (machine/), which reports it by an OUT.
 *
 * Nobody asked to see those instructions. A step that enters such a handler runs it up to its OUT, and
 * then the return from it is done at once, so that the stop is at the instruction that faulted, with
 * the registers it faulted with: what a debugger shows of a signal, too. Resuming runs it again.
 */
#include "engine/kvm/kvm.h"

/* The handler's instructions are few and cannot fault. */
enum { ENTRIES_MAX = 16 };

void unhandled_run(struct vcpu *k, struct step *st)
{
	struct arm a = { .block_irq = true };
	struct kvm_evidence ev = { 0 };
	struct armed armed;

	if (!st->stop.has_event || !handler_is_here(k))
		return;
	for (int i = 0; i < ENTRIES_MAX && k->r.event == MACHINE_NONE && handler_is_here(k); i++) {
		if (arm_apply(k, &a, &armed, NULL) || guest_enter(k, &ev, NULL))
			return;
		at_load(k);
	}
	if (k->r.event == MACHINE_EXCEPTION)
		st->ev = ev;
}

void unhandled_return(struct vcpu *k, struct stop *s)
{
	const u32 groups = REGS_GPR | REGS_SYS | REGS_EVENTS;
	struct cpu_state c = { 0 };

	if (regs_get(k, groups, &c, NULL) || !handler_return(k, &c) || regs_set(k, groups, &c, NULL))
		return;
	at_load(k);
	stop_place_again(k, s);
}
