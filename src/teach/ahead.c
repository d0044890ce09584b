/* ahead.c - see ahead.h: the copy of the state, and how the guest would be resumed; look.c makes the step. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/common/pending.h"
#include "teach/look.h"

static const char *const texts[UNSEEN_COUNT] = {
	[UNSEEN_NONE] = "nothing",
	[UNSEEN_INTERRUPT] = "an external interrupt or NMI",
	[UNSEEN_DEVICE] = "the answer of a device",
	[UNSEEN_MODEL] = "an instruction that the model does not have",
	[UNSEEN_EVENT] = "an event that the user queued",
	[UNSEEN_SKIP] = "a skip that is wrong on purpose",
	[UNSEEN_STATE] = "registers or code that cannot be read",
	[UNSEEN_FREE] = "a free run",
};

const char *unseen_text(enum unseen u)
{
	return (unsigned)u < UNSEEN_COUNT ? texts[u] : "?";
}

struct boundary boundary_of(const struct cpu_state *c, const struct insn_facts *insn)
{
	return (struct boundary){
		.lin = cpu_linear_rip(c),
		.rflags = c->rflags,
		.shadow = c->shadow,
		.shadow_known = c->shadow_known,
		.cpl = cpu_cpl(c),
		.dr7 = c->dr7,
		.btf = c->debugctl & DEBUGCTL_BTF,
		.de = c->cr4 & CR4_DE,
		.fmask_tf = c->sfmask & FL_TF,
		.r11_tf = c->gpr[GPR_R11] & FL_TF,
		.insn = *insn,
	};
}

void ahead_plan(struct session *s, struct plan *ret)
{
	const struct settings *set = session_settings(s);

	*ret = (struct plan){
		.mode = PLAN_STEP,
		.count = 1,
		.hold_irq = !set->step_irq,
		.rep_whole = set->rep_whole,
		.icebp = set->icebp,
		.int3 = set->int3,
		.skip = set->skip,
		.mtf = set->mtf,
		.intercept_db = set->intercept_db,
		.intercept_bp = set->intercept_bp,
	};
}

/* ---- what the debugger arms ------------------------------------------------------------------ */

/* Interrupts are not in the state: the model is to see none. Engine kvm takes #DB and #BP always. */
static void controls_set(struct look *l)
{
	const bool view = session_engine(l->a->s)->ops->vmx_view;
	const struct plan *p = l->plan;
	const bool db = !view || p->intercept_db;

	l->ctl = (struct model_controls){
		.mtf = view && p->mtf,
		.tf = !(view && p->mtf) && db,
		.db_exiting = db,
		.bp_exiting = !view || p->intercept_bp,
		.hold_irq = true,
	};
	l->armed = (struct armed){ .host_tf = l->ctl.tf, .mtf = l->ctl.mtf, .sw_bp = true,
				   .db_exiting = l->ctl.db_exiting, .bp_exiting = l->ctl.bp_exiting };
}

/* The #DB that is the guest's own says with which bits. */
static u64 guest_db_bits(const struct stop *st)
{
	for (unsigned i = 0; i < st->n_did; i++)
		if (st->did[i].kind == DID_GUEST_DB)
			return st->did[i].a;
	return 0;
}

/* Held back by a MOV SS, as engines with a VMCS, real or modelled, show it at a stop. */
static u64 shown_pending(const struct stop *st)
{
	if (st->ev.kind != EVIDENCE_SOFT && st->ev.kind != EVIDENCE_VMX)
		return 0;
	return st->ev.vmx.pending_dbg & (PDBG_BN | PDBG_ENABLED);
}

