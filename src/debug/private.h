/*
 * private.h - what the files of src/debug/ share: the session's insides and the functions between
 * them. Nothing outside src/debug/ includes it.
 */
#ifndef VMSTEP_DEBUG_PRIVATE_H
#define VMSTEP_DEBUG_PRIVATE_H

#include <sys/types.h>
#include <time.h>
#include <vmstep/session.h>

#include "history.h"

enum {
	RING_SLOTS = 256, /* records between two visits of the consumer: constant memory */
	TEMP_POINTS_MAX = 64,
	MODULES_MAX = 32, /* slots, the last one is the NULL */
	CATCH_ALL = CATCH_ICEBP | CATCH_INT3 | CATCH_HLT | CATCH_IO | CATCH_MMIO | CATCH_EXCEPTION |
		    CATCH_MSR | CATCH_CR,
};

/*
 * A temporary point of the debugger (nexti, until, advance, finish). It counts in the wanted frame
 * only, so that a deeper recursion passing the same address is not taken for it:
 *   min_sp  the linear stack pointer is not below it and CPL is cpl
 *   min_cfa the frame's return slot is not below it (where that can be told)
 * Both 0: any frame.
 */
struct temp_point {
	u64 addr;
	u64 min_sp, min_cfa;
	u8 cpl;
};

struct session_var {
	char *name;
	struct value value;
};

/* The frames found since the guest last ran, innermost first. */
struct frames {
	struct frame **frame; /* `cap` slots, NULL where never used */
	unsigned n, cap;
	unsigned selected;
	unsigned hidden; /* session's inline_hidden when they were found */
	bool ended;      /* there are no more than `n` */
	const char *why; /* then: the reason, NULL for an outermost frame */
	char text[600];  /* `why` where it is no constant */
	bool gates_read;
	u64 gate[256]; /* linear addresses the IDT (IVT) leads to, 0: none */
	struct cpu_state cpu; /* of frame_cpu() */
};

struct session {
	struct session_config cfg;    /* all strings owned */
	char *modules[MODULES_MAX];   /* storage of cfg.guest.modules */
	const struct engine_ops *ops; /* chosen; NULL: the name is not an engine's */
	bool engine_works;            /* ops was probed when it was chosen: not again at start */
	char engine_reason[600];
	struct machine *machine;
	struct engine *engine; /* read by session_interrupt() from a signal handler */
	struct symbols *symbols;
	u64 symbols_serial;
	struct symbol_source *source; /* the files asked for; session_symbols.c */
	size_t n_sources;
	bool sources_only; /* the guest's own symbols are not wanted */
	struct symbol_stamp *stamp; /* the files that were read, and how they were then */
	size_t n_stamps;
	char *debug_dirs; /* NULL: the default */
	struct settings settings;

	struct cpu_state regs; /* cache: the groups in regs.known are valid */
	struct frames frames;
	/*
	 * At the first instruction of inlined bodies a line step has arrived at the call and not yet
	 * gone in, as in gdb: so many of them, the innermost first, are no frames yet.
	 */
	unsigned inline_hidden;
	struct ring ring;
	struct stop last; /* the session's last stop */
	bool has_last;
	bool alive;
	u64 n_stops; /* number of the last stop */
	int exit_value;
	u8 pending_once; /* enum event_policy for the next resume */
	bool event_queued; /* by the user, for the next resume */
	struct session_watcher watcher; /* its functions may be NULL */

	struct upoint **point; /* by number */
	size_t n_points, cap_points;
	u32 next_point;
	struct temp_point temp[TEMP_POINTS_MAX];
	unsigned n_temp;
	bool temp_hit;        /* the run ended at a temporary point */
	bool points_dirty;    /* the engine's set is not ours */
	bool any_catch, any_by_step; /* of the points, when it became so; more is harmless */
	bool written;         /* by the user, since the last resume */
	bool running_free;    /* the command runs free, even where that is done by stepping */
	bool catch_by_step;   /* this run steps and looks at catches itself */
	bool watch_moved;     /* a watched place is another one now: the engine is to have it */
	bool only_moved;      /* the run ended for that alone */
	struct upoint **gone; /* temporary points of the last stop, already deleted */
	size_t n_gone;

	struct ctype_pool *types; /* made by casts, & and @ */
	struct kept *kept;        /* contents of values: values.c */
	struct session_var *var;
	size_t n_vars, cap_vars;
	struct value *history;
	u32 n_history, cap_history;

	struct history way; /* history.h */
	struct kept_state *checkpoint; /* by number; checkpoint.c */
	size_t n_checkpoints;
	u32 next_checkpoint;

	session_note_fn *note;
	void *note_arg;
};

/* ---- session.c ------------------------------------------------------------------------------- */

