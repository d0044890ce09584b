/*
 * deliver_real.c - through the interrupt vector table of real-address mode (SDM 3 "Interrupt and
 * Exception Handling" of 8086 emulation; SDM 2 "INT n/INTO/INT3/INT1", REAL-ADDRESS-MODE).
 */
#include "semantics/deliver.h"

/* No error code is pushed in this mode, whatever the event. */
int attempt_ivt(struct attempt *a)
{
	struct frame f = { .size = 2 };
	struct cpu_state *c = a->c;
	struct segment *cs = &c->seg[SEG_CS];
	struct target_stack s;
	struct descriptor entry;
	int r;

	if (gate_read(c, a->mem, a->ev->vector, &entry))
		return attempt_raise(a, EXC_GP, a->ev->vector * 8u + 2);
	stack_current(c, &s);
	frame_add(&f, c->rflags | FL_FIXED);
	frame_add(&f, cs->sel);
	frame_add(&f, a->return_rip);
	r = frame_place(a, &s, &f);
	if (r != ATTEMPT_DONE)
		return r;
	if (entry.offset > cs->limit)
		return attempt_raise(a, EXC_GP, 0);
	frame_write(a, &f);
	stack_pointer_set(c, &s);
	cs->sel = entry.sel;
	cs->base = (u64)entry.sel
		   << 4; /* limit and rights stay: SDM 3 "Real-Address Mode Operation" */
	c->rip = entry.offset;
	c->rflags &= ~(FL_IF | FL_TF | FL_AC | FL_RF);
	return ATTEMPT_DONE;
}
