/*
 * rules.h - single rules that prediction and attribution share, so that the two cannot disagree.
 * Implemented in predict.c; used inside src/semantics/ only.
 */
#ifndef VMSTEP_SEMANTICS_RULES_H
#define VMSTEP_SEMANTICS_RULES_H

#include <vmstep/semantics.h>

struct insn_event {
	u8 vector, type;
	bool fault;       /* the instruction did not complete */
	bool intercepted; /* comes to us instead of the guest's handler */
};

/* DR7 the processor works with: ours if we armed any, else the guest's. */
u64 dr7_in_effect(const struct boundary *b, const struct armed *a);
bool dr_enabled(u64 dr7, unsigned n);
/* Would TF, whoever's, trap after the instruction, were there no MOV-SS shadow? */
bool tf_traps(const struct boundary *b, bool tf);
bool insn_transfers(const struct insn_facts *i);
bool opens_mov_ss_shadow(const struct boundary *b);
/* DR6 bits of a pending-debug-exceptions value, BS aside; 0 if it does not count. */
u64 pending_bits(u64 pending_dbg);
/* The event the instruction at `b` causes by itself; false if its class tells of none. */
bool insn_event(const struct boundary *b, const struct armed *a, struct insn_event *ret);

#endif
