/*
 * step.c - one step: an entry with the monitor trap flag on (or TF, tf.c), up to the next boundary, and
 * the stop there; and a free run up to a report. What an exit means is the core's business
 * (attribute_vmx).
 */
#include "engine/mtf/mtf.h"

#include <string.h>

enum { REASON_EXCEPTION = 0, REASON_TASK_SWITCH = 9, REASON_MTF = 37, REASON_EPT_VIOLATION = 48 };
enum { REP_AGAIN_MAX = 2 };

static void place(struct mtf_engine *m, struct step *st)
{
	stop_place_again(&m->k, &st->stop);
	st->stop.shadow_known = true;
}

static void attribute(struct mtf_engine *m, struct step *st, const struct vmx_evidence *ev,
		      struct verdict *ret)
{
	const struct landing l = {
		.lin = m->k.at.lin, .rflags = m->mb->core[CORE_RFLAGS], .insn = m->k.at.insn.facts,
		.vector = m->k.at.insn.vector, .planted = point_is_planted(&m->k, m->k.at.lin),
	};

	/* A breakpoint may have been enabled since the boundary the run started at, GD by the very MOV. */
	st->b.dr7 = (m->mb->sys[SYS_DR7] & ~DR7_GD) | (st->b.dr7 & DR7_GD);
	attribute_vmx(&st->b, &st->armed, ev, &l, ret);
	if (ev->reason == REASON_TASK_SWITCH || ev->reason == REASON_EPT_VIOLATION) {
		ret->causes = CAUSE_BIT(CAUSE_ERROR); /* not done here: the guest cannot go on */
		ret->first = CAUSE_ERROR;
	}
}

/* A trap due at this boundary, too, comes with the next entry before anything runs: one stop (section
 * 9 of the semantics). Under a MOV-SS shadow it is not due yet. */
static int fold_trap(struct mtf_engine *m, struct step *st, int *ret_end, struct err *err)
{
	u64 pd = m->mb->core[CORE_PENDING_DBG];
	struct vmx_evidence ev;
	struct verdict more;
	int r;

	/* With #DB not intercepted it is the guest's: the next stop is its handler. */
	if (!st->armed.db_exiting || !(pd & (PDBG_BS | PDBG_ENABLED)) ||
	    (shadow_of(m->mb->core[CORE_INTERRUPTIBILITY]) & SHADOW_MOV_SS))
		return 0;
	r = mtf_enter(m, st, DRIVE_MTF, &ev, ret_end, err);
	if (r || *ret_end >= 0)
		return r;
	attribute(m, st, &ev, &more);
	verdict_fold(&st->v, &more);
	st->stop.has_dr = true;
	st->stop.dr6 = DR6_INIT | (ev.qualification & (DR6_CAUSE));
	st->stop.dr7 = m->mb->sys[SYS_DR7];
	place(m, st);
	return 0;
}

/* ---- REP --------------------------------------------------------------------------------------------- */

static u64 count_of(const struct step *st, u64 rcx)
{
	unsigned n = st->from.insn.addrsize;

	return n >= 8 ? rcx : rcx & (BIT64(8 * n) - 1);
}

/* KVM's emulator stops once more behind the last iteration, on the instruction with a count of 0: no
 * boundary, it is entered again to retire. So it is if the user wants a REP whole. */
static bool rep_again(struct mtf_engine *m, struct step *st)
{
	u64 before = count_of(st, st->rcx), now = count_of(st, m->k.s->regs.rcx);

	if (!(st->from.insn.facts.flags & INSNF_REP) || m->k.at.rip != st->from.rip || !before ||
	    m->k.r.interrupted || m->mb->exit[EXIT_REASON] != REASON_MTF)
		return false;
	return now ? m->k.r.plan->rep_whole : st->rep_again++ < REP_AGAIN_MAX;
}

/* ---- the stop ---------------------------------------------------------------------------------------- */

