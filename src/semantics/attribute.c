/*
 * attribute.c - sorting the causes of one report: the step's, the user's points, the guest's own.
 */
#include "semantics/attribute.h"

/* Reported first of several at one boundary: as due.c orders them. An ICEBP brings a watchpoint
 * that a MOV SS deferred with it, not the other way round. */
static const u8 first_order[] = {
	CAUSE_TBIT, CAUSE_MTF, CAUSE_ICEBP, CAUSE_INT3,  CAUSE_TF,    CAUSE_UWATCH, CAUSE_WATCH,
	CAUSE_IOBP, CAUSE_BLD, CAUSE_RTM,   CAUSE_CATCH, CAUSE_BREAK, CAUSE_HWBP,   CAUSE_GD,
};

void verdict_begin(struct verdict *v)
{
	*v = (struct verdict){ .first = CAUSE_NONE };
}

void verdict_add(struct verdict *v, enum cause c)
{
	v->causes |= CAUSE_BIT(c);
}

void verdict_end(struct verdict *v)
{
	for (unsigned i = 0; i < ARRAY_SIZE(first_order); i++) {
		if (v->causes & CAUSE_BIT(first_order[i])) {
			v->first = first_order[i];
			return;
		}
	}
	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		if (v->causes & CAUSE_BIT(c)) {
			v->first = c;
			return;
		}
	}
}

void verdict_owe(struct verdict *v, u8 vector, u8 type, u64 guest_dr6)
{
	v->pending = true;
	v->vector = vector;
	v->type = type;
	v->guest_dr6 = guest_dr6;
}

/* --- what ran --- */

bool report_stepping(const struct report *r)
{
	return r->armed->host_tf || r->armed->mtf;
}

bool report_same_rip(const struct report *r)
{
	return r->before->lin == r->after->lin;
}

bool report_trap_held(const struct report *r)
{
	return report_same_rip(r) && !(r->before->shadow & SHADOW_MOV_SS) &&
	       (r->before->pending_dbg & (PDBG_BS | PDBG_ENABLED));
}

static bool directly_behind(const struct report *r)
{
	const struct insn_facts *i = &r->before->insn;

	return !i->length || r->after->lin == r->before->lin + i->length;
}

/* Behind a MOV SS and one more instruction, which TF cannot stop between. */
static bool near_behind(const struct report *r)
{
	u64 past = r->after->lin - (r->before->lin + r->before->insn.length);

	return past > 0 && past <= INSN_MAX;
}

s8 report_retired_step(const struct report *r)
{
	const struct boundary *b = r->before;
	struct insn_event ev;

	if (!report_stepping(r))
		return -1;
	if (report_trap_held(r))
		return 0;
	if ((b->insn.flags & INSNF_REP) && report_same_rip(r))
		return 0;
	if (insn_event(b, r->armed, &ev))
		return -1; /* its handler may have run unseen */
	if (directly_behind(r) || insn_transfers(&b->insn))
		return 1;
	return opens_mov_ss_shadow(b) && near_behind(r) ? 2 : -1;
}

s8 report_retired_fault(const struct report *r)
{
	struct insn_event ev;

	if (!report_same_rip(r))
		return -1;
	return report_stepping(r) || insn_event(r->before, r->armed, &ev) ? 0 : -1;
}

/*
 * A host's TF hides the guest's (K5): its own trap is due where the architecture had one. Not
 * behind a MOV SS: a KVM that stops there shows a boundary the guest's TF does not see.
 */
bool report_guest_tf(const struct report *r)
{
	const struct boundary *b = r->before;
	bool tf = b->rflags & FL_TF;

	if (opens_mov_ss_shadow(b) && directly_behind(r))
		return false;
	if (tf && b->btf && (b->insn.flags & INSNF_COND) && !directly_behind(r))
		return true; /* the conditional branch was taken */
	return tf_traps(b, tf);
}

/* --- ICEBP and INT3 --- */

void attribute_icebp(const struct report *r, enum proof proof, struct verdict *v)
{
	verdict_add(v, CAUSE_ICEBP);
	v->proof = proof;
	v->skip = SKIP_KIND_INNER;
	v->retired = report_retired_fault(r);
	verdict_owe(v, EXC_DB, INTR_PRIV_SOFT_EXC, v->guest_hits);
}

void attribute_int3(const struct report *r, enum proof proof, struct verdict *v)
{
	v->proof = proof;
	v->retired = report_retired_fault(r);
	if (r->after->planted) {
		v->planted_hit = true;
		verdict_add(v, CAUSE_BREAK);
		return;
	}
	verdict_add(v, CAUSE_INT3);
	v->skip = SKIP_KIND_INNER;
	verdict_owe(v, EXC_BP, INTR_SOFT_EXC, 0);
}

