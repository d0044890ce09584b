/*
 * mtf.h - what the files of src/engine/mtf/ share. Nobody outside the folder includes it.
 *
 * Engine mtf runs the guest as L2 of the shim (src/shim/), which is a guest of KVM (L0). The VM, the view of
 * registers (k.s), boundaries, points and stop records are those of engine/vcpu, as on engine kvm. What
 * differs is where registers live (the mailbox page, not an ioctl) and what a report is (a VM exit, not
 * KVM_EXIT_DEBUG).
 *
 *   engine.c    the ops
 *   probe.c     can it work here, and if not why
 *   start.c     the shim into the VM, L1 started
 *   trip.c      one trip: KVM_RUN until the shim hands the page over; devices served on the way
 *   l0.c        what KVM does for L2, and the MTF it owes for it
 *   fault.c     a shim that failed: what it left behind
 *   state.c     the page against k.s and struct cpu_state; dr.c the debug registers
 *   serve.c     exits that are no stop: skips owed, faults injected, HLT, CR and DR accesses
 *   batch.c     steps that the shim takes by itself, told afterwards
 *   enter.c     one entry into L2 and its exit
 *   step.c      one step, one free run, and the stop
 *   event.c     was there a delivery?
 *   tf.c        TF: the guest's that L0 loses; ours with `set mtf off`
 *   cont.c      PLAN_CONTINUE
 *   pending.c   events owed to the guest
 *   entry.c     why a VM entry was refused, in words
 *   info.c      `info engine`, `info events`, `info vmcs`
 */
#ifndef VMSTEP_MTF_MTF_H
#define VMSTEP_MTF_MTF_H

#include <vmstep/mailbox.h>

#include "engine/vcpu/vcpu.h"

extern const u8 shim_image[], shim_image_end[];

enum trip_end { TRIP_HOST, TRIP_DEAD /* the guest has ended: *ret says by what */ };

struct mtf_engine {
	struct vcpu k;         /* first */
	u8 *slot;              /* SHIM_SIZE bytes, guest-physical SHIM_GPA */
	struct mailbox *mb;
	u64 seq;               /* hand-overs seen */
	bool sys_stale;        /* mb->sys is not of this boundary */
	bool asleep;           /* the next entry is into HLT */
	bool served;           /* a device was asked during this step */
	bool probing;          /* ... by l0_probe(): the machine is not to know */
	u8 l0_mtf, k14;        /* enum l0_mtf: of this step's access; of the probe's */
	unsigned kicks;        /* NMIs sent since the last hand-over */
	u8 slots;              /* DR0-3 that hold the user's points; the guest's then is k.guest_dr */
	struct {
		enum trip_end end;
		struct evidence died;
		bool all;      /* system state was fetched with it */
	} came;                /* what the last entry came to */
	bool host_tf;          /* RFLAGS.TF in the page is ours; the guest's is k.guest_tf */
	bool irq_doubt;        /* L0 may have forgotten an interrupt (enter.c) */
	bool injecting;        /* ctl[ENTRY_INTR] is set for the next entry */
	struct guest_event injected;
	u64 deferred;          /* PDBG_*: due behind it */
	struct evidence death; /* why k.dead, where the shim or KVM ended the guest */
	struct batch *batch;   /* in the slot */
	u32 record, n_records; /* next to be told, and how many the last trip brought */
	struct {
		u64 cr2;
	} before;              /* of the boundary the batch began at */
	struct {
		u64 core[CORE_COUNT], exit[EXIT_COUNT], gpr[GPR_COUNT], cr2;
		u32 emulated;
		bool served;
		u8 l0_mtf;
		enum machine_event event;
	} after;               /* of the one it ended at, while records are told */
	u64 n_trips, n_fetches, n_batches, n_passed;
};
static inline struct mtf_engine *to_mtf(struct engine *e)
{
	return (struct mtf_engine *)e;
}

/* ---- start.c ------------------------------------------------------------------------------------- */

int shim_start(struct mtf_engine *m, struct err *err);
void shim_unmap(struct mtf_engine *m);

/* ---- trip.c -------------------------------------------------------------------------------------- */

/* `free`: MTF is off, so that what the guest orders of the machine must be made an exit. */
int trip(struct mtf_engine *m, bool free, enum trip_end *ret_end, struct evidence *ret, struct err *err);
/* From now on the guest is dead; m->death keeps why, for the stop that tells it. */
void guest_died(struct mtf_engine *m, const struct evidence *why);

/* ---- l0.c ---------------------------------------------------------------------------------------- */

/* Does L0 owe L1 an MTF now? enum l0_mtf */
u8 l0_mtf(struct mtf_engine *m);
int l0_probe(struct mtf_engine *m, struct err *err); /* before the guest's own state is set */

/* ---- fault.c ------------------------------------------------------------------------------------- */

/* Is what the shim handed over a failure of its own? */
bool shim_failed(const struct mtf_engine *m, struct evidence *ret);
int shim_silent(const struct mtf_engine *m, struct evidence *ret); /* 0 */
/* "exception 6 at 0xf00001234": for what goes wrong before the first stop. */
void shim_failure_text(const struct evidence *ev, char *buf, size_t size);

