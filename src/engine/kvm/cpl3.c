/*
 * cpl3.c - ring 3 on the software flavour, which runs it natively and under SINGLESTEP lets TF leak:
 * the guest's own #DB handler is entered after each instruction (K16, section 11).
 *
 * That leak is made use of. An execute point on the #DB gate's target stops before the handler's
 * first instruction; its frame holds the state behind the one instruction that ran, and returning
 * through it takes the exception back: the guest's #DB handler never runs, DR6 gets its old value.
 * The words below the ring-0 stack's top that the frame was pushed to are the only trace.
 *
 * Without a usable #DB gate TF would kill the guest: then ring 3 runs unstepped until ring 0 is
 * entered, which is a gap.
 */
#include "engine/kvm/kvm.h"

#include <errno.h>
#include <string.h>

bool cpl3_is(const struct kvm_engine *k, const struct step *st)
{
	return k->quirks.software && st->from.cpl == 3 && st->from.mode != MODE_V86;
}

bool cpl3_steppable(struct kvm_engine *k)
{
	u64 lin;

	regs_sys(k, &k->cpu);
	return gate_target(k, EXC_DB, &lin);
}

void cpl3_arm(struct kvm_engine *k, struct arm *a)
{
	regs_sys(k, &k->cpu);
	arm_gate(k, a, EXC_DB, INTR_HARD_EXC);
	/* Native code needs TF in the processor: each entry writes it. */
	vcpu_touch(k, KVM_SYNC_X86_REGS);
}

static bool at_db_gate(const struct kvm_engine *k, const struct step *st)
{
	if (st->ev.reason != KVM_EXIT_DEBUG || k->at.cpl == 3)
		return false;
	for (unsigned n = 0; n < SLOTS; n++)
		if ((k->gate_slots & BIT(n)) && (st->ev.dr6 & DR6_B(n)) &&
		    k->gate[n].vector == EXC_DB)
			return true;
	return false;
}

static void dr6_restore(struct kvm_engine *k, u64 dr6)
{
	const struct cpu_state before = { 0 };
	struct cpu_state c = before;

	k->guest_dr_stale = true;
	if (regs_get(k, REGS_DEBUG, &c, NULL))
		return;
	c.dr6 = dr6;
	regs_set(k, REGS_DEBUG, &c, NULL);
}

bool cpl3_take_back(struct kvm_engine *k, struct step *st)
{
	bool had_tf = k->guest_tf;
	u64 dr6 = k->guest_dr.dr6;

	if (!at_db_gate(k, st))
		return false;
	regs_sys(k, &k->cpu);
	if (!iret_return(k, stack_lin(k, 0), frame_slot(k, EXC_DB), NULL))
		return false;
	k->guest_tf = had_tf;
	dr6_restore(k, dr6);
	/* The report in the words of what it stands for: the TF trap behind the instruction. */
	st->leaked = true;
	return true;
}

static int free_entry(struct kvm_engine *k, struct step *st, struct err *err)
{
	static const u8 gates[] = { EXC_PF, EXC_GP, EXC_UD };
	struct arm a = { .block_irq = true };
	int r;

	regs_sys(k, &k->cpu);
	for (unsigned i = 0; i < ARRAY_SIZE(gates); i++)
		arm_gate(k, &a, gates[i], INTR_HARD_EXC);
	r = arm_apply(k, &a, &st->armed, err);
	vcpu_touch(k, KVM_SYNC_X86_REGS);
	if (!r)
		r = guest_enter(k, &st->ev, err);
	if (!r)
		at_load(k);
	return r;
}

/* Kicked out in ring 3: go on; in ring 0 the handler or system call is under way already. */
int cpl3_run(struct kvm_engine *k, struct step *st, int *ret_end, struct err *err)
{
	int r;

	do {
		r = free_entry(k, st, err);
		if (r)
			return r;
		machine_poll(k->base.machine);
	} while (st->ev.reason == KVM_EXIT_INTR && !st->ev.completed && k->at.cpl == 3 &&
		 !k->interrupted);
	gap_push(k, GAP_CPL3, st->from.lin, -1);
	stop_begin(k, &st->from, &st->stop);
	st->stop.retired = 0;
	if (st->ev.reason == KVM_EXIT_INTR) {
		st->stop.causes = CAUSE_BIT(CAUSE_INTERRUPT);
		st->stop.first = CAUSE_INTERRUPT;
	} else {
		step_attribute(k, st);
		step_verdict(k, st);
		st->stop.retired = 0;
	}
	step_finish(k, st, ret_end);
	return 0;
}
