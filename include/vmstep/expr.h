/*
 * expr.h - C expressions over registers, symbols, convenience variables and guest memory, in gdb's
 * dialect. Implemented by src/debug/expr*.c; used for print, x, conditions, set, addresses.
 *
 * Grammar: C operators with C precedence (no ?: assignment chains beyond =, op=), integer and
 * character constants (0x, 0b, octal, 'a'), $reg, $name convenience variables, $N / $ / $$ value
 * history, symbols (their address; &sym the same, *sym reads by size), (type)expr and *(type*)expr
 * with u8..u64, s8..s64, uint8_t.., char, short, int, long, unsigned, void*; expr@N; parentheses; seg:off.
 * Arithmetic is 64-bit, wraps, and is unsigned unless an operand's type is signed.
 */
#ifndef VMSTEP_EXPR_H
#define VMSTEP_EXPR_H

#include <vmstep/err.h>
#include <vmstep/types.h>

struct session;

struct value {
	u64 bits;       /* sign- or zero-extended to 64 */
	u8 size;        /* 1, 2, 4, 8 */
	bool is_signed;
	bool is_pointer;
	u8 pointee_size; /* of pointers */
	bool pointee_signed;
	bool lval_mem;  /* lives in guest memory at addr */
	u64 addr;       /* linear */
	u32 repeat;     /* expr@N: number of elements, else 1 (0 counts as 1) */
	bool is_void;   /* an unset convenience variable */
};

struct expr; /* compiled: parse once, evaluate often */
int expr_parse(struct session *s, const char *text, struct expr **ret, struct err *err);
/* Parses a prefix: *ret_end points behind what was taken (stops at a blank that ends the expression or a comma). */
int expr_parse_prefix(struct session *s, const char *text, struct expr **ret, const char **ret_end, struct err *err);
int expr_eval(struct session *s, const struct expr *e, struct value *ret, struct err *err);
void expr_destroy(struct expr *e);
/* Parse and evaluate at once. */
int expr_value(struct session *s, const char *text, struct value *ret, struct err *err);
int expr_u64(struct session *s, const char *text, u64 *ret, struct err *err);
/* A location: symbol, *EXPR, SEG:OFF, number or any expression; a linear address. */
int expr_location(struct session *s, const char *text, u64 *ret, struct err *err);

#endif
