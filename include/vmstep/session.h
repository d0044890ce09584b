/*
 * session.h - one guest under the debugger: machine, engine, symbols, points, settings, run control.
 *
 * Implemented by src/debug/, used by trace/, teach/ and cli/. Everything shown to the user comes from
 * stops, registers and memory got here. One thread; session_interrupt() alone is async-signal-safe.
 */
#ifndef VMSTEP_SESSION_H
#define VMSTEP_SESSION_H

#include <vmstep/engine.h>
#include <vmstep/expr.h>
#include <vmstep/symbols.h>
#include <vmstep/unwind.h>

struct session;

/* ---- life ---------------------------------------------------------------------------------------- */

struct session_config {
	struct guest_spec guest;     /* path and hex NULL: no guest yet (command `file`) */
	struct machine_config machine;
	const char *engine;          /* "kvm", "mtf", "soft", "auto" or NULL (auto) */
	const char *const *symbols;  /* --symbols FILEs, NULL-terminated; NULL: the guest's own, if it is ELF */
};
/* Strings are copied. Creates no guest: session_start() does. */
int session_create(const struct session_config *cfg, struct session **ret, struct err *err);
void session_destroy(struct session *s);
/* Load the image, create the engine, stop before the first instruction (START is the last stop). A
 * session that already has a guest kills it first. */
int session_start(struct session *s, struct err *err);
int session_kill(struct session *s, struct err *err);
bool session_alive(const struct session *s);   /* has a guest that can run */
bool session_has_guest(const struct session *s); /* has a guest, maybe dead: registers and memory readable */
/* Replace the image (command `file`), takes effect at the next start. */
int session_set_guest(struct session *s, const struct guest_spec *spec, struct err *err);
const struct session_config *session_config(const struct session *s);
struct machine *session_machine(struct session *s); /* NULL without guest */
struct engine *session_engine(struct session *s);   /* NULL without guest */
/* Engine choice of "auto": name and the reason in words, for the banner. */
const char *session_engine_name(const struct session *s);
const char *session_engine_reason(const struct session *s);
/* `set engine NAME`: checks that it works here; restarts the guest if there is one. */
int session_set_engine(struct session *s, const char *name, struct err *err);
struct symbols *session_symbols(struct session *s); /* NULL: none */
/*
 * Commands symbol-file (`replace`: of this file alone from now on) and add-symbol-file; on failure the
 * old ones stay. Everything is copied. The set returned by session_symbols() is another one then.
 */
int session_load_symbols(struct session *s, const struct symbol_file *file, bool replace, struct err *err);
/* The last file added of this path, or every one (NULL): also the guest's own. */
int session_unload_symbols(struct session *s, const char *path, struct err *err);
/* Where separate debug files are; the files are read again. */
int session_set_debug_dirs(struct session *s, const char *dirs, struct err *err);
const char *session_debug_dirs(const struct session *s);
/* Another number for every set of symbols, for what is kept about addresses. */
u64 session_symbols_serial(const struct session *s);
/* Tells by a remark what of the symbols turned out to be damaged since it was last asked; once a file. */
void session_tell_trouble(struct session *s);
/* insn_symbolize_fn over the session's symbols; arg is the session. */
bool session_symbolize(void *session, u64 addr, char *buf, size_t size);

/* ---- settings ------------------------------------------------------------------------------------ */

struct settings {
	u8 icebp, int3;      /* enum event_policy */
	u8 skip;             /* enum skip_policy */
	bool mtf;
	bool step_irq;       /* false: interrupts held while stepping by hand */
	bool rep_whole;
	bool tf_hygiene;
	bool intercept_db, intercept_bp;
	bool batch;          /* engine mtf: steps without a look by the host */
	bool confirm, pagination, history_save;
	bool record;         /* the way is kept for reverse-stepi (checkpoint.h) */
	bool predict;        /* each step is held against what the architecture says (teach.h) */
};
struct settings *session_settings(struct session *s); /* borrowed, writable */

/* ---- registers and memory ------------------------------------------------------------------------ */

/* Cached until the guest runs or is written to. Error when there is no guest. */
int session_regs(struct session *s, const struct cpu_state **ret, struct err *err);
int session_set_reg(struct session *s, const char *name, u64 value, struct err *err);
int session_get_reg(struct session *s, const char *name, u64 *ret, struct err *err);
/* Linear addresses through the guest's page tables. All n bytes or an error naming the first bad address. */
int session_read(struct session *s, u64 addr, void *buf, size_t n, struct err *err);
int session_write(struct session *s, u64 addr, const void *buf, size_t n, struct err *err);
/* Physical addresses. */
int session_read_phys(struct session *s, u64 gpa, void *buf, size_t n, struct err *err);
int session_write_phys(struct session *s, u64 gpa, const void *buf, size_t n, struct err *err);

