/*
 * replay.c - running the guest again; see replay.h. It is quiet: the user's points do not count, nobody is
 * asked, nothing is shown.
 */
#include <errno.h>
#include <string.h>
#include "replay.h"

static void plan_of(const struct replay *r, u8 mode, struct plan *ret)
{
	const struct run_rules *by = &r->s->way.rule[r->rule - 1].rules;

	*ret = (struct plan){
		.mode = mode,
		.count = 1,
		.hold_irq = mode == PLAN_STEP && by->hold_irq,
		.tf_hygiene = by->tf_hygiene,
		.rep_whole = r->s->settings.rep_whole,
		.quiet_points = true,
		.icebp = by->icebp,
		.int3 = by->int3,
		.skip = by->skip,
		.mtf = by->mtf,
		.intercept_db = by->intercept_db,
		.intercept_bp = by->intercept_bp,
		.pending_once = r->fresh ? by->pending_once : EVENT_AUTO,
	};
}

/* The entry of the journal that begins here is in force from here on. */
static void rules_reach(struct replay *r)
{
	const struct history *h = &r->s->way;

	while (r->rule < h->n_rules && replay_is_at(r, &h->rule[r->rule].from, NULL)) {
		r->rule++;
		r->fresh = true;
	}
}

static void drain(struct replay *r)
{
	const struct stop *st;

	while ((st = ring_pop(&r->s->ring))) {
		if (st->kind != RECORD_STOP)
			continue;
		r->stop = *st;
		r->has_stop = true;
		r->steps++;
	}
}

static int run(struct replay *r, const struct plan *plan, struct err *err)
{
	struct session *s = r->s;
	enum run_end end;
	int rc = s->engine->ops->run(s->engine, plan, &s->ring, &end, err);

	state_forget(s);
	s->way.told += ring_used(&s->ring);
	r->fresh = r->fresh && rc;
	r->has_stop = r->stop.pending = false;
	drain(r);
	if (rc)
		return rc;
	if (end == RUN_INTERRUPTED)
		return -EINTR;
	s->alive = end != RUN_DEAD;
	rules_reach(r);
	return 0;
}

int replay_begin(struct replay *r, struct session *s, const struct saved *from, struct err *err)
{
	int rc = saved_put_back(s, from, err);

	*r = (struct replay){ .s = s, .rule = from->n_rules, .stop = from->last, .has_stop = from->has_stop };
	r->stop.pending &= r->has_stop;
	if (!rc)
		rules_reach(r);
	return rc;
}

static int no_rules(struct err *err)
{
	return err_set(err, EIO, "the rules the guest ran by are not known; this is a fault of vmstep");
}

int replay_step(struct replay *r, struct err *err)
{
	struct plan plan;

	if (!r->rule)
		return no_rules(err);
	plan_of(r, PLAN_STEP, &plan);
	return run(r, &plan, err);
}

/* How far the rules of now hold, if that is not as far. */
static u64 rules_until(const struct replay *r, u64 position)
{
	const struct history *h = &r->s->way;
	u64 next = r->rule < h->n_rules ? h->rule[r->rule].from.position : UINT64_MAX;

	/* A free run passes boundaries at one position unseen: the last ones are stepped. */
	return next - 1 < position ? next - 1 : position;
}

static int free_once(struct replay *r, u64 position, struct err *err)
{
	const u64 before = history_position(r->s);
	struct plan plan;
	int rc;

	if (!r->rule)
		return no_rules(err);
	plan_of(r, PLAN_CONTINUE, &plan);
	plan.until = rules_until(r, position);
	if (plan.until <= before || r->s->way.rule[r->rule - 1].rules.hold_irq)
		return replay_step(r, err);
	rc = run(r, &plan, err);
	/* It ends of itself where nothing wakes a HLT, and where an exception is told. */
	return rc || history_position(r->s) > before ? rc : replay_step(r, err);
}

int replay_free(struct replay *r, u64 position, struct err *err)
{
	int rc = 0;

	while (!rc && r->s->alive && history_position(r->s) < position)
		rc = free_once(r, position, err);
	return rc;
}

/* Comparing a lot of memory comes last. */
bool replay_is_at(struct replay *r, const struct place_mark *at, const struct machine_saved *memory)
{
	struct session *s = r->s;
	struct place_mark here;

	if (s->ops->position && history_position(s) != at->position)
		return false;
	if (at->dead || !s->alive)
		return at->dead == !s->alive;
	return !mark_here(s, r->stop.pending, &here, NULL) && here.digest == at->digest &&
	       (!memory || machine_is_as_saved(s->machine, memory));
}

int replay_keep(struct replay *r, const struct saved *base, struct saved **ret, struct err *err)
{
	struct session *s = r->s;
	struct saved *v;
	int rc;

	if (r->has_stop)
		s->last = r->stop;
	rc = saved_take(s, base, r->stop.pending, &v, err);
	if (rc)
		return rc;
	v->has_stop = r->has_stop;
	v->n_rules = r->rule;
	*ret = v;
	return 0;
}
