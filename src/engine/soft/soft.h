/*
 * soft.h - what the files of src/engine/soft/ share. Nobody outside the folder includes it.
 *
 * Engine soft runs the guest on the processor model (src/model/), with a platform of its own and no
 * clock but the guest's: the same guest and input give the same run. The model is a processor in VMX
 * non-root operation, the engine its hypervisor: it sees VM exits, and what they mean the core says
 * (attribute_vmx), as for engine mtf.
 *
 *   engine.c    the ops
 *   platform.c  the model's bus: machine, chips, virtual time
 *   bus.c pic.c pit.c lapic.c ioapic.c    the chips (chips.h)
 *   at.c        the boundary the guest is at, and the stop records made there
 *   step.c      one step; report.c what a report means; finish.c the stop that comes of it
 *   cont.c      PLAN_CONTINUE
 *   hlt.c       sleep, and what ends it
 *   pending.c   events owed to the guest
 *   points.c    the user's points
 *   saved.c     the state as bytes, and back
 *   info.c      `info engine`, `info events`, `info vmcs`, `info apic`
 */
#ifndef VMSTEP_SOFT_SOFT_H
#define VMSTEP_SOFT_SOFT_H

#include <vmstep/engine.h>
#include <vmstep/model.h>

#include "engine/common/point_set.h"
#include "engine/common/runner.h"
#include "engine/soft/chips.h"

/* The boundary the guest is at. */
struct at {
	u64 rip;
	u8 mode, cpl, shadow;
	struct model_insn insn; /* lin, bytes, facts */
};

struct soft_engine {
	struct runner r;       /* first */
	struct model *m;
	struct cpu_state *c;   /* the model's */
	struct phys_ops phys;
	struct chips chips;
	struct point_set points;
	u64 mmio;              /* address by which the instruction asked a device, 0: it did not */
	bool trap_noted;       /* a delivery of the guest's #DB is on its way to be told */
	u64 poll_at;           /* clock of the next look at the host's input */
	struct at at;
	struct vmx_evidence last; /* the last exit, for `info vmcs` */
	bool has_last;
	u64 n_steps, n_exits;  /* for `info engine` */
};
static inline struct soft_engine *to_soft(struct engine *e)
{
	return (struct soft_engine *)e;
}

/* One way from a boundary to the next stop. */
struct step {
	struct at from;
	struct boundary b;     /* before the last instruction */
	struct armed armed;
	struct model_report r; /* the last one */
	u32 retired;           /* by all of them */
	bool injected;         /* it began with the delivery of an event we had pending */
	bool waited;           /* in HLT */
	struct verdict v;
	struct stop *stop;     /* record_slot() */
};

/* ---- platform.c ----------------------------------------------------------------------------------- */

void platform_init(struct soft_engine *e, struct model_bus *ret);
void platform_line(void *arg, unsigned gsi, bool level); /* irq_line_fn */
u64 platform_ns(void *arg);                              /* machine_clock_fn */
/* Timers that are due by the model's clock, and the interrupt line as the chips have it. */
void platform_update(struct soft_engine *e);
static inline void platform_tick(struct soft_engine *e)
{
	if (model_clock(e->m) >= e->chips.deadline)
		platform_update(e);
}
bool platform_apic_on(const struct soft_engine *e);
void platform_poll(struct soft_engine *e); /* the host's input */
u64 platform_poll_at(const struct soft_engine *e, u64 at); /* when next, if not for other reasons before `at` */

/* ---- at.c ----------------------------------------------------------------------------------------- */

void soft_at_load(struct soft_engine *e);
struct boundary at_boundary(const struct soft_engine *e);
/* A record of the step from `from`; soft_stop_place() says where it ended, once that is settled. */
void soft_stop_begin(struct soft_engine *e, const struct at *from, struct stop *ret);
/* Place and registers, at e->at. */
void soft_stop_place(struct soft_engine *e, struct stop *s);

/* ---- step.c --------------------------------------------------------------------------------------- */

/* *ret_end is -1 to go on, else enum run_end. */
void soft_step(struct soft_engine *e, int *ret_end);
void soft_step_begin(struct soft_engine *e, struct step *st);
/* Without a report: the causes of the stop are `c` alone. */
void soft_plain_stop(struct soft_engine *e, struct step *st, enum cause c);
struct model_controls controls_of(const struct soft_engine *e, bool stepping);

/* ---- report.c ------------------------------------------------------------------------------------- */

/* What the report st->r means: st->v and what was done about it in st->stop; e->at is where it left the
 * guest. */
void report_take(struct soft_engine *e, struct step *st);
/* The stop at an x87 instruction that waits for an interrupt nothing brings. */
enum cause soft_frozen(struct stop *s);
/* runner_ops.skip */
bool soft_skip(struct runner *r, enum skip_kind kind, unsigned len, struct stop *s);

/* ---- finish.c ------------------------------------------------------------------------------------- */

/* The machine's orders, the user's points, then the stop is pushed or dropped. */
void soft_step_finish(struct soft_engine *e, struct step *st, int *ret_end);

/* ---- hlt.c ---------------------------------------------------------------------------------------- */

enum awake { AWAKE, AWAKE_NEVER, AWAKE_INTERRUPTED };
/* The CPU sleeps in HLT: virtual time jumps to what ends it. */
enum awake hlt_wait(struct soft_engine *e);

/* ---- pending.c ------------------------------------------------------------------------------------ */

/* The event pending from the last stop: injected, or swallowed with a note. True: injected. */
bool soft_pending_resume(struct soft_engine *e);
void soft_pending_set(struct soft_engine *e, struct step *st);

/* ---- points.c ------------------------------------------------------------------------------------- */

int soft_points_set(struct soft_engine *e, struct point *p, size_t n, struct err *err);
void soft_points_refresh(struct soft_engine *e); /* values, which the debugger may have changed */
/* The user's points at this stop become causes, if accepted. True: the run ends here. */
bool soft_points_check(struct soft_engine *e, struct step *st);

/* ---- saved.c -------------------------------------------------------------------------------------- */

int soft_state_get(struct engine *base, struct strbuf *out, struct err *err);
int soft_state_set(struct engine *base, const void *state, size_t n, struct err *err);
u64 soft_position(struct engine *base);

/* ---- cont.c, info.c ------------------------------------------------------------------------------- */

/* Until there may be something to tell. */
void soft_cont(struct soft_engine *e, int *ret_end);
int soft_info(struct soft_engine *e, const char *what, struct strbuf *out, struct err *err);

#endif