/* ---- run control --------------------------------------------------------------------------------- */

/*
 * Receives every record of a run in order, stops and gaps; return false to end the run. What the
 * engine had already done by then is still delivered: nothing is lost.
 */
typedef bool stop_observer(void *arg, const struct stop *s);
/*
 * Remarks that belong to a run but are no stop ("finish: running to 0x401020, return address by frame
 * pointer", an error in a condition, what stepping costs): one sentence, as it happens, before the
 * stop it explains. NULL: dropped.
 */
typedef void session_note_fn(void *arg, const char *text);
void session_set_note(struct session *s, session_note_fn *fn, void *arg);
/*
 * Looks at every step from below the commands: before each resume with its plan, while the guest is
 * still at the boundary, and after with each record it gave; false ends the command's run. A session
 * with one steps the guest one stop a resume. NULL takes it off.
 */
struct session_watcher {
	void (*before)(void *arg, const struct plan *plan);
	bool (*after)(void *arg, const struct stop *st);
	void *arg;
};
void session_set_watcher(struct session *s, const struct session_watcher *w);
/*
 * Where nexti, until, advance or finish end at a temporary point of the debugger the stop's cause is
 * LIMIT (the run reached the end asked for), with the evidence of how that was noticed.
 */
/*
 * Each returns 0 when the guest ran (however it ended: see session_last_stop), or -errno with a
 * sentence when it could not. `each` may be NULL. The last stop is kept by the session.
 */
int session_stepi(struct session *s, u64 count, stop_observer *each, void *arg, struct err *err);
int session_nexti(struct session *s, u64 count, stop_observer *each, void *arg, struct err *err);
int session_continue(struct session *s, stop_observer *each, void *arg, struct err *err);
int session_until(struct session *s, bool has_addr, u64 addr, stop_observer *each, void *arg, struct err *err);
int session_advance(struct session *s, u64 addr, stop_observer *each, void *arg, struct err *err);
int session_finish(struct session *s, stop_observer *each, void *arg, struct err *err);
/*
 * By source line, over calls (next) or into functions that have lines (step); rules are gdb's. Where no
 * line is known the rest of the function is stepped through. A step into an inlined body whose call
 * the guest stands at moves only the view: there is no new stop then (session_inline_hidden()).
 */
int session_step(struct session *s, u64 count, stop_observer *each, void *arg, struct err *err);
int session_next(struct session *s, u64 count, stop_observer *each, void *arg, struct err *err);
/* Until any of the addresses, or the current frame returns. */
int session_run_to(struct session *s, const u64 *addr, size_t n, bool same_frame, stop_observer *each, void *arg,
		   struct err *err);
int session_jump(struct session *s, u64 addr, stop_observer *each, void *arg, struct err *err);
/* Batch trace: stepping with interrupts let in, no user points unless asked. `count` 0: until it ends. */
int session_trace(struct session *s, u64 count, bool points, stop_observer *each, void *arg, struct err *err);
/* Over the next instruction without running it. The stop is the session's last. */
int session_skip(struct session *s, enum skip_kind kind, struct err *err);
/* What the next resume does with the pending event; -ENOENT when nothing is pending. */
int session_deliver_pending(struct session *s, struct err *err);
int session_swallow_pending(struct session *s, struct err *err);
/* `deliver VECTOR`: queue an exception or interrupt for the next resume. */
int session_deliver_vector(struct session *s, u8 vector, bool has_error, u32 error, struct err *err);
bool session_event_queued(const struct session *s); /* the next resume delivers such a one */
void session_interrupt(struct session *s);     /* async-signal-safe */
/* NULL before start. Valid until the next run. */
const struct stop *session_last_stop(const struct session *s);
/* Whether the guest's last run ended it, and the exit port's value (-1: none). */
int session_exit_value(const struct session *s);
/* Inlined bodies that begin where the guest stands and that the user has not stepped into yet (gdb:
 * the first instruction of an inlined body is the call of it): no frames, counted from the innermost. */
unsigned session_inline_hidden(const struct session *s);

/* ---- points (break, watch, catch) ---------------------------------------------------------------- */

