/*
 * iret.c - IRET outside real mode, done by vmstep on the software flavour.
 *
 * There KVM loses the step of an IRETQ (the stop comes one instruction behind its target, and none
 * at all at CPL 3) and refuses the 32-bit one. What would fault or switch tasks goes to KVM. The same
 * return is used to take back a #DB that TF leaked into ring 3 (cpl3.c).
 */
#include "engine/kvm/kvm.h"

bool iret_return(struct vcpu *k, u64 lin, unsigned size, struct err *err)
{
	const u32 groups = REGS_GPR | REGS_SYS | REGS_EVENTS;
	struct cpu_state c = { 0 };

	if (regs_get(k, groups, &c, err) || !iret_apply(k, lin, size, &c) || regs_set(k, groups, &c, err))
		return false;
	at_load(k);
	return true;
}

bool iret_step(struct vcpu *k, struct step *st, int *ret_end)
{
	bool had_tf = k->guest_tf;

	if (!k->quirks.software || st->from.mode == MODE_REAL || st->from.mode == MODE_V86 ||
	    (k->s->regs.rflags & FL_NT))
		return false;
	if (!iret_return(k, stack_lin(k, 0), st->from.insn.opsize, NULL))
		return false;
	emulated_stop(k, st, DID_EMULATE_IRET, had_tf, had_tf, ret_end);
	return true;
}
