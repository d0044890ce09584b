/*
 * hlt.c - HLT while stepping: done by vmstep before it runs.
 *
 * KVMs differ: one swallows a HLT under SINGLESTEP and runs on (software flavour), one reports the
 * step and sleeps in the next KVM_RUN (kvm_intel). Both are served by moving RIP behind it and asking
 * KVM to halt (KVM_SET_MP_STATE): with IF=0 nothing can wake the CPU and it is a stop; else KVM_RUN
 * sleeps with interrupts held (KVM_GUESTDBG_BLOCKIRQ holds their delivery, not the waking) and an
 * execute point on the next instruction, which is reported as soon as something wakes the CPU. Then
 * the interrupt is let in.
 */
#include "engine/kvm/kvm.h"

#include <errno.h>
#include <string.h>

static int halt(struct vcpu *k, struct step *st, struct err *err)
{
	skip_at(k, SKIP_KIND_OUTER);
	to_kvm(k)->halted = true;
	return vcpu_set_mp_state(k, KVM_MP_STATE_HALTED, err);
}

static void hlt_stop(struct vcpu *k, struct step *st, enum cause c, s32 retired)
{
	stop_begin(k, &st->from, &st->stop);
	st->stop.causes = CAUSE_BIT(c);
	st->stop.first = c;
	st->stop.retired = retired;
	st->stop.guest_tf = st->b.rflags & FL_TF;
	if (c == CAUSE_INTERRUPT)
		return;
	st->stop.proof = PROOF_DEDUCED;
	stop_did(&st->stop, DID_EMULATE_HLT, 0, 0, 0);
}

/* Sleep until something wakes the CPU. *ret_awake is false when a signal of the user's came. */
static int sleep_until(struct vcpu *k, struct step *st, bool *ret_awake, struct err *err)
{
	struct kvm_guest_debug d = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP | KVM_GUESTDBG_BLOCKIRQ,
		.arch.debugreg = { [0] = k->at.lin, [7] = DR7_FIXED | DR7_G(0) },
	};
	u32 reason;
	int r = vcpu_debug(k, &d, err);

	k->s->regs.rflags &= ~FL_RF;
	*ret_awake = false;
	while (!r && !k->r.interrupted) {
		r = vcpu_run(k, false, &reason, err);
		if (!r && reason == KVM_EXIT_DEBUG) {
			to_kvm(k)->halted = false;
			*ret_awake = true;
			break;
		}
		machine_poll(k->r.base.machine);
	}
	return r;
}

/* Awake: the interrupt's handler is the next boundary, or if none is deliverable the next
 * instruction. */
static int wake(struct vcpu *k, struct step *st, s32 retired, int *ret_end, struct err *err)
{
	u8 vector[2];
	unsigned n = irq_pending(k, vector);
	struct step in;
	bool done = false;
	int r;

	if (n) {
		step_begin(k, &in);
		r = irq_let_in(k, &in, vector, n, &done, err);
		if (r)
			return r;
	}
	if (!done || !(in.stop.causes & CAUSE_BIT(CAUSE_EVENT))) {
		hlt_stop(k, st, CAUSE_TF, retired);
		in = *st;
	} else {
		in.stop.retired = retired;
		in.stop.from = st->from.rip;
		in.stop.from_lin = st->from.lin;
	}
	stop_did(&in.stop, DID_WAIT_HLT, 0, 0, 0);
	step_finish(k, &in, ret_end);
	return 0;
}

static int hlt_wait(struct vcpu *k, struct step *st, s32 retired, int *ret_end, struct err *err)
{
	bool awake = false;
	int r;

	if (!(k->s->regs.rflags & FL_IF) || !k->caps.block_irq) {
		hlt_stop(k, st, CAUSE_HLT, retired);
		step_finish(k, st, ret_end);
		return 0;
	}
	r = sleep_until(k, st, &awake, err);
	if (r)
		return r;
	if (awake)
		return wake(k, st, retired, ret_end, err);
	hlt_stop(k, st, CAUSE_INTERRUPT, retired);
	interrupt_take(k);
	step_finish(k, st, ret_end);
	return 0;
}

/* The guest's own TF traps after a HLT before it sleeps (SDM "HLT": the trap is delivered at once). */
static bool guest_traps(const struct step *st)
{
	return st->b.rflags & FL_TF;
}

/* A sleep may be long: what has been reached is handed out before it. */
static bool hand_out(const struct vcpu *k)
{
	return k->r.plan->mode == PLAN_STEP && ring_used(k->r.rec.ring) && (k->s->regs.rflags & FL_IF);
}

int hlt_step(struct vcpu *k, struct step *st, int *ret_end, struct err *err)
{
	int r;

	if (hand_out(k)) {
		*ret_end = RUN_RING_FULL;
		return 0;
	}

	if (guest_traps(st)) {
		skip_at(k, SKIP_KIND_OUTER);
		hlt_stop(k, st, CAUSE_TF, 1);
		pending_take_db(&k->r.pending, DR6_BS, &st->stop);
		step_finish(k, st, ret_end);
		return 0;
	}
	r = halt(k, st, err);
	return r ? r : hlt_wait(k, st, 1, ret_end, err);
}

int hlt_resume(struct vcpu *k, int *ret_end, struct err *err)
{
	struct step st;

	if (hand_out(k)) {
		*ret_end = RUN_RING_FULL;
		return 0;
	}
	memset(&st, 0, sizeof(st));
	step_begin(k, &st);
	return hlt_wait(k, &st, 0, ret_end, err);
}
