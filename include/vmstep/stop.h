/*
 * stop.h - one stop: a boundary shown to the user, with everything reported there (semantics.md
 * section 9). Filled by the engines, read by everybody above them. Fixed size, no pointers, so that
 * it can lie in a ring shared with the shim. Freestanding.
 *
 * A stop never claims more than was seen: `ev` holds the report verbatim, `proof` says whether the
 * causes are read off it or deduced.
 */
#ifndef VMSTEP_STOP_H
#define VMSTEP_STOP_H

#include <vmstep/cpu.h>
#include <vmstep/insn.h>

/* Names are part of the interface; src/semantics/cause.c holds the table. */
enum cause {
	CAUSE_MTF, CAUSE_TF, CAUSE_ICEBP, CAUSE_INT3, CAUSE_HWBP, CAUSE_WATCH, CAUSE_IOBP, CAUSE_GD,
	CAUSE_TBIT, CAUSE_BLD, CAUSE_RTM,           /* the guest's, or the step's */
	CAUSE_BREAK, CAUSE_UWATCH, CAUSE_CATCH,     /* the user's points: BREAK/n WATCH/n CATCH/n */
	CAUSE_EVENT,                                /* a delivery: the handler's first instruction */
	CAUSE_IO, CAUSE_MMIO, CAUSE_HLT, CAUSE_EXCEPTION, CAUSE_SHUTDOWN, CAUSE_INTERRUPT /* Ctrl-C */,
	CAUSE_LIMIT, CAUSE_EXIT /* guest's exit port */, CAUSE_ERROR, CAUSE_START,
	CAUSE_COUNT,
	CAUSE_NONE = 0xff,
};
#define CAUSE_BIT(c) ((u32)1 << (c))
const char *cause_name(enum cause c);       /* "TF", "ICEBP", "BREAK", "WATCH" (also for UWATCH) */

enum proof { PROOF_SEEN, PROOF_DEDUCED };

/* --- evidence, verbatim --- */
enum evidence_kind { EVIDENCE_NONE, EVIDENCE_KVM, EVIDENCE_VMX, EVIDENCE_SOFT, EVIDENCE_SHIM,
		     EVIDENCE_MODEL /* engine soft: why the model cannot go on */ };

struct kvm_evidence {
	u32 reason;        /* kvm_run.exit_reason; KVM_EXIT_INTR when KVM_RUN gave EINTR */
	u32 exception;     /* KVM_EXIT_DEBUG: debug.arch.exception */
	u64 pc, dr6, dr7;  /* KVM_EXIT_DEBUG: debug.arch; dr6 has KVM's polarity (or'ed with ffff0ff0) */
	u32 suberror;      /* KVM_EXIT_INTERNAL_ERROR */
	u64 hw_reason;     /* KVM_EXIT_FAIL_ENTRY */
	u8 n_bytes;        /* instruction bytes KVM reported with an internal error */
	u8 bytes[INSN_MAX];
	u8 is_write;       /* IO, MMIO */
	u8 size;           /* IO, MMIO: bytes of one access */
	u16 port;
	u32 count;         /* IO: repetitions in this exit */
	u64 gpa;           /* MMIO */
	u64 data;          /* IO, MMIO: first access's value */
	u64 rip;           /* RIP at the exit (linear), before anything vmstep did */
	u8 halted;         /* INTR: KVM_GET_MP_STATE read after it said HALTED */
	u8 completed;      /* an IO/MMIO was completed by a re-entry with immediate_exit: 1 EINTR, 2 DEBUG */
};

/* What KVM_GET_NESTED_STATE said once KVM had done an access of the instruction's to a device. */
enum l0_mtf { L0_MTF_UNKNOWN, L0_MTF_NONE, L0_MTF_PENDING /* KVM_STATE_NESTED_MTF_PENDING */ };
struct vmx_evidence {
	u32 reason, intr_info, intr_error, idt_info, idt_error, insn_len, interruptibility, activity;
	u64 qualification, pending_dbg, rip, rflags, gpa, gla;
	u8 l0_mtf; /* engine mtf: enum l0_mtf */
};

