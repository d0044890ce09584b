/*
 * reverse.c - reverse-stepi: the way from a state that was kept to where the guest is gives how many
 * boundaries that are, and gone again not quite so far it ends where the user wants to be. Behind a long
 * free run a state is put near its end first, so that few boundaries are counted, and the next time too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/checkpoint.h>
#include "replay.h"

enum {
	NEAR = 4096,         /* positions back that are stepped through at first */
	FARTHER = 16,        /* times as many if those were not enough */
	SEARCH_MAX = 1 << 21, /* boundaries looked at on an engine that does not know where it is */
};

struct back {
	struct session *s;
	struct saved *target; /* the boundary to go back from */
	u64 left;             /* and so many */
	size_t i;             /* states of the history that are before it */
	u64 window;
	struct saved *near;   /* owned; the last one put there */
	struct replay r;
};

/* ---- from a state to the target ------------------------------------------------------------------ */

static int went_elsewhere(const struct back *b, struct err *err)
{
	if (b->s->ops->position)
		return err_set(err, EIO, "run again, the guest went another way than the first time; this is a "
					 "fault of vmstep, or input of the guest's was not kept");
	return err_set(err, EAGAIN, "run again, the guest does not come by here: engine %s cannot repeat interrupts, "
				    "time and input (engine soft can); the guest stays where it was",
		       b->s->ops->name);
}

/* Is it known how many records there were on the way? Only what was stepped is told stop by stop. */
static u64 steps_most(const struct back *b, const struct saved *from)
{
	if (b->s->ops->position)
		return UINT64_MAX;
	if (from->free_runs != b->target->free_runs)
		return SEARCH_MAX;
	return b->target->at.position - from->at.position + 1;
}

static bool is_past(const struct back *b, u64 most)
{
	const struct session *s = b->s;

	if (s->ops->position && history_position(s) > b->target->at.position)
		return true;
	return b->r.steps > most || !s->alive;
}

/* b->r.steps: how many boundaries behind `from` the target is. */
static int count(struct back *b, const struct saved *from, struct err *err)
{
	const struct machine_saved *memory = b->s->ops->position ? NULL : b->target->machine;
	const u64 most = steps_most(b, from);
	int rc = 0;

	do {
		rc = replay_step(&b->r, err);
		if (!rc && replay_is_at(&b->r, &b->target->at, memory))
			return 0;
	} while (!rc && !is_past(b, most));
	return rc ?: went_elsewhere(b, err);
}

/* ---- where to start from -------------------------------------------------------------------------- */

static bool same_place(const struct saved *a, const struct saved *b)
{
	return a->at.position == b->at.position && a->at.digest == b->at.digest && a->at.dead == b->at.dead;
}

static void target_set(struct back *b, struct saved *v)
{
	v = saved_ref(v);
	saved_unref(b->target);
	b->target = v;
}

/* Back over what the user did by hand. A skip is a stop of its own, all else leaves the boundary. */
static void undo(struct back *b, struct saved *before)
{
	b->left -= b->left && b->target->n_stops != before->n_stops;
	target_set(b, before);
}

/* States of the target's own boundary lead nowhere; what the user changed there was not so before. */
static void states_pass(struct back *b)
{
	const struct history *h = &b->s->way;

	while (b->i && same_place(h->state[b->i - 1], b->target)) {
		b->i--;
		if (h->cut[b->i] && b->i)
			undo(b, h->state[b->i - 1]);
	}
}

/* A state `window` positions before the target, if the one there is is farther away. */
static int near_put(struct back *b, struct saved **from, struct err *err)
{
	const u64 end = b->target->at.position, at = end > b->window ? end - b->window : 0;
	int rc;

	if (!b->s->ops->position || (*from)->at.position >= at)
		return 0;
	rc = replay_free(&b->r, at, err);
	if (rc || history_position(b->s) >= end) /* asleep all the way */
		return rc ?: replay_begin(&b->r, b->s, *from, err);
	saved_unref(b->near);
	b->near = NULL;
	rc = replay_keep(&b->r, *from, &b->near, err);
	if (!rc) {
		*from = b->near;
		b->r.steps = 0;
	}
	return rc;
}

/* ---- the landing ---------------------------------------------------------------------------------- */

static u64 digest_of_last(struct back *b)
{
	struct place_mark m = { 0 };

	mark_here(b->s, b->r.stop.pending, &m, NULL);
	return m.digest;
}

static int go(struct back *b, const struct saved *from, u64 steps, struct err *err)
{
	int rc = replay_begin(&b->r, b->s, from, err);

	while (!rc && b->r.steps < steps)
		rc = b->s->alive ? replay_step(&b->r, err) : went_elsewhere(b, err);
	return rc;
}

