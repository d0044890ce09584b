/* why_not_rest.c - why none of the user's points, no event, no interrupt, and what is left. */
#include "why_not.h"

/* ---- BREAK/n, WATCH/n, CATCH/n -----------------------------------------------------------------
 */

static bool is_watch(const struct upoint *p)
{
	return p->type == UPOINT_WATCH || p->type == UPOINT_RWATCH || p->type == UPOINT_AWATCH;
}

static bool right_kind(const struct why_not *w, const struct upoint *p)
{
	if (w->cause == CAUSE_CATCH)
		return p->type == UPOINT_CATCH;
	return w->cause == CAUSE_UWATCH ? is_watch(p)
					: p->type == UPOINT_BREAK || p->type == UPOINT_HBREAK;
}

static bool no_points(const struct why_not *w)
{
	size_t n, of_kind = 0;
	struct upoint *const *p = session_points(w->s, &n);

	for (size_t i = 0; i < n; i++)
		of_kind += right_kind(w, p[i]);
	return !of_kind &&
	       reason_tell(w, NULL, "You have no point of that kind (info breakpoints).");
}

static bool number_wrong(const struct why_not *w)
{
	const struct upoint *p = w->point ? session_point(w->s, w->point) : NULL;

	if (!w->point)
		return reason_tell(w, NULL,
				   "Say which: %s/n, with its number from info breakpoints.",
				   cause_name(w->cause));
	if (!p)
		return reason_tell(w, NULL, "There is no point %u; info breakpoints lists them.",
				   w->point);
	return !right_kind(w, p) &&
	       reason_tell(w, NULL, "Point %u is of another kind: %s.", w->point, p->what);
}

static bool point_off(const struct why_not *w)
{
	const struct upoint *p = session_point(w->s, w->point);

	if (!p->enabled)
		return reason_tell(w, NULL, "Point %u is disabled; enable %u.", w->point, w->point);
	return w->cause == CAUSE_BREAK && !p->n_places &&
	       reason_tell(w, NULL, "Point %u is pending: no symbol is known that %s means.",
			   w->point, p->what);
}

static bool point_elsewhere(const struct why_not *w)
{
	const struct upoint *p = session_point(w->s, w->point);

	if (w->cause != CAUSE_BREAK)
		return false;
	for (size_t i = 0; i < p->n_places; i++)
		if (p->place[i].addr == w->st->lin)
			return !p->place[i].enabled &&
			       reason_tell(w, NULL, "Its place here, %u.%zu, is disabled.",
					   w->point, i + 1);
	return reason_tell(
		w, NULL,
		"Point %u is not at 0x%llx; a breakpoint is about the instruction that comes next.",
		w->point, (unsigned long long)w->st->lin);
}

static bool point_conditions(const struct why_not *w)
{
	const struct upoint *p = session_point(w->s, w->point);

	if (p->ignore)
		return reason_tell(w, NULL, "Point %u ignores its next %llu hits.", w->point,
				   (unsigned long long)p->ignore);
	if (p->condition)
		return reason_tell(w, NULL, "Point %u has a condition, which must hold: %s",
				   w->point, p->condition);
	if (w->cause == CAUSE_BREAK)
		return reason_tell(w, NULL,
				   "The guest was resumed from here: stepping onto a point reports "
				   "it, resuming from it does not.");
	return w->cause == CAUSE_UWATCH && reason_tell(w, NULL,
						       "Nothing in this stop says that what point "
						       "%u watches (%s) was touched or changed.",
						       w->point, p->what);
}

static bool catch_other(const struct why_not *w)
{
	return reason_tell(w, NULL,
			   "Nothing in this stop is what point %u waits for (%s); catches count in "
			   "continue, and steps show "
			   "what they see under its own name.",
			   w->point, session_point(w->s, w->point)->what);
}

reason_fn *const point_reasons[] = { no_points,        number_wrong, point_off, point_elsewhere,
				     point_conditions, catch_other,  NULL };

/* ---- EVENT -------------------------------------------------------------------------------------
 */

static bool event_pending(const struct why_not *w)
{
	return w->st->pending && reason_tell(w, NULL,
					     "Not yet: vector %u is pending at this stop; the next "
					     "resume delivers it, or swallows it (set icebp, set "
					     "int3, deliver, swallow).",
					     w->st->pending_vector);
}

static bool event_swallowed(const struct why_not *w)
{
	for (unsigned i = 0; i < w->st->n_did; i++)
		if (w->st->did[i].kind == DID_SWALLOW)
			return reason_tell(w, NULL, "Vector %u was not delivered%s.",
					   w->st->did[i].arg,
					   w->st->did[i].a ? ": the guest has no usable gate for it"
							   : ", as the policy says");
	return false;
}

static bool event_none(const struct why_not *w)
{
	char text[128];

	if (w->st->retired < 1 || !w->n_from)
		return false;
	from_text(w, text, sizeof(text));
	return reason_tell(w, "SDM volume 3, \"Exception- or Interrupt-Handler Procedures\"",
			   "The instruction before completed without an exception (%s), and no "
			   "interrupt was taken behind it.",
			   text);
}

reason_fn *const event_reasons[] = { event_pending, event_swallowed, event_none, nothing_retired,
				     NULL };

/* ---- INTERRUPT ---------------------------------------------------------------------------------
 */

#define USERS                                                                                      \
	"The cause INTERRUPT is yours, Ctrl-C, and you did not interrupt this run. As for "        \
	"interrupts of devices: "

static bool irq_off(const struct why_not *w)
{
	return !(w->st->rflags & FL_IF) &&
	       reason_tell(w, "SDM volume 3, \"Masking Maskable Hardware Interrupts\"",
			   USERS "IF is clear here, so none can come.");
}

static bool irq_shadow(const struct why_not *w)
{
	return w->st->shadow_known && w->st->shadow &&
	       reason_tell(w,
			   "SDM volume 2, \"STI\"; volume 3, \"Masking Exceptions and Interrupts "
			   "When Switching Stacks\"",
			   USERS
			   "a shadow is active here, which holds them back for one instruction.");
}

static bool irq_held(const struct why_not *w)
{
	return !session_settings(w->s)->step_irq && w->st->retired == 1 &&
	       reason_tell(w, NULL, USERS "steps by hand hold them back (set step-irq off; K9).");
}

static bool irq_none(const struct why_not *w)
{
	return reason_tell(w, NULL, USERS "nothing in this stop says that one was pending.");
}

reason_fn *const interrupt_reasons[] = { irq_off, irq_shadow, irq_held, irq_none, NULL };

/* ---- the rest ----------------------------------------------------------------------------------
 */

static bool other_cause(const struct why_not *w)
{
	char text[128];

	if (!w->n_from)
		return false;
	from_text(w, text, sizeof(text));
	return reason_tell(
		w, cause_text(w->cause)->source,
		"The report of this stop is another, and the instruction before is: %s. What "
		"%s is: %s",
		text, cause_name(w->cause), cause_text(w->cause)->what);
}

reason_fn *const other_reasons[] = { nothing_retired, other_cause, NULL };
