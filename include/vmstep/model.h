/*
 * model.h - an x86 processor in software. Implemented by src/model/; engine soft and the tests drive it.
 *
 * The model is the CPU alone: memory comes as regions, ports, MMIO and interrupts through a bus. Its
 * debug events follow docs/semantics.md; delivery through the IDT is the core's event_deliver(), what
 * is due at a boundary the core's too. One thread, no globals, deterministic: the same state and bus
 * give the same run.
 */
#ifndef VMSTEP_MODEL_H
#define VMSTEP_MODEL_H

#include <vmstep/machine.h>
#include <vmstep/semantics.h>

struct model;

/* What the processor is wired to. `data` holds `size` bytes, little-endian. */
struct model_bus {
	void *arg;
	void (*port)(void *arg, bool write, u16 port, unsigned size, void *data);
	/* Physical addresses outside the regions, and writes to read-only ones. */
	void (*mmio)(void *arg, bool write, u64 gpa, unsigned size, void *data);
	/* Acknowledge an interrupt (INTA): its vector, or -1 if there is none after all. */
	int (*intr_ack)(void *arg);
	/* CR8 was written (its low 4 bits); may be NULL. */
	void (*tpr)(void *arg, u8 cr8);
	/*
	 * The pin FERR#: an x87 exception is reported by a waiting instruction under CR0.NE=0, or no longer.
	 * Returns the pin IGNNE#: the instruction goes on. May be NULL: wired to nothing.
	 */
	bool (*ferr)(void *arg, bool on);
};

struct model_config {
	const struct mem_region *regions; /* borrowed, fixed while the model lives */
	size_t n_regions;
	struct model_bus bus;
	const struct phys_ops *memory; /* not NULL: with no regions, what page walks and deliveries read and
					* write; the instructions' accesses are the bus's. Copied. */
};

int model_create(const struct model_config *cfg, struct model **ret, struct err *err);
void model_destroy(struct model *m);

/* The architectural state, whole. Writable between steps: call model_changed() after writing. */
struct cpu_state *model_cpu(struct model *m);
/* The state or guest memory was written from outside: drop what was cached of modes, TLB and code. */
void model_changed(struct model *m);

/* The whole state as model_saved_size() bytes of the same program, and back; what the model is wired to and
 * what it watches stay. */
size_t model_saved_size(void);
void model_save(const struct model *m, void *ret);
void model_restore(struct model *m, const void *saved);

/* ---- stepping (step.c, debug.c, vmexit.c) ------------------------------------------------------ */

/*
 * The processor is in VMX non-root operation of a hypervisor that is the debugger: these are the
 * controls that matter to debug events. Nothing in them is ever visible to the guest.
 */
struct model_controls {
	bool mtf;      /* monitor trap flag: exit 37 at each boundary */
	bool tf;       /* steps by a trap flag of the debugger's: exit 0 with BS where TF traps */
	bool db_exiting, bp_exiting; /* exception bitmap: #DB, #BP */
	bool hold_irq; /* interrupts and NMIs wait, but wake a HLT */
};

/* Why model_step() came back. */
enum model_end {
	MODEL_BOUNDARY, /* at the next boundary: an instruction or an iteration of a REP is done, or an
			 * event delivered */
	MODEL_EXIT,     /* a VM exit before anything else came: RIP as it was, nothing retired */
	MODEL_HALTED,   /* in HLT, or at an x87 instruction that waits for the interrupt FERR# makes, and
			 * nothing wakes it; nothing ran */
	MODEL_SHUTDOWN, /* triple fault: the state is as the processor leaves it */
	MODEL_MISSING,  /* it cannot execute the instruction at RIP: `lack` */
};

struct model_report {
	u8 end;               /* enum model_end */
	u8 lack;              /* MODEL_MISSING: enum model_lack */
	u64 from_rip, from_lin; /* the boundary it began at */
	u8 retired;           /* 0 or 1 */
	u8 cls;               /* enum insn_class of what retired or exited */
	bool rep;             /* behind an iteration that is not the last */
	bool exits;           /* `ev` is a VM exit; false: nothing tells a hypervisor of this boundary */
	bool skipped;         /* the instruction always exits: done by the hypervisor, outer skip, and the
			       * boundary behind it is owed by who skipped it; ev.rip is on it */
	bool tbit;            /* the new task's T flag: with db_exiting its #DB (BT) is owed by who emulated
			       * the switch, which VMX makes exit always; else it is delivered next */
	bool has_event;       /* a delivery ended here */
	struct delivery event;
	struct vmx_evidence ev;
};
/*
 * From the boundary the processor is at to the next one, or to a VM exit. What is due comes in the
 * core's order: injected event, traps held from before, NMI, interrupt, code breakpoint, and then the
 * instruction with its faults.
 */
void model_step(struct model *m, const struct model_controls *ctl, struct model_report *ret);

/* Run freely. */
struct model_run {
	u64 until;        /* back when model_clock() has reached this */
	const u64 *breaks;/* NULL, or a bit for each value of model_break_hash(): back *at* such a boundary */
	u32 classes;      /* mask of enum insn_class: back behind such an instruction, with a report */
	bool events;      /* back after each delivery, with its report */
	bool touched;     /* out: back because a watched range was touched (model_touched()) */
};
enum { MODEL_BREAK_BITS = 1 << 16 };
static inline unsigned model_break_hash(u64 lin)
{
	return (lin ^ lin >> 16) & (MODEL_BREAK_BITS - 1);
}
/* true: *ret is the report that ended it (an exit, HLT, an end); false: a limit of *run was reached.
 * Runs at least one instruction or delivery unless the limit is reached. */
bool model_free_run(struct model *m, const struct model_controls *ctl, struct model_run *run,
		    struct model_report *ret);

/* VM-entry injection: delivered first by the next step, whatever is due. */
void model_inject(struct model *m, const struct guest_event *ev);
/* Interrupt request of the controller, level; an NMI, edge. */
void model_intr_line(struct model *m, bool on);
void model_nmi(struct model *m);
/* What RDRAND and RDSEED count on from; 0 at creation. */
void model_seed(struct model *m, u64 seed);
/* A free run comes back at the next boundary. From a callback of the bus. */
void model_poke(struct model *m);
/* The instruction at RIP: where, what, its bytes. n 0: it cannot be fetched; facts.length 0: it does not
 * decode. */
struct model_insn {
	u64 lin;
	u8 n, bits;
	u8 bytes[INSN_MAX];
	struct insn_facts facts;
	u8 vector; /* INT n */
};
void model_peek(struct model *m, struct model_insn *ret);
/* Traps held for the next boundary (PDBG_*), writable. */
u64 *model_pending_dbg(struct model *m);
u64 model_retired(const struct model *m); /* instructions completed since creation */
/* Virtual time: a tick for each instruction, REP iteration and delivery, and those slept in HLT, which
 * only their owner can tell. The TSC goes with it. */
u64 model_clock(const struct model *m);
void model_clock_skip(struct model *m, u64 ticks);
/* At an x87 instruction that waits for the interrupt FERR# makes. */
bool model_frozen(const struct model *m);

/* Linear ranges whose accesses by instructions are noted, any number; borrowed, sorted by address. */
struct model_range {
	u64 lin;
	u32 len;
};
void model_watch(struct model *m, const struct model_range *r, size_t n);
/* Accesses of the last step that may have met one; n: how many, at most MODEL_TOUCHES are kept. */
enum { MODEL_TOUCHES = 16 };
struct model_touch {
	u64 lin;
	u32 size;
	bool write;
};
const struct model_touch *model_touched(const struct model *m, unsigned *ret_n);

#endif
