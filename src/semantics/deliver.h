/*
 * deliver.h - shared by the files that deliver an event (deliver*.c), by nobody else.
 *
 * A delivery is a chain of attempts. An attempt works on a copy of the CPU and touches guest memory
 * only once nothing can fail any more; what it raises instead is the next attempt's event.
 */
#ifndef VMSTEP_SEMANTICS_DELIVER_H
#define VMSTEP_SEMANTICS_DELIVER_H

#include <vmstep/semantics.h>

enum attempt_result { ATTEMPT_DONE, ATTEMPT_RAISED, ATTEMPT_UNSUPPORTED };

enum { READS_MAX = 8 };

struct attempt {
	struct cpu_state *c; /* the copy */
	const struct phys_ops *mem;
	const struct guest_event *ev;
	u64 return_rip;            /* for the frame */
	u16 task_sel;              /* with ATTEMPT_UNSUPPORTED: the task gate's TSS */
	struct guest_event raised; /* valid after ATTEMPT_RAISED */
	struct delivery *out;
	/* Tables read, whose pages are marked accessed once it is sure that nothing is to stay as
	 * it was. */
	struct {
		u64 la;
		u8 n;
	} read[READS_MAX];
	u8 n_reads;
};

/* A stack to push on: the current one, or one from the TSS. */
struct target_stack {
	u64 base, sp;
	u32 limit;
	u16 attr;
	u16 error_sel; /* for #SS: 0 on the current stack, else the new SS */
	u8 width;      /* of SP: 16, 32, 64 */
	u8 cpl;        /* rights of the pushes */
};

enum { FRAME_MAX = 11 };
struct frame {
	u64 value[FRAME_MAX]; /* in the order pushed */
	u64 la[FRAME_MAX];    /* filled by frame_place */
	u8 n, size;           /* size: bytes of each */
};

/* --- deliver_stack.c --- */
/* EXT: the event came from outside the program (SDM 3 "Error Code"). */
u32 attempt_ext(const struct attempt *a);
/* Note what the attempt raises; `sel_error` gets EXT added. Returns ATTEMPT_RAISED. */
int attempt_raise(struct attempt *a, u8 vector, u32 sel_error);
/* Read tables (IDT, GDT, TSS) as the processor does; #PF where a page is missing. */
int system_read(struct attempt *a, u64 la, void *buf, size_t n);
/* The #PF for a table the processor could not read at `la`, or #GP(sel_error) where no page is
 * missing. */
int system_raise(struct attempt *a, u64 la, size_t n, u32 sel_error);
/* Note a table's bytes as read; reads_mark marks their pages. */
void read_note(struct attempt *a, u64 la, size_t n);
void reads_mark(struct attempt *a);
/* Set the accessed (and dirty) bits of the pages of a linear range. */
void pages_mark(struct attempt *a, u64 la, size_t n, bool dirty);
void frame_add(struct frame *f, u64 value);
/* Find each value's place and check it: limits, canonical form, page rights. Moves s->sp. */
int frame_place(struct attempt *a, struct target_stack *s, struct frame *f);
void frame_write(struct attempt *a, const struct frame *f);
/* SP of the right width into RSP. */
void stack_pointer_set(struct cpu_state *c, const struct target_stack *s);
void stack_current(const struct cpu_state *c, struct target_stack *ret);

/* --- deliver_real.c, deliver_gate.c --- */
int attempt_ivt(struct attempt *a);
/* INT n in v86 mode under CR4.VME: does the TSS give it to the 8086 program, and the way there. */
int vme_map_read(struct attempt *a, bool *ret_to_program);
int attempt_vme(struct attempt *a);
int attempt_idt(struct attempt *a);

#endif
