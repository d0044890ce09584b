/*
 * step_stop.c - after a step: from the report to the stop record that is pushed.
 */
#include "engine/kvm/kvm.h"

#include <string.h>

/* The #DB that TF leaked into ring 3 is the TF trap of the instruction (cpl3.c). */
static struct kvm_evidence evidence_meant(const struct step *st)
{
	struct kvm_evidence ev = st->ev;

	if (st->leaked)
		ev.dr6 = DR6_INIT | DR6_BS;
	return ev;
}

void step_attribute(struct vcpu *k, struct step *st)
{
	struct landing l = {
		.lin = k->at.lin,
		.rflags = k->s->regs.rflags,
		.insn = k->at.insn.facts,
		.vector = k->at.insn.vector,
		.armed_emulated = k->quirks.software,
		.planted = st->on_planted,
	};
	struct kvm_evidence ev = evidence_meant(st);
	struct boundary b = st->b;
	bool cut = pair_cut(k, st);

	to_kvm(k)->stray_trap = cut;
	if (cut) {
		b.lin = k->at.lin;
		b.insn = k->at.insn.facts;
		b.shadow = SHADOW_MOV_SS;
	}
	attribute_kvm(&b, &st->armed, &ev, &l, &st->v);
	if (cut && st->v.retired >= 0)
		st->v.retired++;
	if (st->leaked)
		st->v.proof = PROOF_DEDUCED;
}

void step_verdict(struct vcpu *k, struct step *st)
{
	struct stop *s = &st->stop;

	step_land(k, st);
	s->host_tf = st->armed.host_tf;
	s->guest_tf = st->b.rflags & FL_TF;
	if (st->ev.reason == KVM_EXIT_DEBUG && st->ev.exception == EXC_DB) {
		s->has_dr = true;
		s->dr6 = st->ev.dr6;
		s->dr7 = st->ev.dr7;
	}
	if (s->causes & CAUSE_BIT(CAUSE_EVENT))
		return;
	if (runner_skip_owed(&k->r, &st->v, st->ev.dr6, k->at.insn.facts.length, s) && s->retired >= 0)
		s->retired++;
	pending_take(&k->r.pending, &st->v, s);
	tf_after(k, st);
	s->rflags = k->s->regs.rflags | (k->guest_tf ? FL_TF : 0);
}

/* ---- ends ----------------------------------------------------------------------------------------- */

/* An instruction KVM cannot emulate may be skipped; an entry that fails may not. */
static u32 deadly(const struct stop *s)
{
	return CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_EXIT) |
	       (s->ev.kvm.reason != KVM_EXIT_INTERNAL_ERROR ? CAUSE_BIT(CAUSE_ERROR) : 0);
}

/* What happened that the stop's causes do not tell, as catch bits. */
static u32 happened(const struct step *st)
{
	return (st->stop.retired > 0 ? catches_of_class(st->from.insn.facts.cls) : 0) |
	       (st->ev.gpa ? CATCH_MMIO : 0);
}

void step_finish(struct vcpu *k, struct step *st, int *ret_end)
{
	struct stop *s = &st->stop;

	if (k->r.event == MACHINE_NONE)
		unhandled_run(k, st);
	/* No report: what vmstep did by itself (a delivery, a HLT). */
	if (st->ev.reason) {
		s->ev.kind = EVIDENCE_KVM;
		s->ev.kvm = st->ev;
	}
	if (st->ev.completed)
		stop_did(s, DID_COMPLETE_IO, 0, 0, 0);
	if (st->leaked)
		stop_did(s, DID_TOOK_BACK, 0, st->ev.pc, 0);
	if (runner_order_take(&k->r, s) == MACHINE_EXCEPTION)
		unhandled_return(k, s);
	runner_end(&k->r, s, deadly(s), ret_end);
	runner_push(&k->r, s, points_check(k, st), happened(st), ret_end);
}

void emulated_stop(struct vcpu *k, struct step *st, enum did_kind did, bool had_tf, bool trap,
		   int *ret_end)
{
	stop_begin(k, &st->from, &st->stop);
	st->stop.causes = CAUSE_BIT(CAUSE_TF);
	st->stop.first = CAUSE_TF;
	st->stop.proof = PROOF_DEDUCED;
	st->stop.retired = 1;
	st->stop.host_tf = true;
	st->stop.guest_tf = had_tf;
	stop_did(&st->stop, did, 0, 0, 0);
	if (trap)
		pending_take_db(&k->r.pending, DR6_BS, &st->stop);
	step_finish(k, st, ret_end);
}
