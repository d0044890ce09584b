/*
 * unwind_up.c - from one frame to the one that called it: the ways in the order of what they know,
 * and what has to hold for any of them; see unwind.h.
 */
#include <stdio.h>
#include "up.h"

/* Behind a call the code that made it ends one byte before: the next byte may be another line or,
 * where the callee does not return, another function. */
static void set_lookup(struct frame *f)
{
	f->lookup = f->interrupted || !f->pc ? f->pc : f->pc - 1;
}

void climb_why(struct climb *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(k->s->frames.text, sizeof(k->s->frames.text), fmt, ap);
	va_end(ap);
	k->why = k->s->frames.text;
}

/* Towards higher addresses only, unless an event switched stacks: else two frames could call each
 * other for ever. */
static bool goes_up(const struct climb *k)
{
	u64 old = regs_linear_ss(&k->from->regs, k->from->regs.value[GPR_RSP]);
	u64 new = regs_linear_ss(&k->to->regs, k->to->regs.value[GPR_RSP]);

	return k->to->interrupted || new > old;
}

static enum up climb(struct climb *k)
{
	static enum up (*const ways[])(struct climb *) = {
		up_by_event, up_by_cfi,       up_by_stack_top, up_by_own_frame,
		up_by_path,  up_by_any_frame, up_by_scan,      up_by_event_scan,
	};
	const char *damage = NULL;
	enum up up = UP_NO;

	for (size_t i = 0; i < ARRAY_SIZE(ways) && up == UP_NO; i++) {
		*k->to = *k->from;
		k->to->deduced = k->to->interrupted = false;
		k->has_cfa = false;
		up = ways[i](k);
		damage = damage ?: k->damaged ? k->why : NULL;
	}
	if (up == UP_NO && damage)
		k->why = damage;
	return up;
}

bool frame_up(struct session *s, struct frame *from, struct frame *ret, const char **ret_why)
{
	struct climb k = { .s = s, .from = from, .to = ret };
	enum up up = climb(&k);

	*ret_why = NULL;
	from->_cfa = k.cfa;
	from->_cfa_state = k.has_cfa ? CFA_KNOWN : CFA_UNKNOWN;
	if (up != UP_FOUND) {
		*ret_why = k.why;
		return false;
	}
	if (!goes_up(&k)) {
		*ret_why = "Backtrace stopped: previous frame inner to this frame (corrupt stack?)";
		return false;
	}
	ret->level = from->level + 1;
	ret->_cfa_state = CFA_NOT_TRIED;
	set_lookup(ret);
	frame_name(s, ret);
	return true;
}
