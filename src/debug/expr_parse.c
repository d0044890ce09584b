/*
 * expr_parse.c - text to a tree, by recursive descent with one table of binary operators: from
 * those up to assignment; see expr.h.
 */
#include <string.h>
#include "eval.h"
#include "parser.h"

/* Longest first where one is the start of another. gdb's place for @: looser than + and -. */
static const struct binary {
	const char *text;
	u8 op, level;
} binaries[] = {
	{ "||", NODE_LOR, 1 }, { "&&", NODE_LAND, 2 },  { "==", NODE_EQ, 6 },
	{ "!=", NODE_NE, 6 },  { "<<", NODE_SHL, 8 },   { ">>", NODE_SHR, 8 },
	{ "<=", NODE_LE, 7 },  { ">=", NODE_GE, 7 },    { "<", NODE_LT, 7 },
	{ ">", NODE_GT, 7 },   { "|", NODE_OR, 3 },     { "^", NODE_XOR, 4 },
	{ "&", NODE_AND, 5 },  { "@", NODE_REPEAT, 9 }, { "+", NODE_ADD, 10 },
	{ "-", NODE_SUB, 10 }, { "*", NODE_MUL, 11 },   { "/", NODE_DIV, 11 },
	{ "%", NODE_MOD, 11 },
};

/* The operator at ps->p, unless it is an assignment (op=); NULL if none. */
static const struct binary *binary_at(const struct parser *ps)
{
	for (size_t i = 0; i < ARRAY_SIZE(binaries); i++) {
		const struct binary *b = &binaries[i];
		size_t n = strlen(b->text);

		if (strncmp(ps->p, b->text, n))
			continue;
		if (ps->p[n] == '=' && b->op != NODE_LT && b->op != NODE_GT && b->level != 6 &&
		    b->level != 7)
			return NULL;
		return b;
	}
	return NULL;
}

static int parse_binary(struct parser *ps, unsigned level, u32 *ret)
{
	int rc = unary_parse(ps, ret);

	while (!rc) {
		const char *end = ps->p, *at;
		const struct binary *b;
		u32 right;

		parser_blanks(ps);
		at = ps->p;
		b = binary_at(ps);
		if (!b || b->level < level) {
			ps->p = end;
			break;
		}
		ps->p += strlen(b->text);
		rc = parse_binary(ps, b->level + 1, &right);
		if (!rc)
			rc = node_args(ps, b->op, at, *ret, right, ret);
	}
	return rc;
}

static int parse_segoff(struct parser *ps, u32 *ret)
{
	int rc = parse_binary(ps, 1, ret);
	const char *end = ps->p, *at;
	u32 off;

	if (rc || ps->no_colon)
		return rc;
	parser_blanks(ps);
	at = ps->p;
	if (*at != ':') {
		ps->p = end;
		return 0;
	}
	ps->p++;
	rc = parse_binary(ps, 1, &off);
	return rc ?: node_args(ps, NODE_SEGOFF, at, *ret, off, ret);
}

static int parse_conditional(struct parser *ps, u32 *ret)
{
	const char *end, *at;
	bool no_colon = ps->no_colon;
	u32 yes, no, cond;
	int rc = parse_segoff(ps, ret);

	if (rc)
		return rc;
	end = ps->p;
	parser_blanks(ps);
	at = ps->p;
	if (*at != '?') {
		ps->p = end;
		return 0;
	}
	ps->p++;
	ps->no_colon = true;
	rc = assign_parse(ps, &yes);
	ps->no_colon = no_colon;
	if (rc)
		return rc;
	parser_blanks(ps);
	if (*ps->p != ':')
		return parser_unexpected(ps, "the : that belongs to ?");
	ps->p++;
	cond = *ret;
	rc = assign_parse(ps, &no);
	if (!rc)
		rc = node_args(ps, NODE_COND, at, cond, yes, ret);
	if (!rc)
		ps->e->node[*ret].arg[2] = no;
	return rc;
}

static bool is_assignable(const struct node *n)
{
	return n->op == NODE_REG || n->op == NODE_PC || n->op == NODE_VAR || n->op == NODE_DEREF ||
	       n->op == NODE_INDEX || n->op == NODE_MEMBER || n->op == NODE_NAME;
}

/* `=` or `op=` at p: its operator and length; 0 if it is none. */
static size_t assignment_at(const char *p, u8 *ret_op)
{
	*ret_op = NODE_ASSIGN;
	if (p[0] == '=' && p[1] != '=')
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(binaries); i++) {
		const struct binary *b = &binaries[i];
		size_t n = strlen(b->text);

		if (b->level >= 3 && b->level != 6 && b->level != 7 && b->op != NODE_REPEAT &&
		    !strncmp(p, b->text, n) && p[n] == '=' && p[n + 1] != '=') {
			*ret_op = b->op;
			return n + 1;
		}
	}
	return 0;
}

int assignable_check(struct parser *ps, u32 index, const char *at, size_t n)
{
	const struct node *node = &ps->e->node[index];

	if (node->op == NODE_SYMBOL)
		return parser_bad(
			ps, at,
			"a symbol is an address; to write to the memory there say *(u32*)NAME = ...");
	if (!is_assignable(node))
		return parser_bad(
			ps, at, "what %s %.*s is neither a register, a variable nor memory",
			n == 2 && at[0] == at[1] ? "stands at" : "is left of", (int)n, at);
	return 0;
}

static int parse_assign_at(struct parser *ps, u32 *ret)
{
	int rc = parse_conditional(ps, ret);
	const char *end = ps->p, *at;
	u32 right;
	size_t n;
	u8 op;

	if (rc)
		return rc;
	parser_blanks(ps);
	at = ps->p;
	n = assignment_at(at, &op);
	if (!n) {
		ps->p = end;
		return 0;
	}
	rc = assignable_check(ps, *ret, at, n);
	if (rc)
		return rc;
	ps->p += n;
	rc = assign_parse(ps, &right);
	if (!rc)
		rc = node_args(ps, NODE_ASSIGN, at, *ret, right, ret);
	if (!rc)
		ps->e->node[*ret].assign_op = op;
	return rc;
}

int assign_parse(struct parser *ps, u32 *ret)
{
	int rc;

	if (++ps->depth > EXPR_DEPTH_MAX)
		return parser_bad(ps, ps->p, "the expression is nested too deeply");
	rc = parse_assign_at(ps, ret);
	ps->depth--;
	return rc;
}

int comma_parse(struct parser *ps, u32 *ret)
{
	int rc = assign_parse(ps, ret);

	while (!rc) {
		const char *end = ps->p, *at;
		u32 right;

		parser_blanks(ps);
		at = ps->p;
		if (*at != ',') {
			ps->p = end;
			break;
		}
		ps->p++;
		rc = assign_parse(ps, &right);
		if (!rc)
			rc = node_args(ps, NODE_COMMA, at, *ret, right, ret);
	}
	return rc;
}