static void skip_report(struct mtf_engine *m, struct step *st, const struct vmx_evidence *ev)
{
	if (runner_skip_owed(&m->k.r, &st->v, DR6_INIT | ev->qualification, ev->insn_len, &st->stop) &&
	    st->v.retired >= 0)
		st->v.retired++;
}

/* From the handler's report back to the instruction that faulted, as if nobody had handled it. */
static void unhandled_return(struct mtf_engine *m, struct stop *s)
{
	const u32 groups = REGS_GPR | REGS_SYS | REGS_EVENTS;
	struct cpu_state c = { 0 };

	if (mtf_regs_get(m, groups, &c, NULL) || !handler_return(&m->k, &c) ||
	    mtf_regs_set(m, groups, &c, NULL))
		return;
	stop_place_again(&m->k, s);
	s->shadow_known = true;
}

void mtf_step_finish(struct mtf_engine *m, struct step *st, int *ret_end)
{
	struct stop *s = &st->stop;
	bool hit;

	s->causes |= st->v.causes;
	s->first = st->v.first;
	s->proof = st->v.proof;
	s->retired = st->v.retired;
	mtf_pending_set(m, st);
	s->guest_tf = st->b.rflags & FL_TF;
	if (m->served)
		stop_did(s, DID_COMPLETE_IO, 0, 0, 0);
	if (runner_order_take(&m->k.r, s) == MACHINE_EXCEPTION)
		unhandled_return(m, s);
	runner_end(&m->k.r, s, CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_EXIT) | CAUSE_BIT(CAUSE_ERROR), ret_end);
	/* Nothing of the user's is at a boundary of a batch, and memory has moved on since. */
	hit = !batch_waits(m) && points_check(&m->k, st);
	runner_push(&m->k.r, s, hit, s->retired > 0 ? catches_of_class(st->from.insn.facts.cls) : 0, ret_end);
}

static void begin(struct mtf_engine *m, struct step *st)
{
	m->served = false;
	m->l0_mtf = L0_MTF_UNKNOWN;
	memset(st, 0, sizeof(*st));
	step_begin(&m->k, st);
	st->b.pending_dbg = m->mb->core[CORE_PENDING_DBG];
	st->b.dr7 = m->mb->sys[SYS_DR7];
	st->b.btf = m->mb->sys[SYS_DEBUGCTL] & DEBUGCTL_BTF;
	stop_begin(&m->k, &st->from, &st->stop);
}

/* In HLT with IF=0: nothing will ever wake the guest, and it is not entered. */
static bool sleeps_for_ever(struct mtf_engine *m, int *ret_end)
{
	struct step st;

	if (!m->asleep || (m->k.s->regs.rflags & FL_IF) || m->injecting)
		return false;
	begin(m, &st);
	st.v = (struct verdict){ .causes = CAUSE_BIT(CAUSE_HLT), .first = CAUSE_HLT, .proof = PROOF_DEDUCED };
	mtf_step_finish(m, &st, ret_end);
	return true;
}

static bool is_nmi(const struct vmx_evidence *ev)
{
	return ev->reason == REASON_EXCEPTION && (ev->intr_info >> 8 & 7) == INTR_NMI;
}

/* Ours, for something that was told already. */
static bool is_late_nmi(const struct mtf_engine *m, const struct vmx_evidence *ev)
{
	return is_nmi(ev) && !m->k.r.interrupted && m->k.r.event == MACHINE_NONE;
}

/* Enter until there is a report; st->v is what it means, *ret_ev what it was. */
static int report_get(struct mtf_engine *m, struct step *st, enum drive how, struct guest_event *ret_injected,
		      struct vmx_evidence *ret_ev, int *ret_end, struct err *err)
{
	enum served_exit what = EXIT_SERVED;
	u8 n_did = st->stop.n_did;
	int r = 0;

