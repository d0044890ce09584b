/*
 * engine_runner.c - the half of an engine that is the same for all (engine/common/runner.h), under an engine
 * of this test's whose steps do what they are told: nothing is lost in a full ring, an end is told with its
 * stop, what a wrong skip owes comes once.
 */
#include "tap.h"

#include <errno.h>

#include "engine/common/runner.h"

enum { RING = 4 };

static struct fake {
	struct runner r;       /* first */
	u8 gaps;               /* before the stop of each step */
	u32 causes;            /* of it */
	enum cause told;       /* by the last stop_here() */
	int skipped;           /* its `skip` */
	bool trap;             /* runner_ops.skip gives it */
	unsigned length, n_begun, n_ended;
} f;
static struct ring ring;

static void begin(struct runner *r)
{
	f.n_begun++;
}

static void end(struct runner *r, const struct plan *plan)
{
	f.n_ended++;
}

static int step(struct runner *r, int *ret_end, struct err *err)
{
	struct stop s = { .kind = RECORD_STOP, .first = CAUSE_TF, .causes = f.causes, .retired = 1 };

	for (unsigned i = 0; i < f.gaps; i++)
		record_gap(&r->rec, GAP_OTHER, i, -1);
	runner_end(r, &s, CAUSE_BIT(CAUSE_SHUTDOWN), ret_end);
	runner_push(r, &s, false, 0, ret_end);
	return 0;
}

static void interrupted(struct runner *r, int *ret_end)
{
	r->interrupted = 0;
	*ret_end = RUN_INTERRUPTED;
}

static unsigned insn_length(struct runner *r, u64 *ret_lin)
{
	*ret_lin = 0x1000;
	return f.length;
}

static int stop_here(struct runner *r, enum cause c, int skip, int *ret_end, struct err *err)
{
	struct stop s = { .kind = RECORD_STOP, .first = c, .causes = CAUSE_BIT(c) };

	f.told = c;
	f.skipped = skip;
	runner_push(r, &s, false, 0, ret_end);
	return 0;
}

static bool skip(struct runner *r, enum skip_kind kind, unsigned len, struct stop *s)
{
	return f.trap;
}

static const struct runner_ops ops = {
	.begin = begin, .end = end, .step = step, .cont = step, .interrupted = interrupted,
	.insn_length = insn_length, .stop_here = stop_here, .skip = skip,
};
static const struct engine_ops with_mtf = { .vmx_view = true }, without = { 0 };

static void fresh(const struct engine_ops *e)
{
	ring.head = ring.tail = 0;
	f = (struct fake){ .r = { .base.ops = e, .ops = &ops }, .causes = CAUSE_BIT(CAUSE_TF), .length = 2 };
}

static enum run_end run_plan(struct plan p)
{
	enum run_end end = RUN_DEAD;
	struct err err;

	tap_eq(runner_run(&f.r.base, &p, &ring, &end, &err), 0, "a run is no error");
	return end;
}

static enum run_end run_steps(u64 count)
{
	return run_plan((struct plan){ .mode = PLAN_STEP, .count = count, .mtf = true });
}

/* The kinds of the records that wait, "g" and "s", which are taken out. */
static const char *records(void)
{
	static char text[2 * RING];
	unsigned n = 0;
	const struct stop *s;

	while ((s = ring_pop(&ring)))
		text[n++] = s->kind == RECORD_GAP ? 'g' : 's';
	text[n] = 0;
	return text;
}

static void counts(void)
{
	fresh(&without);
	tap_eq(run_steps(3), RUN_COUNT, "the count is reached");
	tap_str(records(), "sss", "three stops");
	tap_eq(run_steps(9), RUN_RING_FULL, "more than the ring holds");
	tap_str(records(), "ssss", "a full ring");
	tap_eq(f.n_begun, 2, "each run is begun");
	tap_eq(f.n_ended, 2, "... and ended");
	f.r.interrupted = 1;
	tap_eq(run_steps(1), RUN_INTERRUPTED, "an interrupt comes before the next step");
	tap_str(records(), "", "... which is not made");
}

/* A step that begins with one free slot and brings two gaps and its stop. */
static void full_ring(void)
{
	fresh(&without);
	run_steps(RING - 1);
	f.gaps = 2;
	f.causes = CAUSE_BIT(CAUSE_HLT);
	tap_eq(run_steps(1), RUN_RING_FULL, "a stop waits: the end is not told yet");
	tap_str(records(), "sssg", "the first gap had room");
	tap_eq(run_steps(1), RUN_STOP, "the end comes with the stop");
	tap_str(records(), "gs", "gap and stop, in order");
	f.gaps = 0;
	f.causes = CAUSE_BIT(CAUSE_TF);
	tap_eq(run_steps(1), RUN_COUNT, "and is told once");
	tap_str(records(), "s", "the next step's");
}

