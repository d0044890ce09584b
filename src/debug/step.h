/*
 * step.h - what the commands of run control share: the instruction about to run, and what one step
 * of it turned out to be. Inside src/debug/ only.
 */
#ifndef VMSTEP_DEBUG_STEP_H
#define VMSTEP_DEBUG_STEP_H

#include "private.h"

/* A boundary and the instruction at it, before it runs. */
struct place {
	u64 lin, next, sp;
	u8 cpl;
	bool pending; /* an ICEBP, INT3 or #DB is to be delivered first */
	struct insn in;
};

int place_here(struct run *r, struct place *ret, struct err *err);
/* A temporary point at `addr` that counts once the stack is as it was at `p`. */
struct temp_point place_back(const struct place *p, u64 addr);
/* The last step led to the first instruction of a handler. */
bool step_entered_handler(const struct run *r);
/* The last step, from `p`, called something that is expected to come back behind it. */
bool step_called(const struct run *r, const struct place *p);
/*
 * One instruction, whatever it calls included. `over_events`: exceptions and interrupts that come
 * in between are gone over too; else their handler's first instruction is the end, since it is the
 * news. A pending event is delivered first, its handler gone over, and then the instruction is run.
 */
int step_over(struct run *r, bool over_events, struct err *err);
/* RET, IRET, SYSRET, SYSEXIT. */
bool insn_returns(const struct insn *in);

/* line_step.c: until without a location, by the line the guest is at (there is one). */
int line_until(struct run *r, struct err *err);
/* finish of the inlined body that is `depth` bodies deep in the function the guest is in. */
int line_leave_body(struct run *r, unsigned depth, struct err *err);

#endif
