/*
 * accept.c - whether a stop at a point counts: temporary points, conditions, ignore counts, watched
 * values, catches. Called by the engine in the middle of a run (plan.accept), so that a condition
 * that is false costs no way back to the user.
 */
#include "accept.h"

enum {
	POINT_CAUSES = CAUSE_BIT(CAUSE_BREAK) | CAUSE_BIT(CAUSE_UWATCH) | CAUSE_BIT(CAUSE_CATCH),
	/* What ends a run whoever asks, see runner_end(). */
	ENDS = CAUSE_BIT(CAUSE_HLT) | CAUSE_BIT(CAUSE_EXCEPTION) | CAUSE_BIT(CAUSE_ERROR) |
	       CAUSE_BIT(CAUSE_INTERRUPT),
};

/* ---- temporary points of the debugger -------------------------------------------------------- */

/* A return takes at most 64 KiB of arguments with it (SDM volume 2, RET imm16). The same address on
 * another stack, above or below, is another task's return. */
enum { RETURN_POPS = 0x10000 + 32 };

static bool frame_matches(struct session *s, const struct temp_point *t)
{
	const struct cpu_state *c;
	const struct frame *caller;

	if (!t->min_sp && !t->min_cfa)
		return true;
	if (state_need(s, REGS_GPR | REGS_SYS, &c, NULL))
		return false;
	if (t->min_sp && (cpu_cpl(c) != t->cpl || state_linear_sp(c) - t->min_sp > RETURN_POPS))
		return false;
	if (!t->min_cfa)
		return true;
	caller = frame_caller(s, 0);
	return !caller || frame_linear_sp(caller) >= t->min_cfa;
}

static bool temp_matches(struct session *s, const struct stop *st)
{
	for (unsigned i = 0; i < s->n_temp; i++)
		if (s->temp[i].addr == st->lin && frame_matches(s, &s->temp[i]))
			return true;
	return false;
}

/* ---- the user's conditions ------------------------------------------------------------------- */

static bool condition_holds(struct session *s, const struct upoint *p, const struct expr *cond)
{
	struct err why = { 0 };
	struct value v;
	bool holds;

	if (!cond)
		return true;
	if (!expr_eval(s, cond, &v, &why) && !value_true(&v, &holds, &why))
		return holds;
	/* As gdb does: a condition that cannot be tested stops, and says so. */
	note(s, "error in testing condition \"%s\" of point %u: %s", p->condition, p->num,
	     why.text);
	return true;
}

/* gdb's order: a false condition is no hit; an ignored hit is one. */
static bool point_counts(struct session *s, struct upoint *p, const struct expr *cond)
{
	if (!condition_holds(s, p, cond))
		return false;
	p->hits++;
	if (p->ignore) {
		p->ignore--;
		return false;
	}
	return true;
}

static bool break_counts(struct session *s, const struct stop *st, struct upoint *p)
{
	const struct point_place *at = point_is_code(p) ? places_at(p, st->lin) : NULL;

	return at && point_counts(s, p, at->cond);
}

/* ---- watchpoints ----------------------------------------------------------------------------- */

/* What the engine said of the access, or what the stop is to say of the first watch that counts. */
struct access {
	u32 point;
	u64 addr, old_value, new_value;
};

/* A changed value speaks for itself; an access is the engine's word for one point. */
static bool watch_is_meant(const struct access *told, const struct upoint *p)
{
	if (p->type == UPOINT_WATCH)
		return true;
	if (!point_is_watch(p))
		return false;
	if (p->expr) /* what it is read through has its number, too */
		return p->len && told->addr == p->addr;
	return told->point == p->num || told->addr == p->addr;
}

/*
 * By value, as gdb: watch wants a change. The processor has no read-only breakpoint (SDM "Debug
 * Control Register (DR7)"), so rwatch takes an access that changed the value for the write it was.
 */
static bool watch_counts(struct session *s, const struct access *told, struct upoint *p,
			 struct access *ret)
{
	u64 old = p->old_value, new = old;
	bool meant = watch_is_meant(told, p), lost = p->lost, changed;

	/* Of one that moves, the engine may have told a part that it is read through. */
	if (p->left || (!meant && !(p->expr && point_is_watch(p))) || watch_read(s, p, &new))
		return false;
	p->old_value = new;
	p->was_value = old;
	p->was_lost = lost;
	changed = new != old || p->lost != lost;
	if (p->type == UPOINT_RWATCH ? changed || !meant : !changed && (p->type == UPOINT_WATCH || !meant))
		return false;
	if (!point_counts(s, p, p->cond))
		return false;
	if (!ret->point)
		*ret = (struct access){ p->num, p->len ? p->addr : told->addr, old, new };
	return true;
}

/* ---- catches --------------------------------------------------------------------------------- */

static bool catch_counts(struct session *s, const struct stop *st, struct upoint *p, u32 happened)
{
	return p->type == UPOINT_CATCH && catch_matches(st, p, happened) && point_counts(s, p, p->cond);
}

/* ---- all together ---------------------------------------------------------------------------- */

/* How the engine noticed it stays, the number is that of the first accepted one of its kind. */
static void number_points(struct stop *st, const u32 number[CAUSE_COUNT], u32 first)
{
	static const enum cause kinds[] = { CAUSE_BREAK, CAUSE_UWATCH, CAUSE_CATCH };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct stop_point p = stop_point(st, kinds[i]);

		p.number = number[kinds[i]];
		if (p.number == first && first) {
			st->point_how = p.how;
			st->point_dr = p.dr;
		}
		st->points[i] = p;
	}
	st->point = first;
}

