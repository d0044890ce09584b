/*
 * irq.c - external interrupts while stepping (K9).
 *
 * An interrupt that comes in during a step runs its handler unseen (VMX) or shows only behind its
 * first instruction (software flavour). So KVM_GUESTDBG_BLOCKIRQ is always on while stepping. If the
 * user does not want interrupts held, the controllers are looked at every LOOK_EVERY steps, and one
 * that would deliver is let in alone, with an internal point at its gate: the handler's first
 * instruction is then the next boundary, exactly.
 */
#include "engine/kvm/kvm.h"

int irq_let_in(struct vcpu *k, struct step *st, const u8 *vector, unsigned n, bool *ret_in,
	       struct err *err)
{
	struct arm a = { .step = true };
	int r;

	*ret_in = false;
	regs_sys(k, &k->cpu);
	for (unsigned i = 0; i < n; i++)
		arm_gate(k, &a, vector[i], INTR_EXTERNAL);
	r = step_enter(k, st, &a, err);
	if (r || step_nothing(k, st))
		return r;
	*ret_in = true;
	stop_begin(k, &st->from, &st->stop);
	step_attribute(k, st);
	step_verdict(k, st);
	return 0;
}

int irq_step(struct vcpu *k, struct step *st, int *ret_end, bool *ret_done, struct err *err)
{
	u8 vector[2];
	unsigned n;
	int r;

	machine_poll(k->r.base.machine);
	n = irq_pending(k, vector);
	if (!n)
		return 0;
	r = irq_let_in(k, st, vector, n, ret_done, err);
	if (!r && *ret_done) {
		k->irq_countdown = 0; /* there may be another right behind it */
		step_finish(k, st, ret_end);
	}
	return r;
}
