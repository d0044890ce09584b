/*
 * semantics.h - THE CORE: what is due at an instruction boundary, how an exit is attributed, what a
 * skip does, whose TF it is. Pure and freestanding (no libc, no ioctl, no allocation, no globals);
 * implemented by src/semantics/, used by every engine, by teach/ (why, predict) and by the shim.
 *
 * Facts and their sources: Intel SDM volume 3 (section titles are cited at each rule), Linux
 * Documentation/virt/kvm/api.rst. K-numbers name KVM's departures (docs, table of quirks).
 */
#ifndef VMSTEP_SEMANTICS_H
#define VMSTEP_SEMANTICS_H

#include <vmstep/stop.h>
#include <vmstep/x86_tables.h>

/* ---- 1. what is due at one boundary (SDM "Priority Among Concurrent Events") ------------------- */

/* In order of priority, highest first: the value is the rank. */
enum due {
	DUE_RESET_MC, DUE_TBIT, DUE_SMI_INIT, DUE_MTF, DUE_TRAP /* TF, WATCH, IOBP, BLD */,
	DUE_PREEMPTION_TIMER, DUE_NMI, DUE_INTERRUPT, DUE_CODE_BP, DUE_FETCH_FAULT, DUE_DECODE_FAULT,
	DUE_EXEC_FAULT, DUE_COUNT, DUE_NONE = DUE_COUNT,
};
#define DUE_BIT(d) ((u32)1 << (d))
/* The one that comes first of a mask of DUE_BITs; DUE_NONE for an empty mask. */
enum due due_first(u32 mask);
const char *due_name(enum due d);
/* The part of `mask` that a shadow, IF=0 or NMI blocking holds back at a boundary. RF holds back
 * CODE_BP; MOV-SS shadow holds back TRAP, CODE_BP, NMI and INTERRUPT; STI shadow holds back
 * INTERRUPT. */
struct due_masks {
	u8 shadow;
	bool rf, if_flag, nmi_blocked;
};
u32 due_held(u32 mask, const struct due_masks *m);

/* ---- 2. one step: from the state at a boundary to what is due at the next ---------------------- */

/* State at a boundary, before the instruction `insn` at it runs. */
struct boundary {
	u64 lin;            /* linear RIP */
	u64 rflags;         /* the guest's own; TF in it is the guest's */
	u8 shadow;          /* enum shadow */
	bool shadow_known;
	u8 cpl;
	u64 pending_dbg;    /* PDBG_* held back from before: without a MOV-SS shadow they come before the
			       instruction runs, with one behind it */
	u64 dr7;            /* the guest's DR7 */
	bool btf;           /* DEBUGCTL.BTF */
	bool de;            /* CR4.DE */
	bool fmask_tf;      /* IA32_FMASK.TF; matters at a SYSCALL only */
	bool r11_tf;        /* TF in R11; matters at a SYSRET only */
	struct insn_facts insn;
};
/* What the debugger armed for the resume. */
struct armed {
	bool host_tf;       /* TF set by us (KVM_GUESTDBG_SINGLESTEP) */
	bool mtf;           /* monitor trap flag control */
	bool sw_bp;         /* KVM_GUESTDBG_USE_SW_BP: #BP comes to us */
	u64 host_dr7;       /* DR7 in effect on the processor (0: the guest's own is) */
	u8 host_slots;      /* mask of DR0-3 in host_dr7 that are ours; the rest are the guest's, merged */
	u8 internal_slots;  /* of host_slots: temporary points never shown (gate targets) */
	bool db_exiting, bp_exiting; /* exception bitmap (mtf, soft); true on kvm when guest debug takes them */
};

/*
 * What the architecture says comes after the instruction, for known data-breakpoint hits. The class
 * does not tell of faults that depend on operands (#PF, #GP of a load), nor whether a conditional
 * branch is taken: under BTF it counts as not taken.
 */
