/*
 * step.c - one step: an entry with the monitor trap flag on, up to the next boundary, and the stop
 * there; and a free run up to a report. What an exit means is the core's business (attribute_vmx).
 */
#include "engine/mtf/mtf.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

enum { REASON_EXCEPTION = 0, REASON_TASK_SWITCH = 9, REASON_MTF = 37, REASON_EPT_VIOLATION = 48 };
#define REASON_REFUSED BIT(31)
enum { REP_AGAIN_MAX = 2 };

/* ---- before the entry ----------------------------------------------------------------------------- */

bool insn_may_change_sys(const struct insn *i)
{
	unsigned n = 0;
	u8 op;

	while (n < i->n_bytes && (i->bytes[n] == 0x66 || i->bytes[n] == 0x67 || i->bytes[n] == 0xf2 ||
				  i->bytes[n] == 0xf3 || i->bytes[n] == 0x2e || i->bytes[n] == 0x36 ||
				  i->bytes[n] == 0x3e || i->bytes[n] == 0x26 || i->bytes[n] == 0x64 ||
				  i->bytes[n] == 0x65 || (i->bytes[n] & 0xf0) == 0x40))
		n++;
	if (n >= i->n_bytes || (i->facts.flags & (INSNF_FAR | INSNF_PRIVILEGED)))
		return true;
	op = i->bytes[n];
	if (op == 0x0f) {
		op = n + 1 < i->n_bytes ? i->bytes[n + 1] : 0;
		return op < 0x0a || (op >= 0x20 && op <= 0x23) || (op >= 0x30 && op <= 0x37) ||
		       op == 0xa1 || op == 0xa9 || op == 0xae || (op >= 0xb2 && op <= 0xb5) || op == 0xc7;
	}
	/* POP and MOV to segment registers, LES, LDS (or VEX). */
	return op == 0x07 || op == 0x17 || op == 0x1f || op == 0x8e || op == 0xc4 || op == 0xc5;
}

/* K10: nothing but BLOCKIRQ may be asked of guest debug while L2 runs. HLT has to be woken. */
static int irq_hold(struct mtf_engine *m, bool hold, struct err *err)
{
	struct kvm_guest_debug d = { 0 };

	if (hold && m->k.caps.block_irq && !m->asleep)
		d.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_BLOCKIRQ;
	return vcpu_debug(&m->k, &d, err);
}

/* An interrupt that is there already: KVM looks for it at the entry only if asked to (writing its
 * events back does), and would let L2 run on from HLT without it (seen: Linux 6.1). */
static int events_ask(struct mtf_engine *m, struct err *err)
{
	struct kvm_vcpu_events e;

	if (ioctl(m->k.cpu_fd, KVM_GET_VCPU_EVENTS, &e) < 0 || ioctl(m->k.cpu_fd, KVM_SET_VCPU_EVENTS, &e) < 0)
		return err_set(err, errno, "KVM_SET_VCPU_EVENTS failed: %s", strerror(errno));
	return 0;
}

static int sleep_arm(struct mtf_engine *m, struct err *err)
{
	int r;

	if (!m->asleep)
		return 0;
	r = events_ask(m, err);
	if (!r)
		r = state_need_sys(m, err);
	m->mb->sys[SYS_ACTIVITY] = 1; /* HLT */
	m->mb->dirty |= GROUP_SYS;
	return r;
}

/* An execute point in a debug register at the boundary itself is passed by RF (SDM
 * "Instruction-Breakpoint Exception Condition"). */
static void pass_current(struct mtf_engine *m)
{
	for (size_t i = 0; i < m->k.n_points; i++) {
		const struct served *p = &m->k.points[i];

		if (p->slot >= 0 && p->p.kind == POINT_EXEC && p->p.addr == m->k.at.lin) {
			m->mb->core[CORE_RFLAGS] |= FL_RF;
			m->mb->dirty |= GROUP_CORE;
		}
	}
}

static void armed_tell(struct mtf_engine *m, bool mtf, struct step *st)
{
	st->armed = (struct armed){
		.mtf = mtf, .db_exiting = true, .bp_exiting = true,
		.host_dr7 = m->slots ? m->mb->sys[SYS_DR7] : 0, .host_slots = m->slots,
	};
}

/* ---- the entry and what came of it ------------------------------------------------------------------ */

