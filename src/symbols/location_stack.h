/*
 * location_stack.h - the machine that runs a location expression (DWARF 5, "DWARF Expressions"): what
 * location.c, which knows descriptions and frames, asks of location_stack.c. 0 or -errno with a sentence.
 */
#ifndef VMSTEP_SYMBOLS_LOCATION_STACK_H
#define VMSTEP_SYMBOLS_LOCATION_STACK_H

#include "location.h"

enum { STACK_MAX = 64 };

struct machine_stack {
	const struct location_env *env;
	const struct location_expr *e;
	u64 v[STACK_MAX];
	unsigned n;
	unsigned budget;
	/* The description being built: what the next piece, or the whole, is. */
	struct piece now;
	bool has_now;
	struct place *place;
	struct err *err;
};

int stack_bad(struct machine_stack *m, const char *why);
int stack_push(struct machine_stack *m, u64 v);
int stack_pop(struct machine_stack *m, u64 *ret); /* *ret is 0 after an error */
int stack_register(struct machine_stack *m, u64 reg, u64 *ret);
/* Operations by kind: of two values, of one (memory too), of the order, of values with a type. */
int stack_binary(struct machine_stack *m, u8 atom);
int stack_unary(struct machine_stack *m, const struct location_op *o);
int stack_shuffle(struct machine_stack *m, const struct location_op *o);
int stack_typed(struct machine_stack *m, const struct location_op *o);

#endif
