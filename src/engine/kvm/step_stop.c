/*
 * step_stop.c - after a step: from the report to the stop record that is pushed.
 */
#include "engine/kvm/kvm.h"

#include <string.h>

/*
 * MOV SS takes the next instruction along (K2). If that one is intercepted, the exit's last boundary is
 * between the two, which no exit showed: the report is judged from there, with MOV SS done.
 */
static bool pair_cut(const struct kvm_engine *k, const struct step *st)
{
	return st->pair && st->ev.reason == KVM_EXIT_DEBUG &&
	       !(st->ev.exception == EXC_DB && (st->ev.dr6 & DR6_BS)) &&
	       k->at.lin == st->from.lin + st->from.insn.facts.length;
}

/* The #DB that TF leaked into ring 3 is the TF trap of the instruction (cpl3.c). */
static struct kvm_evidence evidence_meant(const struct step *st)
{
	struct kvm_evidence ev = st->ev;

	if (st->leaked)
		ev.dr6 = DR6_INIT | DR6_BS;
	return ev;
}

void step_attribute(struct kvm_engine *k, struct step *st)
{
	struct landing l = {
		.lin = k->at.lin,
		.rflags = k->s->regs.rflags,
		.insn = k->at.insn.facts,
		.vector = k->at.insn.vector,
		.armed_emulated = k->quirks.software,
	};
	struct kvm_evidence ev = evidence_meant(st);
	struct boundary b = st->b;
	bool cut = pair_cut(k, st);

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

static void pending_set(struct kvm_engine *k, struct step *st)
{
	const struct verdict *v = &st->v;
	bool icebp = v->type == INTR_PRIV_SOFT_EXC, int3 = v->type == INTR_SOFT_EXC;

	if (!v->pending)
		return;
	k->pending = (struct pending){
		.active = true,
		.cause = icebp ? CAUSE_ICEBP : int3 ? CAUSE_INT3 : CAUSE_TF,
		/* A code breakpoint's #DB pushes RF as it was (SDM "Instruction-Breakpoint Exception
		 * Condition"), and so does what was seen of GD: neither counts as a fault here. */
		.ev = { .vector = v->vector, .type = v->type, .dr6 = v->guest_dr6 },
	};
	st->stop.pending = true;
	st->stop.pending_vector = v->vector;
	if (!icebp && !int3)
		stop_did(&st->stop, DID_GUEST_DB, 0, v->guest_dr6, 0);
}

void pending_guest_db(struct kvm_engine *k, struct stop *s, u64 dr6)
{
	k->pending = (struct pending){
		.active = true, .cause = CAUSE_TF,
		.ev = { .vector = EXC_DB, .type = INTR_HARD_EXC, .dr6 = dr6 },
	};
	s->pending = true;
	s->pending_vector = EXC_DB;
	stop_did(s, DID_GUEST_DB, 0, dr6, 0);
}

void step_verdict(struct kvm_engine *k, struct step *st)
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
	skip_owed(k, st);
	pending_set(k, st);
	tf_after(k, st);
	s->rflags = k->s->regs.rflags | (k->guest_tf ? FL_TF : 0);
}

/* ---- ends ----------------------------------------------------------------------------------------- */

static int end_of(struct kvm_engine *k, const struct stop *s)
{
	if (s->causes & (CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_EXIT))) {
		k->dead = true;
		return RUN_DEAD;
	}
	if (s->causes & CAUSE_BIT(CAUSE_ERROR)) {
		/* An instruction KVM cannot emulate may be skipped; an entry that fails may not. */
		k->dead = s->ev.kvm.reason != KVM_EXIT_INTERNAL_ERROR;
		return k->dead ? RUN_DEAD : RUN_STOP;
	}
	if (s->causes & CAUSE_BIT(CAUSE_INTERRUPT))
		return RUN_INTERRUPTED;
	if (s->causes & (CAUSE_BIT(CAUSE_HLT) | CAUSE_BIT(CAUSE_EXCEPTION)))
		return RUN_STOP;
	return -1;
}

void step_finish(struct kvm_engine *k, struct step *st, int *ret_end)
{
	struct stop *s = &st->stop;

	if (k->event == MACHINE_NONE)
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
	machine_cause(k, s);
	if (*ret_end < 0)
		*ret_end = end_of(k, s);
	if (points_check(k, st) && *ret_end < 0)
		*ret_end = RUN_STOP;
	if (k->plan->mode == PLAN_CONTINUE && *ret_end < 0 && catch_check(k, st))
		*ret_end = RUN_STOP;
	if (k->plan->mode == PLAN_STEP || *ret_end >= 0)
		stop_push(k, s);
	else
		stop_drop(k, s);
}

void emulated_stop(struct kvm_engine *k, struct step *st, enum did_kind did, bool had_tf, bool trap,
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
		pending_guest_db(k, &st->stop, DR6_BS);
	step_finish(k, st, ret_end);
}
