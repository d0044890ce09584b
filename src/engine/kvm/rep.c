/*
 * rep.c - REP string instructions: one stop an iteration, or one for all of them.
 *
 * The processor traps after each iteration (SDM volume 2 "REP": interrupts and exceptions between
 * them), and so do VMX and SVM. The software flavour stops only where the low ten bits of the count
 * are 0: there the count is made 1 for the entry and put right afterwards, so that it stops too. It
 * stops once more behind the last iteration, on the instruction with a count of 0, as kvm_intel does
 * after an INS; that is no boundary, the instruction is entered again to retire.
 *
 * An iteration that may fault or touch a device is run with the true count: the handler must not see
 * another. What is not seen one by one then is a gap.
 */
#include "engine/kvm/kvm.h"

static u64 count_mask(const struct step *st)
{
	unsigned n = st->from.insn.addrsize;

	return n >= 8 ? ~0ull : BIT64(8 * n) - 1;
}

static u64 count_of(const struct step *st, u64 rcx)
{
	return rcx & count_mask(st);
}

/* A write of ECX in 64-bit mode clears the upper half, one of CX keeps the rest. */
static void count_set(struct vcpu *k, const struct step *st, u64 old, u64 count)
{
	k->s->regs.rcx = st->from.insn.addrsize >= 4 ? count : (old & ~0xffffull) | count;
	vcpu_touch(k, KVM_SYNC_X86_REGS);
}

static bool operands_in_ram(struct vcpu *k, const struct step *st)
{
	for (unsigned i = 0; i < st->from.insn.n_mem; i++) {
		u64 gpa;

		if (linear_to_phys(&k->cpu, &k->phys, mem_linear(k, &st->from.insn.mem[i]), &gpa) ||
		    !machine_hva(k->r.base.machine, gpa, st->from.insn.mem[i].size))
			return false;
	}
	return true;
}

void rep_before(struct vcpu *k, struct step *st)
{
	u64 count = count_of(st, st->rcx);

	st->rep = st->from.insn.facts.flags & INSNF_REP;
	if (!st->rep || !k->quirks.software || k->r.plan->rep_whole || count < 2 ||
	    fault_vectors(k) || !operands_in_ram(k, st))
		return;
	st->rep_one = true;
	count_set(k, st, st->rcx, 1);
}

/* Put the count right. True: the boundary is not reached yet, enter again. */
bool rep_after(struct vcpu *k, struct step *st)
{
	u64 before = count_of(st, st->rcx);
	bool stays = k->s->regs.rip == st->from.rip;

	if (!st->rep)
		return false;
	if (st->rep_one) {
		st->rep_one = false;
		/* Not if a signal came before it ran. */
		if (count_of(st, k->s->regs.rcx) == 0)
			count_set(k, st, st->rcx, before - 1);
		else
			count_set(k, st, st->rcx, before);
	}
	if (!stays || k->r.interrupted || st->ev.reason == KVM_EXIT_INTERNAL_ERROR)
		return false;
	if (before && !count_of(st, k->s->regs.rcx))
		return st->rep_again++ < 2;
	return k->r.plan->rep_whole && before;
}

/* A stop on the instruction itself is behind an iteration. */
void rep_tell(struct vcpu *k, struct step *st)
{
	u64 done = count_of(st, st->rcx) - count_of(st, k->s->regs.rcx);

	if (!st->rep || k->at.lin != st->from.lin || (st->stop.causes & CAUSE_BIT(CAUSE_EVENT)))
		return;
	if (done > 1)
		record_gap(&k->r.rec, GAP_REP, st->from.lin, 0);
	if (!done)
		return;
	st->stop.has_event = st->stop.event_rep = true;
	st->stop.retired = 0;
}
