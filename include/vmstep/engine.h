/*
 * engine.h - how a guest is driven, whoever drives it: kvm (KVM_SET_GUEST_DEBUG), mtf (nested VMX),
 * soft (CPU model). Implemented by src/engine/NAME/, called by debug/ only.
 *
 * To add an engine: one folder with a const struct engine_ops, one row in src/engine/table.c, one
 * column in the tests.
 */
#ifndef VMSTEP_ENGINE_H
#define VMSTEP_ENGINE_H

#include <vmstep/machine.h>
#include <vmstep/semantics.h>
#include <vmstep/stop.h>

struct engine;

/* ---- points ------------------------------------------------------------------------------------ */

enum point_kind { POINT_EXEC, POINT_WRITE, POINT_READ /* rwatch */, POINT_ACCESS /* awatch */ };
/* How a point is or was noticed. AUTO lets the engine choose. */
enum point_how {
	POINT_HOW_AUTO, POINT_HOW_INT3, POINT_HOW_DR, POINT_HOW_ADDRESS /* by stepping */,
	POINT_HOW_VALUE, /* no engine's: the session evaluated an expression after a step */
};
struct point {
	u32 id;         /* the user's number; shown as BREAK/n, WATCH/n. 0: temporary of the debugger, the
			   stop has CAUSE_BREAK with point 0 and the session decides what to show */
	u8 kind;        /* enum point_kind */
	u8 how;         /* wish: enum point_how */
	u8 len;         /* data points: 1, 2, 4, 8 */
	u64 addr;       /* linear */
	u8 got;         /* out, by set_points: how the engine will notice it */
	const char *cost; /* out: NULL, or a static sentence on what that costs ("... single-steps") */
};

/* ---- the plan ---------------------------------------------------------------------------------- */

enum plan_mode { PLAN_STEP, PLAN_CONTINUE };
enum event_policy { EVENT_AUTO, EVENT_DELIVER, EVENT_SWALLOW };
enum catch_bit {
	CATCH_ICEBP = BIT(0), CATCH_INT3 = BIT(1), CATCH_HLT = BIT(2), CATCH_IO = BIT(3), CATCH_MMIO = BIT(4),
	CATCH_EXCEPTION = BIT(5), CATCH_MSR = BIT(6), CATCH_CR = BIT(7),
};
/* Which catches an executed instruction of this enum insn_class meets; 0: none by its class alone. */
u32 catches_of_class(u8 cls);
struct plan {
	u8 mode;              /* enum plan_mode */
	u64 count;            /* PLAN_STEP: stops to produce; PLAN_CONTINUE: ignored */
	bool hold_irq;        /* hold interrupts while stepping (K9) */
	bool tf_hygiene;      /* repair TF images (K6) */
	bool rep_whole;       /* one stop for a whole REP */
	bool quiet_points;    /* do not report user points (internal stepping of the session) */
	bool goes_on;         /* nobody wrote to the guest since the last run came back */
	u8 icebp, int3;       /* enum event_policy */
	u8 skip;              /* enum skip_policy */
	/* Engines with vmx_view only: the monitor trap flag drives the steps (else TF in the guest);
	 * #DB and #BP in the exception bitmap (else they go through the guest's IDT unseen). */
	bool mtf, intercept_db, intercept_bp;
	bool batch;           /* engine mtf: the shim may pass boundaries by itself and tell them later */
	/* What becomes of the pending event of the stop we resume from, once: EVENT_AUTO follows policy. */
	u8 pending_once;      /* enum event_policy */
	u32 catches;          /* mask of enum catch_bit: CONTINUE stops there */
	u32 catch_vectors;    /* CATCH_EXCEPTION: mask of vectors 0-31; 0: all */
	u16 catch_port_lo, catch_port_hi; /* CATCH_IO range, inclusive */
	/*
	 * Called for each stop at a user's point or catch before the run ends; false: go on without a
	 * stop (condition false, ignore count). May read registers and memory through the engine. NULL:
	 * always stop. In PLAN_STEP too: false has taken the point out of the stop's causes and leaves
	 * an ordinary step that is counted as such; true ends the run with RUN_STOP. It may change the
	 * stop (number, old and new value).
	 */
	bool (*accept)(void *arg, struct stop *s);
	void *accept_arg;
	/* Engines with position(): PLAN_CONTINUE comes back with RUN_COUNT and no record of its own at the
	 * first boundary whose position is not below this; 0: no such end. */
	u64 until;
};

/* ---- the ring ---------------------------------------------------------------------------------- */

/* Records in order; the producer is the engine, the consumer empties it between runs. */
struct ring {
	struct stop *slot;
	u32 size;        /* slots, a power of two */
	u64 head, tail;  /* tail: next to write; head: next to read */
};
int ring_init(struct ring *r, u32 size);
void ring_deinit(struct ring *r);
static inline u32 ring_used(const struct ring *r) { return (u32)(r->tail - r->head); }
static inline bool ring_full(const struct ring *r) { return ring_used(r) == r->size; }
static inline struct stop *ring_next(const struct ring *r) { return &r->slot[r->tail & (r->size - 1)]; }
static inline struct stop *ring_push(struct ring *r) { return &r->slot[r->tail++ & (r->size - 1)]; }
static inline const struct stop *ring_pop(struct ring *r)
{
	return r->head == r->tail ? NULL : &r->slot[r->head++ & (r->size - 1)];
}

