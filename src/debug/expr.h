/*
 * expr.h - the compiled expression: written by expr_parse.c, run by expr_eval.c. Inside src/debug/.
 */
#ifndef VMSTEP_DEBUG_EXPR_H
#define VMSTEP_DEBUG_EXPR_H

#include <vmstep/scope.h>
#include "private.h"

enum { EXPR_NODES_MAX = 2000 /* also bounds the evaluation's recursion */, EXPR_DEPTH_MAX = 200 };

/* A scalar (depth 0) or a pointer to one (depth 1) or to a pointer (more). size 0 of a pointer's
 * target: void or unknown. */
struct type {
	u8 size;
	bool is_signed;
	u8 depth;
	bool is_void;
	bool symbol; /* a symbol's address: `+` counts bytes, an unknown size is an error of its own */
	/* The C type, the rest says the same as far as it can; NULL: an integer or pointer without a
	 * C type of its own. Structures, arrays, functions have size 0 here. */
	const struct ctype *c;
};

enum node_op {
	NODE_CONST,
	NODE_FLOAT,
	NODE_STRING,
	NODE_SYMBOL,
	NODE_NAME,    /* a variable of the debug information */
	NODE_REG,
	NODE_PC,
	NODE_VAR,
	NODE_HISTORY,
	NODE_DEREF,
	NODE_INDEX,
	NODE_MEMBER, /* . and ->, which mean the same here as in gdb */
	NODE_ADDR,
	NODE_CAST,
	NODE_SIZEOF, /* of an expression */
	NODE_NEG,
	NODE_PLUS,
	NODE_NOT,
	NODE_COMPL,
	NODE_MUL,
	NODE_DIV,
	NODE_MOD,
	NODE_ADD,
	NODE_SUB,
	NODE_REPEAT,
	NODE_SHL,
	NODE_SHR,
	NODE_LT,
	NODE_GT,
	NODE_LE,
	NODE_GE,
	NODE_EQ,
	NODE_NE,
	NODE_AND,
	NODE_XOR,
	NODE_OR,
	NODE_LAND,
	NODE_LOR,
	NODE_COND,
	NODE_SEGOFF,
	NODE_ASSIGN,
	NODE_CALL,  /* of a convenience function */
	NODE_COMMA,
};

struct node {
	u8 op;            /* enum node_op */
	bool postfix;     /* NODE_ASSIGN: of x++ and x--, whose value is the old one */
	u8 assign_op;     /* NODE_ASSIGN: of op=, else NODE_ASSIGN; NODE_CALL: which function */
	u16 column;       /* for the sentence of an error */
	struct type type; /* NODE_CONST, NODE_FLOAT, NODE_STRING, NODE_SYMBOL, NODE_CAST */
	char *name;       /* NODE_VAR, NODE_MEMBER; owned */
	union {
		u32 arg[3]; /* operands, indices into node[] */
		u64 bits;   /* NODE_CONST, NODE_SYMBOL; NODE_FLOAT: of a double */
		const u8 *string; /* NODE_STRING; kept by the session */
		const struct reg_desc *reg;
		struct variable *var; /* NODE_NAME; owned */
		struct {
			bool absolute; /* $N; else N back from the last */
			u32 number;
		} history;
	};
};

struct expr {
	struct node *node;
	u32 n, cap, root;
	bool is_local; /* names something of a function */
};

/* Bytes of a pointer of the guest's language. */
static inline unsigned expr_pointer_size(const struct session *s)
{
	return ctype_pointer_size(s ? s->symbols : NULL) ?: 8;
}

/* expr_parse_prefix() of `start`, which lies in `text`: columns are counted from text. Names are
 * those of `scope`, NULL: of the selected frame. */
int expr_parse_at(struct session *s, const char *text, const char *start,
		  const struct scope_at *scope, struct expr **ret, const char **ret_end,
		  struct err *err);

/* Whether evaluating it changes something. */
bool expr_assigns(const struct expr *e);

#endif
