/*
 * vcpu.h - a virtual processor of /dev/kvm and the guest around it: what engines kvm and mtf share beyond
 * engine/common. It includes nothing of theirs, and they nothing of each other's.
 *
 * What k.s and k.at hold is the guest's boundary, whoever filled them: engine kvm reads them out of KVM,
 * engine mtf out of the page it shares with its shim, in whose guest the vCPU itself is then.
 *
 *   caps.c vm.c   /dev/kvm and the VM; watch.c the timer that kicks KVM_RUN, and interrupt()
 *   vcpu.c        the one door to KVM_RUN
 *   regs.c regs_slow.c   registers by group
 *   saved.c       what KVM has of the guest, read and put back
 *   at.c          the boundary the guest is at: address, bytes, instruction, stop record
 *   step.c        what is known of a step before it, and where it may lead; operand.c its operands
 *   frame.c       where a vector's handler begins, and the frame it finds; iret.c the return through one
 *   handler.c     vmstep's own default handlers
 *   tf.c          whose TF it is
 *   irq.c         interrupts that wait in the controllers
 *   points.c points_hit.c   the user's points
 */
#ifndef VMSTEP_VCPU_VCPU_H
#define VMSTEP_VCPU_VCPU_H

#include <linux/kvm.h>
#include <time.h>
#include <vmstep/engine.h>

#include "engine/common/runner.h"

enum { SLOTS = 4 /* DR0-3 */ };

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

/* How this KVM behaves where KVMs differ (engine kvm tries it out, engine mtf knows). */
struct kvm_quirks {
	bool software;         /* F1 under SINGLESTEP: KVM_EXIT_INTERNAL_ERROR (K16); else a debug exit */
	bool db_on_f1;         /* ... a debug exit with RIP on the F1 (K1) */
	bool icebp_unseen;     /* ... a debug exit behind the guest's handler: not intercepted (K13) */
	bool data_points;      /* a write watch by DR0 fires */
	bool exec_repeats;     /* an execute point by DR0 is reported again on resume even with RF=1 */
	bool int3_real;        /* INT3 in real mode exits under USE_SW_BP */
	bool hlt_swallowed;    /* HLT under SINGLESTEP is a debug exit and no halt */
	u32 f1_reason;         /* kvm_run.exit_reason at the F1, for `info engine` */
};

/* ---- the vCPU ------------------------------------------------------------------------------------ */

/* The boundary the guest is at. */
struct at {
	u64 rip, lin;
	u8 mode, bits, cpl, shadow;
	u8 n_bytes;            /* readable bytes at lin, 0: none */
	u8 bytes[INSN_MAX];
	struct insn insn;
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

struct vcpu {
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
	bool btf;                  /* the guest's DEBUGCTL.BTF */
	bool guest_dr_stale;       /* the guest may have written a debug register */
	struct kvm_debugregs guest_dr;

	struct at at;
	struct cpu_state cpu;      /* system state at `at` for page walks; refreshed by at_load() */

