/*
 * kvm.h - what the files of src/engine/kvm/ share. Nobody outside the folder includes it.
 *
 * Engine kvm drives a guest through /dev/kvm with KVM_SET_GUEST_DEBUG. One thread, one vCPU:
 *
 *   engine.c    the ops: create, destroy, run, interrupt; watch.c the timer that kicks KVM_RUN
 *   caps.c vm.c quirks.c    /dev/kvm, the VM, what this KVM does (probed, never by version)
 *   vcpu.c      the one door to KVM_RUN
 *   regs.c regs_slow.c      registers by group
 *   at.c        the boundary the guest is at: address, bytes, instruction, stop record
 *   step.c      one step: step_arm.c before it, step_stop.c and land.c after it; its helpers: tf.c whose
 *               TF, gates.c internal points, fault.c fault_mem.c what can fault, io.c exits of devices,
 *               rep.c iterations, skip.c, hlt.c, irq.c
 *   iret.c syscall.c cpl3.c what the software flavour does not step
 *   unhandled.c exceptions that end in vmstep's own default handlers
 *   pending.c   events owed to the guest: deliver or swallow
 *   cont.c points.c points_hit.c    free running and the user's points
 *   info.c      `info engine`, `info events`
 */
#ifndef VMSTEP_KVM_KVM_H
#define VMSTEP_KVM_KVM_H

#include <linux/kvm.h>
#include <time.h>
#include <vmstep/engine.h>

#include "engine/common/runner.h"

enum { SLOTS = 4 /* DR0-3 */, USUAL = 3 /* vectors whose gates are always armed on hardware */ };

/* ---- /dev/kvm ------------------------------------------------------------------------------------ */

struct kvm_caps {
	bool sync_regs;         /* REGS, SREGS and EVENTS in the shared page */
	bool exception_payload;
	bool readonly_mem;
	bool pit2;
	bool block_irq;         /* KVM_GUESTDBG_BLOCKIRQ */
	u32 debug_control;      /* flags KVM_SET_GUEST_DEBUG takes; 0: older than 5.16, not told */
};
int kvm_open(struct kvm_caps *ret, int *ret_fd, struct err *err);

/* How this KVM behaves where KVMs differ; found out by quirks_probe() with a guest of a few bytes. */
struct kvm_quirks {
	bool software;         /* F1 under SINGLESTEP: KVM_EXIT_INTERNAL_ERROR (K16); else a debug exit */
	bool db_on_f1;         /* ... a debug exit with RIP on the F1 (K1) */
	bool data_points;      /* a write watch by DR0 fires */
	bool exec_repeats;     /* an execute point by DR0 is reported again on resume even with RF=1 */
	bool int3_real;        /* INT3 in real mode exits under USE_SW_BP */
	bool hlt_swallowed;    /* HLT under SINGLESTEP is a debug exit and no halt */
	u32 f1_reason;         /* kvm_run.exit_reason at the F1, for `info engine` */
};
int quirks_probe(int kvm_fd, const struct kvm_caps *caps, struct kvm_quirks *ret, struct err *err);

/* ---- the engine ---------------------------------------------------------------------------------- */

/* The boundary the guest is at. */
struct at {
	u64 rip, lin;
	u8 mode, bits, cpl, shadow;
	u8 n_bytes;            /* readable bytes at lin, 0: none */
	u8 bytes[INSN_MAX];
	struct insn insn;
};

/* Why an internal execute point is armed: what landing on it means. */
struct gate {
	u64 lin;
	u8 vector, type;       /* of the event delivered there; type: enum intr_type */
	bool syscall;          /* no event: where SYSCALL or SYSRET goes (K7) */
};

struct planted {
	u64 lin, gpa;
	u8 orig;
	bool in;               /* the CC is in memory now */
};

/* How one point of the user is served. */
struct served {
	struct point p;
	s8 slot;               /* DRn, -1 */
	s16 planted;           /* index in planted[], -1 */
	bool has_value;
	u64 value;             /* data points by stepping: last value seen */
};

