/*
 * saved.c - processor and chips as bytes, to come back to (engine_ops.state_get and state_set). Points and
 * what the engine is wired to are no part of it.
 */
#include "engine/soft/soft.h"

#include <string.h>

struct soft_saved {
	struct runner_saved r;
	struct chips chips;
	struct at at;
	u64 mmio, poll_at;
	bool trap_noted, has_last;
	struct vmx_evidence last;
	u64 n_steps, n_exits;
};

int soft_state_get(struct engine *base, struct strbuf *out, struct err *err)
{
	struct soft_engine *e = to_soft(base);
	struct soft_saved s;

	memset(&s, 0, sizeof(s));
	runner_save(&e->r, &s.r);
	s.chips = e->chips;
	s.at = e->at;
	s.mmio = e->mmio;
	s.poll_at = e->poll_at;
	s.trap_noted = e->trap_noted;
	s.has_last = e->has_last;
	s.last = e->last;
	s.n_steps = e->n_steps;
	s.n_exits = e->n_exits;
	strbuf_addn(out, &s, sizeof(s));
	if (strbuf_room(out, model_saved_size())) {
		model_save(e->m, out->s + out->n);
		out->n += model_saved_size();
	}
	return runner_saved_whole(out, err);
}

int soft_state_set(struct engine *base, const void *state, size_t n, struct err *err)
{
	struct soft_engine *e = to_soft(base);
	struct soft_saved s;

	memcpy(&s, state, sizeof(s));
	runner_restore(&e->r, &s.r);
	e->chips = s.chips;
	e->at = s.at;
	e->mmio = s.mmio;
	e->trap_noted = s.trap_noted;
	e->has_last = s.has_last;
	e->last = s.last;
	e->n_steps = s.n_steps;
	e->n_exits = s.n_exits;
	e->poll_at = platform_poll_at(e, s.poll_at);
	model_restore(e->m, (const u8 *)state + sizeof(s));
	return 0;
}

u64 soft_position(struct engine *base)
{
	return model_clock(to_soft(base)->m);
}