	struct served *points;
	size_t n_points;
	struct planted *planted;
	size_t n_planted;
	bool by_address;           /* some point needs stepping in PLAN_CONTINUE */
	u32 irq_countdown;         /* steps until pending interrupts are looked at */
	u64 n_runs, n_debug;       /* for `info engine` */
};
static inline struct vcpu *to_vcpu(struct runner *r)
{
	return (struct vcpu *)r;
}

/* ---- vm.c ---------------------------------------------------------------------------------------- */

void vcpu_init(struct vcpu *k, const struct engine_ops *ops, const struct runner_ops *run, struct machine *m);
void vcpu_deinit(struct vcpu *k); /* also one that was never created whole */
int vm_create(struct vcpu *k, struct err *err); /* needs kvm_fd */
void vm_destroy(struct vcpu *k);

/* ---- vcpu.c -------------------------------------------------------------------------------------- */

int vcpu_fetch(struct vcpu *k, struct err *err); /* all of k->s by ioctl */
int vcpu_flush(struct vcpu *k, struct err *err); /* all that is dirty by ioctl */
void vcpu_touch(struct vcpu *k, u32 groups);     /* KVM_SYNC_X86_*: write them at the next entry */
int vcpu_debug(struct vcpu *k, const struct kvm_guest_debug *want, struct err *err);
int vcpu_run(struct vcpu *k, bool immediate, u32 *ret_reason, struct err *err);
int vcpu_mp_state(struct vcpu *k, u32 *ret);
int vcpu_set_mp_state(struct vcpu *k, u32 state, struct err *err);

/* ---- regs.c -------------------------------------------------------------------------------------- */

int regs_get(struct vcpu *k, u32 groups, struct cpu_state *ret, struct err *err);
int regs_set(struct vcpu *k, u32 groups, const struct cpu_state *c, struct err *err);
u16 segment_attr(const struct kvm_segment *s);
u64 regs_gpr(const struct vcpu *k, unsigned i); /* i: enum gpr */
/* System part of *ret from the shared page: all that page walks, modes and gates need. */
void regs_sys(const struct vcpu *k, struct cpu_state *ret);
/* regs_slow.c */
int regs_guest_dr(struct vcpu *k, struct err *err); /* refresh guest_dr if stale */
int regs_debug_set(struct vcpu *k, const struct cpu_state *c, struct err *err);
int regs_msrs_get(struct vcpu *k, struct cpu_state *ret, struct err *err);
int regs_msrs_set(struct vcpu *k, const struct cpu_state *c, struct err *err);
int regs_fpu_get(struct vcpu *k, struct cpu_state *ret, struct err *err);
int regs_fpu_set(struct vcpu *k, const struct cpu_state *c, struct err *err);

/* ---- saved.c ------------------------------------------------------------------------------------- */

/* What KVM has of the guest besides memory, appended to *out, and back. */
int vcpu_save(struct vcpu *k, struct strbuf *out, struct err *err);
int vcpu_restore(struct vcpu *k, const void *state, size_t n, struct err *err);

/* ---- at.c ---------------------------------------------------------------------------------------- */

void at_load(struct vcpu *k); /* k->at and k->cpu from k->s and guest memory */
/* A stop record at k->at with everything but causes; `from` is the boundary before. */
void stop_begin(struct vcpu *k, const struct at *from, struct stop *ret);
/* Place and registers once more, after they were changed. */
void stop_place_again(struct vcpu *k, struct stop *s);
unsigned vcpu_insn_length(struct runner *r, u64 *ret_lin); /* runner_ops.insn_length */

/* ---- step.c -------------------------------------------------------------------------------------- */

/* A step from a boundary to the next; each engine fills what it needs. */
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
void step_begin(struct vcpu *k, struct step *st);
/* operand.c: linear address of an operand of the instruction at k->at; its offset, and the segment. */
u64 mem_linear(const struct vcpu *k, const struct insn_mem *m);
u64 mem_offset(const struct vcpu *k, const struct insn_mem *m);
const struct kvm_segment *mem_segment(const struct vcpu *k, u8 seg);
/* Is the guest where the instruction may lead without an event on the way? */
bool land_is_explained(const struct vcpu *k, const struct step *st);

/* ---- frame.c, iret.c, handler.c ------------------------------------------------------------------- */

/* Linear address of a vector's handler. */
bool gate_target(struct vcpu *k, u8 vector, u64 *ret);
u64 stack_lin(const struct vcpu *k, u64 off); /* linear address, `off` bytes above the stack's top */
u64 stack_read(struct vcpu *k, u64 off, unsigned size);
/* Of the frame of a handler just entered: bytes of one slot; is there an error code; its return address. */
unsigned frame_slot(const struct vcpu *k, u8 vector);
bool frame_has_error(const struct vcpu *k, u8 vector);
u64 frame_rip(struct vcpu *k, u8 vector);
/* The delivery that led to the handler, into the stop; k->cpu is refreshed. */
void frame_tell(struct vcpu *k, struct stop *s, u8 vector, u8 type);
/* *c behind an IRET through the frame at `lin` with slots of `size` bytes; false: it would fault. */
bool iret_apply(struct vcpu *k, u64 lin, unsigned size, struct cpu_state *c);
bool handler_is_here(struct vcpu *k); /* the guest is in one of vmstep's own default handlers */
/* *c behind the return from it; false: the guest is in none, or its frame is broken. */
bool handler_return(struct vcpu *k, struct cpu_state *c);

/* ---- tf.c ---------------------------------------------------------------------------------------- */

void tf_before(struct vcpu *k, struct step *st);
void tf_after(struct vcpu *k, struct step *st);
/* Repair the image in the frame of a handler just entered (K6). */
void tf_frame(struct vcpu *k, struct stop *s, u8 vector, bool had_tf);

/* ---- irq.c --------------------------------------------------------------------------------------- */

/* Vectors the interrupt controllers would deliver now; 0, 1 or 2 of them. */
unsigned irq_pending(struct vcpu *k, u8 ret[2]);
/* Now and then while stepping with interrupts not held by the user: let one in if there is one. */
bool irq_due(struct vcpu *k);
void vcpu_irq_line(void *arg, unsigned gsi, bool level); /* irq_line_fn; arg: a struct vcpu */

/* ---- points.c ------------------------------------------------------------------------------------ */

u64 point_value(struct vcpu *k, const struct point *p); /* of a data point, now */
u64 point_dr7(const struct served *p); /* DR7's bits for it in its slot */
int points_set(struct vcpu *k, struct point *p, size_t n, struct err *err);
/* Points of the user's leave the debug registers that the guest has taken into use. */
void points_make_room(struct vcpu *k);
void points_free(struct vcpu *k);
void points_plant(struct vcpu *k);   /* also again what was overwritten */
void points_unplant(struct vcpu *k);
void point_plant(struct vcpu *k, u64 lin); /* only the one there */
bool point_is_int3(const struct vcpu *k, u64 lin); /* is one there to be planted? */
bool point_is_planted(const struct vcpu *k, u64 lin);
/* points_hit.c: the user's points at this stop become causes, if accepted. True: the run ends here. */
bool points_check(struct vcpu *k, struct step *st);
const struct served *point_exec_at(const struct vcpu *k, u64 lin);
/* Mask of DR0-3: the guest's own code breakpoints there, as guest_dr has them. */
u8 guest_breaks_at(const struct vcpu *k, u64 lin);
/*
 * An INT3 of the user's was met: was RF set? With a code breakpoint of the guest's own on its instruction it
 * was, else that had come first (or MOV SS held it back, whose shadow is still there). The INT3 has cleared it;
 * the instruction that it stands for is to run with it (SDM "Instruction-Breakpoint Exception Condition").
 */
bool planted_had_rf(const struct vcpu *k);

/* ---- watch.c ------------------------------------------------------------------------------------- */

int watch_create(struct vcpu *k, struct err *err);
void watch_destroy(struct vcpu *k);
void watch_start(struct runner *r); /* runner_ops.begin */
void watch_stop(struct vcpu *k);
void vcpu_interrupt(struct engine *e); /* engine_ops.interrupt */
/* The user's interrupt() is answered. */
void interrupt_take(struct vcpu *k);
void interrupt_stop(struct runner *r, int *ret_end); /* runner_ops.interrupted */

#endif