/* Gates remembered with what they were found in (gates.c). */
struct usual {
	u64 idt_base, cr0, cr3, efer;
	u16 idt_limit;
	u8 left, size;         /* steps to trust it; bytes of an IDT entry */
	const u8 *hva[USUAL];
	u8 raw[USUAL][16];
	struct gate gate[USUAL]; /* vector 0: none */
};

struct kvm_engine {
	struct runner r;           /* first */
	struct kvm_caps caps;
	struct kvm_quirks quirks;
	int kvm_fd, vm_fd, cpu_fd;
	struct kvm_run *run;
	size_t run_size;
	struct kvm_sync_regs own;  /* where the page has none */
	struct kvm_sync_regs *s;   /* registers; RFLAGS.TF in it is always clear, see guest_tf */
	u32 dirty;                 /* KVM_SYNC_X86_* that the next entry writes */
	struct kvm_guest_debug debug; /* as last set */
	struct phys_ops phys;
	struct insn_cache *insns;

	timer_t watch;             /* kicks KVM_RUN now and then */
	bool has_watch, watch_on;
	bool guest_tf;             /* the guest's own trap flag (K5) */
	bool guest_dr_stale;       /* the guest may have written a debug register */
	struct kvm_debugregs guest_dr;

	struct at at;
	struct cpu_state cpu;      /* system state at `at` for page walks; refreshed by at_load() */
	struct usual usual;
	struct gate gate[SLOTS];   /* by slot, where gate_slots has its bit */
	u8 gate_slots;             /* internal points in force */
	u8 user_slots;             /* the user's points in force */
	bool is_lent;              /* cpl3.c: a #DB gate is lent to the guest; what was there */
	u8 lent[16];
	bool guarded;              /* DR7.GD in force is ours */
	bool halted;               /* in HLT: RIP behind it, nothing has woken the CPU yet */

	bool btf;                  /* the guest's DEBUGCTL.BTF */

	struct served *points;
	size_t n_points;
	struct planted *planted;
	size_t n_planted;
	bool by_address;           /* some point needs stepping in PLAN_CONTINUE */
	u32 hold_steps;            /* steps for which interrupts are still held though IF=0 */
	u32 irq_countdown;         /* steps until pending interrupts are looked at */
	u64 n_runs, n_debug;       /* for `info engine` */
};

static inline struct kvm_engine *to_kvm(struct engine *e)
{
	return (struct kvm_engine *)e;
}

/* ---- vm.c ---------------------------------------------------------------------------------------- */

int vm_create(struct kvm_engine *k, struct err *err);
void vm_destroy(struct kvm_engine *k);

/* ---- vcpu.c -------------------------------------------------------------------------------------- */

int vcpu_fetch(struct kvm_engine *k, struct err *err); /* all of k->s by ioctl */
int vcpu_flush(struct kvm_engine *k, struct err *err); /* all that is dirty by ioctl */
void vcpu_touch(struct kvm_engine *k, u32 groups);     /* KVM_SYNC_X86_*: write them at the next entry */
int vcpu_debug(struct kvm_engine *k, const struct kvm_guest_debug *want, struct err *err);
int vcpu_run(struct kvm_engine *k, bool immediate, u32 *ret_reason, struct err *err);
int vcpu_mp_state(struct kvm_engine *k, u32 *ret);
int vcpu_set_mp_state(struct kvm_engine *k, u32 state, struct err *err);

/* ---- regs.c -------------------------------------------------------------------------------------- */

