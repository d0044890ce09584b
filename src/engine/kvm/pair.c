/*
 * pair.c - MOV SS and the instruction that a step by TF takes along with it (K2): what of it shows.
 *
 * The trap behind MOV SS is discarded. If the second instruction is intercepted instead of run, there is an
 * exit between the two after all; while MOV SS still blocks debug exceptions such an exit saves the trap of
 * the debugger's TF among the pending ones (SDM "Saving Non-Register State"), and KVM leaves it there: it
 * comes with the next entry, a #DB of the debugger's that the guest must not get.
 */
#include "engine/kvm/kvm.h"

/* The exit's last boundary is between the two, which no exit showed: the report is judged from there, with
 * MOV SS done. */
bool pair_cut(const struct vcpu *k, const struct step *st)
{
	return st->pair && st->ev.reason == KVM_EXIT_DEBUG &&
	       !(st->ev.exception == EXC_DB && (st->ev.dr6 & DR6_BS)) &&
	       k->at.lin == st->from.lin + st->from.insn.facts.length;
}

bool pair_trap_comes(const struct vcpu *k, const struct step *st)
{
	return to_kvm(k)->stray_trap && st->ev.reason == KVM_EXIT_DEBUG && st->ev.exception == EXC_DB &&
	       (st->ev.dr6 & DR6_CAUSE) == DR6_BS && st->ev.rip == st->from.lin;
}

/*
 * A point of the user's in memory on the second instruction is met as in a free run: as an INT3, which no
 * shadow holds back. The step off it has no shadow any more, so only where that changes nothing for the
 * guest: none of its own breakpoints or traps is held back by it.
 */
bool pair_has_point(const struct vcpu *k, const struct step *st)
{
	const u64 enabled = 0xff; /* L0-G3 */

	return st->pair && !k->r.plan->quiet_points && !k->guest_tf && !(k->guest_dr.dr7 & (enabled | DR7_GD)) &&
	       point_is_int3(k, st->from.lin + st->from.insn.facts.length);
}
