/*
 * unhandled.c - an exception that nobody in the guest handles: it reached a handler of vmstep's own
 * (machine/), which reports it by an OUT.
 *
 * Nobody asked to see those instructions. A step that enters such a handler runs it up to its OUT, and
 * then the return from it is done at once, so that the stop is at the instruction that faulted, with
 * the registers it faulted with: what a debugger shows of a signal, too. Resuming runs it again.
 */
#include "engine/kvm/kvm.h"

#include <string.h>

/* The handler's instructions are few and cannot fault. */
enum { ENTRIES_MAX = 16 };

static bool in_handler(struct kvm_engine *k)
{
	u64 gpa;

	return !linear_to_phys(&k->cpu, &k->phys, k->at.lin, &gpa) &&
	       machine_is_handler(k->r.base.machine, gpa);
}

void unhandled_run(struct kvm_engine *k, struct step *st)
{
	struct arm a = { .block_irq = true };
	struct kvm_evidence ev = { 0 };
	struct armed armed;

	if (!st->stop.has_event || !in_handler(k))
		return;
	for (int i = 0; i < ENTRIES_MAX && k->r.event == MACHINE_NONE && in_handler(k); i++) {
		if (arm_apply(k, &a, &armed, NULL) || guest_enter(k, &ev, NULL))
			return;
		at_load(k);
	}
	if (k->r.event == MACHINE_EXCEPTION)
		st->ev = ev;
}

/* Real mode's IRET: IP, CS, FLAGS, two bytes each. */
static bool real_return(struct kvm_engine *k)
{
	struct cpu_state c = { 0 };
	u16 v[3];

	if (linear_read(&k->cpu, &k->phys, stack_lin(k, 0), v, sizeof(v)) != sizeof(v) ||
	    regs_get(k, REGS_GPR | REGS_SYS, &c, NULL))
		return false;
	c.rip = v[0];
	c.seg[SEG_CS].sel = v[1];
	c.seg[SEG_CS].base = (u64)v[1] << 4;
	c.rflags = (c.rflags & ~0xffffull) | v[2] | FL_FIXED;
	c.gpr[GPR_RSP] = (c.gpr[GPR_RSP] & ~0xffffull) | (u16)(c.gpr[GPR_RSP] + sizeof(v));
	return !regs_set(k, REGS_GPR | REGS_SYS, &c, NULL);
}

void unhandled_return(struct kvm_engine *k, struct stop *s)
{
	bool done;

	if (!in_handler(k))
		return;
	regs_sys(k, &k->cpu);
	done = k->at.mode == MODE_REAL ? real_return(k) :
					 iret_return(k, stack_lin(k, 0), k->cpu.efer & EFER_LMA ? 8 : 4,
						     NULL);
	if (!done)
		return;
	k->s->regs.rflags &= ~FL_RF; /* the frame's, for the handler's sake */
	vcpu_touch(k, KVM_SYNC_X86_REGS);
	at_load(k);
	stop_place_again(k, s);
}