int regs_get(struct kvm_engine *k, u32 groups, struct cpu_state *ret, struct err *err);
int regs_set(struct kvm_engine *k, u32 groups, const struct cpu_state *c, struct err *err);
u16 segment_attr(const struct kvm_segment *s);
u64 regs_gpr(const struct kvm_engine *k, unsigned i); /* i: enum gpr */
/* System part of *ret from the shared page: all that page walks, modes and gates need. */
void regs_sys(const struct kvm_engine *k, struct cpu_state *ret);
/* regs_slow.c */
int regs_guest_dr(struct kvm_engine *k, struct err *err); /* refresh guest_dr if stale */
int regs_debug_set(struct kvm_engine *k, const struct cpu_state *c, struct err *err);
int regs_msrs_get(struct kvm_engine *k, struct cpu_state *ret, struct err *err);
int regs_msrs_set(struct kvm_engine *k, const struct cpu_state *c, struct err *err);
int regs_fpu_get(struct kvm_engine *k, struct cpu_state *ret, struct err *err);
int regs_fpu_set(struct kvm_engine *k, const struct cpu_state *c, struct err *err);

/* ---- at.c ---------------------------------------------------------------------------------------- */

void at_load(struct kvm_engine *k); /* k->at and k->cpu from k->s and guest memory */
/* A stop record at k->at with everything but causes; `from` is the boundary before. */
void stop_begin(struct kvm_engine *k, const struct at *from, struct stop *ret);
/* Place and registers once more, after they were changed. */
void stop_place_again(struct kvm_engine *k, struct stop *s);

/* ---- gates.c: internal points -------------------------------------------------------------------- */

/* What to arm for one entry. */
struct arm {
	bool step;             /* SINGLESTEP */
	bool block_irq;
	bool sw_bp;            /* USE_SW_BP */
	bool hw_bp;            /* USE_HW_BP even without a point: ICEBP then comes to us (K1) */
	bool guard;            /* see each MOV DR of the guest (K8) */
	bool user_exec;        /* the user's execute points in debug registers too */
	u8 n;
	struct gate want[SLOTS + 2]; /* in order of need; those that do not fit are left out */
};
/* Add the gate of a vector, if it has a usable one; else those its failure leads to. */
void arm_gate(struct kvm_engine *k, struct arm *a, u8 vector, u8 type);
void arm_usual(struct kvm_engine *k, struct arm *a); /* #PF, #GP, #UD */
void arm_address(struct arm *a, u64 lin);
int arm_apply(struct kvm_engine *k, const struct arm *a, struct armed *ret, struct err *err);
/* Linear address of a vector's handler. */
bool gate_target(struct kvm_engine *k, u8 vector, u64 *ret);
/* Was the landing at k->at the delivery of an event that ran its handler's first instruction? */
bool gate_deduce(struct kvm_engine *k, const struct at *from, struct gate *ret);

/* ---- fault.c ------------------------------------------------------------------------------------- */

/* Vectors (mask) that the instruction at k->at may raise as faults, as far as can be told before. */
u32 fault_vectors(struct kvm_engine *k);
u64 mem_linear(const struct kvm_engine *k, const struct insn_mem *m); /* at the boundary k->at */
u32 fault_memory(struct kvm_engine *k); /* of its memory operands: fault_mem.c */

/* ---- io.c ---------------------------------------------------------------------------------------- */

/* Serve exits of devices until there is a report: *ret holds it verbatim. KVM_EXIT_INTR without
 * `completed` is a signal. */
int guest_enter(struct kvm_engine *k, struct kvm_evidence *ret, struct err *err);

/* ---- step.c -------------------------------------------------------------------------------------- */

