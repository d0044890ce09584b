/*
 * kvm.h - what the files of src/engine/kvm/ share. Nobody outside the folder includes it.
 *
 * Engine kvm drives a guest through /dev/kvm with KVM_SET_GUEST_DEBUG. One thread, one vCPU (vcpu.h):
 *
 *   engine.c    the ops
 *   quirks.c    what this KVM does (probed, never by version)
 *   step.c      one step: step_arm.c before it, step_stop.c and land.c after it; its helpers:
 *               gates.c internal points, fault.c fault_mem.c what can fault, io.c exits of devices,
 *               rep.c iterations, pair.c MOV SS, skip.c, hlt.c, irq.c
 *   iret.c syscall.c cpl3.c what the software flavour does not step
 *   unhandled.c exceptions that end in vmstep's own default handlers
 *   pending.c   events owed to the guest: deliver or swallow
 *   cont.c      free running
 *   saved.c     the state as bytes, and back
 *   info.c      `info engine`, `info events`
 */
#ifndef VMSTEP_KVM_KVM_H
#define VMSTEP_KVM_KVM_H

#include "engine/vcpu/vcpu.h"

enum { USUAL = 3 /* vectors whose gates are always armed on hardware */ };

/* ---- the engine ---------------------------------------------------------------------------------- */

/* Why an internal execute point is armed: what landing on it means. */
struct gate {
	u64 lin;
	u8 vector, type;       /* of the event delivered there; type: enum intr_type */
	bool syscall;          /* no event: where SYSCALL or SYSRET goes (K7) */
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
	struct vcpu v;             /* first; what the functions here take: see to_kvm() */
	struct usual usual;
	struct gate gate[SLOTS];   /* by slot, where gate_slots has its bit */
	u8 gate_slots;             /* internal points in force */
	bool is_lent;              /* cpl3.c: a #DB gate is lent to the guest; what was there */
	u8 lent[16];
	bool guarded;              /* DR7.GD in force is ours */
	bool stray_trap;           /* a #DB of our TF may come with the next entry (pair.c) */
	bool halted;               /* in HLT: RIP behind it, nothing has woken the CPU yet */
	u32 hold_steps;            /* steps for which interrupts are still held though IF=0 */
};
static inline struct kvm_engine *to_kvm(const struct vcpu *k)
{
	return (struct kvm_engine *)k;
}

/* ---- quirks.c ------------------------------------------------------------------------------------ */

/* Found out with a guest of a few bytes. */
int quirks_probe(int kvm_fd, const struct kvm_caps *caps, struct kvm_quirks *ret, struct err *err);

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
void arm_gate(struct vcpu *k, struct arm *a, u8 vector, u8 type);
void arm_usual(struct vcpu *k, struct arm *a); /* #PF, #GP, #UD */
void arm_address(struct arm *a, u64 lin);
int arm_apply(struct vcpu *k, const struct arm *a, struct armed *ret, struct err *err);
/* Was the landing at k->at the delivery of an event that ran its handler's first instruction? */
bool gate_deduce(struct vcpu *k, const struct at *from, struct gate *ret);

/* ---- fault.c ------------------------------------------------------------------------------------- */

/* Vectors (mask) that the instruction at k->at may raise as faults, as far as can be told before. */
u32 fault_vectors(struct vcpu *k);
u32 fault_memory(struct vcpu *k); /* of its memory operands: fault_mem.c */

/* ---- io.c ---------------------------------------------------------------------------------------- */

/* Serve exits of devices until there is a report: *ret holds it verbatim. KVM_EXIT_INTR without
 * `completed` is a signal. */
int guest_enter(struct vcpu *k, struct kvm_evidence *ret, struct err *err);

/* ---- step.c -------------------------------------------------------------------------------------- */

/* *ret_end is -1 to go on, else enum run_end. */
int step_one(struct vcpu *k, int *ret_end, struct err *err);
void step_arm(struct vcpu *k, struct step *st, struct arm *a);
void step_attribute(struct vcpu *k, struct step *st);
/* Skip, pending event and causes of st->v into the stop, which is then complete but for points. */
void step_verdict(struct vcpu *k, struct step *st);
/* Enter with this armed, up to the report: k->at is where the guest landed then. */
int step_enter(struct vcpu *k, struct step *st, const struct arm *a, struct err *err);
bool step_signalled(const struct step *st); /* the report is EINTR and no access was completed */
bool step_nothing(const struct vcpu *k, const struct step *st); /* ... before anything ran */
/* ... behind instructions nobody saw: the gap, and a stop INTERRUPT where the kick was the user's (true). */
bool gap_stop(struct vcpu *k, struct step *st, enum gap_reason why);
/* land.c: the causes of st->v, or the delivery found in where the guest landed, into the stop. */
void step_land(struct vcpu *k, struct step *st);
/* The evidence, the machine's orders, the user's points; then the stop is pushed. */
void step_finish(struct vcpu *k, struct step *st, int *ret_end);
/* The stop behind an instruction vmstep did in KVM's stead: `had_tf` is the guest's TF before it, `trap`
 * whether its own #DB is due. */
