/*
 * finish.c - what every engine does with a stop once it knows what the report means: the skip owed, the
 * guest's orders to the machine, the user's catches, the end of the run; see runner.h.
 */
#include "engine/common/runner.h"

/* ---- skips ---------------------------------------------------------------------------------------- */

void skip_tell(struct stop *s, enum skip_kind kind, u64 from, u64 to)
{
	if (kind == SKIP_KIND_NONE)
		stop_did(s, DID_NO_SKIP, 0, from, 0);
	else
		stop_did(s, kind == SKIP_KIND_INNER ? DID_INNER_SKIP : DID_OUTER_SKIP, 0, from, to);
}

bool runner_pass(struct runner *r, int skip, unsigned len, struct stop *s)
{
	if (skip != STOP_TOO_MANY)
		return r->ops->skip(r, skip, len, s);
	stop_did(s, DID_WRONG_SKIP, SKIP_WRONG_OUTER, 0, 0);
	return false;
}

bool runner_skip_owed(struct runner *r, struct verdict *v, u64 dr6, unsigned len, struct stop *s)
{
	enum skip_kind kind = skip_choose(r->plan->skip, v, dr6);

	if (v->skip == SKIP_KIND_NONE && kind == SKIP_KIND_NONE)
		return false;
	if (r->ops->skip(r, kind, len, s))
		v->guest_dr6 |= DR6_BS;
	if (kind != v->skip)
		stop_did(s, DID_WRONG_SKIP, r->plan->skip, 0, 0);
	/* A trap the wrong skip leaves pending is the guest's; the stop too many is ours to give. */
	if (kind == SKIP_KIND_OUTER)
		r->owed = true;
	return kind != SKIP_KIND_NONE;
}

/* ---- what the guest ordered of the machine --------------------------------------------------------- */

static enum cause cause_of(enum machine_event e)
{
	switch (e) {
	case MACHINE_EXIT:
	case MACHINE_POWEROFF:
		return CAUSE_EXIT;
	case MACHINE_RESET:
		return CAUSE_SHUTDOWN;
	default:
		return CAUSE_EXCEPTION;
	}
}

static void exception_tell(struct machine *m, struct stop *s)
{
	struct machine_exception x = machine_exception(m);

	s->has_event = true;
	s->event_vector = x.vector;
	s->event_type = INTR_HARD_EXC;
	s->event_has_error = x.has_error;
	s->event_error = x.error;
}

enum machine_event runner_order_take(struct runner *r, struct stop *s)
{
	enum machine_event e = r->event;

	if (e == MACHINE_NONE)
		return e;
	r->event = MACHINE_NONE;
	s->first = cause_of(e);
	s->causes = CAUSE_BIT(s->first);
	if (e == MACHINE_EXIT)
		s->new_value = r->event_value;
	if (e == MACHINE_EXCEPTION)
		exception_tell(r->base.machine, s);
	return e;
}

/* ---- the end -------------------------------------------------------------------------------------- */

static int end_of(const struct stop *s)
{
	const u32 ends = CAUSE_BIT(CAUSE_HLT) | CAUSE_BIT(CAUSE_EXCEPTION) | CAUSE_BIT(CAUSE_ERROR);

	if (s->causes & CAUSE_BIT(CAUSE_INTERRUPT))
		return RUN_INTERRUPTED;
	return s->causes & ends ? RUN_STOP : -1;
}

void runner_end(struct runner *r, const struct stop *s, u32 deadly, int *ret_end)
{
	if (*ret_end >= 0)
		return;
	if (s->causes & deadly) {
		r->dead = true;
		*ret_end = RUN_DEAD;
	} else {
		*ret_end = end_of(s);
	}
}

/* ---- catches -------------------------------------------------------------------------------------- */

/* What the stop itself tells, as catch bits; which ports and vectors are meant is for accept() to say. */
static u32 caught(const struct stop *s)
{
	u32 bits = 0;

	if (s->causes & CAUSE_BIT(CAUSE_ICEBP))
		bits |= CATCH_ICEBP;
	if (s->causes & CAUSE_BIT(CAUSE_INT3))
		bits |= CATCH_INT3;
	if (s->has_event && !s->event_rep && s->event_type != INTR_EXTERNAL && s->event_vector < 32)
		bits |= CATCH_EXCEPTION;
	return bits;
}

static bool catch_check(const struct plan *p, struct stop *s, u32 happened)
{
	u32 bits = (caught(s) | happened) & p->catches, mask = p->catch_vectors;

	if (bits == CATCH_EXCEPTION && mask && !(mask & BIT(s->event_vector & 31)))
		return false;
	if (!bits)
		return false;
	s->causes |= CAUSE_BIT(CAUSE_CATCH);
	if (s->first == CAUSE_NONE)
		s->first = CAUSE_CATCH;
	return !p->accept || p->accept(p->accept_arg, s);
}

void runner_push(struct runner *r, struct stop *s, bool hit, u32 happened, int *ret_end)
{
	if (hit && *ret_end < 0)
		*ret_end = RUN_STOP;
	if (r->plan->mode == PLAN_CONTINUE && *ret_end < 0 && catch_check(r->plan, s, happened))
		*ret_end = RUN_STOP;
	if (r->plan->mode == PLAN_STEP || *ret_end >= 0)
		record_push(&r->rec, s);
	else
		record_drop(&r->rec, s);
}
