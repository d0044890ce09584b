/*
 * up.h - one frame up the stack: what the files unwind*.c share. Inside src/debug/ only.
 */
#ifndef VMSTEP_DEBUG_UP_H
#define VMSTEP_DEBUG_UP_H

#include <vmstep/unwind.h>
#include "private.h"

/* What a way of finding the caller says. */
enum up {
	UP_NO,    /* does not apply here, or gives nothing that holds: try the next way */
	UP_FOUND, /* `to` is the caller */
	UP_END,   /* there is no caller, or none can be found: `why` */
};

struct climb {
	struct session *s;
	const struct frame *from; /* never an inlined body */
	struct frame *to;         /* starts as a copy of `from` */
	bool has_cfa;
	u64 cfa;         /* of `from`, linear */
	const char *why; /* valid as frames are; NULL with UP_END: known to be the outermost frame */
	bool damaged;    /* `why` is about damaged call frame information: nothing else is as telling */
};

enum cfa_state { CFA_NOT_TRIED, CFA_KNOWN, CFA_UNKNOWN };

/* ---- unwind_regs.c --------------------------------------------------------------------------- */

/* Bytes of a return address pushed by a near call. */
unsigned regs_word(const struct frame_regs *r);
u64 regs_linear_cs(const struct frame_regs *r, u64 off);
u64 regs_linear_ss(const struct frame_regs *r, u64 off);
/* Cut to the width of the stack pointer, or of the instruction pointer. */
u64 regs_cut(const struct frame_regs *r, u64 v);
void regs_from_cpu(const struct cpu_state *c, struct frame_regs *ret);
static inline bool regs_know(const struct frame_regs *r, unsigned reg)
{
	return r->known & BIT(reg);
}
/* A register of the caller: as read from memory at `slot`, or as computed. */
void reg_found(struct frame_regs *r, unsigned reg, u64 value, u64 slot);
void reg_known(struct frame_regs *r, unsigned reg, u64 value);
/* What a call may change according to the ABI is no longer known. */
void regs_forget_clobbered(struct frame_regs *r);
void regs_forget_but(struct frame_regs *r, u32 keep);

/* ---- unwind_guess.c -------------------------------------------------------------------------- */

/* The return address at the top of the stack, where code and symbols say that it is there. */
enum up up_by_stack_top(struct climb *k);
/* By the frame pointer: where it is the function's own, and as a guess where that is not known. */
enum up up_by_own_frame(struct climb *k);
enum up up_by_any_frame(struct climb *k);
/* A guess: the next word on the stack behind a CALL to this very function. */
enum up up_by_scan(struct climb *k);
/* Whether the bytes before the linear address are a CALL; of a direct one also where it goes. */
bool follows_call(struct session *s, const struct frame_regs *r, u64 addr, u64 *ret_target);

/* ---- unwind_cfi.c, unwind_path.c ------------------------------------------------------------- */

enum up up_by_cfi(struct climb *k);
/* By what the code ahead pops until its RET or IRET. */
enum up up_by_path(struct climb *k);

/* ---- unwind_event.c -------------------------------------------------------------------------- */

/* What is known of an event before its frame is read. */
struct event_hint {
	unsigned word; /* bytes of one pushed word, 0: the code's width */
	bool has_vector, has_error;
	bool error_below; /* the word below the frame is an error code if the vector has one */
	bool deduced;
	u8 vector;
};
/* At the first instruction of a handler. */
enum up up_by_event(struct climb *k);
enum up up_by_event_scan(struct climb *k);
/* Whether a gate of the IDT (IVT) leads to that address; the vector where it is one gate only. */
bool event_gate(struct session *s, u64 addr, struct event_hint *ret);
/* If what lies at `off` in SS is what an event pushes (RIP first), makes `to` the interrupted code. */
bool event_at(struct climb *k, u64 off, const struct event_hint *hint);
/* The same where an error code may lie at `off` and the rest above it. */
bool event_at_or_above(struct climb *k, u64 off, struct event_hint *hint);

/* ---- unwind_up.c ----------------------------------------------------------------------------- */

/* The caller of `from`; false and *ret_why where there is none (NULL: `from` is known to be the
 * outermost frame). In both cases the CFA of `from` is noted in it, if it can be told. */
bool frame_up(struct session *s, struct frame *from, struct frame *ret, const char **ret_why);
/* Puts a sentence into `why`. */
void climb_why(struct climb *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- unwind_tail.c --------------------------------------------------------------------------- */

/* Makes `caller`, the frame above `base`, tail call frame `number` of those between them, from 0 on; false: it
 * has no such one. */
bool frame_tail(struct session *s, const struct frame *base, unsigned number, struct frame *caller);

/* ---- unwind_name.c --------------------------------------------------------------------------- */

/* Function, name and how deep it is inlined, for the innermost body around f->lookup that is shown. */
void frame_name(struct session *s, struct frame *f);
/* The frame around `from`, an inlined body; `ret` has the same registers. */
void frame_around(struct session *s, const struct frame *from, struct frame *ret);

#endif
