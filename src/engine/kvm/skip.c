/*
 * skip.c - RIP past an instruction that does not run: an intercepted ICEBP or INT3, and the user's
 * `skip`.
 */
#include "engine/kvm/kvm.h"

#include <string.h>

static void shadow_set(struct kvm_engine *k, u8 shadow)
{
	if (k->at.shadow == shadow)
		return;
	k->s->events.interrupt.shadow = shadow;
	k->s->events.flags |= KVM_VCPUEVENT_VALID_SHADOW;
	vcpu_touch(k, KVM_SYNC_X86_EVENTS);
}

/* RIP over the instruction at k->at. True: a single-step trap of the guest's own is owed. */
bool skip_at(struct kvm_engine *k, enum skip_kind kind)
{
	struct skip_state s = {
		.rip = k->at.rip, .rflags = k->s->regs.rflags, .shadow = k->at.shadow,
		.tf = k->guest_tf,
	};

	skip_apply(kind, k->at.bits, k->at.insn.facts.length, &s);
	k->s->regs.rip = s.rip;
	k->s->regs.rflags = s.rflags;
	vcpu_touch(k, KVM_SYNC_X86_REGS);
	shadow_set(k, s.shadow);
	at_load(k);
	return s.tf;
}

static void skip_tell(struct stop *s, enum skip_kind kind, u64 from, u64 to)
{
	if (kind == SKIP_KIND_NONE)
		stop_did(s, DID_NO_SKIP, 0, from, 0);
	else
		stop_did(s, kind == SKIP_KIND_INNER ? DID_INNER_SKIP : DID_OUTER_SKIP, 0, from, to);
}

/* The skip owed before the stop is shown, by the rule the user chose. */
void skip_owed(struct kvm_engine *k, struct step *st)
{
	enum skip_kind kind = skip_choose(k->plan->skip, &st->v, st->ev.dr6);
	u64 from = k->at.lin;
	bool trap;

	if (st->v.skip == SKIP_KIND_NONE && kind == SKIP_KIND_NONE)
		return;
	trap = skip_at(k, kind);
	skip_tell(&st->stop, kind, from, k->at.lin);
	if (kind != st->v.skip)
		stop_did(&st->stop, DID_WRONG_SKIP, k->plan->skip, 0, 0);
	if (kind == SKIP_KIND_OUTER) {
		k->owed_tf = true;
		if (trap)
			st->v.guest_dr6 |= DR6_BS;
	}
	if (kind != SKIP_KIND_NONE && st->stop.retired >= 0)
		st->stop.retired++;
	stop_place_again(k, &st->stop);
}

void skip_stop(struct kvm_engine *k, enum skip_kind kind, int *ret_end)
{
	struct step st;
	u64 lin = k->at.lin;
	bool trap;

	memset(&st, 0, sizeof(st));
	st.from = k->at;
	trap = skip_at(k, kind);
	stop_begin(k, &st.from, &st.stop);
	st.stop.causes = CAUSE_BIT(kind == SKIP_KIND_OUTER ? CAUSE_TF : CAUSE_LIMIT);
	st.stop.first = kind == SKIP_KIND_OUTER ? CAUSE_TF : CAUSE_LIMIT;
	st.stop.proof = PROOF_DEDUCED;
	st.stop.host_tf = kind == SKIP_KIND_OUTER;
	st.stop.guest_tf = k->guest_tf;
	skip_tell(&st.stop, kind, lin, k->at.lin);
	if (trap)
		pending_guest_db(k, &st.stop, DR6_BS);
	step_finish(k, &st, ret_end);
}
