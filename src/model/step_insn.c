/*
 * step_insn.c - the instruction at a boundary: done, or its event delivered or made an exit, up to the
 * boundary behind it.
 */
#include "model/step.h"

bool event_deliver_to(struct model *m, const struct guest_event *ev, struct model_report *r)
{
	m->rep_rip = m->frozen_rip = ~0ull;
	model_clock_skip(m, 1);
	if (model_deliver(m, ev, &r->event) == DELIVERY_SHUTDOWN) {
		exit_begin(m, EXIT_TRIPLE_FAULT, &r->ev);
		r->exits = true;
		r->end = MODEL_SHUTDOWN;
		return false;
	}
	r->has_event = true;
	return true;
}

/* The instruction delivers the event itself and is done with it: INT n, INT3, INTO, INT1. */
static bool is_software(const struct guest_event *ev)
{
	return ev->type == INTR_SOFT_INT || ev->type == INTR_SOFT_EXC || ev->type == INTR_PRIV_SOFT_EXC;
}

/*
 * Exits on #DB and #BP. The qualification of an ICEBP shows what a MOV SS deferred to it (what the
 * processor does there is undocumented; so a rule that goes by DR6 alone can be seen to fail).
 */
static bool event_exits(struct model *m, const struct model_controls *ctl, const struct guest_event *ev,
			u8 len, struct model_report *r)
{
	u64 bits = 0;

	if (ev->vector == EXC_DB && ctl->db_exiting && ev->type == INTR_PRIV_SOFT_EXC)
		bits = m->pending_dbg & PDBG_BN;
	else if (ev->vector == EXC_DB && ctl->db_exiting && ev->type == INTR_HARD_EXC)
		bits = ev->dr6;
	else if (ev->vector != EXC_BP || !ctl->bp_exiting || ev->type != INTR_SOFT_EXC)
		return false;
	if (ev->vector == EXC_DB)
		m->pending_dbg = 0;
	exit_exception(m, ev->vector, ev->type, is_software(ev) ? len : 0, bits, r);
	r->end = MODEL_EXIT;
	return true;
}

/*
 * Behind the delivery the handler's first instruction is the boundary. TF is clear by then; data
 * breakpoints that a MOV SS deferred come there (CVE-2018-8897), but for an ICEBP: one #DB in all.
 */
void step_event(struct model *m, const struct model_controls *ctl, const struct op *o,
		      struct model_report *r)
{
	struct guest_event ev = m->event;
	u64 deferred = m->pending_dbg & PDBG_BN;

	m->hits = 0;
	r->cls = o ? o->facts.cls : INSN_INVALID;
	/* RF lasts for one instruction, and a software event is one: its frame, or what its exit saves,
	 * has 0. A fault on the way of its delivery sets RF by itself. */
	if (is_software(&ev))
		m->c.rflags &= ~FL_RF;
	if (event_exits(m, ctl, &ev, o ? o->len : 0, r))
		return;
	m->pending_dbg = 0;
	if (ev.type == INTR_PRIV_SOFT_EXC)
		ev.dr6 |= deferred; /* undocumented; as event_exits() shows it */
	if (is_software(&ev))
		ev.insn_len = o->len;
	if (!event_deliver_to(m, &ev, r))
		return;
	if (is_software(&ev) && r->event.outcome == DELIVERY_DONE && r->event.vector == ev.vector &&
	    r->event.type == ev.type) {
		r->retired = 1;
		m->retired++;
		m->extra--; /* the delivery was its tick */
	}
	if (deferred && ev.type != INTR_PRIV_SOFT_EXC)
		m->pending_dbg = deferred | PDBG_ENABLED;
	report_boundary(m, ctl, r);
}

/* Does the instruction leave anything due but what a step always leaves? */
static bool is_eventful(const struct model *m, const struct boundary *b, const struct model_controls *ctl)
{
	return m->hits || m->shadow_next || b->pending_dbg || ((b->rflags & FL_TF) | ctl->tf) ||
	       b->insn.cls == INSN_SYSRET;
}

static void behind(struct model *m, const struct boundary *b, const struct model_controls *ctl, bool taken)
{
	m->c.shadow = SHADOW_NONE;
	m->pending_dbg = 0;
	if (is_eventful(m, b, ctl))
		boundary_behind(m, b, ctl, taken);
}

/* No document says whether TF of the task that was left traps in the new one. It does not here, as in KVM,
 * which emulates task switches, and in Bochs. */
static void behind_switch(struct model *m, const struct boundary *before, const struct model_controls *ctl)
{
	struct model_controls without = *ctl;
	struct boundary b = *before;

	without.tf = false;
	b.rflags &= ~FL_TF;
	behind(m, &b, &without, false);
}