	while (!r && what == EXIT_SERVED) {
		struct guest_event injected = m->injecting ? m->injected : (struct guest_event){ 0 };

		if (how == DRIVE_FREE)
			st->stop.n_did = n_did; /* what was done for boundaries nobody sees */
		if (how == DRIVE_TF && m->injecting) { /* a fault of what was served */
			tf_disarm(m);
			how = DRIVE_MTF;
		}
		r = mtf_enter(m, st, how, ret_ev, ret_end, err);
		if (r || *ret_end >= 0)
			return r;
		*ret_injected = injected;
		if (rep_again(m, st) || (how != DRIVE_FREE && is_late_nmi(m, ret_ev)))
			continue;
		attribute(m, st, ret_ev, &st->v);
		place(m, st);
		r = exit_serve(m, st, &what, err);
		if (how == DRIVE_FREE && what == EXIT_IS_REPORT && st->v.causes == CAUSE_BIT(CAUSE_MTF) &&
		    !m->k.by_address)
			what = EXIT_SERVED; /* a boundary nobody asked for */
	}
	return r;
}

static void rep_look(struct mtf_engine *m, struct step *st)
{
	u64 done = count_of(st, st->rcx) - count_of(st, m->k.s->regs.rcx);

	if (!(st->from.insn.facts.flags & INSNF_REP) || st->stop.has_event || !done)
		return;
	if (done > 1 && !m->k.r.plan->rep_whole) /* KVM merges iterations of INS and of device memory */
		record_gap(&m->k.r.rec, GAP_REP, st->from.lin, 0);
	if (m->k.at.lin != st->from.lin)
		return;
	st->stop.has_event = st->stop.event_rep = true;
	st->v.retired = 0;
}

int mtf_step(struct mtf_engine *m, int *ret_end, struct err *err)
{
	struct guest_event injected = { 0 };
	struct vmx_evidence ev = { 0 };
	enum drive how;
	struct step st;
	int r;

	if (sleeps_for_ever(m, ret_end))
		return 0;
	r = tf_choose(m, &how, err);
	if (r)
		return r;
	begin(m, &st);
	r = report_get(m, &st, how, &injected, &ev, ret_end, err);
	if (r) {
		tf_disarm(m);
		return r;
	}
	if (*ret_end < 0) {
		st.stop.ev.kind = EVIDENCE_VMX;
		st.stop.ev.vmx = ev;
		if (ev.reason == REASON_MTF) {
			event_look(m, &st, &injected);
			deferred_put_back(m, &st.stop);
			rep_look(m, &st);
			tf_put_back(m, &st);
		}
		if (st.v.causes & CAUSE_BIT(CAUSE_MTF))
			r = fold_trap(m, &st, ret_end, err);
		if (!r && *ret_end < 0)
			skip_report(m, &st, &ev);
		if (is_nmi(&ev) && m->k.r.interrupted)
			interrupt_take(&m->k);
		if (how == DRIVE_TF) {
			tf_finish(m, &st, &ev);
			place(m, &st);
		}
	}
	if (!r)
		mtf_step_finish(m, &st, ret_end);
	return r;
}

int mtf_free_run(struct mtf_engine *m, int *ret_end, struct err *err)
{
	struct guest_event injected = { 0 };
	struct vmx_evidence ev = { 0 };
	struct step st;
	int r;

	if (sleeps_for_ever(m, ret_end))
		return 0;
	begin(m, &st);
	points_plant(&m->k);
	r = report_get(m, &st, DRIVE_FREE, &injected, &ev, ret_end, err);
	if (r)
		return r;
	if (*ret_end < 0) {
		st.stop.ev.kind = EVIDENCE_VMX;
		st.stop.ev.vmx = ev;
		if (is_late_nmi(m, &ev))
			return 0;
		if (is_nmi(&ev) && m->k.r.interrupted)
			interrupt_take(&m->k);
		skip_report(m, &st, &ev);
		r = st.v.planted_hit ? dr_rf_restore(m, err) : 0;
		if (r)
			return r;
		place(m, &st);
	}
	st.v.retired = -1;
	mtf_step_finish(m, &st, ret_end);
	return 0;
}
