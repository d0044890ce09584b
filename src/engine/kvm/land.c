/*
 * land.c - where a step landed: behind the instruction, at its target, or in the handler of an event,
 * which KVM reports as such in no exit.
 */
#include "engine/kvm/kvm.h"

/* ---- the delivery of an event, seen or found out ------------------------------------------------- */

static void event_tell(struct vcpu *k, struct step *st, const struct gate *g)
{
	frame_tell(k, &st->stop, g->vector, g->type);
	if (g->vector == EXC_DB)
		k->guest_dr_stale = true;
}

static bool is_software_event(const struct gate *g)
{
	return g->type == INTR_SOFT_INT || g->type == INTR_SOFT_EXC;
}

/* What completed before the event: the frame tells where it came in. INT n and its like complete. */
static s32 retired_before(struct vcpu *k, const struct step *st, const struct gate *g)
{
	u64 at;

	if (!st->pair)
		return is_software_event(g) ? 1 : 0;
	if (is_software_event(g))
		return 2;
	at = frame_rip(k, g->vector);
	if (at == st->from.rip)
		return 0;
	return at == st->from.rip + st->from.insn.facts.length ? 1 : 2;
}

/* The guest is at a handler's first instruction, which has not run. */
static void event_seen(struct vcpu *k, struct step *st, const struct gate *g, enum proof proof)
{
	struct stop *s = &st->stop;
	bool had_tf = k->guest_tf;

	s->causes = CAUSE_BIT(CAUSE_EVENT);
	s->first = CAUSE_EVENT;
	s->proof = proof;
	event_tell(k, st, g);
	s->retired = retired_before(k, st, g);
	k->guest_tf = false;
	tf_frame(k, s, g->vector, had_tf);
	stop_place_again(k, s);
	vcpu_touch(k, KVM_SYNC_X86_REGS);
}

/*
 * The handler ran before the guest could be stopped. On the software flavour it is its first
 * instruction that did: nothing is uncounted, only the boundary before it is missing. Elsewhere all
 * of it ran, and how much that was nobody can tell.
 */
static void event_missed(struct vcpu *k, struct step *st)
{
	struct gate g;
	bool had_tf = k->guest_tf;

	if (!gate_deduce(k, &st->from, &g) || !k->quirks.software) {
		record_gap(&k->r.rec, GAP_EVENT, st->from.lin, -1);
		st->stop.retired = 0;
		return;
	}
	record_gap(&k->r.rec, GAP_EVENT, g.lin, 0);
	st->stop.retired = 1;
	st->stop.proof = PROOF_DEDUCED;
	event_tell(k, st, &g);
	k->guest_tf = false;
	tf_frame(k, &st->stop, g.vector, had_tf);
}

/* ---- from the report to the causes ------------------------------------------------------------------ */

static void causes_take(struct stop *s, const struct verdict *v)
{
	s->causes |= v->causes;
	s->first = v->first;
	s->proof = v->proof;
	s->retired = v->retired;
}

static const struct gate *gate_hit(const struct vcpu *k, const struct step *st)
{
	for (unsigned n = 0; n < SLOTS; n++)
		if (st->v.internal_hits & BIT(n))
			return &to_kvm(k)->gate[n];
	return NULL;
}

/* Real mode on the software flavour, and INTO anywhere: a step ends at the handler itself. */
static bool event_stepped(struct vcpu *k, const struct step *st, struct gate *ret)
{
	const struct insn *i = &st->from.insn;

	if (i->facts.cls != INSN_INTN && i->facts.cls != INSN_INT3 && i->facts.cls != INSN_INTO)
		return false;
	regs_sys(k, &k->cpu);
	*ret = (struct gate){
		.vector = i->vector, .type = i->facts.cls == INSN_INTN ? INTR_SOFT_INT : INTR_SOFT_EXC,
	};
	return gate_target(k, i->vector, &ret->lin) && ret->lin == k->at.lin;
}

void step_land(struct vcpu *k, struct step *st)
{
	struct verdict *v = &st->v;
	const struct gate *hit = gate_hit(k, st);
	struct gate g;

	if (hit && !v->causes && hit->syscall) {
		v->causes = CAUSE_BIT(CAUSE_TF); /* lost with TF (K7), its boundary is this one */
		v->first = CAUSE_TF;
		v->proof = PROOF_DEDUCED;
		v->retired = 1;
	} else if (hit && !v->causes) {
		event_seen(k, st, hit, PROOF_SEEN);
		return;
	}
	causes_take(&st->stop, v);
	if (!(v->causes & CAUSE_BIT(CAUSE_TF)) || v->skip != SKIP_KIND_NONE)
		return;
	if (event_stepped(k, st, &g))
		event_seen(k, st, &g, PROOF_SEEN);
	else if (!land_is_explained(k, st))
		event_missed(k, st);
}
