/*
 * handler.c - vmstep's own default handlers (machine/), which report an exception nobody in the guest
 * handles: is the guest in one, and the state behind the return from it, at the instruction that faulted.
 */
#include "engine/vcpu/vcpu.h"

bool handler_is_here(struct vcpu *k)
{
	u64 gpa;

	return !linear_to_phys(&k->cpu, &k->phys, k->at.lin, &gpa) &&
	       machine_is_handler(k->r.base.machine, gpa);
}

/* Real mode's IRET: IP, CS, FLAGS, two bytes each. */
static bool real_apply(struct vcpu *k, struct cpu_state *c)
{
	u16 v[3];

	if (linear_read(&k->cpu, &k->phys, stack_lin(k, 0), v, sizeof(v)) != sizeof(v))
		return false;
	c->rip = v[0];
	c->seg[SEG_CS].sel = v[1];
	c->seg[SEG_CS].base = (u64)v[1] << 4;
	c->rflags = (c->rflags & ~0xffffull) | v[2] | FL_FIXED;
	c->gpr[GPR_RSP] = (c->gpr[GPR_RSP] & ~0xffffull) | (u16)(c->gpr[GPR_RSP] + sizeof(v));
	return true;
}

bool handler_return(struct vcpu *k, struct cpu_state *c)
{
	bool done;

	if (!handler_is_here(k))
		return false;
	regs_sys(k, &k->cpu);
	done = k->at.mode == MODE_REAL ?
		       real_apply(k, c) :
		       iret_apply(k, stack_lin(k, 0), k->cpu.efer & EFER_LMA ? 8 : 4, c);
	c->rflags &= ~FL_RF; /* the frame's, for the handler's sake */
	return done;
}
