/*
 * history.c - the states kept on the way, thinned out with their age, and the journal of the rules the
 * guest ran by; see history.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "private.h"

enum {
	FREE_TICKS = 1 << 25, /* between two states: a second or less of a free run on the model, */
	HELD_TICKS = 1 << 21, /* the same of steps with interrupts held, that only steps can repeat, */
	TOLD_STEPS = 1 << 14, /* and of steps on KVM */
	LIVE_MIB = 512,       /* memory of all states, from which on more are dropped */
};

/* ---- states ---------------------------------------------------------------------------------- */

static void state_drop(struct history *h, size_t i)
{
	saved_unref(h->state[i]);
	h->n--;
	memmove(h->state + i, h->state + i + 1, (h->n - i) * sizeof(h->state[0]));
	memmove(h->cut + i, h->cut + i + 1, (h->n - i) * sizeof(h->cut[0]));
}

/* Without i, the way from the state before it to the one behind it is so long, for one so long ago. */
static bool is_cheaper(const struct history *h, size_t i, size_t than)
{
	const u64 now = h->state[h->n - 1]->at.position;
	const u64 age_i = now - h->state[i]->at.position + 1, age = now - h->state[than]->at.position + 1;
	const u64 way_i = h->state[i + 1]->at.position - h->state[i - 1]->at.position;
	const u64 way = h->state[than + 1]->at.position - h->state[than - 1]->at.position;

	return (double)way_i / age_i < (double)way / age;
}

/* The user's changes begin a way of their own: those states stay, and the ones they were made to. */
static size_t state_to_spare(const struct history *h)
{
	size_t best = 0;

	for (size_t i = 1; i + 1 < h->n; i++)
		if (!h->cut[i] && !h->cut[i + 1] && (!best || is_cheaper(h, i, best)))
			best = i;
	return best; /* 0: none, the way begins later then */
}

void history_keep(struct history *h, struct saved *v, bool cut)
{
	size_t i = h->n;

	if (h->n == HISTORY_STATES)
		state_drop(h, state_to_spare(h));
	for (i = h->n; i && h->state[i - 1]->at.position > v->at.position; i--)
		;
	memmove(h->state + i + 1, h->state + i, (h->n - i) * sizeof(h->state[0]));
	memmove(h->cut + i + 1, h->cut + i, (h->n - i) * sizeof(h->cut[0]));
	h->state[i] = saved_ref(v);
	h->cut[i] = cut;
	h->n++;
}

void history_clear(struct history *h)
{
	while (h->n)
		state_drop(h, h->n - 1);
	free(h->rule);
	*h = (struct history){ 0 };
}

int history_copy(struct history *to, const struct history *from, struct err *err)
{
	struct history h = *from;

	h.cap_rules = h.n_rules;
	h.rule = malloc((h.n_rules + 1) * sizeof(*h.rule));
	if (!h.rule)
		return err_set(err, ENOMEM, "no memory for the way the guest came");
	if (h.n_rules)
		memcpy(h.rule, from->rule, h.n_rules * sizeof(*h.rule));
	for (size_t i = 0; i < h.n; i++)
		saved_ref(h.state[i]);
	*to = h;
	return 0;
}

/* At one position several boundaries may lie, and which comes first the states do not tell. */
static bool is_before(const struct place_mark *a, const struct place_mark *b)
{
	return a->position < b->position || (a->position == b->position && a->digest == b->digest);
}

void history_cut(struct history *h, const struct place_mark *at, size_t n_rules)
{
	while (h->n && !is_before(&h->state[h->n - 1]->at, at))
		state_drop(h, h->n - 1);
	h->n_rules = n_rules;
	h->next = at->position;
	h->changed = false;
}

/* ---- on the way ------------------------------------------------------------------------------ */

static struct run_rules rules_of(const struct plan *p)
{
	return (struct run_rules){
		.hold_irq = p->hold_irq, .tf_hygiene = p->tf_hygiene, .mtf = p->mtf,
		.intercept_db = p->intercept_db, .intercept_bp = p->intercept_bp,
		.icebp = p->icebp, .int3 = p->int3, .skip = p->skip, .pending_once = p->pending_once,
	};
}