struct prediction {
	u32 due;            /* DUE_BITs at the next boundary, not held back */
	u64 dr6;            /* positive DR6 bits of the #DB that is due (BS, Bn, BD, BT); a GD event's BD */
	u64 deferred;       /* PDBG_* carried over the next instruction (MOV-SS), or past a GD event to the
			       first instruction of its handler */
	bool tf_discarded;  /* MOV SS under TF: the trap is dropped, not deferred */
	u8 shadow;          /* at the next boundary */
	bool rf;            /* RF at the next boundary; false for IRET, whose image has it */
	bool event;         /* the instruction delivers an event: next boundary is its handler */
	u8 vector, type;    /* of that event; vector 0 for INT n, whose operand the class does not have */
	bool intercepted;   /* the event is a VM exit / debug exit instead, RIP on the instruction */
	u8 guest_tf_after;  /* enum tf_after */
};
/* How the guest's own TF follows from the instruction. */
enum tf_after { TF_KEEP, TF_CLEAR, TF_FROM_IMAGE /* POPF, IRET: popped flags */, TF_FROM_R11 /* SYSRET */,
		TF_FROM_FMASK /* SYSCALL: TF & ~SFMASK.TF */ };
/* `data_hits`: mask of DR0-3 whose data or I/O breakpoint this instruction touches (from outside). */
void boundary_predict(const struct boundary *b, const struct armed *a, u8 data_hits, struct prediction *ret);

/* ---- 3. attribution of an exit ----------------------------------------------------------------- */

enum skip_kind { SKIP_KIND_NONE, SKIP_KIND_INNER, SKIP_KIND_OUTER };
enum skip_policy { SKIP_CORRECTED, SKIP_WRONG_NONE, SKIP_WRONG_OUTER, SKIP_WRONG_DR6_EMPTY };
const char *skip_policy_name(enum skip_policy p); /* "corrected", "none", "outer", "dr6-empty" */

/* State at the exit, as read. */
struct landing {
	u64 lin;
	u64 rflags;
	struct insn_facts insn; /* at lin */
	u8 vector;          /* INSN_INTN: its immediate */
	bool planted;       /* an INT3 of ours is planted at lin */
	bool armed_emulated;/* the flavour reports CPL-0 F1/CC/CD by KVM_EXIT_INTERNAL_ERROR (K16) */
};
struct verdict {
	u32 causes;         /* CAUSE_BITs; 0: this report is no stop of its own (e.g. device I/O) */
	u8 first;           /* enum cause */
	u8 proof;           /* enum proof */
	u8 host_hits;       /* mask of our DR slots that fired (not internal ones) */
	u8 internal_hits;   /* of our internal slots */
	u8 guest_hits;      /* mask of the guest's own enabled breakpoints that fired */
	bool planted_hit;   /* our INT3 */
	u8 skip;            /* enum skip_kind owed before the stop is shown (by the corrected policy) */
	bool pending;       /* an event is owed to the guest at the next resume (deliver/swallow) */
	u8 vector, type;    /* of that event: enum intr_type (ICEBP 5, INT3 6, trap/fault #DB 3, INT n 4) */
	u64 guest_dr6;      /* positive bits the guest's #DB must show in DR6; 0 for ICEBP, unless the
			       report had a Bn of the guest's with it (deferred by a MOV SS) */
	s8 retired;         /* 1, 0, 2 (MOV SS and the instruction TF did not stop before), or -1
			       unknown; before the skip is counted */
	bool host_tf_trap;  /* BS was ours */
	bool guest_tf_trap; /* BS (also) belongs to the guest's own TF */
	bool unknown_db;    /* #DB without cause bit and no F1: BLD or RTM cannot be told (K18) */
};
/* From KVM's report. `same_rip`: lin is still the boundary resumed from (required for ICEBP, K18,
 * when stepping). */
void attribute_kvm(const struct boundary *before, const struct armed *armed, const struct kvm_evidence *ev,
		   const struct landing *after, struct verdict *ret);
/* From a VM exit (mtf; also soft's non-root view). */
void attribute_vmx(const struct boundary *before, const struct armed *armed, const struct vmx_evidence *ev,
		   const struct landing *after, struct verdict *ret);
/* Fold a second report at the same boundary into the first (section 9): causes joined, first kept. */
void verdict_fold(struct verdict *into, const struct verdict *more);
/* Which skip `policy` applies where the corrected rule says `v->skip`; `dr6` as reported. */
enum skip_kind skip_choose(enum skip_policy policy, const struct verdict *v, u64 dr6);

/* ---- 4. the two skips -------------------------------------------------------------------------- */

struct skip_state {
	u64 rip;            /* register value */
	u64 rflags;
	u8 shadow;
	u64 pending_dbg;    /* PDBG_* */
	bool mtf;           /* in: control on. out: an MTF is owed at the new boundary */
	bool tf;            /* in: a TF is on (anyone's). out: a BS trap is owed at the new boundary */
	bool btf;
};
/* In place. `bits` wraps RIP (16, 32, 64). `len` as the exit gave it, prefixes counted. */
void skip_apply(enum skip_kind kind, unsigned bits, unsigned len, struct skip_state *s);