void emulated_stop(struct vcpu *k, struct step *st, enum did_kind did, bool had_tf, bool trap,
		   int *ret_end);

/* ---- iret.c -------------------------------------------------------------------------------------- */

/* IRET at the boundary where KVM would lose the step; false: KVM is to run it. */
bool iret_step(struct vcpu *k, struct step *st, int *ret_end);
/* Return through the frame at `lin` with slots of `size` bytes; false: it would fault. */
bool iret_return(struct vcpu *k, u64 lin, unsigned size, struct err *err);

/* ---- pair.c -------------------------------------------------------------------------------------- */

/* Was the second of a pair intercepted, so that the report is of the boundary between the two? */
bool pair_cut(const struct vcpu *k, const struct step *st);
/* Is the report the trap such an exit left behind? */
bool pair_trap_comes(const struct vcpu *k, const struct step *st);
/* Is an INT3 of the user's to be planted on the second for this step? */
bool pair_has_point(const struct vcpu *k, const struct step *st);

/* ---- rep.c --------------------------------------------------------------------------------------- */

void rep_before(struct vcpu *k, struct step *st);
bool rep_after(struct vcpu *k, struct step *st);
void rep_tell(struct vcpu *k, struct step *st);

/* ---- cpl3.c: ring 3 on the software flavour ------------------------------------------------------ */

bool cpl3_is(const struct vcpu *k, const struct step *st);
bool cpl3_steppable(struct vcpu *k); /* there is a #DB gate to step through */
void cpl3_arm(struct vcpu *k, struct arm *a);
void cpl3_return_gate(struct vcpu *k); /* the one cpl3_arm() may have lent */
/* The stop is in the guest's #DB handler because our TF leaked into ring 3: take it back. */
bool cpl3_take_back(struct vcpu *k, struct step *st);
/* No #DB gate to step through: run on until ring 0; a gap. */
int cpl3_run(struct vcpu *k, struct step *st, int *ret_end, struct err *err);

/* ---- syscall.c ----------------------------------------------------------------------------------- */

/* As iret_step(), for SYSCALL and SYSRET between the rings. */
bool syscall_step(struct vcpu *k, struct step *st, int *ret_end);

/* ---- unhandled.c --------------------------------------------------------------------------------- */

/* The stop is a delivery to vmstep's own default handler: run it up to its report. */
void unhandled_run(struct vcpu *k, struct step *st);
/* Behind that report: back to the instruction the event came from. */
void unhandled_return(struct vcpu *k, struct stop *s);

/* ---- skip.c -------------------------------------------------------------------------------------- */

/* RIP over the instruction at k->at. True: a single-step trap of the guest's own is owed. */
bool skip_at(struct vcpu *k, enum skip_kind kind);
bool kvm_skip(struct runner *r, enum skip_kind kind, unsigned len, struct stop *s); /* runner_ops.skip */

/* ---- pending.c ----------------------------------------------------------------------------------- */

/* Deliver or swallow what is pending. *ret_stop: a stop at the handler was pushed. */
int pending_resume(struct vcpu *k, bool *ret_stop, int *ret_end, struct err *err);
/* Deliver through the guest's IVT or IDT; *s gets what was done and is placed at the handler. */
int deliver_event(struct vcpu *k, const struct guest_event *ev, struct stop *s, int *ret_end,
		  struct err *err);

/* ---- irq.c, hlt.c -------------------------------------------------------------------------------- */

int irq_step(struct vcpu *k, struct step *st, int *ret_end, bool *ret_done, struct err *err);
/* Enter with interrupts let in and points at their gates; *ret_in: st->stop is ready to finish. */
int irq_let_in(struct vcpu *k, struct step *st, const u8 *vector, unsigned n, bool *ret_in,
	       struct err *err);
int hlt_resume(struct vcpu *k, int *ret_end, struct err *err); /* still in HLT from before */
int hlt_step(struct vcpu *k, struct step *st, int *ret_end, struct err *err);

/* ---- saved.c ------------------------------------------------------------------------------------- */

int kvm_state_get(struct engine *base, struct strbuf *out, struct err *err);
int kvm_state_set(struct engine *base, const void *state, size_t n, struct err *err);

/* ---- cont.c, info.c ------------------------------------------------------------------------------ */

/* PLAN_CONTINUE: up to what may have to be told. */
int cont_run(struct vcpu *k, int *ret_end, struct err *err);
void quirks_text(const struct kvm_quirks *q, char *buf, size_t size);
int info_text(struct vcpu *k, const char *what, struct strbuf *out, struct err *err);

#endif
