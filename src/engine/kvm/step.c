/*
 * step.c - one step: from the boundary the guest is at to the next one, and the stop there.
 *
 * What it costs is one KVM_RUN: debug control and registers are written only where something
 * changed. What the report means is the core's business (attribute_kvm); here is the order of
 * things around it, and what KVM shows in no report: a delivery noticed by where the guest landed.
 */
#include "engine/kvm/kvm.h"

#include <errno.h>
#include <string.h>

/* A second debug exit at the same boundary is the same stop (seen on kvm_intel after an OUT in a
 * MOV-SS shadow; code breakpoints come after the trap, semantics.md section 9). */
enum { FOLD_MAX = 3 };

static bool may_stay(const struct insn_facts *f)
{
	if (f->cls == INSN_IRET)
		return false; /* it moves RSP, as its first instruction a handler has nothing else */
	return f->flags & (INSNF_CALL | INSNF_RET | INSNF_BRANCH | INSNF_FAR | INSNF_REP);
}

static bool nothing_happened(const struct vcpu *k, const struct step *st)
{
	if (pair_trap_comes(k, st))
		return true;
	return st->ev.reason == KVM_EXIT_DEBUG && st->ev.exception == EXC_DB &&
	       (st->ev.dr6 & DR6_BS) && st->ev.rip == st->from.lin && !st->ev.completed &&
	       k->s->regs.rcx == st->rcx && k->s->regs.rsp == st->rsp &&
	       !may_stay(&st->from.insn.facts);
}

/* EINTR without an access that it completed. */
bool step_signalled(const struct step *st)
{
	return st->ev.reason == KVM_EXIT_INTR && !st->ev.completed;
}

/*
 * A signal came between the trap of a ring-3 instruction, or the fault of one behind a MOV SS, and its
 * delivery: the event is in KVM's hands and reaches its gate at the next entry, also when the signal is
 * the user's.
 */
static bool trap_waits(struct vcpu *k, const struct step *st)
{
	const struct kvm_vcpu_events *e = &k->s->events;

	if (!step_signalled(st) || !(e->exception.pending || e->exception.injected))
		return false;
	if (st->from.insn.facts.cls != INSN_MOV_SS && !(cpl3_is(k, st) && e->exception.nr == EXC_DB))
		return false;
	k->run->immediate_exit = 0;
	return true;
}

static int enter_until_moved(struct vcpu *k, struct step *st, struct err *err)
{
	int r, n = 0;

	rep_before(k, st);
	do {
		r = guest_enter(k, &st->ev, err);
	} while (!r && (rep_after(k, st) ||
			((nothing_happened(k, st) || trap_waits(k, st)) && ++n < FOLD_MAX)));
	if (k->r.interrupted)
		k->run->immediate_exit = 1;
	return r;
}

/* The instruction the software flavour refused is done by us: INT n, INTO. */
static int emulate_event(struct vcpu *k, struct step *st, int *ret_end, struct err *err)
{
	const struct insn *i = &st->from.insn;
	struct guest_event ev = {
		.vector = i->vector, .insn_len = i->facts.length,
		.type = i->facts.cls == INSN_INTN ? INTR_SOFT_INT : INTR_SOFT_EXC,
	};
	struct stop *s = &st->stop;
	int r;

	s->causes = CAUSE_BIT(CAUSE_EVENT);
	s->first = CAUSE_EVENT;
	s->proof = PROOF_DEDUCED;
	s->retired = 1;
	stop_did(s, DID_EMULATE, ev.vector, 0, 0);
	r = deliver_event(k, &ev, s, ret_end, err);
	if (s->event_vector != ev.vector)
		s->retired = 0; /* its gate made a fault of it */
	return r;
}

static bool must_emulate(const struct step *st)
{
	const struct insn *i = &st->from.insn;

	return st->ev.reason == KVM_EXIT_INTERNAL_ERROR &&
	       st->ev.suberror == KVM_INTERNAL_ERROR_EMULATION && st->ev.rip == st->from.lin &&
	       (i->facts.cls == INSN_INTN ||
		(i->facts.cls == INSN_INTO && (st->b.rflags & FL_OF)));
}

/* Something ran unseen until a kick ended it. Only the user's is a stop: behind the engine's own timer
 * stepping goes on, and the gap says all that is known. */
bool gap_stop(struct vcpu *k, struct step *st, enum gap_reason why)
{
	record_gap(&k->r.rec, why, st->from.lin, -1);
	vcpu_touch(k, KVM_SYNC_X86_REGS);
	if (!k->r.interrupted)
		return false;
	st->stop.causes = CAUSE_BIT(CAUSE_INTERRUPT);
	st->stop.first = CAUSE_INTERRUPT;
	st->stop.retired = 0;
	interrupt_take(k);
	return true;
}

/*
 * The software flavour lets INT3 pass in real mode, and INT3 and F1 at CPL 3 and in v86 mode, where an
 * F1's #DB even points at the F1 (K16); kvm_amd intercepts no F1 (K13). A MOV DR under the guest's own GD
 * gets its #DB on the flavour with our TF in the frame, which IRET then leaves on. They are stops all the
 * same: known before they run, they do not run.
 */