/* The event the last stop left is injected, if the policy delivers it. */
static void pending_inject(struct look *l)
{
	const struct stop *st = session_last_stop(l->a->s);
	const struct phys_ops phys = overlay_phys(&l->a->memory);
	struct pending p = { .active = true };
	bool no_gate;
	u64 deferred;

	if (!st || !st->pending)
		return;
	p.ev.vector = st->pending_vector;
	if (st->pending_vector == EXC_BP) {
		p.cause = CAUSE_INT3;
		p.ev.type = INTR_SOFT_EXC;
	} else if (st->causes & CAUSE_BIT(CAUSE_ICEBP) && !guest_db_bits(st)) {
		p.cause = CAUSE_ICEBP;
		p.ev.type = INTR_PRIV_SOFT_EXC;
	} else {
		p.cause = CAUSE_TF;
		p.ev.type = INTR_HARD_EXC;
		p.ev.dr6 = guest_db_bits(st);
	}
	deferred = p.cause == CAUSE_INT3 ? shown_pending(st) : 0;
	*model_pending_dbg(l->a->m) |= deferred;
	if (!pending_is_swallowed(&p, l->plan, model_cpu(l->a->m), &phys, &no_gate)) {
		/* It follows an INT3 injected under MOV-SS blocking to the handler (SDM "Delivery of Pending
		 * Debug Exceptions after VM Entry"). */
		if (deferred)
			model_cpu(l->a->m)->shadow |= SHADOW_MOV_SS;
		model_inject(l->a->m, &p.ev);
	} else if (p.cause == CAUSE_TF) {
		model_cpu(l->a->m)->rflags |= FL_RF;
	}
}

/* ---- the copy -------------------------------------------------------------------------------- */

static int model_renew(struct ahead_model *a, struct err *err)
{
	struct machine *machine = session_machine(a->s);
	struct model_config cfg = { .bus = overlay_bus(&a->memory) };
	struct phys_ops phys;

	if (a->m && a->machine == machine)
		return 0;
	model_destroy(a->m);
	a->m = NULL;
	a->machine = machine;
	overlay_init(&a->memory, machine);
	phys = overlay_phys(&a->memory);
	cfg.memory = &phys;
	return model_create(&cfg, &a->m, err);
}

/* It is in no register. */
static u64 pending_held(const struct ahead_model *a, const struct cpu_state *c)
{
	const struct stop *st = session_last_stop(a->s);

	if (!st || st->lin != cpu_linear_rip(c) || !(c->shadow & SHADOW_MOV_SS))
		return 0;
	return shown_pending(st);
}

static bool state_copy(struct ahead_model *a)
{
	const struct cpu_state *c;

	if (session_regs(a->s, &c, NULL) || model_renew(a, NULL))
		return false;
	overlay_clear(&a->memory);
	*model_cpu(a->m) = *c;
	model_cpu(a->m)->known = REGS_ALL;
	*model_pending_dbg(a->m) = pending_held(a, c);
	model_changed(a->m);
	return true;
}

static bool may_be_interrupted(const struct look *l, u64 rflags)
{
	return rflags & FL_IF && !l->plan->hold_irq;
}

void ahead_look(struct ahead_model *a, const struct plan *plan, struct ahead *ret)
{
	struct look l = { .a = a, .plan = plan };
	u64 rflags;

	*ret = (struct ahead){ .unseen = UNSEEN_STATE };
	if (!session_alive(a->s) || !state_copy(a))
		return;
	rflags = model_cpu(a->m)->rflags;
	ret->from_lin = cpu_linear_rip(model_cpu(a->m));
	ret->unseen = UNSEEN_EVENT;
	if (session_event_queued(a->s))
		return;
	controls_set(&l);
	pending_inject(&l);
	ret->unseen = look_run(&l);
	if (ret->unseen != UNSEEN_NONE)
		return;
	if (plan->skip != SKIP_CORRECTED && l.r.exits && !l.r.ev.reason) {
		ret->unseen = UNSEEN_SKIP;
		return;
	}
	look_outcome(&l, ret);
	if (may_be_interrupted(&l, rflags))
		ret->unseen = UNSEEN_INTERRUPT;
}

int ahead_create(struct session *s, struct ahead_model **ret, struct err *err)
{
	struct ahead_model *a = calloc(1, sizeof(*a));

	if (!a)
		return err_set(err, ENOMEM, "no memory for predictions");
	a->s = s;
	*ret = a;
	return 0;
}

void ahead_destroy(struct ahead_model *a)
{
	if (!a)
		return;
	model_destroy(a->m);
	free(a);
}
