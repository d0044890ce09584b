/*
 * l2.h - a hypervisor of a few instructions in the lab, to see what KVM does while a guest of the guest
 * runs. Implemented by l2.c, used by nested.c.
 *
 * The probe's code runs as L2, in the same memory and on the same page tables as L1, at LAB_CODE. L1
 * enters it once and halts at the first VM exit. It has no EPT, so that KVM has to make both.
 */
#ifndef VMSTEP_PROBE_L2_H
#define VMSTEP_PROBE_L2_H

#include "probe/lab.h"

/* What L1 read at its VM exit (SDM appendix "Basic Exit Reasons"). */
struct l2_exit {
	u64 reason, intr_info, rip, qualification;
};

/* Makes L1 and its VMCS; L2 starts with these RFLAGS, L1 intercepts these exceptions (and HLT). */
void l2_prepare(struct lab *lab, u64 rflags, u32 exceptions);
/* Behind the lab's HLT: true if it is L1's behind a VM exit, which is then in *ret. */
bool l2_exited(struct lab *lab, struct l2_exit *ret);

#endif