/* ---- 5. TF bookkeeping: host's and guest's own (K5, K6) ---------------------------------------- */

enum tf_image { TF_IMAGE_NONE, TF_IMAGE_PUSHF, TF_IMAGE_FRAME, TF_IMAGE_R11 };
/* What the instruction will do to the guest's TF and where the host's TF would leak. */
struct tf_plan {
	u8 after;           /* enum tf_after */
	u8 image;           /* enum tf_image that holds the flags as pushed */
	bool rearm;         /* the host's TF may be lost: KVM_SET_GUEST_DEBUG before the next KVM_RUN (K3) */
	bool may_lose;      /* no trap need follow: SYSCALL under FMASK.TF (K7), SYSRET that clears TF,
			       delivery of an event (K17) */
};
void tf_plan_for(const struct insn_facts *insn, struct tf_plan *ret);
/* The guest's TF after the step: `image` is the popped flags, R11 or SFMASK as `after` asks. */
bool tf_guest_after(enum tf_after after, bool before, u64 image);

/* ---- 6. delivery of an event to the guest (semantics.md section 10) ---------------------------- */

struct guest_event {
	u8 vector;
	u8 type;            /* enum intr_type */
	bool has_error;
	u32 error;
	bool has_cr2;
	u64 cr2;
	u64 dr6;            /* #DB: positive bits to merge into DR6; ICEBP: 0 */
	u8 insn_len;        /* types 4, 5, 6: RIP in the frame is rip + insn_len (0: rip already moved) */
	bool fault;         /* RF=1 in the frame: fault-class, or between REP iterations (code-breakpoint
			       #DB: keep RF as it was) */
};
enum delivery_outcome { DELIVERY_DONE, DELIVERY_DOUBLE_FAULT /* #DF's handler entered */, DELIVERY_SHUTDOWN };
struct delivery {
	u8 outcome;         /* enum delivery_outcome */
	u8 vector;          /* of the handler entered */
	u64 handler_lin;
	u64 frame_lin;      /* linear address of the pushed frame (lowest byte) */
	u64 return_rip;     /* RIP in the frame */
	u8 type;            /* of the event whose handler was entered, and its error code: not the one */
	bool has_error;     /* asked for, if that raised another on its way */
	u32 error;
};
/* Whether the policies may deliver: real mode IVT entry not 0:0; else inside the limit, P=1, valid gate
 * type, selector of a present code segment. */
bool gate_usable(const struct cpu_state *c, const struct phys_ops *mem, u8 vector);
/*
 * Deliver: changes `c` (registers, segments, cr2, dr6, dr7, debugctl, shadow, activity) and the stack
 * in guest memory. `c` must hold REGS_GPR|SYS|DEBUG|EVENTS|MSR. RFLAGS.TF in the frame is c->rflags's
 * (the guest's own). All modes: real, v86, protected (16/32-bit gates), long with IST. Accessed and
 * dirty bits are set as the CPU would. On shutdown only cr2, the debug registers and activity change.
 * Returns 0, or -ENOSYS with nothing changed: a task gate.
 */
int event_deliver(struct cpu_state *c, const struct phys_ops *mem, const struct guest_event *ev,
		  struct delivery *ret);
/* For who can switch tasks (the soft model): at a task gate -ENOSYS, the CR2 and debug registers of
 * `c` as raising the events left them, and in *task whose gate it is. */
struct task_gate {
	struct guest_event event; /* the one to deliver by the switch: after a double fault, #DF */
	u16 sel;                  /* TSS selector in the gate */
	u64 return_rip;           /* for the old task's TSS */
	bool doubled;             /* event is a #DF that came up on the way */
};
int event_deliver_or_task(struct cpu_state *c, const struct phys_ops *mem,
			  const struct guest_event *ev, struct delivery *ret,
			  struct task_gate *task);
/* What an exception raised by delivering `first` becomes (SDM "Interrupt 8 - Double Fault Exception
 * (#DF)"); *ret is untouched on shutdown. */
enum event_combined { COMBINED_SECOND, COMBINED_DOUBLE_FAULT, COMBINED_SHUTDOWN };
enum event_combined event_combine(const struct guest_event *first,
				  const struct guest_event *second, struct guest_event *ret);

#endif