static void evidence_take(struct mtf_engine *m, struct vmx_evidence *ret)
{
	const struct mailbox *b = m->mb;

	*ret = (struct vmx_evidence){
		.reason = b->exit[EXIT_REASON], .intr_info = b->exit[EXIT_INTR_INFO],
		.intr_error = b->exit[EXIT_INTR_ERROR], .idt_info = b->exit[EXIT_IDT_INFO],
		.idt_error = b->exit[EXIT_IDT_ERROR], .insn_len = b->exit[EXIT_INSN_LEN],
		.interruptibility = b->core[CORE_INTERRUPTIBILITY], .activity = m->asleep,
		.qualification = b->exit[EXIT_QUALIFICATION], .pending_dbg = b->core[CORE_PENDING_DBG],
		.rip = m->k.at.lin, .rflags = b->core[CORE_RFLAGS], .gpa = b->exit[EXIT_GPA],
		.gla = b->exit[EXIT_GLA],
	};
}

/* An exit in the middle of a delivery: who enters next goes on with it (SDM "IDT-Vectoring
 * Information"). */
static void delivery_resume(struct mtf_engine *m)
{
	struct mailbox *b = m->mb;
	u32 info = b->exit[EXIT_IDT_INFO];

	if (!(info & BIT(31)) || b->exit[EXIT_REASON] == REASON_MTF)
		return;
	b->ctl[CTL_ENTRY_INTR] = info & ~BIT(12);
	b->ctl[CTL_ENTRY_ERROR] = b->exit[EXIT_IDT_ERROR];
	b->ctl[CTL_ENTRY_LEN] = b->exit[EXIT_INSN_LEN];
	b->dirty |= GROUP_CONTROL;
}

static bool is_explained(const struct at *from, const struct at *at)
{
	const struct insn_facts *f = &from->insn.facts;
	u64 next = from->lin + f->length, target = next + from->insn.target_rel;
	u64 mask = from->bits == 64 ? ~0ull : 0xffffffff;

	if (at->lin == (next & mask) || ((f->flags & INSNF_REP) && at->lin == from->lin))
		return true;
	return from->insn.has_target && at->lin == (target & mask);
}

/* The shim or KVM ended the guest: a stop, with what they left as its evidence. */
static int death_tell(struct mtf_engine *m, struct step *st, int *ret_end)
{
	bool shutdown = m->death.kind == EVIDENCE_KVM && m->death.kvm.reason == KVM_EXIT_SHUTDOWN;

	st->stop.first = shutdown ? CAUSE_SHUTDOWN : CAUSE_ERROR;
	st->stop.causes = CAUSE_BIT(st->stop.first);
	st->stop.ev = m->death;
	*ret_end = RUN_DEAD;
	return 0;
}

/* Into L2 and back. */
static int entry_make(struct mtf_engine *m, const struct step *st, bool mtf, struct err *err)
{
	int r;

	m->came.all = !mtf || m->injecting || m->asleep || insn_may_change_sys(&st->from.insn);
	control_set(m, PROC_MTF, mtf);
	m->mb->op = MAILBOX_RUN;
	m->mb->fetch = m->came.all ? GROUP_SYS : 0;
	batch_order(m, mtf);
	r = trip(m, !mtf, &m->came.end, &m->came.died, err);
	m->mb->sys[SYS_ACTIVITY] = 0;
	m->mb->ctl[CTL_ENTRY_INTR] = 0;
	if (!r)
		batch_take(m);
	return r;
}

/* One entry, or the next boundary of a batch. *ret_end >= 0 when the guest died, with the stop's causes set. */
static int enter(struct mtf_engine *m, struct step *st, bool mtf, struct vmx_evidence *ret, int *ret_end,
		 struct err *err)
{
	int r = batch_waits(m) ? 0 : entry_make(m, st, mtf, err);

	if (r)
		return r;
	if (batch_tell(m)) {
		evidence_take(m, ret);
		return 0;
	}
	if (m->came.end == TRIP_DEAD) {
		guest_died(m, &m->came.died);
		return death_tell(m, st, ret_end);
	}
	if (m->mb->exit[EXIT_REASON] & REASON_REFUSED) {
		m->sys_stale = true;
		return entry_refused(m, err);
	}
	/* Our NMI woke it where it slept: it sleeps on. */
	m->asleep = m->asleep && (m->mb->exit[EXIT_INTR_INFO] >> 8 & 7) == INTR_NMI &&
		    m->mb->exit[EXIT_REASON] == REASON_EXCEPTION;
	m->injecting = false;
	m->sys_stale = !m->came.all;
	state_load(m);
	/* What may not have been changed was not fetched; a landing elsewhere may be a delivery. */
	if (m->sys_stale && m->mb->exit[EXIT_REASON] == REASON_MTF && is_explained(&st->from, &m->k.at))
		m->sys_stale = false;
	r = state_need_sys(m, err);
	if (r)
		return r;
	if (m->k.dead)
		return death_tell(m, st, ret_end);
	evidence_take(m, ret);
	delivery_resume(m);
	return 0;
}