/* ---- engines ----------------------------------------------------------------------------------- */

/* Why run() came back. Whatever was reached lies in the ring as a stop record first. */
enum run_end {
	RUN_COUNT,       /* PLAN_STEP: count stops are in the ring */
	RUN_RING_FULL,   /* call again with the rest of the count */
	RUN_STOP,        /* a stop that ends a run: point, catch, HLT without wake-up, ... */
	RUN_INTERRUPTED, /* interrupt(): a stop with CAUSE_INTERRUPT is in the ring */
	RUN_DEAD,        /* SHUTDOWN, EXIT, or ERROR the guest cannot go on from; the stop is in the ring */
};

enum engine_cap {
	ENGINE_MTF = BIT(0),
	ENGINE_SHADOW_STI = BIT(1), ENGINE_SHADOW_MOV_SS = BIT(2), /* shadows it can show */
	ENGINE_DATA_POINTS = BIT(3), /* data breakpoints fire */
	ENGINE_DETERMINISTIC = BIT(4),
};

struct engine_probe {
	bool works;
	u32 caps;
	char text[400]; /* works: what it stands on ("VMX", "software flavour: ..."); else why not, what to do */
	bool hardware;  /* /dev/kvm is backed by VMX or SVM */
};

struct engine_ops {
	const char *name;
	const char *summary;
	/* Mask of enum catch_bit that run() honours in PLAN_CONTINUE; the session does the others by
	 * stepping, one stop a run(). 0 is right too, only slow. */
	u32 catches;
	bool deterministic; /* the same guest and input give the same run: its traces carry no clock */
	bool vmx_view; /* honours plan.mtf and plan.intercept_*: it has a VMCS, real or modelled */
	/* No side effects. */
	void (*probe)(struct engine_probe *ret);
	/* The machine is loaded and outlives the engine; the CPU starts in machine_boot_state(). */
	int (*create)(struct machine *m, struct engine **ret, struct err *err);
	/* Takes all debug state off the guest. */
	void (*destroy)(struct engine *e);
	/*
	 * Run. Returns 0 with *ret_end, or -errno when nothing could be run (the guest's state is then
	 * unchanged). A guest that dies is a stop, not an error.
	 */
	int (*run)(struct engine *e, const struct plan *plan, struct ring *ring, enum run_end *ret_end,
		   struct err *err);
	/* Async-signal-safe: make the current or next run() end with RUN_INTERRUPTED. */
	void (*interrupt)(struct engine *e);
	/* Groups of registers: get fills them and their `known` bits, set writes those groups. */
	int (*get_regs)(struct engine *e, u32 groups, struct cpu_state *ret, struct err *err);
	int (*set_regs)(struct engine *e, u32 groups, const struct cpu_state *c, struct err *err);
	/* The whole set, replacing the last one; fills got and cost. -ENOSPC names the point that does not fit. */
	int (*set_points)(struct engine *e, struct point *p, size_t n, struct err *err);
	/* RIP moved over the next instruction without running it; adds a stop record to the ring. */
	int (*skip)(struct engine *e, enum skip_kind kind, struct ring *ring, struct err *err);
	/* Queue an event as if it came from the stop (command deliver VECTOR); -EBUSY if one is pending. */
	int (*queue_event)(struct engine *e, const struct guest_event *ev, struct err *err);
	/*
	 * Between runs: what the engine or its kernel has of the guest, CPU and chips, appended to *out as
	 * bytes for the same engine object, and back. Memory and the machine's devices are the caller's
	 * (machine_save), points stay as they are. -ENOTSUP with a sentence: this engine cannot. A failed
	 * state_set() leaves a guest that is neither. NULL: as -ENOTSUP.
	 */
	int (*state_get)(struct engine *e, struct strbuf *out, struct err *err);
	int (*state_set)(struct engine *e, const void *state, size_t n, struct err *err);
	/*
	 * Deterministic engines: how far the guest is. It never goes back, and a run from the same state under
	 * the same plans comes through the same positions, be it stepped or free. NULL: nobody knows.
	 */
	u64 (*position)(struct engine *e);
	/* `info engine`, `info vmcs`, `info events`: lines of text; -ENOTSUP with a sentence where it has none. */
	int (*info)(struct engine *e, const char *what, struct strbuf *out, struct err *err);
};
struct engine {
	const struct engine_ops *ops;
	struct machine *machine;
};

/* All engines in order of preference, NULL-terminated. */
extern const struct engine_ops *const engine_table[];
const struct engine_ops *engine_find(const char *name); /* NULL if unknown */

#endif
