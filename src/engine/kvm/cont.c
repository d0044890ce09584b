/*
 * cont.c - PLAN_CONTINUE: the guest runs freely until something of the user's, or its end.
 *
 * The first thing is always one internal step if a point is where the guest stands. Points in debug
 * registers or memory then run at full speed; what needs a look after each instruction (points by
 * address, watchpoints where debug registers watch no data, catches KVM does not report) is stepped
 * internally, with the stops nobody asked for dropped.
 *
 * A timer kicks the vCPU out now and then: a HLT with IF=0 sleeps in the kernel for ever and is a
 * stop, serial input wants polling, and a planted INT3 that the guest has overwritten is put back.
 */
#include "engine/kvm/kvm.h"

#include <errno.h>
#include <string.h>

enum { CATCH_REPORTED = CATCH_ICEBP | CATCH_INT3 };

/* ---- running free --------------------------------------------------------------------------------- */

/*
 * Whether every instruction must be looked at. The software flavour lets INT3 pass in real mode and
 * INT3 and F1 at CPL 3 (K16), kvm_amd any F1 (K13), so that catching those there is by stepping, too.
 */
static bool must_step(const struct vcpu *k)
{
	if (k->quirks.icebp_unseen && (k->r.plan->catches & CATCH_ICEBP || k->r.plan->icebp == EVENT_SWALLOW))
		return true;
	return k->by_address || (k->r.plan->catches & ~CATCH_REPORTED) ||
	       (k->quirks.software && (k->r.plan->catches & CATCH_REPORTED));
}

static bool stands_on_point(const struct vcpu *k)
{
	return point_exec_at(k, k->at.lin);
}

/*
 * A policy that may swallow needs the event to come to us; on VMX and SVM that takes USE_HW_BP (ICEBP,
 * K1) or USE_SW_BP (INT3), else KVM delivers it whatever the gate. Auto looks at the gate now: a guest
 * that takes a usable one away later gets what the processor does.
 */
static bool may_swallow(struct vcpu *k, u8 policy, u8 vector)
{
	if (k->quirks.software || policy == EVENT_DELIVER)
		return false;
	if (policy == EVENT_SWALLOW)
		return true;
	regs_sys(k, &k->cpu);
	return !gate_usable(&k->cpu, &k->phys, vector);
}

static int free_arm(struct vcpu *k, struct step *st, struct err *err)
{
	struct arm a = {
		.user_exec = true,
		.sw_bp = !k->quirks.software && (k->n_planted || (k->r.plan->catches & CATCH_INT3) ||
						 may_swallow(k, k->r.plan->int3, EXC_BP)),
		.hw_bp = !k->quirks.software && ((k->r.plan->catches & CATCH_ICEBP) ||
						 may_swallow(k, k->r.plan->icebp, EXC_DB)),
		.guard = !k->quirks.software,
	};

	return arm_apply(k, &a, &st->armed, err);
}

static bool is_halted(struct vcpu *k)
{
	u32 mp;

	return !vcpu_mp_state(k, &mp) && mp == KVM_MP_STATE_HALTED;
}

/* A sleep in HLT that nothing ends. */
static bool sleeps_for_ever(struct vcpu *k)
{
	return !(k->s->regs.rflags & FL_IF) && is_halted(k);
}

/* EINTR: the timer, or the user. True: there is a stop. */
static bool signal_seen(struct vcpu *k, struct step *st)
{
	enum cause c;

	if (st->ev.completed)
		return false;
	machine_poll(k->r.base.machine);
	if (sleeps_for_ever(k)) {
		to_kvm(k)->halted = true;
		st->ev.halted = 1;
		c = CAUSE_HLT;
	} else if (k->r.interrupted) {
		interrupt_take(k);
		to_kvm(k)->halted = is_halted(k);
		c = CAUSE_INTERRUPT;
	} else {
		return false;
	}
	st->stop.causes = CAUSE_BIT(c);
	st->stop.first = c;
	st->stop.retired = -1;
	return true;
}

/* HLT under a free run has IF=0 for good: the stop and the end. */
static int free_end(struct vcpu *k, struct step *st, int *ret_end)
{
	st->stop.ev.kind = EVIDENCE_KVM;
	st->stop.ev.kvm = st->ev;
	*ret_end = st->stop.first == CAUSE_HLT ? RUN_STOP : RUN_INTERRUPTED;
	record_push(&k->r.rec, &st->stop);
	return 0;
}

