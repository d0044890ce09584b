/*
 * unwind.h - frames of the stack: who called whom, with the registers each of them will have again.
 *
 * Implemented by src/debug/unwind*.c (what the call frame information says: src/symbols/cfi*.c), used
 * by run control, expressions and the commands. Frame 0 is where the guest stands. Frames above it
 * are found one at a time when somebody asks, and kept until the guest runs or is written to, or the
 * symbols change; pointers to frames are valid as long.
 *
 * A frame says how it was found (enum frame_how): what was guessed is never told as a fact.
 */
#ifndef VMSTEP_UNWIND_H
#define VMSTEP_UNWIND_H

#include <vmstep/cpu.h>
#include <vmstep/err.h>

struct session;

/* ---- registers of a frame ------------------------------------------------------------------------ */

/* General registers by enum gpr, then these. */
enum { FRAME_RIP = GPR_COUNT, FRAME_RFLAGS, FRAME_REGS };

/*
 * The registers as they will be when control is back in the frame. A register that the functions
 * below it may have changed without saving it is not known (RAX after a call); its value is then what
 * it was in the frame below and must be shown as "<not saved>".
 */
struct frame_regs {
	u64 value[FRAME_REGS]; /* RIP is the register: an offset in CS, as RSP is one in SS */
	u64 slot[FRAME_REGS];  /* linear address where it lies, for those in `saved` */
	u32 known, saved;      /* masks of BIT(enum gpr, FRAME_RIP, FRAME_RFLAGS) */
	struct segment cs, ss;
	u8 mode;               /* enum cpu_mode */
	u8 cpl;
};

/* The register of a DWARF number (System V ABI x86-64 or i386, by `bits` 64 or 32): enum gpr, FRAME_RIP or
 * FRAME_RFLAGS; -1 for all others. */
int frame_reg_of_dwarf(unsigned bits, u64 number);

/* ---- frames -------------------------------------------------------------------------------------- */

enum frame_how {
	FRAME_CPU,       /* frame 0: the processor's registers */
	FRAME_CFI,       /* call frame information (.eh_frame, .debug_frame) */
	FRAME_STACK_TOP, /* the return address at the top of the stack: a function's first or last instruction */
	FRAME_POINTER,   /* the chain of frame pointers */
	FRAME_EVENT,     /* the frame that an interrupt or exception pushed */
	FRAME_PATH,      /* what the code ahead pops until its RET or IRET */
	FRAME_SCAN,      /* a guess: the next word on the stack that follows a call into this function */
	FRAME_TAIL,      /* no frame any more: the function left by a jump to the frame below, as call sites tell */
	FRAME_INLINED,   /* the same code as the frame below: that one's body is inlined into this one */
	FRAME_HOW_COUNT,
};
const char *frame_how_text(enum frame_how how); /* "frame pointer" */

struct frame {
	unsigned level;
	u8 how;             /* enum frame_how: how this frame was found */
	bool deduced;       /* FRAME_PATH, FRAME_SCAN, and FRAME_EVENT where only the look of the words tells */
	bool interrupted;   /* the frame below is the handler of an event that came here: no call */
	u64 pc;             /* linear: the next instruction of this frame */
	u64 lookup;         /* an address in the instruction the frame is at, for lines, scopes and CFI: pc - 1
			     * behind a call, else pc */
	u64 function;       /* first address of the function (of an inlined body: of that body), 0: unknown */
	const char *name;   /* of the function, NULL: unknown */
	unsigned inline_depth; /* bodies around this one: 0 the function itself, 1 inlined into it, ... */
	struct frame_regs regs;
	struct {            /* where `interrupted`, as far as it is known */
		bool has_vector, has_error;
		u8 vector;
		u32 error;
		u64 at;     /* linear address of what was pushed: the error code or the return address */
	} event;
	unsigned _tail;     /* of a tail call frame, and of those its bodies are inlined into: its number from 1 */
	unsigned _base;     /* then: level of the frame below that is on the stack */
	u64 _cfa;           /* frame_cfa() */
	u8 _cfa_state;
};

/* Not on the stack by itself: inlined, or gone by a tail call. Who returns to it is the one above. */
static inline bool frame_is_virtual(const struct frame *f)
{
	return f->how == FRAME_INLINED || f->_tail;
}

/*
 * Frame `level`, unwinding as far as needed: 0, or -ENOENT with the sentence why the stack ends before
 * ("Backtrace stopped: ...", or that this is the outermost frame), or why there are no registers.
 */
int frame_at(struct session *s, unsigned level, const struct frame **ret, struct err *err);
/*
 * The frame's canonical address: the linear stack pointer before the call that made it (for the
 * handler of an event: behind what was pushed). With `function` it is the frame's identity as long as the
 * frame lives. -ENOENT where it cannot be told.
 */
int frame_cfa(struct session *s, const struct frame *f, u64 *ret, struct err *err);
/* The source line a frame is at; where a body is inlined there, the line of its call. False: none known. */
struct source_file;
struct frame_source {
	const struct source_file *file; /* source.h */
	u32 line;
	bool begins; /* the frame is at the first instruction of the line's code */
};
bool frame_line(struct session *s, const struct frame *f, struct frame_source *ret);
/* How many frames are there, at most `max`; *ret_why (static, or valid as frames are) says why the last
 * one is the last: NULL for an outermost frame that is known to be one, and where `max` was reached. */
int frame_count(struct session *s, unsigned max, unsigned *ret, const char **ret_why, struct err *err);

/* ---- the selected frame: what expressions and `info frame` are about ------------------------------- */

/* 0 again whenever the guest has run. */
int frame_select(struct session *s, unsigned level, struct err *err);
int frame_selected(struct session *s, const struct frame **ret, struct err *err);
/* Registers of the selected frame. */
int frame_regs(struct session *s, const struct frame_regs **ret, struct err *err);
/*
 * The processor's state with the registers of the selected frame in it: what $names, $pc and info
 * registers show. Valid as frames are, and until the next call. frame_register() wants one register and
 * gives -ENODATA where the frame does not know it.
 */
struct reg_desc;
int frame_cpu(struct session *s, u32 groups, const struct cpu_state **ret, const struct frame **ret_frame,
	      struct err *err);
int frame_register(struct session *s, const struct reg_desc *r, const struct cpu_state **ret, struct err *err);
/* Whether `r` (a part of it) is known in a frame; those that frames do not have are the processor's. `c` is any
 * state. */
bool frame_knows(const struct frame *f, const struct cpu_state *c, const struct reg_desc *r);
/* Assign to a register by name in the selected frame: `set $rbx = 1`. */
int frame_assign(struct session *s, const struct reg_desc *r, u64 value, struct err *err);
/* Write a register of a frame (enum gpr, FRAME_RIP, FRAME_RFLAGS) where it lives: the processor's or the slot it
 * was saved in. -ENOENT where it was not saved. Frames are found anew afterwards. */
int frame_set_reg(struct session *s, unsigned level, unsigned reg, u64 value, struct err *err);

#endif