/* How the shim, engine mtf's own L1 hypervisor, failed instead of handing an exit over. The guest ends. */
enum shim_fault {
	SHIM_CORRUPTED, /* the page it shares with the host is not as either side writes it */
	SHIM_EXCEPTION, /* it took an exception itself */
	SHIM_VM_FAIL,   /* VMLAUNCH, VMRESUME or VMWRITE failed */
	SHIM_SILENT,    /* it does not answer */
};
struct shim_evidence {
	u8 what;                         /* enum shim_fault */
	u32 magic, version, size, status; /* CORRUPTED: as found */
	u64 seq, seq_wanted;
	u64 vector, error, rip, cr2;     /* EXCEPTION; rip is the shim's */
	u32 vm_error;                    /* VM_FAIL: SDM "VM Instruction Error Numbers" */
	u32 field;                       /* VM_FAIL of a VMWRITE: the VMCS field, else 0 */
	u32 kicks;                       /* SILENT: NMIs sent in vain */
};

/* Why the processor model cannot go on: the guest ends with ERROR at the instruction. */
enum model_lack {
	LACK_INSTRUCTION, /* CPUID shows it and the model has it not */
	LACK_FERR,        /* an x87 exception with CR0.NE=0, and FERR# is wired to nothing */
	LACK_IRQ13,       /* the same, and the interrupt it is wired to cannot come */
};

struct evidence {
	u8 kind; /* enum evidence_kind */
	union {
		struct shim_evidence shim;
		u8 lack; /* MODEL: enum model_lack */
		struct kvm_evidence kvm;
		struct vmx_evidence vmx; /* also kind SOFT: the model shows the same fields */
	};
};

/* --- what the tool did at this stop, in order --- */
enum did_kind {
	DID_INNER_SKIP,   /* a -> b (linear) */
	DID_OUTER_SKIP,   /* a -> b */
	DID_NO_SKIP,      /* set skip none: a stays */
	DID_DELIVER,      /* event arg (vector) to the handler at b; a = return address in the frame */
	DID_SWALLOW,      /* event arg not delivered; a = 1: because the guest has no usable gate */
	DID_REPAIR_TF,    /* TF image repaired at linear a; arg 0 PUSHF, 1 frame, 2 R11 (a unused) */
	DID_COMPLETE_IO,  /* the I/O or MMIO was completed */
	DID_EMULATE,      /* an instruction KVM would not run was done by vmstep (INT n): arg = vector */
	DID_GUEST_DB,     /* a #DB with DR6 bits a goes to the guest at the next resume */
	DID_WAIT_HLT,     /* waited in HLT until an interrupt */
	DID_WRONG_SKIP,   /* warning: skipped by a wrong rule on purpose; arg = enum skip_policy */
	DID_LEAKED,       /* warning: TF leaked to the guest (software flavour, CPL 3) */
	DID_EMULATE_IRET, /* an IRET that KVM does not step was done by vmstep */
	DID_EMULATE_SYSCALL, /* the same of a SYSCALL or SYSRET */
	DID_EMULATE_HLT,  /* a HLT was done by vmstep: RIP moved, the CPU put to sleep */
	DID_TOOK_BACK,    /* TF leaked into ring 3; the #DB that reached the guest's gate at a was undone */
	DID_PUT_BACK_DB,  /* data breakpoints a MOV SS held back (DR6 bits a), made pending behind the event */
	DID_REPLAY,       /* reverse-stepi: the guest was put back and run again up to here, a boundaries back */
	DID_KIND_COUNT,
};
struct did {
	u8 kind;
	u8 arg;
	u64 a, b;
};
enum { STOP_DIDS = 6 };