enum upoint_type { UPOINT_BREAK, UPOINT_HBREAK, UPOINT_WATCH, UPOINT_RWATCH, UPOINT_AWATCH, UPOINT_CATCH };
/* One of the places of a breakpoint; in info breakpoints N.1, N.2, ... */
struct point_place {
	u64 addr;
	bool enabled;
	char *function;      /* it belongs to, also an inlined one; NULL: unknown */
	char *file;          /* as debug information names it; NULL: no line is known */
	u32 line;
	struct expr *cond;   /* the point's condition as its names mean here; NULL: none */
	u8 got;              /* enum point_how */
	const char *cost;
};
/* Memory that a watched expression is read through: a pointer, an index. */
struct watch_part {
	u64 addr;
	u8 len;              /* 1, 2, 4, 8 */
};
enum { WATCH_PARTS = 16 };
struct upoint {
	u32 num;
	u8 type;             /* enum upoint_type */
	bool enabled, temporary;
	u64 addr;            /* watch: linear, where `len`. break: of the first place */
	struct point_place *place; /* break: by address; none: pending, waits for symbols that know `what` */
	size_t n_places;
	bool exact;          /* break: an address, that symbols do not move */
	u8 len;              /* watch; 0: of a value that has no place (a + b) */
	u32 catches;         /* UPOINT_CATCH: CATCH_* */
	u32 vectors;         /* catch exception */
	u16 port_lo, port_hi;/* catch io */
	char *what;          /* as typed: "main", "*0x7c00", "*(u32*)0x500", "io 0x3f8" */
	char *condition;     /* text or NULL */
	struct expr *cond;   /* compiled; a breakpoint's places have their own */
	u64 ignore, hits;
	char **commands;     /* lines; NULL-terminated or NULL */
	u64 old_value;       /* watch: of the bit-field where it is one */
	const struct ctype *watched; /* watch: its C type, NULL: a plain number */
	u16 bit_pos, bit_size; /* watch: a bit-field in the storage at addr */
	struct expr *expr;   /* watch: evaluated again where a part changes, which moves addr; NULL: it cannot move */
	struct watch_part part[WATCH_PARTS];
	u8 n_parts;
	bool by_step;        /* watch: it hangs on registers too and is looked at after every step */
	bool lost;           /* watch: the value cannot be read now */
	u64 was_value;       /* watch: before its last change */
	bool was_lost;
	bool scoped;         /* watch: a local of a frame, which ends when control is back at scope_pc */
	bool left;           /* it has ended: deleted when the run is over */
	u8 scope_cpl;
	u64 scope_pc, scope_sp, scope_function;
	u8 got;              /* enum point_how, by the engine; valid when the guest lives */
	const char *cost;
	bool stopped;        /* the last stop is one of this point */
};
int session_break(struct session *s, enum upoint_type type, const char *what, u64 addr, u8 len, bool temporary,
		  const char *condition, struct upoint **ret, struct err *err);
/*
 * A breakpoint at any number of places (location.h), which are copied. `what` is what to look for
 * when the symbols change; n 0: a pending one, that waits for them. `addr` is the places' first.
 */
struct location;
int session_break_at(struct session *s, enum upoint_type type, const char *what, const struct location *at,
		     size_t n, bool exact, bool temporary, const char *condition, struct upoint **ret,
		     struct err *err);
/* One place of a breakpoint, from 1. */
int session_place_enable(struct session *s, u32 num, u32 place, bool on, struct err *err);
/*
 * A watchpoint on the value of an expression, as gdb's: where a pointer or index in it changes, the place
 * watched is another one. One that names locals means those of their frame and ends when their
 * function returns. With `location` (gdb's watch -l) it is the place that the expression names now.
 */
int session_watch(struct session *s, enum upoint_type type, const char *text, bool location,
		  const char *condition, struct upoint **ret, struct err *err);
int session_catch(struct session *s, const struct upoint *proto, struct upoint **ret, struct err *err);
int session_delete(struct session *s, u32 num, struct err *err);
struct upoint *session_point(struct session *s, u32 num); /* NULL if unknown */
/*
 * The points that made the last stop (for their commands), at most max; returns how many. Temporary
 * ones are deleted by then and no more found by number: here they are valid until the next run.
 */
size_t session_stop_points(struct session *s, struct upoint **ret, size_t max);
struct upoint *const *session_points(const struct session *s, size_t *ret_n);
int session_point_enable(struct session *s, u32 num, bool on, struct err *err);
int session_point_condition(struct session *s, u32 num, const char *text_or_null, struct err *err);
/* Takes the lines over by copying; NULL clears. */
int session_point_commands(struct session *s, u32 num, char *const *lines, struct err *err);

/* ---- convenience variables and value history ($foo, $1) ------------------------------------------ */

int session_var_set(struct session *s, const char *name, const struct value *v, struct err *err);
bool session_var_get(struct session *s, const char *name, struct value *ret);
void session_vars_each(struct session *s, void (*each)(void *arg, const char *name, const struct value *v), void *arg);
u32 session_history_add(struct session *s, const struct value *v); /* returns its number */

/* ---- text about code and data (no terminal knowledge) -------------------------------------------- */

/* Disassemble one instruction at linear addr in the current mode; *ret_len is its length (1 for bad). */
int session_disassemble(struct session *s, u64 addr, struct strbuf *out, unsigned *ret_len, struct err *err);

#endif
