/*
 * step.h - what the files that go from boundary to boundary share: vmexit.c what a hypervisor is told,
 * step.c what is due, step_insn.c the instruction and its event, run.c many of them. Nobody else
 * includes it.
 */
#ifndef VMSTEP_MODEL_STEP_H
#define VMSTEP_MODEL_STEP_H

#include "model/model.h"

/* Basic exit reasons (SDM 3, appendix "VMX Basic Exit Reasons"). */
enum { EXIT_EXCEPTION = 0, EXIT_TRIPLE_FAULT = 2, EXIT_TASK_SWITCH = 9, EXIT_CPUID = 10, EXIT_HLT = 12,
       EXIT_MTF = 37 };

/* ---- vmexit.c ----------------------------------------------------------------------------------- */

/* The fields of an exit at the state as it is; the rest 0. */
void exit_begin(const struct model *m, u32 reason, struct vmx_evidence *ret);
/* The exit reason of an instruction that always exits, or -1. */
int exit_of_insn(const struct op *o);
/* An exit by the exception bitmap. */
void exit_exception(struct model *m, u8 vector, enum intr_type type, u8 len, u64 qualification,
		    struct model_report *r);
/* A #DB exit for traps: it takes the pending ones with it, the field is saved clear. */
void exit_traps(struct model *m, u64 bits, struct model_report *r);
/* Traps (DR6's bits) that come before anything else runs at this boundary. */
u64 traps_due(const struct model *m);
/* The next boundary is reached: what is told of it. */
void report_boundary(struct model *m, const struct model_controls *ctl, struct model_report *r);

/* ---- step_insn.c -------------------------------------------------------------------------------- */

/* An event goes to the guest's handler; false: shutdown, told in *r. */
bool event_deliver_to(struct model *m, const struct guest_event *ev, struct model_report *r);
/* The instruction at RIP, to the boundary behind it or its event's. */
void step_insn(struct model *m, const struct model_controls *ctl, struct model_report *r);
/* m->event, raised by `o` (NULL: by its fetch): exit or delivery. */
void step_event(struct model *m, const struct model_controls *ctl, const struct op *o, struct model_report *r);

static inline void clock_tick(struct model *m)
{
	m->c.tsc++;
}

static inline u64 rip_wrap(const struct model *m, u64 rip)
{
	return m->bits == 64 ? rip : (u32)rip;
}

#endif
