/*
 * attribute.h - what the attribution of a KVM report and of a VM exit have in common (attribute.c).
 * Used inside src/semantics/ only.
 */
#ifndef VMSTEP_SEMANTICS_ATTRIBUTE_H
#define VMSTEP_SEMANTICS_ATTRIBUTE_H

#include "semantics/rules.h"

/* One report between two boundaries. */
struct report {
	const struct boundary *before;
	const struct armed *armed;
	const struct landing *after;
};

void verdict_begin(struct verdict *v);
void verdict_add(struct verdict *v, enum cause c);
/* Picks `first`; the last thing an attribution does. */
void verdict_end(struct verdict *v);
/* An event the guest is owed at the next resume. */
void verdict_owe(struct verdict *v, u8 vector, u8 type, u64 guest_dr6);

bool report_stepping(const struct report *r); /* each instruction was to be a stop */
bool report_same_rip(const struct report *r);
/* Does a trap held at the boundary resumed from come before the instruction there? */
bool report_trap_held(const struct report *r);
/* The instruction just ran in the ordinary way, or (0) is a REP with iterations left; -1: cannot
 * tell. */
s8 report_retired_step(const struct report *r);
/* RIP is on an instruction that did not complete. */
s8 report_retired_fault(const struct report *r);
/* The guest's own TF would have trapped here. */
bool report_guest_tf(const struct report *r);

/* The guest's ICEBP or INT3 was intercepted: inner skip, delivery owed. */
void attribute_icebp(const struct report *r, enum proof proof, struct verdict *v);
void attribute_int3(const struct report *r, enum proof proof, struct verdict *v);
/* Sorts the bits of a #DB (positive polarity) to whom they belong. False: none of them counts. */
bool attribute_db_bits(const struct report *r, u64 bits, u64 exit_dr7, struct verdict *v);
/* A #DB no bit explains and that is no ICEBP. */
void attribute_db_unknown(const struct report *r, struct verdict *v);

#endif
