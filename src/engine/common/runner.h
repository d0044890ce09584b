/*
 * runner.h - what every engine is besides its way to a boundary: the run that is on, its count and ring,
 * interrupts, the user's `skip`, what one stop leaves for the next, and the end of a run. It lies first in
 * an engine's own struct, so that a struct engine * is one of these, too; runner_run(), runner_skip() and
 * runner_queue_event() stand in the engine's table as they are.
 */
#ifndef VMSTEP_ENGINE_RUNNER_H
#define VMSTEP_ENGINE_RUNNER_H

#include <signal.h>
#include <vmstep/engine.h>

#include "engine/common/pending.h"
#include "engine/common/records.h"

struct runner;
enum { STOP_TOO_MANY = -1 };

/* *ret_end is -1 to go on, else enum run_end. */
struct runner_ops {
	/* Around each run. */
	void (*begin)(struct runner *r);
	void (*end)(struct runner *r, const struct plan *plan); /* NULL: nothing to do */
	/* One step with its stop; what is pending comes first. */
	int (*step)(struct runner *r, int *ret_end, struct err *err);
	/* PLAN_CONTINUE: on until something may have to be told. */
	int (*cont)(struct runner *r, int *ret_end, struct err *err);
	/* interrupt() is answered by a stop at the boundary. */
	void (*interrupted)(struct runner *r, int *ret_end);
	/* Boundaries behind the guest's are still to be told: nothing comes between. NULL: never. */
	bool (*is_behind)(const struct runner *r);
	/* Length of the instruction at the boundary, 0: it is none. */
	unsigned (*insn_length)(struct runner *r, u64 *ret_lin);
	/*
	 * A stop that no report of the processor's brought: with `skip` an enum skip_kind, behind the
	 * instruction at the boundary; or STOP_TOO_MANY at it (see `owed`). PROOF_DEDUCED.
	 */
	int (*stop_here)(struct runner *r, enum cause c, int skip, int *ret_end, struct err *err);
	/*
	 * RIP past the instruction at the boundary, told in *s, which is placed there. True: a single-step
	 * trap of the guest's is owed and cannot be left pending in the processor.
	 */
	bool (*skip)(struct runner *r, enum skip_kind kind, unsigned len, struct stop *s);
};

struct runner {
	struct engine base;      /* first */
	const struct runner_ops *ops;
	struct records rec;
	const struct plan *plan; /* of the run() that is on, else NULL */
	u64 first;               /* rec.seq when it began */
	int late_end;            /* enum run_end to tell with the backlog */
	volatile sig_atomic_t interrupted;
	bool dead;
	bool owed;               /* `set skip outer`: the one stop too many is still to come */
	struct pending pending;
	enum machine_event event; /* ordered by the guest, not yet told in a stop */
	u32 event_value;
};
/* What of it belongs to the guest's state. */
struct runner_saved {
	struct records rec;
	int late_end;
	bool dead, owed;
	struct pending pending;
	enum machine_event event;
	u32 event_value;
};
static inline struct runner *to_runner(struct engine *e)
{
	return (struct runner *)e;
}

/* ---- for the engine's table ---------------------------------------------------------------------- */

int runner_run(struct engine *e, const struct plan *plan, struct ring *ring, enum run_end *ret_end,
	       struct err *err);
int runner_skip(struct engine *e, enum skip_kind kind, struct ring *ring, struct err *err);
int runner_queue_event(struct engine *e, const struct guest_event *ev, struct err *err);

/* ---- for its state_get() and state_set(): saved.c ------------------------------------------------- */

void runner_save(const struct runner *r, struct runner_saved *ret);
void runner_restore(struct runner *r, const struct runner_saved *s);
int runner_saved_whole(const struct strbuf *out, struct err *err); /* -ENOMEM: it did not fit */

/* ---- for its steps ------------------------------------------------------------------------------- */

/* What tells of a boundary where nothing else does: MTF where that drives the steps, else TF. */
enum cause runner_step_cause(const struct runner *r);
/*
 * The skip owed before the stop is shown, by the rule the user chose. `dr6`: as reported. True: RIP is
 * behind the instruction, which counts as retired.
 */
bool runner_skip_owed(struct runner *r, struct verdict *v, u64 dr6, unsigned len, struct stop *s);
/* For stop_here(): its `skip` done and told. As runner_ops.skip. */
bool runner_pass(struct runner *r, int skip, unsigned len, struct stop *s);
/* The skip as the stop tells it. */
void skip_tell(struct stop *s, enum skip_kind kind, u64 from, u64 to);
/* What the guest ordered of the machine becomes the stop's cause; MACHINE_NONE: nothing. */
enum machine_event runner_order_take(struct runner *r, struct stop *s);
/* Does the stop end the run by itself? One of the causes in `deadly` ends the guest. */
void runner_end(struct runner *r, const struct stop *s, u32 deadly, int *ret_end);
/*
 * The last of a stop: `hit`, a point of the user's was accepted; `happened`, the catches it meets besides
 * those its causes tell. It goes into the ring, or is dropped where nobody asked for it.
 */
void runner_push(struct runner *r, struct stop *s, bool hit, u32 happened, int *ret_end);

#endif
