/*
 * location.h - location expressions: location_list.c takes them from DIEs, location_read.c from bytes,
 * location.c runs them, location_text.c writes them down. Inside src/symbols/; also call frame
 * information has such expressions: location_decode() and location_compute() are for its reader.
 */
#ifndef VMSTEP_SYMBOLS_LOCATION_H
#define VMSTEP_SYMBOLS_LOCATION_H

#include <vmstep/scope.h>
#include "dwarf.h"

enum { LOCATION_OPS_MAX = 512 /* of one expression */, LOCATION_BUDGET = 20000 /* operations run */ };

struct location_op {
	u8 atom;       /* DW_OP_* */
	u64 a, b;      /* operands, sign-extended where the operation's are signed */
	const u8 *bytes; /* of a block operand, n_bytes of them */
	size_t n_bytes;
	u64 off;       /* of the operation in its expression, and of what follows it */
	u64 next;
};
struct location_expr {
	struct location_op *op; /* malloced */
	u32 n;
	u64 low, high;          /* link addresses where it holds; both 0: everywhere */
	bool has_base;          /* its list names a base address before it */
	u64 base;
};
/* All a variable has: one expression, or a list of them. */
struct location_list {
	struct location_expr *expr;
	u32 n;
	bool is_list;
};

/* What surrounds an expression. */
struct location_env {
	const struct location_ops *ops;
	struct dwfile *file;  /* NULL: expressions of call frame information */
	struct dwunit *unit;  /* NULL likewise */
	u64 function;         /* DIE whose frame base DW_OP_fbreg means, 0: none */
	u64 pc;               /* link address, for its location list */
	u64 entry;              /* link address of the function's first instruction */
	u8 address_size;
	unsigned nesting;     /* frame base within frame base */
};

/* ---- location_read.c ------------------------------------------------------------------------- */

/* Raw bytes to operations; 0, -EBADMSG with a sentence. */
int location_decode(const u8 *bytes, size_t n, u8 address_size, u8 offset_size, struct location_expr *ret,
		    struct err *err);
void location_expr_free(struct location_expr *e);
/* ---- location_list.c ------------------------------------------------------------------------- */

/* An attribute of class exprloc, block or location list; -ENOENT when the DIE has none. */
int location_read(struct dwfile *f, struct dwunit *u, Dwarf_Die die, u16 attr, struct location_list *ret,
		  struct err *err);
void location_list_free(struct location_list *l);
/* The one that holds at a link address; NULL: none. An empty range is for the entry of the function alone,
 * as gdb reads it. */
const struct location_expr *location_at(const struct location_list *l, u64 link, bool at_entry);

/* ---- location.c ------------------------------------------------------------------------------ */

/* Where the thing is. -ENODATA: cannot be known here (entry values): optimized out. */
int location_run(const struct location_env *env, const struct location_expr *e, struct place *ret,
		 struct err *err);
/* The number an expression leaves on the stack; `first` is there before it (call frame information). */
int location_compute(const struct location_env *env, const struct location_expr *e, bool has_first, u64 first,
		     u64 *ret, struct err *err);

/* ---- variable.c ------------------------------------------------------------------------------- */

/* What surrounds a variable's location at a guest address. */
bool variable_env(const struct variable *v, u64 pc, const struct location_ops *ops, struct location_env *ret);

/* ---- location_text.c ------------------------------------------------------------------------- */

/* gdb's words: "a variable in $rdi"; `base` may be NULL. */
void location_text(const struct location_env *env, const struct location_expr *e, struct strbuf *out);
/* The gdb name of a DWARF register: "rdi", "xmm0". */
const char *location_reg_name(u8 address_size, u64 reg, char *buf, size_t size);

#endif