/* --- gaps --- */
enum gap_reason {
	GAP_NONE,
	GAP_EVENT,      /* an event was delivered under TF and its handler ran unseen (K17) */
	GAP_SYSCALL,    /* SYSCALL or SYSRET lost the step (K7) */
	GAP_CPL3,       /* ring 3 runs unstepped on this KVM (software flavour) */
	GAP_REP,        /* iterations not seen one by one */
	GAP_RUN,        /* the guest ran freely (continue in a trace) */
	GAP_BACK,       /* nothing was missed: the guest was put back to an earlier state */
	GAP_OTHER,
};
const char *gap_reason_text(enum gap_reason r);

/* --- the user's points --- */
enum stop_point_kind { STOP_BREAK, STOP_WATCH, STOP_CATCH, STOP_POINT_KINDS };
struct stop_point {
	u32 number; /* 0: none */
	u8 how;     /* enum point_how that noticed it (engine.h) */
	s8 dr;      /* DRn for a hardware point, -1 otherwise */
};

enum record_kind { RECORD_STOP, RECORD_GAP };

struct stop {
	u8 kind;            /* enum record_kind; a gap uses only lin, gap, retired */
	u8 first;           /* enum cause: the one reported first */
	u8 proof;           /* enum proof */
	u8 mode;            /* enum cpu_mode at the boundary */
	u8 cpl;
	u8 shadow;          /* enum shadow mask at the boundary */
	bool shadow_known;
	bool host_tf, guest_tf; /* who had TF when the instruction ran */
	bool has_dr;        /* dr6 and dr7 below were given by the engine */
	u8 gap;             /* enum gap_reason */
	u32 causes;         /* mask of CAUSE_BIT */
	s32 retired;        /* instructions completed since the last record; -1: cannot tell */
	u32 point;          /* number of the user's point, 0: none; of several the first */
	u8 point_how;       /* enum point_how that noticed it (engine.h) */
	s8 point_dr;        /* DRn for a hardware point, -1 otherwise */
	struct stop_point points[STOP_POINT_KINDS]; /* one of each kind can share a boundary: see stop_point() */
	bool has_event;     /* a delivery or a REP iteration ended here */
	bool event_rep;     /* REP iteration that is not the last */
	u8 event_vector, event_type; /* type: enum intr_type */
	bool event_has_error;
	u32 event_error;
	bool pending;       /* an ICEBP/INT3/#DB waits for deliver or swallow at the next resume */
	u8 pending_vector;
	u64 n;              /* number; START is 0 */
	u64 rip, lin;       /* the boundary the user is at: register and linear */
	u64 from, from_lin; /* the boundary before (lin of the instruction just done) */
	u64 rflags;         /* the guest's */
	u64 dr6, dr7;
	u64 hit_addr;       /* WATCH/n: the watched address; by POINT_HOW_VALUE 0: a value without one */
	u64 old_value, new_value; /* WATCH/n by value; both 0 where not known. EXIT: new_value is the
			       guest's exit status, as machine_take_event() gave it */
	u16 cs;
	u8 n_bytes, n_from; /* instruction bytes at lin and at from_lin; 0: unreadable */
	u8 bytes[INSN_MAX], from_bytes[INSN_MAX];
	u8 from_mode;
	u8 n_did;
	struct did did[STOP_DIDS];
	struct evidence ev;
	u64 gpr[GPR_COUNT]; /* at the boundary */
	u64 cr0, cr2, cr3, cr4;
	u16 sel[SEG_COUNT];
};

/* The point behind CAUSE_BREAK, CAUSE_UWATCH or CAUSE_CATCH. Where only `point` was filled it stands for
 * every kind. */
struct stop_point stop_point(const struct stop *s, enum cause c);
/* Note it, and as `point` where there is none yet. */
void stop_point_set(struct stop *s, enum cause c, u32 number, u8 how, s8 dr);
/* Append to did[]; the last slot is overwritten when full (cannot happen with the core's verdicts). */
void stop_did(struct stop *s, enum did_kind kind, u8 arg, u64 a, u64 b);

#endif