/* INT3s are in memory only while the guest runs: whoever looks at a stop, conditions too, sees none. */
static int free_enter(struct vcpu *k, struct step *st, struct err *err)
{
	int r = free_arm(k, st, err);

	if (r)
		return r;
	points_plant(k);
	r = guest_enter(k, &st->ev, err);
	at_load(k);
	st->on_planted = point_is_planted(k, k->at.lin);
	points_unplant(k);
	return r;
}

static void free_attribute(struct vcpu *k, struct step *st)
{
	struct landing l = {
		.lin = k->at.lin, .rflags = k->s->regs.rflags, .insn = k->at.insn.facts,
		.vector = k->at.insn.vector, .armed_emulated = k->quirks.software,
		.planted = st->on_planted,
	};

	attribute_kvm(&st->b, &st->armed, &st->ev, &l, &st->v);
}

/*
 * K8: while our debug registers are in force those of the guest are not, but the ones merged at entry.
 * DR7.GD of ours shows each MOV DR of the guest: it is stepped without, and merged again.
 */
static bool writes_dr(const struct vcpu *k, const struct step *st)
{
	return to_kvm(k)->guarded && st->ev.reason == KVM_EXIT_DEBUG && st->ev.exception == EXC_DB &&
	       (st->ev.dr6 & DR6_BD);
}

/* INT n that the software flavour refuses: from here it is a step like any other. */
static bool needs_step(const struct step *st)
{
	return st->v.pending && !st->v.causes;
}

/* KVM keeps the guest's own debug registers in force, merged with the user's or alone. */
static int rf_restore(struct vcpu *k, struct err *err)
{
	int r = regs_guest_dr(k, err);

	if (r || !planted_had_rf(k))
		return r;
	k->s->regs.rflags |= FL_RF;
	vcpu_touch(k, KVM_SYNC_X86_REGS);
	return 0;
}

/* One free run up to a report. */
static int free_run(struct vcpu *k, int *ret_end, struct err *err)
{
	struct step st;
	int r;

	step_begin(k, &st);
	r = free_enter(k, &st, err);
	k->guest_dr_stale = true;
	if (r)
		return r;
	stop_begin(k, &st.from, &st.stop);
	st.stop.retired = -1;
	if (st.ev.reason == KVM_EXIT_INTR) {
		if (signal_seen(k, &st))
			return free_end(k, &st, ret_end);
		record_dropped(&k->r.rec, -1);
		return 0;
	}
	free_attribute(k, &st);
	if (writes_dr(k, &st) || needs_step(&st)) {
		if (k->at.lin != st.from.lin)
			record_dropped(&k->r.rec, -1);
		return step_one(k, ret_end, err);
	}
	if (st.v.planted_hit)
		r = rf_restore(k, err);
	if (r)
		return r;
	step_verdict(k, &st);
	if (k->quirks.software && k->guest_tf && st.ev.completed && st.ev.is_write &&
	    !k->r.pending.active)
		pending_take_db(&k->r.pending, DR6_BS, &st.stop);
	if (k->at.lin != st.from.lin)
		st.stop.retired = -1;
	step_finish(k, &st, ret_end);
	return 0;
}

/* In HLT from before: KVM sleeps on by itself, unless stepping has to see what wakes it. */
static int halted_run(struct vcpu *k, int *ret_end, struct err *err)
{
	if (!(k->s->regs.rflags & FL_IF) || must_step(k))
		return hlt_resume(k, ret_end, err);
	to_kvm(k)->halted = false;
	return free_run(k, ret_end, err);
}

static int cont_once(struct vcpu *k, int *ret_end, struct err *err)
{
	int r = regs_guest_dr(k, err);

	if (r)
		return r;
	points_make_room(k);
	if (to_kvm(k)->halted)
		return halted_run(k, ret_end, err);
	if (must_step(k) || stands_on_point(k) || to_kvm(k)->stray_trap)
		return step_one(k, ret_end, err);
	return free_run(k, ret_end, err);
}

int cont_run(struct vcpu *k, int *ret_end, struct err *err)
{
	bool stopped;
	int r = pending_resume(k, &stopped, ret_end, err);

	return r || *ret_end >= 0 ? r : cont_once(k, ret_end, err);
}
