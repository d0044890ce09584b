/*
 * report.c - what a report of the model means: the core attributes the VM exit, the engine does what a
 * hypervisor owes then - the skip, the trap of the same boundary, the event for the guest.
 */
#include "engine/soft/soft.h"

/* ---- the skip ------------------------------------------------------------------------------------- */

bool soft_skip(struct runner *r, enum skip_kind kind, unsigned len, struct stop *s)
{
	struct soft_engine *e = to_soft(&r->base);
	struct cpu_state *c = e->c;
	u64 from = e->at.insn.lin, *pending = model_pending_dbg(e->m);
	struct skip_state k = {
		.rip = c->rip, .rflags = c->rflags, .shadow = c->shadow, .pending_dbg = *pending,
		.mtf = r->plan->mtf, .tf = c->rflags & FL_TF, .btf = c->debugctl & DEBUGCTL_BTF,
	};

	skip_apply(kind, e->at.insn.bits, len, &k);
	c->rip = k.rip;
	c->rflags = k.rflags;
	c->shadow = k.shadow;
	*pending = k.pending_dbg;
	soft_at_load(e);
	skip_tell(s, kind, from, e->at.insn.lin);
	soft_stop_place(e, s);
	return false; /* it is in *pending */
}

/* ---- attribution ---------------------------------------------------------------------------------- */

static void attribute(struct soft_engine *e, const struct step *st, struct verdict *ret)
{
	const struct landing l = {
		.lin = e->at.insn.lin, .rflags = e->c->rflags, .insn = e->at.insn.facts,
		.vector = e->at.insn.vector,
	};

	attribute_vmx(&st->b, &st->armed, &st->r.ev, &l, ret);
}

/* An instruction that exited was emulated and skipped: the boundary is owed by who did that. */
static void skipped(struct soft_engine *e, struct step *st)
{
	bool asleep = e->c->activity == ACT_HLT;

	if (st->r.cls == INSN_CPUID || st->r.cls == INSN_HLT)
		stop_did(st->stop, DID_OUTER_SKIP, 0, st->r.ev.rip, e->at.insn.lin);
	st->v.skip = SKIP_KIND_NONE;
	st->v.first = asleep && !(e->c->rflags & FL_IF) ? CAUSE_HLT : runner_step_cause(&e->r);
	st->v.causes = CAUSE_BIT(st->v.first);
	st->v.proof = PROOF_DEDUCED;
}

/* VMX makes a task switch exit and leaves the T flag of the new TSS to who emulates it. */
static void tbit_owed(struct step *st)
{
	st->v.causes |= CAUSE_BIT(CAUSE_TBIT);
	st->v.first = CAUSE_TBIT;
	st->v.pending = true;
	st->v.vector = EXC_DB;
	st->v.type = INTR_HARD_EXC;
	st->v.guest_dr6 |= DR6_BT;
}

static void debug_registers_tell(const struct soft_engine *e, const struct vmx_evidence *ev, struct stop *s)
{
	if (ev->reason || (u8)ev->intr_info != EXC_DB)
		return;
	s->has_dr = true;
	s->dr6 = DR6_INIT | (ev->qualification & DR6_CAUSE);
	s->dr7 = e->c->dr7;
}

/*
 * A trap due at the boundary that MTF or a skip has told of comes with the next entry before anything
 * runs: one stop (semantics.md section 9). Under a MOV-SS shadow it is not due yet.
 */
static void fold_trap(struct soft_engine *e, struct step *st)
{
	struct model_controls ctl;
	struct verdict more;

	if (!(*model_pending_dbg(e->m) & (PDBG_BS | PDBG_ENABLED)) || !e->r.plan->intercept_db ||
	    (e->c->shadow & SHADOW_MOV_SS))
		return;
	ctl = controls_of(e, true);
	model_step(e->m, &ctl, &st->r);
	soft_at_load(e);
	attribute(e, st, &more);
	verdict_fold(&st->v, &more);
	debug_registers_tell(e, &st->r.ev, st->stop);
}

static void event_tell(struct step *st)
{
	const struct delivery *d = &st->r.event;
	struct stop *s = st->stop;

	s->has_event = true;
	s->event_vector = d->vector;
	s->event_type = d->type;
	s->event_has_error = d->has_error;
	s->event_error = d->error;
	st->v.causes |= CAUSE_BIT(CAUSE_EVENT);
	if (st->v.first == CAUSE_NONE)
		st->v.first = CAUSE_EVENT;
	if (st->injected)
		stop_did(s, DID_DELIVER, d->vector, d->return_rip, d->handler_lin);
}

enum cause soft_frozen(struct stop *s)
{
	s->ev = (struct evidence){ .kind = EVIDENCE_MODEL, .lack = LACK_IRQ13 };
	return CAUSE_ERROR;
}

static void end_tell(struct soft_engine *e, struct step *st)
{
	static const u8 cause_of[] = {
		[MODEL_HALTED] = CAUSE_HLT, [MODEL_SHUTDOWN] = CAUSE_SHUTDOWN, [MODEL_MISSING] = CAUSE_ERROR,
	};

	st->v.first = cause_of[st->r.end];
	if (st->r.end == MODEL_MISSING)
		st->stop->ev = (struct evidence){ .kind = EVIDENCE_MODEL, .lack = st->r.lack };
	if (st->r.end == MODEL_HALTED && model_frozen(e->m))
		st->v.first = soft_frozen(st->stop);
	st->v.causes = CAUSE_BIT(st->v.first);
	e->r.dead |= st->r.end == MODEL_SHUTDOWN;
}

/* With neither MTF nor an intercepted TF nobody tells of a boundary but the model itself. */
static void boundary_tell(struct soft_engine *e, struct step *st)
{
	if (st->v.causes || e->r.plan->mode != PLAN_STEP)
		return;
	st->v.first = CAUSE_TF;
	st->v.causes = CAUSE_BIT(CAUSE_TF);
	st->v.proof = PROOF_DEDUCED;
}

void report_take(struct soft_engine *e, struct step *st)
{
	struct model_report r = st->r;

	soft_at_load(e);
	soft_stop_begin(e, &st->from, st->stop);
	st->v = (struct verdict){ .first = CAUSE_NONE };
	if (r.exits) {
		attribute(e, st, &st->v);
		st->stop->ev.kind = EVIDENCE_SOFT;
		st->stop->ev.vmx = e->last = r.ev;
		e->has_last = true;
		e->n_exits++;
		debug_registers_tell(e, &r.ev, st->stop);
	}
	st->v.retired = 0;
	if (r.end == MODEL_HALTED || r.end == MODEL_SHUTDOWN || r.end == MODEL_MISSING)
		end_tell(e, st);
	else if (r.skipped)
		skipped(e, st);
	if (r.has_event)
		event_tell(st);
	else if (r.end == MODEL_BOUNDARY)
		boundary_tell(e, st);
	if (r.rep && !r.has_event)
		st->stop->has_event = st->stop->event_rep = true;
	if (r.tbit && e->r.plan->intercept_db)
		tbit_owed(st);
	if (r.end == MODEL_BOUNDARY && (e->r.plan->mtf || r.skipped) && e->r.plan->mode == PLAN_STEP)
		fold_trap(e, st);
	st->r.cls = r.cls;
	st->r.retired = r.retired;
	if (runner_skip_owed(&e->r, &st->v, DR6_INIT | st->stop->ev.vmx.qualification, st->stop->ev.vmx.insn_len,
			     st->stop))
		st->v.retired++;
	if (st->waited)
		stop_did(st->stop, DID_WAIT_HLT, 0, 0, 0);
	soft_stop_place(e, st->stop);
}