static void place(struct mtf_engine *m, struct step *st)
{
	stop_place_again(&m->k, &st->stop);
	st->stop.shadow_known = true;
}

static bool is_planted(const struct mtf_engine *m, u64 lin)
{
	for (size_t i = 0; i < m->k.n_planted; i++)
		if (m->k.planted[i].in && m->k.planted[i].lin == lin)
			return true;
	return false;
}

static void attribute(struct mtf_engine *m, struct step *st, const struct vmx_evidence *ev,
		      struct verdict *ret)
{
	const struct landing l = {
		.lin = m->k.at.lin, .rflags = m->mb->core[CORE_RFLAGS], .insn = m->k.at.insn.facts,
		.vector = m->k.at.insn.vector, .planted = is_planted(m, m->k.at.lin),
	};

	/* The breakpoint may have been enabled since the boundary the run started at. */
	st->b.dr7 = m->mb->sys[SYS_DR7];
	attribute_vmx(&st->b, &st->armed, ev, &l, ret);
	if (ev->reason == REASON_TASK_SWITCH || ev->reason == REASON_EPT_VIOLATION) {
		ret->causes = CAUSE_BIT(CAUSE_ERROR); /* not done here: the guest cannot go on */
		ret->first = CAUSE_ERROR;
	}
}

/* ---- the delivery of an event ----------------------------------------------------------------------- */

static u64 frame_rip(struct mtf_engine *m, u8 vector)
{
	unsigned size = frame_slot(&m->k, vector);
	bool error = vector_has_error(vector) && (m->k.cpu.cr0 & CR0_PE);
	u64 v = 0;

	linear_read(&m->k.cpu, &m->k.phys, stack_lin(&m->k, error ? size : 0), &v, size);
	return v;
}

/* The vector whose gate leads here with the instruction's address in its frame: the instruction
 * faulted, or an interrupt came before it. The exit itself does not tell. */
