/*
 * eval.h - between the files that run a compiled expression: expr_arith.c (operators on values, no
 * guest), expr_memory.c (what lies where), expr_leaf.c, expr_assign.c, expr_eval.c (the tree).
 * Inside src/debug/.
 */
#ifndef VMSTEP_DEBUG_EVAL_H
#define VMSTEP_DEBUG_EVAL_H

#include "expr.h"

/*
 * A value on the way: struct value with the whole type. Where it lies: in guest memory (in_memory),
 * in registers and pieces (place), in the session's keeping (data), or only here (bits, wide).
 */
struct val {
	u64 bits;
	struct type type;
	bool in_memory;
	u64 addr;
	u32 repeat;
	bool gone;               /* optimized out */
	u16 bit_pos, bit_size;   /* bit-field, from bit 0 of the storage */
	const struct place *place;
	u64 place_off;           /* bytes of it that are not ours */
	const u8 *data;
	bool partly_lost; /* of data, see expr.h */
	u8 wide[16];
};

/* What an evaluation read, see watch_expr.c. */
struct eval_seen {
	struct watch_part part[WATCH_PARTS];
	unsigned n;
	bool registers; /* also some of a frame */
	bool too_many;
};

enum { EVAL_PLACES = 8 };
struct eval {
	struct session *s;
	const struct expr *e;
	struct err *err;
	bool types_only; /* nothing is read */
	bool has_level;  /* not the selected frame, but this one */
	unsigned level;
	struct eval_seen *seen; /* NULL: nobody asks */
	/* Of the last variables that are not in memory: an assignment's is the last but few. */
	struct place place[EVAL_PLACES];
	unsigned n_places;
};

/* ---- expr_arith.c ---------------------------------------------------------------------------- */

u8 type_size(const struct type *t); /* of the value itself */
bool type_signed(const struct type *t);
u64 bits_extend(u64 bits, unsigned size, bool is_signed);
struct val val_number(u64 bits, u8 size, bool is_signed);
/* One operator on one or two values; the sentence of an error names n's column. */
void val_unary(u8 op, const struct val *a, struct val *ret);
int val_binary(const struct node *n, u8 op, const struct val *a, const struct val *b,
	       struct val *ret, struct err *err);
/* "column N: TEXT". */
int node_bad(const struct node *n, int code, const char *text, struct err *err);

/* ---- expr_float.c ---------------------------------------------------------------------------- */

bool type_is_float(const struct type *t);
/* A float of any size, an integer or a pointer as the host's widest float. */
long double val_float(const struct val *v);
/* As type `t`, which is a float. */
struct val val_of_float(const struct type *t, long double f);
int float_binary(const struct node *n, u8 op, const struct val *a, const struct val *b,
		 struct val *ret, struct err *err);

/* ---- expr_ctype.c ---------------------------------------------------------------------------- */

struct type type_of_ctype(const struct ctype *c);
/* The C type of any type; never NULL. */
const struct ctype *ctype_of_type(struct session *s, const struct type *t);
/* `t` as a type of a cast: integers, floats, pointers, or the same structure. */
int val_cast(struct eval *ev, const struct node *n, const struct val *v, const struct type *t,
	     struct val *ret);

/* ---- expr_place.c ---------------------------------------------------------------------------- */

/* Where a variable is now, as a value not read yet. */
int eval_name(struct eval *ev, const struct node *n, struct val *ret);
int eval_variable(struct eval *ev, const struct variable *var, struct val *ret);
/* Whether what debug information says to be in a register of the frame is to be found there. */
struct frame;
bool place_register_known(struct session *s, const struct frame *f, unsigned reg);
/* `n` bytes from offset `off` of the value; *ret_gone: some of them are optimized out. */
int val_bytes(struct eval *ev, const struct val *v, u64 off, void *buf, size_t n, bool *ret_gone);
/* The frame whose variables count. */
int eval_frame(struct eval *ev, const struct frame **ret);

/* ---- expr_piece.c ---------------------------------------------------------------------------- */

/* `n` bytes from offset `off` of a place that is no plain memory. */
int place_bytes(struct eval *ev, const struct place *pl, u64 off, u8 *buf, size_t n,
		bool *ret_gone);
/* Copies what lies in registers and pieces to the session's keeping. */
int place_keep(struct eval *ev, const struct val *v, struct value *ret);
/* Writes the value's own bytes, in memory or in registers. */
int val_write(struct eval *ev, const struct node *n, const struct val *to, const void *buf,
	      size_t size);

/* ---- expr_member.c --------------------------------------------------------------------------- */

int eval_member(struct eval *ev, const struct node *n, struct val *ret);
int eval_index(struct eval *ev, const struct node *n, struct val *ret);
/* Arrays become pointers to their first element, functions to themselves. */
int val_decay(struct eval *ev, const struct node *n, struct val *v);
/* Reads a number into bits or wide; nothing happens for structures, arrays, functions. */
int val_load(struct eval *ev, struct val *v);
int val_store(struct eval *ev, const struct node *n, const struct val *to, const struct val *v,
	      struct val *ret);

/* ---- watch_expr.c ----------------------------------------------------------------------------- */

/* `size` bytes of memory, or a register, were read to get at the value. */
void seen_memory(struct eval_seen *seen, u64 addr, u64 size);

/* ---- expr_eval.c ----------------------------------------------------------------------------- */

/* What a node names without reading it, as far as it names something. */
int eval_lvalue(struct eval *ev, u32 index, struct val *ret);
/* expr_eval() that notes what was read. */
int expr_eval_seen(struct session *s, const struct expr *e, struct eval_seen *seen, struct value *ret,
		   struct err *err);
int eval_node(struct eval *ev, u32 index, struct val *ret);
/* An operand that must be a number: void is an error. */
int eval_number(struct eval *ev, u32 index, struct val *ret);
/* That error. */
int operand_void(struct eval *ev, const struct node *n);

/* ---- expr_leaf.c ----------------------------------------------------------------------------- */

void val_from_value(const struct value *v, struct val *ret);
void val_to_value(const struct val *v, struct value *ret);
int eval_register(struct eval *ev, const struct node *n, struct val *ret);
int eval_pc(struct eval *ev, struct val *ret);
/* A convenience variable; one that has no value is void. */
void eval_var(struct eval *ev, const char *name, struct val *ret);
int eval_history(struct eval *ev, const struct node *n, struct val *ret);

/* ---- expr_call.c ----------------------------------------------------------------------------- */

int eval_call(struct eval *ev, const struct node *n, struct val *ret);

/* ---- expr_assign.c --------------------------------------------------------------------------- */

int eval_assign(struct eval *ev, const struct node *n, struct val *ret);

/* ---- expr_memory.c --------------------------------------------------------------------------- */

/* The place a DEREF node names, not yet read. */
int eval_place(struct eval *ev, const struct node *n, struct val *ret);
/* What a pointer points to, not yet read. */
int val_target(struct eval *ev, const struct node *n, const struct val *p, struct val *ret);
int eval_address(struct eval *ev, const struct node *n, struct val *ret);
int eval_segoff(struct eval *ev, const struct node *n, struct val *ret);

#endif