static void deaths(void)
{
	struct plan p = { .count = 1 };
	enum run_end end;
	struct err err;

	fresh(&without);
	f.causes = CAUSE_BIT(CAUSE_SHUTDOWN);
	tap_eq(run_steps(1), RUN_DEAD, "a shutdown ends the guest");
	tap_eq(-runner_run(&f.r.base, &p, &ring, &end, &err), ESRCH, "a dead guest does not run");
	tap_eq(-runner_skip(&f.r.base, SKIP_KIND_OUTER, &ring, &err), ESRCH, "... nor skip");
}

static void skip_with(const struct engine_ops *e, enum skip_kind kind, enum cause wanted, const char *name)
{
	struct err err;

	fresh(e);
	tap_eq(runner_skip(&f.r.base, kind, &ring, &err), 0, "%s: done", name);
	tap_eq(f.told, wanted, "%s: cause", name);
	tap_eq(f.skipped, kind, "%s: kind", name);
}

static void user_skips(void)
{
	struct err err;

	skip_with(&without, SKIP_KIND_OUTER, CAUSE_TF, "outer skip under TF");
	skip_with(&with_mtf, SKIP_KIND_OUTER, CAUSE_MTF, "outer skip under MTF");
	skip_with(&with_mtf, SKIP_KIND_INNER, CAUSE_LIMIT, "inner skip");
	f.length = 0;
	tap_eq(-runner_skip(&f.r.base, SKIP_KIND_INNER, &ring, &err), EINVAL, "no instruction, no length");
}

/* An intercepted ICEBP, skipped by the rule the plan has. */
static bool owed_skip(u8 rule, struct verdict *v)
{
	const struct plan p = { .skip = rule };
	struct stop s = { 0 };
	bool moved;

	*v = (struct verdict){ .causes = CAUSE_BIT(CAUSE_ICEBP), .skip = SKIP_KIND_INNER };
	f.r.plan = &p;
	moved = runner_skip_owed(&f.r, v, DR6_INIT, 1, &s);
	f.r.plan = NULL;
	return moved;
}

static void owed(void)
{
	struct verdict v;

	fresh(&with_mtf);
	tap_ok(owed_skip(SKIP_CORRECTED, &v), "the inner skip moves RIP");
	tap_ok(!f.r.owed, "... and owes nothing");
	tap_ok(!owed_skip(SKIP_WRONG_NONE, &v), "none: RIP stays");
	f.trap = true;
	tap_ok(owed_skip(SKIP_WRONG_OUTER, &v), "outer: RIP moves");
	tap_eq(v.guest_dr6, DR6_BS, "outer: the guest's own trap is its #DB's");
	tap_ok(f.r.owed, "outer: a stop too many is owed");
	tap_eq(run_steps(2), RUN_COUNT, "two stops");
	tap_eq(f.told, CAUSE_MTF, "the one too many is an MTF");
	tap_eq((u64)f.skipped, (u64)STOP_TOO_MANY, "... at the boundary");
	tap_str(records(), "ss", "it counts as one");
	f.told = CAUSE_NONE;
	run_steps(1);
	tap_eq(f.told, CAUSE_NONE, "it comes once");
}

static void queued(void)
{
	const struct guest_event ev = { .vector = 3 };
	struct err err;

	fresh(&without);
	tap_eq(runner_queue_event(&f.r.base, &ev, &err), 0, "an event is queued");
	tap_ok(f.r.pending.by_user, "... as the user's");
	tap_eq(-runner_queue_event(&f.r.base, &ev, &err), EBUSY, "a second one is not");
}

/* CONTINUE drops what nobody asked for; a catch ends it. */
static void catches(void)
{
	fresh(&without);
	f.causes = CAUSE_BIT(CAUSE_ICEBP);
	tap_eq(run_plan((struct plan){ .mode = PLAN_CONTINUE, .catches = CATCH_ICEBP }), RUN_STOP, "catch icebp");
	tap_str(records(), "s", "one stop");
	tap_eq(f.r.rec.seq, 1, "the first");
}

int main(void)
{
	if (ring_init(&ring, RING))
		return 1;
	counts();
	full_ring();
	deaths();
	user_skips();
	owed();
	queued();
	catches();
	ring_deinit(&ring);
	return tap_done();
}