struct step {
	struct at from;
	struct boundary b;
	struct armed armed;
	struct tf_plan tf;
	u64 tf_image;          /* what TF_FROM_* asks for */
	u64 rcx, rsp;          /* before */
	bool pair;             /* a MOV SS that takes the next instruction along unseen (K2): `second` */
	struct insn second;
	bool on_planted;       /* the guest was stopped on an INT3 of ours */
	bool leaked;           /* cpl3.c took our TF's #DB back from the guest */
	bool may_lose_tf;      /* TF is to be written again behind it (K3) */
	bool rep, rep_one;     /* a REP; run with a count of 1 */
	u8 rep_again;
	u8 n_mem;              /* operands of a watched step */
	u64 mem_lin[INSN_MEMS];
	struct kvm_evidence ev;
	struct verdict v;
	struct stop stop;
};
/* *ret_end is -1 to go on, else enum run_end. */
int step_one(struct kvm_engine *k, int *ret_end, struct err *err);
void step_begin(struct kvm_engine *k, struct step *st); /* step_arm.c */
void step_arm(struct kvm_engine *k, struct step *st, struct arm *a);
void step_attribute(struct kvm_engine *k, struct step *st);
/* Skip, pending event and causes of st->v into the stop, which is then complete but for points. */
void step_verdict(struct kvm_engine *k, struct step *st);
/* Enter with this armed, up to the report: k->at is where the guest landed then. */
int step_enter(struct kvm_engine *k, struct step *st, const struct arm *a, struct err *err);
bool step_signalled(const struct step *st); /* the report is EINTR and no access was completed */
bool step_nothing(const struct kvm_engine *k, const struct step *st); /* ... before anything ran */
/* ... behind instructions nobody saw: the gap, and a stop INTERRUPT where the kick was the user's (true). */
bool gap_stop(struct kvm_engine *k, struct step *st, enum gap_reason why);
/* land.c: the causes of st->v, or the delivery found in where the guest landed, into the stop. */
void step_land(struct kvm_engine *k, struct step *st);
/* Is the guest where the instruction may lead without an event on the way? */
bool land_is_explained(const struct kvm_engine *k, const struct step *st);
/* The evidence, the machine's orders, the user's points; then the stop is pushed. */
void step_finish(struct kvm_engine *k, struct step *st, int *ret_end);
/* The stop behind an instruction vmstep did in KVM's stead: `had_tf` is the guest's TF before it, `trap`
 * whether its own #DB is due. */
void emulated_stop(struct kvm_engine *k, struct step *st, enum did_kind did, bool had_tf, bool trap,
		   int *ret_end);

/* ---- iret.c -------------------------------------------------------------------------------------- */

/* IRET at the boundary where KVM would lose the step; false: KVM is to run it. */
bool iret_step(struct kvm_engine *k, struct step *st, int *ret_end);
/* Return through the frame at `lin` with slots of `size` bytes; false: it would fault. */
bool iret_return(struct kvm_engine *k, u64 lin, unsigned size, struct err *err);

/* ---- rep.c --------------------------------------------------------------------------------------- */

void rep_before(struct kvm_engine *k, struct step *st);
bool rep_after(struct kvm_engine *k, struct step *st);
void rep_tell(struct kvm_engine *k, struct step *st);

/* ---- cpl3.c: ring 3 on the software flavour ------------------------------------------------------ */

bool cpl3_is(const struct kvm_engine *k, const struct step *st);
bool cpl3_steppable(struct kvm_engine *k); /* there is a #DB gate to step through */
void cpl3_arm(struct kvm_engine *k, struct arm *a);
void cpl3_return_gate(struct kvm_engine *k); /* the one cpl3_arm() may have lent */
/* The stop is in the guest's #DB handler because our TF leaked into ring 3: take it back. */
bool cpl3_take_back(struct kvm_engine *k, struct step *st);
/* No #DB gate to step through: run on until ring 0; a gap. */
int cpl3_run(struct kvm_engine *k, struct step *st, int *ret_end, struct err *err);

/* ---- syscall.c ----------------------------------------------------------------------------------- */

/* As iret_step(), for SYSCALL and SYSRET between the rings. */
bool syscall_step(struct kvm_engine *k, struct step *st, int *ret_end);

/* ---- unhandled.c --------------------------------------------------------------------------------- */

/* The stop is a delivery to vmstep's own default handler: run it up to its report. */
void unhandled_run(struct kvm_engine *k, struct step *st);
/* Behind that report: back to the instruction the event came from. */
void unhandled_return(struct kvm_engine *k, struct stop *s);

/* ---- skip.c -------------------------------------------------------------------------------------- */