static bool rules_hold(const struct history *h, const struct run_rules *r)
{
	return h->n_rules && r->pending_once == EVENT_AUTO &&
	       !memcmp(&h->rule[h->n_rules - 1].rules, r, sizeof(*r));
}

static int rule_add(struct session *s, const struct run_rules *rules, bool pending, struct err *err)
{
	struct history *h = &s->way;

	if (h->n_rules == h->cap_rules) {
		const size_t cap = h->cap_rules ? 2 * h->cap_rules : 16;
		struct rule_entry *more = realloc(h->rule, cap * sizeof(*more));

		if (!more)
			return err_set(err, ENOMEM, "no memory for the way the guest comes");
		h->rule = more;
		h->cap_rules = cap;
	}
	h->rule[h->n_rules].rules = *rules;
	return mark_here(s, pending, &h->rule[h->n_rules].from, err) ?: (h->n_rules++, 0);
}

/*
 * To compare all memory with the state before takes as long as some tens of ticks a page: with a lot of it
 * the states lie farther apart, so that keeping them stays at a few hundredths of the guest's time.
 */
static u64 spacing(const struct session *s, const struct plan *plan)
{
	const u64 least = !s->ops->position ? TOLD_STEPS : plan->hold_irq ? HELD_TICKS : FREE_TICKS;
	u64 bytes, own;

	machine_saved_size(s->way.state[s->way.n - 1]->machine, &bytes, &own);
	bytes /= FREE_TICKS / least;
	return bytes > least ? bytes : least;
}

/* Memory is short when all of it together is; what the user keeps is not ours to drop. */
static void thin_out(struct session *s)
{
	struct history *h = &s->way;

	while (h->n > 1 && machine_saved_live(s->machine) > (u64)LIVE_MIB << 20)
		state_drop(h, state_to_spare(h));
}

static int state_add(struct session *s, const struct stop *here, bool cut, struct err *err)
{
	struct history *h = &s->way;
	struct saved *v;
	int rc = saved_take(s, h->n ? h->state[h->n - 1] : NULL, here && here->pending, &v, err);

	if (rc)
		return rc;
	v->has_stop = here;
	if (here)
		v->last = *here;
	if (here && cut) /* its registers are those from before the change */
		state_fill_stop(s, &v->last, NULL);
	history_keep(h, v, cut);
	saved_unref(v);
	thin_out(s);
	h->changed = h->ran_free = false;
	return 0;
}

/* What cannot be kept is said once, and the guest runs on. */
static void give_up(struct session *s, const struct err *why)
{
	history_clear(&s->way);
	s->way.off = true;
	/* An engine that cannot says so to who asks for it. */
	if (why->code != ENOTSUP)
		note(s, "%s; reverse-stepi cannot go back from here", why->text);
}

static bool is_due(const struct session *s, const struct plan *plan, const struct stop *here)
{
	const struct history *h = &s->way;

	/* Behind what cannot be run again, a command that steps begins with a state to step from. */
	const bool anew = h->ran_free && plan->mode == PLAN_STEP && here == &s->last;

	return !h->n || h->changed || anew || history_position(s) >= h->next;
}

void history_before(struct session *s, const struct plan *plan, const struct stop *here)
{
	struct history *h = &s->way;
	const struct run_rules rules = rules_of(plan);
	const bool pending = here && here->pending;
	struct err err = { 0 };
	int rc = 0;

	if (!s->settings.record || h->off) {
		if (h->n)
			history_clear(h);
		return;
	}
	if (is_due(s, plan, here)) {
		rc = state_add(s, here, h->changed, &err);
		if (!rc)
			h->next = history_position(s) + spacing(s, plan);
	}
	if (!rc && !rules_hold(h, &rules))
		rc = rule_add(s, &rules, pending, &err);
	if (plan->mode == PLAN_CONTINUE) {
		h->free_runs++;
		h->ran_free = !s->ops->position;
	}
	if (rc)
		give_up(s, &err);
}

u64 history_until(const struct session *s)
{
	const struct history *h = &s->way;

	return s->settings.record && !h->off && s->ops->position ? h->next : 0;
}

void history_change(struct session *s)
{
	struct history *h = &s->way;
	struct err err = { 0 };

	s->written = true;
	if (!h->n || h->changed || h->off)
		return;
	if (state_add(s, &s->last, false, &err))
		give_up(s, &err);
	h->changed = true;
}
