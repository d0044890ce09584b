/*
 * saved.c - the guest's state as bytes, to come back to: what the engine remembers, and what KVM has.
 * Internal points and gates are not in it: those are of one entry, and no entry is on.
 */
#include "engine/kvm/kvm.h"

#include <string.h>

struct kvm_engine_saved {
	struct runner_saved r;
	bool halted;
	u32 hold_steps;
};

int kvm_state_get(struct engine *base, struct strbuf *out, struct err *err)
{
	struct vcpu *k = to_vcpu(to_runner(base));
	struct kvm_engine_saved s;
	int r;

	memset(&s, 0, sizeof(s));
	runner_save(&k->r, &s.r);
	s.halted = to_kvm(k)->halted;
	s.hold_steps = to_kvm(k)->hold_steps;
	strbuf_addn(out, &s, sizeof(s));
	r = vcpu_save(k, out, err);
	return r ? r : runner_saved_whole(out, err);
}

int kvm_state_set(struct engine *base, const void *state, size_t n, struct err *err)
{
	struct vcpu *k = to_vcpu(to_runner(base));
	struct kvm_engine *e = to_kvm(k);
	struct kvm_engine_saved s;
	int r = vcpu_restore(k, (const u8 *)state + sizeof(s), n - sizeof(s), err);

	memcpy(&s, state, sizeof(s));
	runner_restore(&k->r, &s.r);
	e->halted = s.halted;
	e->hold_steps = s.hold_steps;
	e->gate_slots = 0;
	e->guarded = false;
	e->usual.left = 0;
	at_load(k);
	return r;
}
