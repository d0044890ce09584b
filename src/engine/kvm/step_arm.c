/*
 * step_arm.c - before a step: what must be armed for it.
 */
#include "engine/kvm/kvm.h"

/* What the instruction is known to risk comes first: there are four slots. */
static void arm_faults(struct vcpu *k, struct arm *a)
{
	u32 mask = fault_vectors(k);

	if (mask)
		regs_sys(k, &k->cpu);
	for (unsigned v = 0; mask >> v; v++)
		if (mask & BIT(v))
			arm_gate(k, a, v, INTR_HARD_EXC);
	if (!k->quirks.software)
		arm_usual(k, a);
}

/* INT n and its like: the handler's first instruction is the next boundary. The software flavour
 * refuses them in protected mode and stops there by itself in real mode. */
static void arm_event(struct vcpu *k, const struct insn *i, struct arm *a)
{
	static const u8 type[INSN_CLASS_COUNT] = {
		[INSN_INT3] = INTR_SOFT_EXC, [INSN_INTN] = INTR_SOFT_INT, [INSN_INTO] = INTR_SOFT_EXC,
	};

	if (!type[i->facts.cls] || k->quirks.software)
		return;
	if (i->facts.cls == INSN_INT3)
		return; /* USE_SW_BP brings it to us */
	regs_sys(k, &k->cpu);
	arm_gate(k, a, i->vector, type[i->facts.cls]);
}

/* K7: a SYSCALL that clears TF is not followed by a trap. */
static void arm_syscall(struct vcpu *k, const struct step *st, struct arm *a)
{
	struct cpu_state c = { 0 };

	if (!st->tf.may_lose || st->from.insn.facts.cls != INSN_SYSCALL)
		return;
	if (!regs_get(k, REGS_MSR, &c, NULL))
		arm_address(a, st->from.mode == MODE_LONG ? c.lstar : c.cstar);
}

/*
 * K3: KVM's emulator writes RFLAGS back without our TF, and no exit tells that it ran (seen on
 * kvm_intel after a write to the local APIC's page). It runs for accesses to what is not RAM; those
 * are in operands other than the stack's. The software flavour looks at SINGLESTEP itself.
 */
static bool may_be_emulated(const struct vcpu *k)
{
	const struct insn *i = &k->at.insn;

	for (unsigned n = 0; n < i->n_mem; n++)
		if (!i->mem[n].stack)
			return !k->quirks.software;
	return false;
}

/*
 * Nothing comes in while IF=0, and holding costs a tenth of a step on the software flavour: it is
 * left off where IF has been 0 for a while. (Not at once: turning it on and off costs an ioctl.)
 */
static bool must_hold(struct vcpu *k)
{
	enum { KEEP = 64 };

	if (k->s->regs.rflags & FL_IF)
		to_kvm(k)->hold_steps = KEEP;
	else if (to_kvm(k)->hold_steps)
		to_kvm(k)->hold_steps--;
	return to_kvm(k)->hold_steps;
}

/* K8: without USE_HW_BP KVM gives a MOV DR under the guest's own GD its #DB by itself, with our TF in the
 * frame. */
static bool faults_by_gd(const struct vcpu *k, const struct step *st)
{
	return (k->guest_dr.dr7 & DR7_GD) &&
	       (st->from.insn.facts.cls == INSN_MOV_DR || (st->pair && st->second.facts.cls == INSN_MOV_DR));
}

void step_arm(struct vcpu *k, struct step *st, struct arm *a)
{
	a->block_irq = must_hold(k);
	a->hw_bp = !k->quirks.software && faults_by_gd(k, st);
	a->sw_bp = !k->quirks.software && (st->from.insn.facts.cls == INSN_INT3 || pair_has_point(k, st) ||
					   (st->pair && st->second.facts.cls == INSN_INT3));
	arm_event(k, &st->from.insn, a);
	if (st->pair)
		arm_event(k, &st->second, a);
	arm_syscall(k, st, a);
	arm_faults(k, a);
	st->may_lose_tf = may_be_emulated(k);
}