static bool event_deduce(struct mtf_engine *m, const struct at *from, u8 *ret)
{
	u64 mask = from->bits == 64 ? ~0ull : from->bits == 32 ? 0xffffffff : 0xffff, lin;

	for (unsigned v = 0; v < 256; v++) {
		if (v == EXC_NMI || !gate_target(&m->k, v, &lin) || lin != m->k.at.lin)
			continue;
		if ((frame_rip(m, v) & mask) == (from->rip & mask)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

static void event_tell(struct mtf_engine *m, struct step *st, u8 vector, u8 type, s32 retired)
{
	struct stop *s = &st->stop;

	s->has_event = true;
	s->event_vector = vector;
	s->event_type = type;
	s->event_has_error = type == INTR_HARD_EXC && vector_has_error(vector) && (m->k.cpu.cr0 & CR0_PE);
	if (s->event_has_error) {
		u64 lin = stack_lin(&m->k, 0);

		linear_read(&m->k.cpu, &m->k.phys, lin, &s->event_error, sizeof(s->event_error));
	}
	st->v.causes |= CAUSE_BIT(CAUSE_EVENT);
	st->v.retired = retired;
}

/* Is the MTF at the first instruction of a handler? */
static void event_look(struct mtf_engine *m, struct step *st, const struct guest_event *injected)
{
	const struct insn *i = &st->from.insn;
	u64 lin;
	u8 vector;

	if (injected->type == INTR_EXTERNAL && !injected->vector && is_explained(&st->from, &m->k.at))
		return;
	regs_sys(&m->k, &m->k.cpu);
	if (injected->type || injected->vector) {
		event_tell(m, st, injected->vector, injected->type, 0);
		stop_did(&st->stop, DID_DELIVER, injected->vector, frame_rip(m, injected->vector), m->k.at.lin);
	} else if ((i->facts.cls == INSN_INTN || i->facts.cls == INSN_INTO) &&
		   gate_target(&m->k, i->vector, &lin) && lin == m->k.at.lin) {
		event_tell(m, st, i->vector, i->facts.cls == INSN_INTN ? INTR_SOFT_INT : INTR_SOFT_EXC, 1);
	} else if (event_deduce(m, &st->from, &vector)) {
		event_tell(m, st, vector, vector < 32 ? INTR_HARD_EXC : INTR_EXTERNAL, 0);
		st->v.proof = PROOF_DEDUCED; /* from the gate and the frame: no exit reports a delivery */
	}
}

/* ---- TF ---------------------------------------------------------------------------------------------- */

/* Done by L0 for L2: there the trap of L2's own TF is lost when #DB is intercepted (K19). */
static bool is_done_by_l0(const struct mtf_engine *m, const struct step *st)
{
	switch (st->from.insn.facts.cls) {
	case INSN_IN:
	case INSN_OUT:
	case INSN_RDMSR:
	case INSN_WRMSR:
	case INSN_MOV_CR:
		return true;
	default:
		return m->served;
	}
}

static void trap_put_back(struct mtf_engine *m, struct step *st)
{
	struct prediction p;

	if (!(st->b.rflags & FL_TF) || !is_done_by_l0(m, st) || st->stop.has_event || st->v.retired != 1)
		return;
	boundary_predict(&st->b, &st->armed, 0, &p);
	if (!(p.dr6 & DR6_BS))
		return;
	m->mb->core[CORE_PENDING_DBG] |= PDBG_BS;
	m->mb->dirty |= GROUP_CORE;
}

/* A trap due at this boundary, too, comes with the next entry before anything runs: one stop (section
 * 9 of the semantics). Under a MOV-SS shadow it is not due yet. */
static int fold_trap(struct mtf_engine *m, struct step *st, int *ret_end, struct err *err)
{
	u64 pd = m->mb->core[CORE_PENDING_DBG];
	struct vmx_evidence ev;
	struct verdict more;
	int r;

	if (!(pd & (PDBG_BS | PDBG_ENABLED)) ||
	    (shadow_of(m->mb->core[CORE_INTERRUPTIBILITY]) & SHADOW_MOV_SS))
		return 0;
	r = enter(m, st, true, &ev, ret_end, err);
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
	    m->k.interrupted || m->mb->exit[EXIT_REASON] != REASON_MTF)
		return false;
	return now ? m->k.plan->rep_whole : st->rep_again++ < REP_AGAIN_MAX;
}

/* ---- the stop ---------------------------------------------------------------------------------------- */

static void skip_report(struct mtf_engine *m, struct step *st, const struct vmx_evidence *ev)
{
	enum skip_kind kind = skip_choose(m->k.plan->skip, &st->v, DR6_INIT | ev->qualification);

	if (st->v.skip == SKIP_KIND_NONE && kind == SKIP_KIND_NONE)
		return;
	mtf_skip(m, kind, ev->insn_len, &st->stop);
	if (kind != st->v.skip)
		stop_did(&st->stop, DID_WRONG_SKIP, m->k.plan->skip, 0, 0);
	if (kind == SKIP_KIND_OUTER)
		m->k.owed_tf = true;
	/* A trap the wrong skip leaves pending is the guest's. */
	if (kind != SKIP_KIND_NONE && st->v.retired >= 0)
		st->v.retired++;
}

static int end_of(struct mtf_engine *m, const struct stop *s)
{
	if (s->causes & (CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_EXIT) | CAUSE_BIT(CAUSE_ERROR))) {
		m->k.dead = true;
		return RUN_DEAD;
	}
	if (s->causes & CAUSE_BIT(CAUSE_INTERRUPT))
		return RUN_INTERRUPTED;
	if (s->causes & (CAUSE_BIT(CAUSE_HLT) | CAUSE_BIT(CAUSE_EXCEPTION)))
		return RUN_STOP;
	return -1;
}

void mtf_step_finish(struct mtf_engine *m, struct step *st, int *ret_end)
{
	struct stop *s = &st->stop;

	s->causes |= st->v.causes;
	s->first = st->v.first;
	s->proof = st->v.proof;
	s->retired = st->v.retired;
	mtf_pending_set(m, st);
	s->guest_tf = st->b.rflags & FL_TF;
	if (m->served)
		stop_did(s, DID_COMPLETE_IO, 0, 0, 0);
	machine_cause(&m->k, s);
	if (*ret_end < 0)
		*ret_end = end_of(m, s);
	/* Nothing of the user's is at a boundary of a batch, and memory has moved on since. */
	if (!batch_waits(m) && points_check(&m->k, st) && *ret_end < 0)
		*ret_end = RUN_STOP;
	if (m->k.plan->mode == PLAN_CONTINUE && *ret_end < 0 && catch_check(&m->k, st))
		*ret_end = RUN_STOP;
	if (m->k.plan->mode == PLAN_STEP || *ret_end >= 0)
		stop_push(&m->k, s);
	else
		stop_drop(&m->k, s);
}

static void begin(struct mtf_engine *m, struct step *st)
{
	m->served = false;
	memset(st, 0, sizeof(*st));
	step_begin(&m->k, st);
	st->b.pending_dbg = m->mb->core[CORE_PENDING_DBG];
	st->b.dr7 = m->mb->sys[SYS_DR7];
	st->b.btf = m->mb->sys[SYS_DEBUGCTL] & DEBUGCTL_BTF;
	stop_begin(&m->k, &st->from, &st->stop);
	pass_current(m);
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

/* Enter until there is a report; st->v is what it means, *ret_ev what it was. */
static int report_get(struct mtf_engine *m, struct step *st, bool mtf, struct guest_event *ret_injected,
		      struct vmx_evidence *ret_ev, int *ret_end, struct err *err)
{
	enum served_exit what = EXIT_SERVED;
	u8 n_did = st->stop.n_did;
	int r = 0;

	while (!r && what == EXIT_SERVED) {
		struct guest_event injected = m->injecting ? m->injected : (struct guest_event){ 0 };

		if (!mtf)
			st->stop.n_did = n_did; /* what was done for boundaries nobody sees */
		armed_tell(m, mtf, st);
		r = sleep_arm(m, err);
		if (!r)
			r = irq_hold(m, mtf && m->k.plan->hold_irq, err);
		if (!r)
			r = enter(m, st, mtf, ret_ev, ret_end, err);
		if (r || *ret_end >= 0)
			return r;
		*ret_injected = injected;
		if (rep_again(m, st))
			continue;
		attribute(m, st, ret_ev, &st->v);
		place(m, st);
		r = exit_serve(m, st, &what, err);
		if (!mtf && what == EXIT_IS_REPORT && st->v.causes == CAUSE_BIT(CAUSE_MTF))
			what = EXIT_SERVED; /* a boundary nobody asked for */
	}
	return r;
}

static void rep_look(struct mtf_engine *m, struct step *st)
{
	u64 done = count_of(st, st->rcx) - count_of(st, m->k.s->regs.rcx);

	if (!(st->from.insn.facts.flags & INSNF_REP) || m->k.at.lin != st->from.lin || st->stop.has_event || !done)
		return;
	if (done > 1) /* KVM merges iterations of INS and of device memory */
		gap_push(&m->k, GAP_REP, st->from.lin, 0);
	st->stop.has_event = st->stop.event_rep = true;
	st->v.retired = 0;
}

int mtf_step(struct mtf_engine *m, int *ret_end, struct err *err)
{
	struct guest_event injected = { 0 };
	struct vmx_evidence ev = { 0 };
	struct step st;
	int r;

	if (sleeps_for_ever(m, ret_end))
		return 0;
	begin(m, &st);
	r = report_get(m, &st, true, &injected, &ev, ret_end, err);
	if (r)
		return r;
	if (*ret_end < 0) {
		st.stop.ev.kind = EVIDENCE_VMX;
		st.stop.ev.vmx = ev;
		if (ev.reason == REASON_MTF) {
			event_look(m, &st, &injected);
			rep_look(m, &st);
			trap_put_back(m, &st);
		}
		if (st.v.causes & CAUSE_BIT(CAUSE_MTF))
			r = fold_trap(m, &st, ret_end, err);
		if (!r && *ret_end < 0)
			skip_report(m, &st, &ev);
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
	r = report_get(m, &st, false, &injected, &ev, ret_end, err);
	if (r)
		return r;
	if (*ret_end < 0) {
		st.stop.ev.kind = EVIDENCE_VMX;
		st.stop.ev.vmx = ev;
		if (ev.reason == REASON_EXCEPTION && (ev.intr_info >> 8 & 7) == INTR_NMI) {
			if (m->k.event == MACHINE_NONE && !m->k.interrupted)
				return 0; /* an NMI too many */
			if (m->k.interrupted)
				interrupt_take(&m->k);
		}
		skip_report(m, &st, &ev);
	}
	st.v.retired = -1;
	mtf_step_finish(m, &st, ret_end);
	return 0;
}
