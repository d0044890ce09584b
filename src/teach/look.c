/* look.c - one step of the model and what the core says it means; see look.h. */
#include "teach/look.h"

enum { UNTOLD_MAX = 1 << 20 /* iterations of a REP taken as one */ };

static void boundary_load(struct look *l)
{
	struct model_insn in;

	model_peek(l->a->m, &in);
	l->b = boundary_of(model_cpu(l->a->m), &in.facts);
	l->b.pending_dbg = *model_pending_dbg(l->a->m);
}

/* Whether anything tells of this boundary: not behind a MOV SS, where TF drops its trap. */
static bool told(const struct look *l)
{
	const struct model_report *r = &l->r;

	if (r->end != MODEL_BOUNDARY || r->has_event)
		return true;
	if (r->rep && l->plan->rep_whole)
		return *model_pending_dbg(l->a->m);
	return r->exits || (!l->ctl.mtf && !l->ctl.tf) || r->cls == INSN_SYSCALL || r->cls == INSN_SYSRET;
}

static void attribute(struct look *l, struct verdict *ret)
{
	struct landing at = { .rflags = model_cpu(l->a->m)->rflags };
	struct model_insn in;

	model_peek(l->a->m, &in);
	at.lin = in.lin;
	at.insn = in.facts;
	at.vector = in.vector;
	attribute_vmx(&l->b, &l->armed, &l->r.ev, &at, ret);
}

static void skip(struct look *l)
{
	struct cpu_state *c = model_cpu(l->a->m);
	struct skip_state k = { .rip = c->rip, .rflags = c->rflags, .shadow = c->shadow,
				.pending_dbg = *model_pending_dbg(l->a->m), .mtf = l->ctl.mtf,
				.tf = c->rflags & FL_TF, .btf = c->debugctl & DEBUGCTL_BTF };

	if (l->v.skip == SKIP_KIND_NONE)
		return;
	skip_apply(l->v.skip, mode_bits(cpu_mode(c)), l->r.ev.insn_len, &k);
	c->rip = k.rip;
	c->rflags = k.rflags;
	c->shadow = k.shadow;
	*model_pending_dbg(l->a->m) = k.pending_dbg;
	l->retired++;
}

static void step_cause_set(struct look *l, struct ahead *ret)
{
	const struct cpu_state *c = model_cpu(l->a->m);
	const bool asleep = c->activity == ACT_HLT && !(c->rflags & FL_IF);

	ret->first = asleep ? CAUSE_HLT : l->ctl.mtf ? CAUSE_MTF : CAUSE_TF;
	ret->causes = CAUSE_BIT(ret->first);
}

static void debug_bits(const struct model_report *r, struct ahead *ret)
{
	if (!r->exits || r->ev.reason || (u8)r->ev.intr_info != EXC_DB)
		return;
	ret->has_dr6 = true;
	ret->dr6 |= r->ev.qualification & DR6_CAUSE;
}

/* What is due at the same boundary comes before anything runs, and is the same stop. */
static void trap_fold(struct look *l, struct ahead *ret)
{
	const u64 pending = *model_pending_dbg(l->a->m);
	struct verdict more;

	if (!l->ctl.db_exiting || !(pending & (PDBG_BS | PDBG_ENABLED)) ||
	    model_cpu(l->a->m)->shadow & SHADOW_MOV_SS)
		return;
	model_step(l->a->m, &l->ctl, &l->r);
	attribute(l, &more);
	ret->also_trap = true;
	ret->causes |= more.causes;
	debug_bits(&l->r, ret);
	if (more.pending) {
		ret->pending = true;
		ret->pending_vector = more.vector;
	}
}

static void verdict_take(struct look *l, struct ahead *ret)
{
	if (!l->r.exits || l->r.skipped)
		return;
	attribute(l, &l->v);
	ret->causes = l->v.causes;
	ret->first = l->v.first;
	ret->pending = l->v.pending;
	ret->pending_vector = l->v.vector;
	debug_bits(&l->r, ret);
}

static void event_take(const struct look *l, struct ahead *ret)
{
	if (!l->r.has_event)
		return;
	ret->has_event = true;
	ret->vector = l->r.event.vector;
	ret->causes |= CAUSE_BIT(CAUSE_EVENT);
	if (ret->first == CAUSE_NONE)
		ret->first = CAUSE_EVENT;
}

static void tbit_take(const struct look *l, struct ahead *ret)
{
	if (!l->r.tbit || !l->ctl.db_exiting)
		return;
	ret->causes |= CAUSE_BIT(CAUSE_TBIT);
	ret->first = CAUSE_TBIT;
	ret->pending = true;
	ret->pending_vector = EXC_DB;
}

/* A REP may end in the middle: the facts are those of the boundary reached. */
static void boundary_take(struct look *l, struct ahead *ret)
{
	const struct model_report r = l->r;

	verdict_take(l, ret);
	if (r.skipped || (!ret->causes && r.end == MODEL_BOUNDARY && !r.has_event))
		step_cause_set(l, ret);
	event_take(l, ret);
	tbit_take(l, ret);
	ret->rep = r.rep && !r.has_event;
	skip(l);
	if (r.end == MODEL_BOUNDARY && (l->ctl.mtf || r.skipped))
		trap_fold(l, ret);
}

void look_outcome(struct look *l, struct ahead *ret)
{
	const struct cpu_state *c = model_cpu(l->a->m);

	ret->known = true;
	ret->first = CAUSE_NONE;
	if (l->r.end == MODEL_SHUTDOWN) {
		ret->first = CAUSE_SHUTDOWN;
		ret->causes = CAUSE_BIT(CAUSE_SHUTDOWN);
	} else {
		boundary_take(l, ret);
	}
	ret->lin = cpu_linear_rip(c);
	ret->rip = c->rip;
	ret->shadow = c->shadow;
	ret->retired = l->retired;
}

/* What a device answers may be an address to go to; elsewhere it is only a value. */
static bool device_decides(const struct look *l)
{
	return l->a->memory.device_read &&
	       (l->b.insn.flags & (INSNF_RET | INSNF_BRANCH | INSNF_CALL | INSNF_FAR | INSNF_REP) ||
		l->r.has_event);
}

enum unseen look_run(struct look *l)
{
	for (unsigned n = 0; n < UNTOLD_MAX; n++) {
		boundary_load(l);
		model_step(l->a->m, &l->ctl, &l->r);
		l->retired += l->r.retired;
		if (l->a->memory.full)
			return UNSEEN_MODEL;
		if (l->r.end == MODEL_MISSING)
			return UNSEEN_MODEL;
		if (device_decides(l))
			return UNSEEN_DEVICE;
		if (l->r.end == MODEL_HALTED)
			return UNSEEN_INTERRUPT;
		if (told(l))
			return UNSEEN_NONE;
	}
	return UNSEEN_MODEL;
}