/* A remark for the user, see session_set_note(). */
void note(struct session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- session_symbols.c ----------------------------------------------------------------------- */

/* Read the symbols if their file is another one or was changed. */
int session_symbols_refresh(struct session *s, struct err *err);
void session_symbols_drop(struct session *s);
/* The command line's files. */
int symbol_sources_copy(struct session *s, const char *const *path, struct err *err);
void symbol_sources_clear(struct session *s);

/* ---- state.c --------------------------------------------------------------------------------- */

/* Like session_regs(), but only the groups asked for. */
int state_need(struct session *s, u32 groups, const struct cpu_state **ret, struct err *err);
/* The cache is stale: the guest ran or was written to. */
void state_forget(struct session *s);
/* As many bytes as are readable; no error. */
size_t state_read_some(struct session *s, u64 addr, void *buf, size_t n);
/* An unsigned little-endian number of `size` bytes. */
int state_read_uint(struct session *s, u64 addr, unsigned size, u64 *ret, struct err *err);
/* Linear stack pointer (SS base added outside long mode). */
u64 state_linear_sp(const struct cpu_state *c);
/* Linear address of an offset in the code or stack segment, wrapped at the mode's width. */
u64 state_linear_cs(const struct cpu_state *c, u64 off);
u64 state_linear_ss(const struct cpu_state *c, u64 off);
/* Decode the instruction at a linear address; length 0 when unreadable or bad. */
void state_decode(struct session *s, const struct cpu_state *c, u64 addr, struct insn *ret);
/* Fills a stop record from the registers (START). */
int state_fill_stop(struct session *s, struct stop *st, struct err *err);
/* RIP := linear address `addr`, within the code segment. */
int state_set_linear_rip(struct session *s, u64 addr, struct err *err);

/* ---- engine.c -------------------------------------------------------------------------------- */

/* Sets s->ops and s->engine_reason from a name; -EINVAL for an unknown one. */
int engine_choose(struct session *s, const char *name, struct err *err);
/* -ENODEV with the reason when the chosen engine does not work here. */
int engine_check(const struct session *s, struct err *err);

/* ---- points.c, point_create.c, points_engine.c ----------------------------------------------- */

static inline bool point_is_code(const struct upoint *p)
{
	return p->type == UPOINT_BREAK || p->type == UPOINT_HBREAK;
}

static inline bool point_is_watch(const struct upoint *p)
{
	return p->type == UPOINT_WATCH || p->type == UPOINT_RWATCH || p->type == UPOINT_AWATCH;
}

/* point_places.c: the places of a breakpoint; places_set() copies. */
int places_set(struct upoint *p, const struct location *at, size_t n, struct err *err);
void places_free(struct upoint *p);
/* Anew by p->what, as the symbols know it now. */
void places_resolve(struct session *s, struct upoint *p);
/* Its enabled place at `addr`, NULL if there is none. */
const struct point_place *places_at(const struct upoint *p, u64 addr);
/*
 * The condition in the scope of each place (NULL: none). A place where it means nothing is switched
 * off with a remark; an error if that is all of them. A pending point's waits as it does.
 */
int places_compile(struct session *s, struct upoint *p, const char *text, struct err *err);
/* The condition `text` (NULL: none) of any point; it keeps the old one if this does not compile. */
int point_compile(struct session *s, struct upoint *p, const char *text, struct err *err);
void point_free(struct upoint *p);
/* An empty one, not entered yet. */
int point_create(enum upoint_type type, const char *what, bool temporary, struct upoint **ret,
		 struct err *err);
/* Enter a complete point: numbered only when the engine could take it. Frees it on failure. */
int point_enter(struct session *s, struct upoint *p, struct upoint **ret, struct err *err);
/* Hand the whole set, temporary points included, to the engine if it changed. */
int points_apply(struct session *s, struct err *err);
/* The catches, vectors and ports of all enabled points. */
void points_catches(const struct session *s, struct plan *plan);
/* Compile the conditions again after the symbols changed; addresses by name follow their symbol. */
void points_recompile(struct session *s);
/* Read the watched values again (start of a run). */
void points_refresh_values(struct session *s);
void points_destroy(struct session *s);
/* Before a run: no point is the last stop's. After it: temporary ones that stopped are deleted. */
void points_forget_stop(struct session *s);
void points_delete_temporary(struct session *s);

/* ---- watch.c, watch_expr.c ------------------------------------------------------------------- */

/*
 * The watched value now. Of an expression that moves: evaluated, p->lost says that it cannot be read, and a
 * new place to watch sets watch_moved; -EAGAIN where the frame it means cannot be told from here.
 */
int watch_read(struct session *s, struct upoint *p, u64 *ret);
int watch_read_place(struct session *s, const struct upoint *p, u64 *ret);
int watch_expr_read(struct session *s, struct upoint *p, u64 *ret);
/* Where a value lies in memory and its length, into `p`; a sentence for what cannot be watched. */
int watch_place(const struct value *v, const char *text, struct upoint *p, struct err *err);
/* The function of a frame, not the body inlined into it. */
u64 watch_function(struct session *s, unsigned level);
/* Whether more is read for it than its place. */
bool watch_moves(struct session *s, const struct expr *e);
/* Whether some watchpoint has to be looked at after every step. */
bool watch_by_step(const struct session *s);
/* The symbols are others now. */
void watch_recompile(struct session *s, struct upoint *p);
/* Whether the boundary at `lin` is where the watched local ends: said once, `left` is set. */
bool watch_scope_ends(struct session *s, struct upoint *p, u64 lin);

/* ---- accept.c -------------------------------------------------------------------------------- */

/* plan.accept: whether the stop counts, with conditions, ignore counts, values and temporary
 * points. */
bool points_accept(void *session, struct stop *st);
/* Breakpoints at the guest's first instruction: no run leads there, so that nobody else reports
 * them. */
void points_at_start(struct session *s, struct stop *st);
/* A step's stop under catches done by stepping and watchpoints looked at then: true when one of them
 * is met (cause and number set). */
bool points_after_step(struct session *s, struct stop *st, u32 catches);

/* ---- run.c, run_fold.c ----------------------------------------------------------------------- */

/*
 * One command of run control, however often it calls the engine. Either every stop is shown as it
 * comes (run_direct), or the stops on the way are folded into the one shown at the end (run_step,
 * run_free, run_end). Gaps go to the observer at once in both.
 */
struct run {
	struct session *s;
	stop_observer *each;
	void *arg;
	bool hold_irq; /* while stepping; never while running free */
	bool rep_whole;
	bool by_insn;  /* stepi and the like: no inlined body is hidden at the end */
	bool view_set; /* s->inline_hidden is right already */
	bool quiet_points; /* neither the user's points nor catches count */
	bool ended; /* something ends the command: a point, a catch, death, Ctrl-C, the observer */
	bool has_stop;
	struct stop stop;  /* the last one reached, not shown yet */
	struct stop first; /* the first one folded in: the command's `from` is its */
	u64 n_folded;
	bool ran;    /* the engine was called before, points counting */
	bool unseen; /* the guest is at a boundary nobody told of: a free run came back on its way */
	s64 retired; /* sum of what was folded in; -1: cannot be told */
};
/* All of the engine's records: shown one by one, or folded. Returns the number of stops. */
u64 run_drain(struct run *r, bool show, u32 catches);
/* -ESRCH when there is no guest, or one that has ended. */
int run_possible(const struct session *s, struct err *err);
/* -ESRCH and the like when there is nothing that can run. */
int run_begin(struct run *r, struct session *s, stop_observer *each, void *arg, struct err *err);
/* Up to `count` steps, each of them shown. */
int run_direct(struct run *r, u64 count, struct err *err);
/* One step on the way: r->stop is where it led. */
int run_step(struct run *r, struct err *err);
/* Run freely (by stepping where catches ask for it) to a point, a temporary one (s->temp_hit) or
 * the guest's end. */
int run_free(struct run *r, struct err *err);
/* run_free() to one of `n` temporary points; they are gone afterwards. */
int run_to(struct run *r, const struct temp_point *t, unsigned n, struct err *err);
/* Show the stop that was reached; the command may go on. */
void run_flush(struct run *r);
/* The same, and the command is over: temporary points of the user that stopped are deleted. */
int run_finish(struct run *r, int rc);
/* Number `st`, make it the session's last, show it; false: the observer has enough. */
bool run_show(struct session *s, struct stop *st, stop_observer *each, void *arg);

/* ---- checkpoint.c ---------------------------------------------------------------------------- */

/* The guest goes, and with it all states of it. */
void checkpoints_destroy(struct session *s);

/* ---- unwind.c -------------------------------------------------------------------------------- */

/* The frame that called the function frame `level` is in; NULL when it cannot be told. Its linear
 * stack pointer is the one after the return. */
const struct frame *frame_caller(struct session *s, unsigned level);
u64 frame_linear_sp(const struct frame *f);
/* $pc of the selected frame := linear. */
int frame_set_pc(struct session *s, u64 linear, struct err *err);
void frames_forget(struct session *s);
void frames_destroy(struct session *s);

/* ---- values.c -------------------------------------------------------------------------------- */

void values_destroy(struct session *s);
/* The symbols change: no value may refer to their types any more. */
void values_forget_types(struct session *s);
/* `n` bytes (a copy of `bytes`, or zeros) that live as long as the session; NULL with a sentence. */
u8 *session_keep(struct session *s, const void *bytes, size_t n, struct err *err);
/* Reads and keeps the contents of a structure or array in memory. */
int value_keep(struct session *s, struct value *v, struct err *err);
/* History entry: back 0 is the last ($), 1 the one before ($$); absolute: $N. */
int value_history_get(const struct session *s, bool absolute, u32 n, struct value *ret,
		      struct err *err);

#endif