/* Noticed by nobody but us. */
static void watch_by_value(struct stop *st, u32 number)
{
	st->points[STOP_WATCH].how = POINT_HOW_VALUE;
	st->points[STOP_WATCH].dr = -1;
	if (st->point != number)
		return;
	st->point_how = POINT_HOW_VALUE;
	st->point_dr = -1;
}

/* Watchpoints that the engine told, and those looked at after a step. */
static bool watch_is_due(const struct upoint *p, u32 causes, bool looked)
{
	return (causes & CAUSE_BIT(CAUSE_UWATCH)) || (looked && p->by_step);
}

/* All enabled points of this stop: each counts its hit; the first accepted one gives the number. */
static u32 accepted_causes(struct session *s, struct stop *st, u32 causes, u32 happened, bool looked)
{
	const struct access told = { .point = stop_point(st, CAUSE_UWATCH).number,
				     .addr = st->hit_addr };
	struct access first = { 0 };
	u32 accepted = 0, number = 0, numbers[CAUSE_COUNT] = { 0 };

	for (size_t i = 0; i < s->n_points; i++) {
		struct upoint *p = s->point[i];
		enum cause cause = CAUSE_NONE;

		if (!p->enabled)
			continue;
		if ((causes & CAUSE_BIT(CAUSE_BREAK)) && break_counts(s, st, p))
			cause = CAUSE_BREAK;
		else if (watch_is_due(p, causes, looked) && watch_counts(s, &told, p, &first))
			cause = CAUSE_UWATCH;
		else if (happened && catch_counts(s, st, p, happened))
			cause = CAUSE_CATCH;
		if (cause == CAUSE_NONE)
			continue;
		number = number ?: p->num;
		numbers[cause] = numbers[cause] ?: p->num;
		p->stopped = true;
		accepted |= CAUSE_BIT(cause);
	}
	number_points(st, numbers, number);
	if (first.point && session_point(s, first.point)->by_step)
		watch_by_value(st, first.point);
	if (first.point) {
		st->hit_addr = first.addr;
		st->old_value = first.old_value;
		st->new_value = first.new_value;
	}
	return accepted;
}

/* A cause that was taken out must not stay the first one. */
static void fix_first(struct stop *st)
{
	if (st->first < CAUSE_COUNT && (st->causes & CAUSE_BIT(st->first)))
		return;
	/* The trap of the previous instruction comes before a code breakpoint of the next (SDM
	 * "Priority Among Concurrent Events"). */
	st->first = st->causes & CAUSE_BIT(CAUSE_UWATCH) ? CAUSE_UWATCH : CAUSE_NONE;
	for (unsigned c = 0; c < CAUSE_COUNT && st->first == CAUSE_NONE; c++)
		if (st->causes & CAUSE_BIT(c))
			st->first = c;
}

/* While the guest runs free a step is the debugger's own way of finding out (a watchpoint where
 * debug registers watch nothing, a catch done by stepping): it stays in the evidence, not in the
 * causes. */
static u32 internal_causes(const struct session *s, const struct stop *st)
{
	if (!s->running_free)
		return 0;
	return CAUSE_BIT(CAUSE_MTF) | (st->host_tf && !st->guest_tf ? CAUSE_BIT(CAUSE_TF) : 0);
}

static void settle_causes(struct session *s, struct stop *st, u32 accepted, bool temp)
{
	st->causes = (st->causes & ~POINT_CAUSES) | accepted;
	if (accepted || temp)
		st->causes &= ~internal_causes(s, st);
	if (temp && !st->causes) /* only our own point: the end of the run that was asked for */
		st->causes = CAUSE_BIT(CAUSE_LIMIT);
	fix_first(st);
}

bool points_accept(void *session, struct stop *st)
{
	struct session *s = session;
	u32 causes = st->causes, accepted, happened;
	bool temp, left = false;

	state_forget(s); /* the engine has been running */
	temp = temp_matches(s, st);
	for (size_t i = 0; i < s->n_points; i++)
		left |= watch_scope_ends(s, s->point[i], st->lin);
	/* Only where the engine looked for catches: else the same one would count twice. */
	happened = !s->catch_by_step && (causes & CAUSE_BIT(CAUSE_CATCH)) ? stop_catches(st) : 0;
	accepted = accepted_causes(s, st, causes, happened, false);
	s->only_moved = s->watch_moved && !accepted && !temp && !left && !(st->causes & ENDS);
	settle_causes(s, st, accepted, temp || left || s->only_moved);
	s->temp_hit |= temp;
	return accepted || temp || left || s->watch_moved;
}

void points_at_start(struct session *s, struct stop *st)
{
	st->causes |= accepted_causes(s, st, CAUSE_BIT(CAUSE_BREAK), 0, false);
	points_delete_temporary(s);
	points_apply(s, NULL);
}

bool points_after_step(struct session *s, struct stop *st, u32 catches)
{
	u32 happened = stop_catches(st) & catches, accepted;
	const struct stop before = *st;

	if (!happened && !watch_by_step(s))
		return false;
	accepted = accepted_causes(s, st, 0, happened, true);
	/* A break or watch that was accepted before keeps its number. */
	st->points[STOP_BREAK] = before.points[STOP_BREAK];
	if (before.causes & CAUSE_BIT(CAUSE_UWATCH))
		st->points[STOP_WATCH] = before.points[STOP_WATCH];
	if (before.point) {
		st->point = before.point;
		st->point_how = before.point_how;
		st->point_dr = before.point_dr;
	}
	st->causes = before.causes | accepted;
	if (accepted) {
		st->causes &= ~internal_causes(s, st);
		fix_first(st);
	}
	return accepted;
}