/* RIP over the instruction at k->at. True: a single-step trap of the guest's own is owed. */
bool skip_at(struct kvm_engine *k, enum skip_kind kind);
bool kvm_skip(struct runner *r, enum skip_kind kind, unsigned len, struct stop *s); /* runner_ops.skip */

/* ---- tf.c ---------------------------------------------------------------------------------------- */

void tf_before(struct kvm_engine *k, struct step *st);
void tf_after(struct kvm_engine *k, struct step *st);
/* Repair the image in the frame of a handler just entered (K6). */
void tf_frame(struct kvm_engine *k, struct stop *s, u8 vector, bool had_tf);
/* Linear address of the stack, `off` bytes above its top. */
/* The return address in the frame of a handler just entered. */
u64 event_frame_rip(struct kvm_engine *k, u8 vector);
u64 stack_lin(const struct kvm_engine *k, u64 off);
bool vector_has_error(u8 vector);
unsigned frame_slot(const struct kvm_engine *k, u8 vector); /* bytes of one slot of an event's frame */

/* ---- pending.c ----------------------------------------------------------------------------------- */

/* Deliver or swallow what is pending. *ret_stop: a stop at the handler was pushed. */
int pending_resume(struct kvm_engine *k, bool *ret_stop, int *ret_end, struct err *err);
/* Deliver through the guest's IVT or IDT; *s gets what was done and is placed at the handler. */
int deliver_event(struct kvm_engine *k, const struct guest_event *ev, struct stop *s, int *ret_end,
		  struct err *err);

/* ---- irq.c, hlt.c -------------------------------------------------------------------------------- */

/* Vectors the interrupt controllers would deliver now; 0, 1 or 2 of them. */
unsigned irq_pending(struct kvm_engine *k, u8 ret[2]);
/* Now and then while stepping with interrupts not held by the user: let one in if there is one. */
bool irq_due(struct kvm_engine *k);
int irq_step(struct kvm_engine *k, struct step *st, int *ret_end, bool *ret_done, struct err *err);
/* Enter with interrupts let in and points at their gates; *ret_in: st->stop is ready to finish. */
int irq_let_in(struct kvm_engine *k, struct step *st, const u8 *vector, unsigned n, bool *ret_in,
	       struct err *err);
int hlt_resume(struct kvm_engine *k, int *ret_end, struct err *err); /* still in HLT from before */
int hlt_step(struct kvm_engine *k, struct step *st, int *ret_end, struct err *err);

/* ---- points.c, cont.c ---------------------------------------------------------------------------- */

u64 point_value(struct kvm_engine *k, const struct point *p); /* of a data point, now */
int points_set(struct kvm_engine *k, struct point *p, size_t n, struct err *err);
void points_free(struct kvm_engine *k);
void points_plant(struct kvm_engine *k);   /* also again what was overwritten */
void points_unplant(struct kvm_engine *k);
/* points_hit.c: the user's points at this stop become causes, if accepted. True: the run ends here. */
bool points_check(struct kvm_engine *k, struct step *st);
const struct served *point_exec_at(const struct kvm_engine *k, u64 lin);

/* PLAN_CONTINUE. */
int cont_run(struct kvm_engine *k, int *ret_end, struct err *err);

/* ---- info.c -------------------------------------------------------------------------------------- */

void quirks_text(const struct kvm_quirks *q, char *buf, size_t size);
int info_text(struct kvm_engine *k, const char *what, struct strbuf *out, struct err *err);

/* ---- watch.c, engine.c --------------------------------------------------------------------------- */

int watch_create(struct kvm_engine *k, struct err *err);
void watch_destroy(struct kvm_engine *k);
void watch_start(struct kvm_engine *k); /* nests no deeper than one: a second start is none */
void watch_stop(struct kvm_engine *k);
/* The user's interrupt() is answered. */
void interrupt_take(struct kvm_engine *k);
/* runner_ops */
void watch_run_begin(struct runner *r);
void interrupt_stop(struct runner *r, int *ret_end);
unsigned insn_length_here(struct runner *r, u64 *ret_lin);

#endif
