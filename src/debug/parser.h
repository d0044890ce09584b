/*
 * parser.h - between the files of the expression parser: expr_type.c (types), expr_primary.c
 * (numbers, registers, symbols), expr_unary.c and expr_parse.c (operators). Inside src/debug/.
 */
#ifndef VMSTEP_DEBUG_PARSER_H
#define VMSTEP_DEBUG_PARSER_H

#include "expr.h"
#include "expr_macro.h"

struct parser {
	struct session *s;
	const char *text, *p; /* whole and what is left */
	struct expr *e;
	struct err *err;
	unsigned depth;
	bool no_colon; /* between ? and : a colon is not seg:off's */
	const struct expr_text *expanded; /* NULL: `text` is what the user wrote */
	bool has_scope;
	struct scope_at scope; /* where names are looked up, once has_scope */
};

/* ---- expr_node.c: errors, words, nodes ------------------------------------------------------- */

/* "column N: ..." for the character at `at`; returns -EINVAL. */
int parser_bad(struct parser *ps, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "WANTED was expected, not ..." for what stands at ps->p. */
int parser_unexpected(struct parser *ps, const char *wanted);
void parser_blanks(struct parser *ps);
bool parser_is_name_start(char c);
bool parser_is_name(char c);
/* Whether the whole word at `p` is `word`. */
bool parser_word_is(const char *p, const char *word);
/* The word or character at `at`, for a sentence; returns buf. */
const char *parser_token(const char *at, char *buf, size_t size);
int node_new(struct parser *ps, enum node_op op, const char *at, u32 *ret);
int node_args(struct parser *ps, enum node_op op, const char *at, u32 a, u32 b, u32 *ret);
int node_const(struct parser *ps, const char *at, u64 bits, u8 size, bool is_signed, u32 *ret);

/* ---- expr_type.c ----------------------------------------------------------------------------- */

/* A type with its declarator at ps->p ("struct task *", "int (*)(void)"); -ENOENT and nothing taken when
 * there is none, other errors with their sentence. */
int type_parse(struct parser *ps, struct type *ret);
/* gdb's type of a register. */
struct type type_of_register(const struct reg_desc *r);

/* ---- expr_declarator.c ----------------------------------------------------------------------- */

/* What follows a base type: stars, (*)(parameters), [N]. */
int declarator_parse(struct parser *ps, struct type *t);

/* ---- expr_name.c ----------------------------------------------------------------------------- */

/* The place in the code whose names count. */
const struct scope_at *parser_scope(struct parser *ps);
/* A variable, function or symbol; NAME::NAME and 'FILE'::NAME too. */
int name_parse(struct parser *ps, u32 *ret);
/* Whether 'FILE'::NAME stands at ps->p. */
bool name_is_quoted(const struct parser *ps);
/* Whether the word of n characters is a variable or function there. */
bool name_is_variable(struct parser *ps, const char *name, struct variable *ret);
int string_parse(struct parser *ps, u32 *ret);
int float_parse(struct parser *ps, u32 *ret);
/* Whether the number at p is a float. */
bool float_at(const char *p);
/* One escape behind its backslash at *p, moved behind it; false: not known. */
bool escape_parse(const char **p, u64 *ret);

/* ---- expr_primary.c -------------------------------------------------------------------------- */

int primary_parse(struct parser *ps, u32 *ret);

/* ---- expr_call.c ----------------------------------------------------------------------------- */

/* $NAME with its arguments, the ( of which stands at ps->p. */
int call_parse(struct parser *ps, const char *at, const char *name, u32 *ret);

/* ---- expr_unary.c ---------------------------------------------------------------------------- */

/* An operand with the operators before and behind it. */
int unary_parse(struct parser *ps, u32 *ret);

/* ---- expr_parse.c ---------------------------------------------------------------------------- */

/* Whether it can stand left of =; else the sentence, which names the operator at `at`. */
int assignable_check(struct parser *ps, u32 index, const char *at, size_t n);
/* An expression, assignment included. */
int assign_parse(struct parser *ps, u32 *ret);
/* The same with commas; for the insides of ( ). */
int comma_parse(struct parser *ps, u32 *ret);

#endif
