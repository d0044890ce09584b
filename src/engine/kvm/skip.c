/*
 * skip.c - RIP past an instruction that does not run: an intercepted ICEBP or INT3, HLT, the user's
 * `skip`.
 */
#include "engine/kvm/kvm.h"

static void shadow_set(struct vcpu *k, u8 shadow)
{
	if (k->at.shadow == shadow)
		return;
	k->s->events.interrupt.shadow = shadow;
	k->s->events.flags |= KVM_VCPUEVENT_VALID_SHADOW;
	vcpu_touch(k, KVM_SYNC_X86_EVENTS);
}

bool skip_at(struct vcpu *k, enum skip_kind kind)
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

bool kvm_skip(struct runner *r, enum skip_kind kind, unsigned len, struct stop *s)
{
	struct vcpu *k = to_vcpu(r);
	u64 from = k->at.lin;
	bool trap = skip_at(k, kind);

	skip_tell(s, kind, from, k->at.lin);
	stop_place_again(k, s);
	return trap;
}
