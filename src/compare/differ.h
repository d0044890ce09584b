/*
 * differ.h - in what two engines' records of one boundary differ, as far as the contract forbids it,
 * and which of that a list knows. Internal to src/compare/.
 */
#ifndef VMSTEP_COMPARE_DIFFER_H
#define VMSTEP_COMPARE_DIFFER_H

#include "compare/lane.h"

/* Fields that are compared; general registers follow, one bit each. */
enum field {
	FIELD_RIP, FIELD_CAUSE, FIELD_EVENT, FIELD_PENDING, FIELD_MODE, FIELD_FLAGS, FIELD_SEGMENT,
	FIELD_CONTROL, FIELD_TF, FIELD_ENDED, FIELD_GPR,
	FIELD_COUNT = FIELD_GPR + GPR_COUNT,
};
const char *field_name(unsigned f); /* "rip", "cause", "rax" */

/* Mask of BIT(field). */
u32 stops_differ(const struct lane *a, const struct lane *b);
/* Bits of RFLAGS that differ and are compared; those the instruction before leaves undefined. */
u64 flags_differ(const struct stop *a, const struct stop *b);
u64 flags_undefined(const struct stop *st);
/* The value of one field as text. */
void field_put(const struct lane *l, unsigned f, struct strbuf *out);
/* Causes as the guest has them: how the engine steps, TF or MTF, left out. */
u32 guest_causes(const struct stop *st);

/*
 * What the instruction before took in from outside, which two engines need not agree on: "rdtsc", "in",
 * "an interrupt", ...; NULL: nothing.
 */
const char *input_taken(const struct lane *l);
/* First word of the instruction the record has behind it; "-" where none is known. */
void mnemonic_of(const struct stop *st, char *buf, size_t size);

/* ---- the list of known differences (known.c) --- */

struct known;
int known_read(const char *path, struct known **ret, struct err *err); /* NULL path: an empty list */
void known_free(struct known *k);
/* The reason on the first line that fits, NULL: none does. */
const char *known_find(struct known *k, unsigned field, const struct lane *a, const struct lane *b);
/* Lines that never fitted. */
unsigned known_unused(const struct known *k);

#endif
