/*
 * expr.h - the compiled expression: written by expr_parse.c, run by expr_eval.c. Inside src/debug/.
 */
#ifndef VMSTEP_DEBUG_EXPR_H
#define VMSTEP_DEBUG_EXPR_H

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
};

enum node_op {
	NODE_CONST,
	NODE_SYMBOL,
	NODE_REG,
	NODE_PC,
	NODE_VAR,
	NODE_HISTORY,
	NODE_DEREF,
	NODE_ADDR,
	NODE_CAST,
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
};

struct node {
	u8 op;            /* enum node_op */
	u8 assign_op;     /* NODE_ASSIGN: of op=, else NODE_ASSIGN */
	u16 column;       /* for the sentence of an error */
	struct type type; /* NODE_CONST, NODE_SYMBOL, NODE_CAST */
	union {
		u32 arg[3]; /* operands, indices into node[] */
		u64 bits;   /* NODE_CONST, NODE_SYMBOL */
		const struct reg_desc *reg;
		char *name; /* NODE_VAR; owned */
		struct {
			bool absolute; /* $N; else N back from the last */
			u32 number;
		} history;
	};
};

struct expr {
	struct node *node;
	u32 n, cap, root;
};

/* expr_parse_prefix() of `start`, which lies in `text`: columns are counted from text. */
int expr_parse_at(struct session *s, const char *text, const char *start, struct expr **ret,
		  const char **ret_end, struct err *err);

#endif
