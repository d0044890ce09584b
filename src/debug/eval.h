/*
 * eval.h - between the files that run a compiled expression: expr_arith.c (operators on values, no
 * guest), expr_memory.c (what lies where), expr_eval.c (the tree, assignment). Inside src/debug/.
 */
#ifndef VMSTEP_DEBUG_EVAL_H
#define VMSTEP_DEBUG_EVAL_H

#include "expr.h"

/* A value on the way: struct value with the whole type. */
struct val {
	u64 bits;
	struct type type;
	bool in_memory;
	u64 addr;
	u32 repeat;
};

struct eval {
	struct session *s;
	const struct expr *e;
	struct err *err;
};

/* ---- expr_arith.c ---------------------------------------------------------------------------- */

u8 type_size(const struct type *t); /* of the value itself; 8 for pointers */
bool type_signed(const struct type *t);
u64 bits_extend(u64 bits, unsigned size, bool is_signed);
struct val val_number(u64 bits, u8 size, bool is_signed);
/* One operator on one or two values; the sentence of an error names n's column. */
void val_unary(u8 op, const struct val *a, struct val *ret);
int val_binary(const struct node *n, u8 op, const struct val *a, const struct val *b,
	       struct val *ret, struct err *err);
/* "column N: TEXT". */
int node_bad(const struct node *n, int code, const char *text, struct err *err);

/* ---- expr_eval.c ----------------------------------------------------------------------------- */

int eval_node(struct eval *ev, u32 index, struct val *ret);
/* An operand that must be a number: void is an error. */
int eval_number(struct eval *ev, u32 index, struct val *ret);

/* ---- expr_memory.c --------------------------------------------------------------------------- */

/* The place a DEREF node names, not yet read. */
int eval_place(struct eval *ev, const struct node *n, struct val *ret);
int eval_deref(struct eval *ev, const struct node *n, struct val *ret);
int eval_address(struct eval *ev, const struct node *n, struct val *ret);
int eval_segoff(struct eval *ev, const struct node *n, struct val *ret);

#endif
