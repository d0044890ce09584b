/*
 * unwind_tail.c - frames of functions that left by a jump: they are not on the stack any more, but the
 * debug information of the calls around tells which they were; see tail_calls() in scope.h.
 */
#include <vmstep/scope.h>
#include "up.h"

enum { TAILS = 64 };

/* What the jump left behind: the callers' registers, the stack as at the function's begin. */
static void regs_at_jump(const struct frame *base, const struct tail_call *t, struct frame *f)
{
	const u64 entry_sp = base->_cfa - regs_linear_ss(&f->regs, 0) - regs_word(&f->regs);

	if (base->_cfa_state == CFA_KNOWN)
		reg_known(&f->regs, GPR_RSP, regs_cut(&f->regs, entry_sp));
	reg_known(&f->regs, FRAME_RIP, regs_cut(&f->regs, t->pc - regs_linear_cs(&f->regs, 0)));
}

bool frame_tail(struct session *s, const struct frame *base, unsigned number, struct frame *caller)
{
	struct tail_call t[TAILS];
	unsigned n;

	/* Where the return address is a guess, so would be its call. */
	if (caller->how != FRAME_CFI || caller->interrupted || !s->symbols)
		return false;
	n = tail_calls(s->symbols, caller->pc, base->lookup, t, TAILS);
	if (number >= n)
		return false;
	regs_at_jump(base, &t[number], caller);
	caller->how = FRAME_TAIL;
	caller->pc = t[number].pc;
	caller->lookup = t[number].lookup;
	caller->_tail = number + 1;
	caller->_base = base->level;
	caller->_cfa = base->_cfa;
	caller->_cfa_state = base->_cfa_state;
	frame_name(s, caller);
	return true;
}
