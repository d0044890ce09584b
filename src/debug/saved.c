/* saved.c - one state of the guest, whole, and back to it; see history.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "private.h"

/* ---- where the guest is ---------------------------------------------------------------------- */

u64 history_position(const struct session *s)
{
	return s->ops->position ? s->ops->position(s->engine) : s->way.told;
}

/* FNV-1a, by words. */
static u64 mix(u64 h, const void *p, size_t n)
{
	u64 word;

	for (const u8 *at = p; n >= sizeof(word); at += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		h = (h ^ word) * 0x100000001b3ull;
	}
	return h ^ h >> 32;
}

/* Of what costs nothing to ask for: on KVM other registers take calls of their own. */
static u64 digest_of(const struct cpu_state *c, bool pending)
{
	const u64 rest[] = { c->rip, c->rflags, c->cr0, c->cr2, c->cr3, c->cr4, pending };
	u64 h = mix(0xcbf29ce484222325ull, c->gpr, sizeof(c->gpr));

	for (unsigned i = 0; i < SEG_COUNT; i++)
		h = h << 7 ^ h >> 57 ^ c->seg[i].sel;
	return mix(h, rest, sizeof(rest));
}

int mark_here(struct session *s, bool pending, struct place_mark *ret, struct err *err)
{
	const struct cpu_state *c;
	int rc = state_need(s, REGS_GPR | REGS_SYS, &c, err);

	if (!rc)
		*ret = (struct place_mark){ .position = history_position(s),
					    .digest = digest_of(c, pending),
					    .dead = !s->alive };
	return rc;
}

/* ---- one state ------------------------------------------------------------------------------- */

static int no_states(const struct session *s, struct err *err)
{
	return err_set(err, ENOTSUP, "engine %s cannot put a guest back to an earlier state: engines soft and kvm do",
		       s->ops->name);
}

static int cpu_take(struct session *s, struct saved *v, struct err *err)
{
	struct strbuf b;
	int rc;

	if (!s->ops->state_get)
		return no_states(s, err);
	strbuf_init(&b);
	rc = s->ops->state_get(s->engine, &b, err);
	if (!rc) {
		v->n_cpu = b.n;
		v->cpu = strbuf_detach(&b);
	}
	strbuf_deinit(&b);
	return rc || v->cpu ? rc : err_set(err, ENOMEM, "no memory for the processor's state");
}

static void debugger_take(const struct session *s, struct saved *v)
{
	v->last = s->last;
	v->event_queued = s->event_queued;
	v->n_stops = s->n_stops;
	v->exit_value = s->exit_value;
	v->pending_once = s->pending_once;
	v->inline_hidden = s->inline_hidden;
	v->n_rules = s->way.n_rules;
	v->free_runs = s->way.free_runs;
	v->has_stop = true;
}

int saved_take(struct session *s, const struct saved *base, bool pending, struct saved **ret, struct err *err)
{
	struct saved *v = calloc(1, sizeof(*v));
	int rc = v ? cpu_take(s, v, err) : err_set(err, ENOMEM, "no memory for a state of the guest");

	if (!rc)
		rc = machine_save(s->machine, base ? base->machine : NULL, &v->machine, err);
	if (!rc)
		rc = mark_here(s, pending, &v->at, err);
	if (rc) {
		saved_unref(v);
		return rc;
	}
	v->refs++;
	debugger_take(s, v);
	*ret = v;
	return 0;
}

struct saved *saved_ref(struct saved *v)
{
	v->refs++;
	return v;
}

void saved_unref(struct saved *v)
{
	if (!v || (v->refs && --v->refs))
		return;
	machine_saved_destroy(v->machine);
	free(v->cpu);
	free(v);
}

static void debugger_put_back(struct session *s, const struct saved *v)
{
	s->last = v->last;
	s->has_last = true;
	s->alive = !v->at.dead;
	s->event_queued = v->event_queued;
	s->n_stops = v->n_stops;
	s->exit_value = v->exit_value;
	s->pending_once = v->pending_once;
	s->inline_hidden = v->inline_hidden;
	s->frames.selected = 0;
	s->way.told = v->at.position;
	s->way.free_runs = v->free_runs;
	s->way.changed = false;
}

int saved_put_back(struct session *s, const struct saved *v, struct err *err)
{
	int rc;

	machine_restore(s->machine, v->machine);
	rc = s->ops->state_set(s->engine, v->cpu, v->n_cpu, err);
	state_forget(s);
	debugger_put_back(s, v);
	if (!rc)
		return 0;
	s->alive = false;
	return err_prefix(err, "putting the guest back (it has ended; start begins it anew)");
}