/* On an engine that cannot repeat everything: once more the same way? */
static int go_surely(struct back *b, const struct saved *from, u64 steps, u64 rest, struct err *err)
{
	int rc = go(b, from, steps, err);
	u64 digest;

	if (rc || b->s->ops->position)
		return rc;
	digest = digest_of_last(b);
	for (u64 i = 0; !rc && i < rest; i++)
		rc = b->s->alive ? replay_step(&b->r, err) : went_elsewhere(b, err);
	if (!rc && !replay_is_at(&b->r, &b->target->at, b->target->machine))
		rc = went_elsewhere(b, err);
	if (!rc)
		rc = go(b, from, steps, err);
	return !rc && digest_of_last(b) != digest ? went_elsewhere(b, err) : rc;
}

/* A state that is kept. Nobody may have told of it when the guest was there. */
static int land_at(struct back *b, struct err *err)
{
	int rc = replay_begin(&b->r, b->s, b->target, err);

	if (!rc && !b->r.has_stop) {
		b->r.stop = (struct stop){ .kind = RECORD_STOP, .first = CAUSE_LIMIT,
					   .causes = CAUSE_BIT(CAUSE_LIMIT), .proof = PROOF_DEDUCED };
		rc = state_fill_stop(b->s, &b->r.stop, err);
	}
	return rc;
}

static int search(struct back *b, bool *ret_begin, struct err *err)
{
	int rc = 0;

	for (;;) {
		struct saved *from;

		states_pass(b);
		if (!b->i || (!b->left && b->target->has_stop)) {
			*ret_begin = b->left;
			return land_at(b, err);
		}
		from = b->s->way.state[b->i - 1];
		rc = replay_begin(&b->r, b->s, from, err);
		if (!rc)
			rc = near_put(b, &from, err);
		if (!rc)
			rc = count(b, from, err);
		if (rc)
			return rc;
		if (b->r.steps > b->left || (b->r.steps == b->left && from->has_stop))
			return go_surely(b, from, b->r.steps - b->left, b->left, err);
		b->left -= b->r.steps;
		b->window *= FARTHER;
		target_set(b, from);
	}
}

static void landed(struct back *b, const struct saved *origin, u64 count)
{
	struct session *s = b->s;
	struct place_mark at = { 0 };
	struct stop *st = &b->r.stop;

	mark_here(s, st->pending, &at, NULL);
	history_cut(&s->way, &at, b->r.rule);
	if (b->near && b->near->at.position < at.position)
		history_keep(&s->way, b->near, false);
	s->n_stops = b->r.steps ? (origin->n_stops > count ? origin->n_stops - count : 0) : s->n_stops;
	st->n = s->n_stops;
	if (b->r.steps) /* else it is the stop as it was seen */
		stop_did(st, DID_REPLAY, 0, count, 0);
	s->last = *st;
	s->alive = true;
	s->exit_value = -1;
	s->event_queued = false;
	s->inline_hidden = 0;
	points_forget_stop(s);
}

static int no_way(const struct session *s, struct err *err)
{
	return err_set(err, ENOENT, "no way back is kept from here: %s",
		       !s->settings.record ? "set record on keeps it from then on"
		       : s->way.off        ? "there was no memory for it"
					   : "the guest has not run since it was started or put here");
}

int session_reverse_stepi(struct session *s, u64 count_wanted, bool *ret_begin, struct err *err)
{
	struct back b = { .s = s, .left = count_wanted, .i = s->way.n, .window = NEAR + count_wanted };
	const bool changed = s->way.changed;
	struct saved *origin;
	struct err lost;
	int rc;

	*ret_begin = false;
	if (!s->engine)
		return err_set(err, ESRCH, "the guest is not running; start it with run or start");
	rc = saved_take(s, s->way.n ? s->way.state[s->way.n - 1] : NULL, s->last.pending, &origin, err);
	if (rc)
		return rc;
	if (!s->way.n) {
		saved_unref(origin);
		return no_way(s, err);
	}
	b.target = saved_ref(origin);
	if (changed) /* by the user: the boundary is the one before that */
		undo(&b, s->way.state[--b.i]);
	machine_set_replay(s->machine, true);
	rc = search(&b, ret_begin, err);
	if (rc) {
		saved_put_back(s, origin, &lost);
		s->way.changed = changed;
	} else {
		landed(&b, origin, count_wanted - (*ret_begin ? b.left : 0));
	}
	machine_set_replay(s->machine, false);
	state_forget(s);
	saved_unref(b.near);
	saved_unref(b.target);
	saved_unref(origin);
	return rc;
}