/* ---- state.c ------------------------------------------------------------------------------------- */

void state_load(struct mtf_engine *m);    /* the page into k.s and k.at */
void state_load_registers(struct mtf_engine *m); /* only what every exit brings, k.at not */
int state_need_sys(struct mtf_engine *m, struct err *err);
int mtf_regs_get(struct mtf_engine *m, u32 groups, struct cpu_state *ret, struct err *err);
int mtf_regs_set(struct mtf_engine *m, u32 groups, const struct cpu_state *c, struct err *err);
unsigned mtf_irq_pending(struct mtf_engine *m, u8 ret[2]); /* as irq_pending(); the APIC's base is KVM's */
int dr_refresh(struct mtf_engine *m, struct err *err);
int dr_write(struct mtf_engine *m, struct err *err); /* k.guest_dr, merged with the user's, to the CPU */
int dr_arm(struct mtf_engine *m, bool free, struct err *err); /* before an entry */
int dr_rf_restore(struct mtf_engine *m, struct err *err); /* at an INT3 of the user's that was run */
void control_set(struct mtf_engine *m, u32 bits, bool on); /* PROC_* */
u8 shadow_of(u64 interruptibility);

/* ---- pending.c ----------------------------------------------------------------------------------- */

/* Have the next entry inject the event at the boundary. */
int event_inject(struct mtf_engine *m, const struct guest_event *ev, struct err *err);
/* The event pending from the last stop: injected, or swallowed with a note. */
int mtf_pending_resume(struct mtf_engine *m, struct err *err);
void mtf_pending_set(struct mtf_engine *m, struct step *st);
/* At the MTF behind the injection: what belongs behind the event. */
void deferred_put_back(struct mtf_engine *m, struct stop *s);

/* ---- serve.c ------------------------------------------------------------------------------------- */

/* What became of an exit: it is a report; or it was served and L2 is to be entered again. */
enum served_exit { EXIT_IS_REPORT, EXIT_SERVED };
int exit_serve(struct mtf_engine *m, struct step *st, enum served_exit *ret, struct err *err);
/* runner_ops.skip; the page and k.at follow. */
bool mtf_skip(struct runner *r, enum skip_kind kind, unsigned len, struct stop *s);

/* ---- batch.c ------------------------------------------------------------------------------------- */

void batch_create(struct mtf_engine *m);
/* Before an entry: may the shim go on by itself, and how far. */
void batch_order(struct mtf_engine *m, bool mtf);
void batch_take(struct mtf_engine *m); /* after it */
bool batch_waits(const struct mtf_engine *m); /* boundaries are still to be told: no entry is due */
/* The next boundary passed into the page and k.at; false: all were, and what the trip brought is back. */
bool batch_tell(struct mtf_engine *m);

/* ---- enter.c ------------------------------------------------------------------------------------- */

/* Could the instruction change what mb->sys holds? Exact where it matters, else yes. */
bool insn_may_change_sys(const struct insn *i);
/* Does L2 stand where the instruction leads if nothing else happened? Not for returns and their like. */
bool mtf_explained(const struct at *from, const struct at *at);
enum drive { DRIVE_FREE, DRIVE_MTF, DRIVE_TF };
/* One entry, or the next boundary of a batch. *ret_end >= 0 when the guest died, with the stop's causes
 * set. */
int mtf_enter(struct mtf_engine *m, struct step *st, enum drive how, struct vmx_evidence *ret, int *ret_end,
	      struct err *err);

/* ---- event.c ------------------------------------------------------------------------------------- */

/* At an MTF: is it the first instruction of a handler? `injected`: what the entry injected. */
void event_look(struct mtf_engine *m, struct step *st, const struct guest_event *injected);

/* ---- tf.c ---------------------------------------------------------------------------------------- */

void tf_put_back(struct mtf_engine *m, struct step *st);
int tf_choose(struct mtf_engine *m, enum drive *ret, struct err *err); /* of the next step */
void tf_arm(struct mtf_engine *m);
void tf_finish(struct mtf_engine *m, struct step *st, const struct vmx_evidence *ev);
void tf_disarm(struct mtf_engine *m); /* the page has the guest's TF again */

/* ---- step.c -------------------------------------------------------------------------------------- */

int mtf_step(struct mtf_engine *m, int *ret_end, struct err *err);
/* Up to a report, MTF off; no stop unless somebody asked for it. */
int mtf_free_run(struct mtf_engine *m, int *ret_end, struct err *err);
void mtf_step_finish(struct mtf_engine *m, struct step *st, int *ret_end);

/* ---- cont.c, entry.c, info.c, probe.c ------------------------------------------------------------ */

int mtf_cont(struct mtf_engine *m, int *ret_end, struct err *err);
int entry_refused(struct mtf_engine *m, struct err *err);
int mtf_info(struct mtf_engine *m, const char *what, struct strbuf *out, struct err *err);
void mtf_probe(struct engine_probe *ret);

#endif
