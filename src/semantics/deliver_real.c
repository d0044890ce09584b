/*
 * deliver_real.c - through an interrupt vector table: that of real-address mode (SDM 2 "INT
 * n/INTO/INT3/INT1", REAL-ADDRESS-MODE), and with CR4.VME that of a virtual-8086 program (SDM 3
 * "Software Interrupt Handling in Virtual-8086 Mode").
 */
#include "semantics/deliver.h"

/* No error code is pushed, whatever the event. */
static int vector_enter(struct attempt *a, u16 sel, u16 offset, u64 flags)
{
	struct frame f = { .size = 2 };
	struct cpu_state *c = a->c;
	struct segment *cs = &c->seg[SEG_CS];
	struct target_stack s;
	int r;

	stack_current(c, &s);
	frame_add(&f, flags | FL_FIXED);
	frame_add(&f, cs->sel);
	frame_add(&f, a->return_rip);
	r = frame_place(a, &s, &f);
	if (r != ATTEMPT_DONE)
		return r;
	if (offset > cs->limit)
		return attempt_raise(a, EXC_GP, 0);
	reads_mark(a);
	frame_write(a, &f);
	stack_pointer_set(c, &s);
	cs->sel = sel;
	cs->base = (u64)sel << 4; /* limit and rights stay: SDM 3 "Real-Address Mode Operation" */
	c->rip = offset;
	return ATTEMPT_DONE;
}

int attempt_ivt(struct attempt *a)
{
	struct descriptor entry;
	int r;

	if (gate_read(a->c, a->mem, a->ev->vector, &entry))
		return attempt_raise(a, EXC_GP, a->ev->vector * 8u + 2);
	r = vector_enter(a, entry.sel, entry.offset, a->c->rflags);
	if (r == ATTEMPT_DONE)
		a->c->rflags &= ~(FL_IF | FL_TF | FL_AC | FL_RF);
	return r;
}

/* The map lies in the 32 bytes below the I/O permission map, whose offset the TSS has at 102. */
int vme_map_read(struct attempt *a, bool *ret_to_program)
{
	const struct segment *tr = &a->c->tr;
	u32 at = a->ev->vector / 8;
	u16 io_map;
	u8 bits;
	int r;

	if (tr->limit < 103)
		return attempt_raise(a, EXC_GP, 0);
	r = system_read(a, tr->base + 102, &io_map, 2);
	if (r != ATTEMPT_DONE)
		return r;
	if (io_map < 32 || io_map - 32 + at > tr->limit)
		return attempt_raise(a, EXC_GP, 0);
	r = system_read(a, tr->base + io_map - 32 + at, &bits, 1);
	if (r == ATTEMPT_DONE)
		*ret_to_program = !(bits & BIT(a->ev->vector % 8));
	return r;
}

/* The program's table is at linear 0. With IOPL below 3 it sees VIF as its IF, and IOPL 3. */
int attempt_vme(struct attempt *a)
{
	struct cpu_state *c = a->c;
	bool iopl3 = (c->rflags & FL_IOPL) == FL_IOPL;
	u64 image = c->rflags;
	u16 entry[2];
	int r = system_read(a, a->ev->vector * 4u, entry, 4);

	if (r != ATTEMPT_DONE)
		return r;
	if (!iopl3)
		image = (image & ~FL_IF) | FL_IOPL | (image & FL_VIF ? FL_IF : 0);
	r = vector_enter(a, entry[1], entry[0], image);
	if (r == ATTEMPT_DONE)
		c->rflags &= ~(FL_TF | FL_RF | (iopl3 ? FL_IF : FL_VIF));
	return r;
}