/* --- the bits of a #DB --- */

static enum cause cause_of_hit(unsigned rw, bool ours)
{
	switch (rw) {
	case DR_RW_EXEC:
		return ours ? CAUSE_BREAK : CAUSE_HWBP;
	case DR_RW_IO:
		return ours ? CAUSE_CATCH : CAUSE_IOBP;
	default:
		return ours ? CAUSE_UWATCH : CAUSE_WATCH;
	}
}

/* A breakpoint of the guest's may have been enabled by the very MOV DR just done: then the exit's
 * DR7 tells. A Bn that neither enables may be set all the same and counts for nothing. */
static void attribute_hit(const struct report *r, unsigned n, u64 exit_dr7, struct verdict *v)
{
	u64 dr7 = dr7_in_effect(r->before, r->armed);
	bool ours = r->armed->host_dr7 && (r->armed->host_slots & BIT(n));

	if (!dr_enabled(dr7, n) && !r->armed->host_dr7)
		dr7 = exit_dr7;
	if (!dr_enabled(dr7, n))
		return;
	if (ours && (r->armed->internal_slots & BIT(n))) {
		v->internal_hits |= BIT(n);
		return;
	}
	if (ours)
		v->host_hits |= BIT(n);
	else
		v->guest_hits |= BIT(n);
	verdict_add(v, cause_of_hit(DR7_RW(dr7, n), ours));
}

static u64 attribute_tf(const struct report *r, struct verdict *v)
{
	verdict_add(v, CAUSE_TF);
	v->host_tf_trap = r->armed->host_tf;
	v->guest_tf_trap = !r->armed->host_tf || report_guest_tf(r);
	return v->guest_tf_trap ? DR6_BS : 0;
}

/* Conditions that are always the guest's. */
static void attribute_others(u64 bits, struct verdict *v)
{
	static const struct {
		u64 bit;
		u8 cause;
	} rows[] = {
		{ DR6_BD, CAUSE_GD },
		{ DR6_BT, CAUSE_TBIT },
		{ DR6_BLD, CAUSE_BLD },
		{ DR6_RTM, CAUSE_RTM },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (bits & rows[i].bit)
			verdict_add(v, rows[i].cause);
}

static bool is_fault_like(const struct verdict *v)
{
	return !(v->causes &
		 ~(CAUSE_BIT(CAUSE_BREAK) | CAUSE_BIT(CAUSE_HWBP) | CAUSE_BIT(CAUSE_GD)));
}

bool attribute_db_bits(const struct report *r, u64 bits, u64 exit_dr7, struct verdict *v)
{
	const u64 others = DR6_BD | DR6_BT | DR6_BLD | DR6_RTM;
	u64 guest = bits & others;

	for (unsigned n = 0; n < 4; n++)
		if (bits & DR6_B(n))
			attribute_hit(r, n, exit_dr7, v);
	if (bits & DR6_BS)
		guest |= attribute_tf(r, v);
	attribute_others(bits, v);
	guest |= v->guest_hits;
	if (!v->causes && !v->internal_hits)
		return false;
	v->retired = is_fault_like(v) ? report_retired_fault(r) : report_retired_step(r);
	if (guest)
		verdict_owe(v, EXC_DB, INTR_HARD_EXC, guest);
	return true;
}

void attribute_db_unknown(const struct report *r, struct verdict *v)
{
	verdict_add(v, CAUSE_EXCEPTION);
	v->unknown_db = true;
	v->retired = -1;
	verdict_owe(v, EXC_DB, INTR_HARD_EXC, 0);
}

/* --- folding --- */

static void fold_event(struct verdict *into, const struct verdict *more)
{
	if (!more->pending)
		return;
	if (!into->pending)
		verdict_owe(into, more->vector, more->type, more->guest_dr6);
	else if (into->vector == EXC_DB && more->vector == EXC_DB)
		into->guest_dr6 |= more->guest_dr6;
}

/* Nothing ran in between, so that `more` retired nothing, whatever it could tell. */
void verdict_fold(struct verdict *into, const struct verdict *more)
{
	if (!into->causes)
		into->first = more->first;
	into->causes |= more->causes;
	if (more->proof == PROOF_DEDUCED)
		into->proof = PROOF_DEDUCED;
	into->host_hits |= more->host_hits;
	into->internal_hits |= more->internal_hits;
	into->guest_hits |= more->guest_hits;
	into->planted_hit |= more->planted_hit;
	if (into->skip == SKIP_KIND_NONE)
		into->skip = more->skip;
	fold_event(into, more);
	into->host_tf_trap |= more->host_tf_trap;
	into->guest_tf_trap |= more->guest_tf_trap;
	into->unknown_db |= more->unknown_db;
}