static bool passes_unseen(const struct vcpu *k, const struct step *st)
{
	u8 cls = st->from.insn.facts.cls;
	bool native = st->from.cpl == 3 || st->from.mode == MODE_V86;

	if (!k->quirks.software)
		return cls == INSN_ICEBP && k->quirks.icebp_unseen;
	if (cls == INSN_MOV_DR)
		return (k->guest_dr.dr7 & DR7_GD) && !st->from.cpl;
	return cls == INSN_INT3 ? native || st->from.mode == MODE_REAL : cls == INSN_ICEBP && native;
}

static struct verdict foreseen(u8 cls)
{
	struct verdict v = { .proof = PROOF_DEDUCED, .pending = true, .vector = EXC_DB };

	v.first = cls == INSN_ICEBP ? CAUSE_ICEBP : cls == INSN_INT3 ? CAUSE_INT3 : CAUSE_GD;
	v.causes = CAUSE_BIT(v.first);
	if (cls == INSN_MOV_DR) { /* a fault: nothing is skipped */
		v.type = INTR_HARD_EXC;
		v.guest_dr6 = DR6_BD;
		return v;
	}
	v.skip = SKIP_KIND_INNER;
	v.type = cls == INSN_ICEBP ? INTR_PRIV_SOFT_EXC : INTR_SOFT_EXC;
	if (cls == INSN_INT3)
		v.vector = EXC_BP;
	return v;
}

static void foreseen_stop(struct vcpu *k, struct step *st, int *ret_end)
{
	st->v = foreseen(st->from.insn.facts.cls);
	st->armed = (struct armed){ .host_tf = true };
	stop_begin(k, &st->from, &st->stop);
	step_verdict(k, st);
	step_finish(k, st, ret_end);
}

static int enter_once(struct vcpu *k, struct step *st, struct arm *a, struct err *err)
{
	int r;

	if (cpl3_is(k, st))
		cpl3_arm(k, a);
	r = arm_apply(k, a, &st->armed, err);
	if (!r && a->sw_bp && pair_has_point(k, st))
		point_plant(k, st->from.lin + st->from.insn.facts.length);
	if (!r)
		r = enter_until_moved(k, st, err);
	cpl3_return_gate(k);
	if (r)
		return r;
	at_load(k);
	st->on_planted = point_is_planted(k, k->at.lin);
	points_unplant(k);
	return 0;
}

int step_enter(struct vcpu *k, struct step *st, const struct arm *arm, struct err *err)
{
	struct arm a;
	int r;

	do {
		a = *arm;
		r = enter_once(k, st, &a, err);
		if (!r && step_signalled(st))
			machine_poll(k->r.base.machine);
	} while (!r && step_signalled(st) && k->at.lin == st->from.lin && !k->r.interrupted);
	if (r)
		return r;
	if (st->may_lose_tf)
		vcpu_touch(k, KVM_SYNC_X86_REGS);
	if (st->from.insn.facts.cls == INSN_MOV_DR)
		k->guest_dr_stale = true;
	if (cpl3_is(k, st))
		cpl3_take_back(k, st);
	return 0;
}

/* Nothing ran: a signal came first, and it is the user's. */
bool step_nothing(const struct vcpu *k, const struct step *st)
{
	return step_signalled(st) && k->at.lin == st->from.lin;
}

static int step_run(struct vcpu *k, struct step *st, int *ret_end, struct err *err)
{
	struct arm a = { .step = true };
	int r;

	step_arm(k, st, &a);
	r = step_enter(k, st, &a, err);
	if (r || step_nothing(k, st))
		return r;
	stop_begin(k, &st->from, &st->stop);
	if (step_signalled(st)) { /* the step was lost (K3, K4) */
		if (!gap_stop(k, st, cpl3_is(k, st) ? GAP_CPL3 : GAP_OTHER))
			return 0;
	} else if (must_emulate(st)) {
		r = emulate_event(k, st, ret_end, err);
	} else {
		step_attribute(k, st);
		step_verdict(k, st);
		rep_tell(k, st);
	}
	if (!r)
		step_finish(k, st, ret_end);
	return r;
}

int step_one(struct vcpu *k, int *ret_end, struct err *err)
{
	struct step st;
	bool done = false;
	int r = 0;

	step_begin(k, &st);
	if (!k->quirks.software)
		st.b.shadow &= ~SHADOW_MOV_SS; /* KVM clears it before it enters (K2) */
	if (st.from.insn.facts.cls == INSN_HLT && !st.from.cpl)
		return hlt_step(k, &st, ret_end, err);
	if (passes_unseen(k, &st)) {
		foreseen_stop(k, &st, ret_end);
		return 0;
	}
	if (cpl3_is(k, &st) && !cpl3_steppable(k))
		return cpl3_run(k, &st, ret_end, err);
	if (st.from.insn.facts.cls == INSN_IRET && iret_step(k, &st, ret_end))
		return 0;
	if ((st.from.insn.facts.cls == INSN_SYSCALL || st.from.insn.facts.cls == INSN_SYSRET) &&
	    syscall_step(k, &st, ret_end))
		return 0;
	if (!k->r.plan->hold_irq && irq_due(k)) {
		r = irq_step(k, &st, ret_end, &done, err);
		if (r || done)
			return r;
	}
	return step_run(k, &st, ret_end, err);
}
