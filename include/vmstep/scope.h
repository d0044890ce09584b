/*
 * scope.h - variables by name and by place in the code, and where their values lie.
 *
 * Implemented by src/symbols/scope.c, variable.c and location*.c; used by src/debug/ (expressions,
 * info locals, args, scope, address). What is found belongs to the file's symbols and lives as long.
 * Addresses are run-time ones (the file's bias added).
 */
#ifndef VMSTEP_SCOPE_H
#define VMSTEP_SCOPE_H

#include <vmstep/ctype.h>

enum variable_kind { VARIABLE_LOCAL, VARIABLE_PARAMETER, VARIABLE_STATIC /* local or of a file */, VARIABLE_GLOBAL,
		     VARIABLE_FUNCTION, VARIABLE_ENUM /* a constant of an enum */ };

struct variable {
	const char *name;         /* owned by the symbols */
	const struct ctype *type; /* NULL: not said */
	u8 kind;                  /* enum variable_kind */
	bool artificial;
	unsigned line;            /* of its declaration, 0: not said */
	s64 value;                /* VARIABLE_ENUM; VARIABLE_FUNCTION: its address */
	bool is64;                /* of a file with 64-bit pointers */
	void *owner;              /* private: the file and the DIE */
	u64 die;
};

enum { SCOPE_INNERMOST = 0xffffffff };
/* A place in the code: with inlined functions one address lies in several bodies. */
struct scope_at {
	bool has_pc;
	u64 pc;                /* in the instruction; behind a call the call's */
	unsigned inline_depth; /* bodies around: 0 the function itself, 1 inlined into it... SCOPE_INNERMOST */
};
/*
 * Visible by its name there: innermost block first, then parameters, then what the compilation unit
 * has, then all files. Constants of enums and functions too. False when there is none.
 */
bool variable_find(struct symbols *s, const struct scope_at *at, const char *name, struct variable *ret);
/* 'file.c'::name and function::name. */
bool variable_find_in(struct symbols *s, const char *scope, const char *name, struct variable *ret);

/* A block of code with what it declares. */
struct scope_block {
	bool is_function, is_inlined;
	const char *function; /* name, of both kinds */
	u64 entry;            /* where the block is entered */
};
/*
 * The variables of the body `at` lies in, block by block, innermost first, as declared within;
 * parameters belong to the function's own block, which is the last. -ENOENT: no function known
 * there. Stops when the callback returns false.
 */
typedef bool scope_each_fn(void *arg, const struct scope_block *block, const struct variable *v);
int scope_each(struct symbols *s, const struct scope_at *at, scope_each_fn *each, void *arg,
	       struct err *err);

/* ---- where the value is ---------------------------------------------------------------------- */

/* What a location expression may ask for; 0 or -errno with a sentence. `reg` is DWARF's number. */
struct location_ops {
	int (*reg)(void *arg, unsigned reg, u64 *ret, struct err *err);
	int (*memory)(void *arg, u64 addr, void *buf, size_t n, struct err *err);
	/* Of the frame; also what DW_OP_call_frame_cfa pushes. */
	int (*cfa)(void *arg, u64 *ret, struct err *err);
	/* What the register held when the function was entered; -ENODATA: nobody knows. */
	int (*entry_reg)(void *arg, unsigned reg, u64 *ret, struct err *err);
	void *arg;
};

enum piece_kind {
	PIECE_NONE, /* optimized out */
	PIECE_MEMORY,
	PIECE_REGISTER,
	PIECE_VALUE,   /* the number itself */
	PIECE_BYTES,   /* constant contents */
	PIECE_POINTER, /* a pointer to something that has no address */
};
struct piece {
	u8 kind;
	u32 bits;       /* how many; 0: all there is */
	u32 bit_offset; /* within memory, register or value */
	u64 at;         /* address, DWARF register number, value */
	const u8 *bytes; /* PIECE_BYTES: borrowed from the symbols */
	size_t n_bytes;
};
enum { PLACE_PIECES = 16 };
struct place {
	struct piece piece[PLACE_PIECES];
	unsigned n; /* 0: optimized out */
};
/* Where the variable is at `pc`. A variable without a location is a place without pieces, no error. */
int variable_place(const struct variable *v, u64 pc, const struct location_ops *ops, struct place *ret,
		   struct err *err);
/* The number of elements of a variable-length array at `pc`; false: it is none, or cannot be told. */
bool variable_count(const struct variable *v, u64 pc, const struct location_ops *ops, u64 *ret);
/*
 * gdb's words of info scope: "a variable at frame base reg $rbp offset 16+-20", "in static storage at
 * address 0x4010", "a variable in $rdi"; several lines where the location is a list or an expression.
 */
int variable_describe(const struct variable *v, u64 pc, struct strbuf *out, struct err *err);
/*
 * What the call that returns to `pc` passed in a register to the function around `callee_pc`, as its
 * caller's debug information says (DW_TAG_call_site): `ops` are the caller's. -ENODATA: it does not say.
 */
int call_site_value(struct symbols *s, u64 pc, u64 callee_pc, unsigned reg, const struct location_ops *ops, u64 *ret,
		    struct err *err);
/*
 * The functions between a caller and the function around `callee_pc` that left by a jump and so have no frame
 * of their own: the call returns to `pc`. As gdb tells them: all ways from the function called to the callee,
 * by tail calls alone, are looked at (DW_AT_call_tail_call), and what all of them begin and end with is told;
 * nothing where a function does not say all of its tail calls, or not where one leads. Innermost first;
 * returns how many, at most max.
 */
struct tail_call {
	u64 pc;     /* behind the jump, or of the jump itself where only that is said */
	u64 lookup; /* in the jump */
};
unsigned tail_calls(struct symbols *s, u64 pc, u64 callee_pc, struct tail_call *ret, unsigned max);
/*
 * Whether a location in a register that calls may change holds during a call from `pc`: GCC ends it before
 * the call unless what is called leaves the register alone (-fipa-ra); other compilers let it stand.
 */
bool scope_keeps_registers(struct symbols *s, u64 pc);
/* Only the storage of a variable that has one address: true and *ret. */
bool variable_static(const struct variable *v, u64 *ret);

#endif
