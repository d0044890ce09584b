/*
 * expr.h - C expressions over registers, symbols, convenience variables and guest memory, in gdb's
 * dialect. Implemented by src/debug/expr*.c; used for print, x, conditions, set, addresses.
 *
 * Grammar: C operators with C precedence (no ++ and --), = and op=, ?:, integer and
 * character constants (0x, 0b, octal, 'a', suffixes u and l), $reg, $name convenience variables, $N /
 * $ / $$ / $$N value history, symbols (their address; &sym the same, *sym reads by size), (type)expr
 * and *(type*)expr with u8..u64, s8..s64, uint8_t.., char, short, int, long, unsigned, void*;
 * sizeof(type); ptr[i]; expr@N; parentheses; seg:off. Where debug information names it: variables (their
 * value), 'file.c'::x, function::x, functions, constants of enums, s.m, p->m, casts to and sizeof of any
 * C type, strings, floats. gdb's {type}addr and its functions $_strlen(s), $_streq(a, b), $_regex(s,
 * pattern), $_memeq(a, b, n), $_isvoid(x). A function's or array's name in a location is its address.
 *
 * Arithmetic is done in 64 bits and wraps; what is signed follows from C's usual conversions, as in
 * gdb. Types of registers are gdb's: general registers signed, rsp, rbp and rip pointers. $pc is the
 * *linear* address of the next instruction in every mode (so that x/i $pc is right in real mode too);
 * $rip, $eip and $ip are the register. An address without a type reads as a signed word of the mode's
 * width (*0x500, *$rsp). Pointer arithmetic counts elements; plain symbols and void pointers count
 * bytes. seg:off with a segment register takes its hidden base, with a number in real mode number * 16;
 * a bare NUMBER:NUMBER is hexadecimal on both sides (f000:fff0, 0:7c00).
 *
 * Errors of parsing are one sentence that starts with "column N: ".
 */
#ifndef VMSTEP_EXPR_H
#define VMSTEP_EXPR_H

#include <vmstep/ctype.h>
#include <vmstep/err.h>
#include <vmstep/strbuf.h>
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

	/*
	 * What it is in C; NULL: an integer or pointer as said above. Of structures, unions, arrays and
	 * functions `size` is 0 and `bits` their address. Floats have their IEEE bits.
	 */
	const struct ctype *type;
	bool optimized_out;  /* the compiler kept no value */
	u16 bit_pos, bit_size; /* a bit-field in the storage at addr, bit_size 0: none */
	u8 wide[16];         /* numbers of more than 8 bytes: long double, __int128, complex */
	/* Contents of an aggregate, kept by the session; NULL with lval_mem: still to be read. */
	const u8 *data;
	bool partly_lost; /* behind data as many bytes again: not 0 where the compiler kept nothing */
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
/* What a value would be: nothing is read from the guest, which need not run; bits mean nothing. */
int expr_type(struct session *s, const struct expr *e, struct value *ret, struct err *err);
int expr_value_type(struct session *s, const char *text, struct value *ret, struct err *err);
/* The whole text as a type ("struct task *"); -EINVAL where it is none. */
int expr_ctype(struct session *s, const char *text, const struct ctype **ret, struct err *err);
/*
 * An expression in the scope of an address, as breakpoint conditions are. Names are looked up once,
 * when it is parsed; their values are those of the selected frame when it is evaluated.
 */
int expr_parse_in(struct session *s, u64 pc, const char *text, struct expr **ret, struct err *err);
/* Whether it names variables of a function: it means something there only. */
bool expr_is_local(const struct expr *e);
/* The type of any value, also of one without `type`. Never NULL. */
const struct ctype *value_type(struct session *s, const struct value *v);
/* The value as C's truth; a sentence for what has none (structures). */
int value_true(const struct value *v, bool *ret, struct err *err);
/* A float of any size, an integer or a pointer as the host's widest float. */
long double value_float(const struct value *v);
/* Appends the text a value is (an array of characters) or points to, without its NUL. */
int value_text(struct session *s, const struct value *v, struct strbuf *out, struct err *err);
/* `n` bytes of the contents from `offset` on, from wherever they are. */
int value_bytes(struct session *s, const struct value *v, u64 offset, void *buf, size_t n, struct err *err);
/* Number `v` of a frame's variable (info locals, args of a backtrace); level is the frame's. */
struct variable;
int value_of_variable(struct session *s, unsigned level, const struct variable *var, struct value *ret,
		      struct err *err);
/* A value of type `t` at an address, not read yet: what is in memory there. */
int value_at(struct session *s, const struct ctype *t, u64 addr, struct value *ret, struct err *err);
/* What the function that has just returned gave back, of type `t`, from the registers or memory its ABI says.
 * -ENOENT: it returns nothing. */
int value_returned(struct session *s, const struct ctype *t, struct value *ret, struct err *err);
/* A location: symbol, *EXPR, SEG:OFF, number or any expression; a linear address. */
int expr_location(struct session *s, const char *text, u64 *ret, struct err *err);
/* The same for a prefix, as expr_parse_prefix() ("main if $rax == 1"). */
int expr_location_prefix(struct session *s, const char *text, u64 *ret, const char **ret_end, struct err *err);

/*
 * Macros that the debug information tells of (gcc -g3) are replaced before an expression is parsed: those
 * of the selected frame's line, of the place's in expr_parse_in(). False: it tells of none there.
 */
struct macro_scope;
bool expr_macro_scope(struct session *s, struct macro_scope *ret);

#endif