/* CPUID and HLT: done by the hypervisor, who skips them (outer skip) and owes the boundary; the trap that
 * is pending behind them is the guest's own only. */
static void exit_skipped(struct model *m, const struct boundary *b, const struct model_controls *ctl, u32 reason,
			 struct model_report *r)
{
	struct skip_state s = {
		.rip = m->c.rip, .rflags = m->c.rflags, .shadow = m->c.shadow, .pending_dbg = m->pending_dbg,
		.mtf = ctl->mtf, .tf = b->rflags & FL_TF, .btf = b->btf,
	};
	u8 activity = m->c.activity;

	m->c.activity = ACT_ACTIVE;
	exit_begin(m, reason, &r->ev);
	r->ev.insn_len = b->insn.length;
	r->exits = r->skipped = true;
	skip_apply(SKIP_KIND_OUTER, m->bits, b->insn.length, &s);
	m->c.rip = s.rip;
	m->c.rflags = s.rflags;
	m->c.shadow = s.shadow;
	m->pending_dbg = s.pending_dbg | ((m->hits & PDBG_BN) ? m->hits | PDBG_ENABLED : 0);
	/* A trap that is due at once ends the sleep (SDM 2 "HLT"). */
	m->c.activity = m->pending_dbg & PDBG_BS ? ACT_ACTIVE : activity;
}

/* VMX makes a task switch exit and leaves it to the hypervisor (SDM 3 "Treatment of Task Switches"). */
static void exit_task_switch(struct model *m, const struct boundary *b, const struct op *o,
			     struct model_report *r)
{
	enum { FROM_CALL = 0, FROM_IRET = 1, FROM_JMP = 2 };
	u32 from = o->facts.cls == INSN_IRET ? FROM_IRET : o->facts.flags & INSNF_CALL ? FROM_CALL : FROM_JMP;

	exit_begin(m, EXIT_TASK_SWITCH, &r->ev);
	r->ev.rip = b->lin;
	r->ev.rflags = b->rflags;
	r->ev.insn_len = o->len;
	r->ev.qualification = m->c.tr.sel | (u64)from << 30;
	r->exits = r->skipped = true;
}

static void retire(struct model *m, const struct boundary *b, const struct op *o,
		   const struct model_controls *ctl, u16 tr, struct model_report *r)
{
	int reason = exit_of_insn(o);
	bool taken = m->next != rip_wrap(m, m->c.rip + o->len);

	r->retired = 1;
	r->cls = o->facts.cls;
	m->retired++;
	clock_tick(m);
	m->rep_rip = ~0ull;
	if (reason >= 0) {
		exit_skipped(m, b, ctl, reason, r);
	} else {
		bool switched = m->c.tr.sel != tr && (o->facts.flags & INSNF_FAR);

		if (switched)
			exit_task_switch(m, b, o, r);
		m->c.rip = m->next;
		m->c.rflags = (m->c.rflags & ~FL_RF) | (m->rf_next ? FL_RF : 0);
		if (switched)
			behind_switch(m, b, ctl);
		else
			behind(m, b, ctl, taken);
	}
	report_boundary(m, ctl, r);
}

static void iteration(struct model *m, const struct boundary *b, const struct model_controls *ctl,
		      struct model_report *r)
{
	m->rep_rip = m->c.rip;
	model_clock_skip(m, 1);
	behind(m, b, ctl, false);
	r->rep = true;
	report_boundary(m, ctl, r);
}

void step_insn(struct model *m, const struct model_controls *ctl, struct model_report *r)
{
	const struct insn_facts none = { 0 };
	const struct op *o = NULL;
	struct boundary b;
	u16 tr = m->c.tr.sel;
	enum ex ex = op_fetch(m, &o);

	m->shadow_next = SHADOW_NONE;
	m->hits = 0;
	m->tbit = m->rf_next = false;
	m->n_touch = 0;
	if (ex != EX_DONE)
		o = NULL;
	b = boundary_before(m, o ? &o->facts : &none);
	if (o) {
		m->next = rip_wrap(m, m->c.rip + o->len);
		ex = o->exec(m, o);
	}
	switch (ex) {
	case EX_DONE:
		retire(m, &b, o, ctl, tr, r);
		break;
	case EX_REPEAT:
		iteration(m, &b, ctl, r);
		break;
	case EX_EVENT:
		step_event(m, ctl, o, r);
		break;
	case EX_SHUTDOWN:
		m->c.activity = ACT_SHUTDOWN;
		r->end = MODEL_SHUTDOWN;
		break;
	case EX_FROZEN:
		r->end = MODEL_HALTED;
		break;
	case EX_MISSING:
		r->end = MODEL_MISSING;
		r->lack = m->lack;
		break;
	}
}
