/*
 * expr_unary.c - the operators of one operand: postfix [ ] . ->, prefix, casts, sizeof; see parser.h.
 */
#include <errno.h>
#include <string.h>
#include "eval.h"
#include "parser.h"

static int parse_index(struct parser *ps, u32 *ret)
{
	const char *at = ps->p++;
	bool no_colon = ps->no_colon;
	u32 index;
	int rc;

	ps->no_colon = false;
	rc = comma_parse(ps, &index);
	ps->no_colon = no_colon;
	if (rc)
		return rc;
	parser_blanks(ps);
	if (*ps->p != ']')
		return *ps->p ? parser_unexpected(ps, "]")
			      : parser_bad(ps, at, "this [ is never closed");
	ps->p++;
	return node_args(ps, NODE_INDEX, at, *ret, index, ret);
}

static bool is_member(const char *p)
{
	if (p[0] == '-' && p[1] == '>')
		return true;
	return *p == '.' && parser_is_name_start(p[1]);
}

static int parse_member(struct parser *ps, u32 *ret)
{
	const char *at = ps->p;
	size_t n = 0;
	u32 base = *ret;
	int rc;

	ps->p += *at == '.' ? 1 : 2;
	parser_blanks(ps);
	if (!parser_is_name_start(*ps->p))
		return parser_unexpected(ps, "the name of a member");
	while (parser_is_name(ps->p[n]))
		n++;
	rc = node_args(ps, NODE_MEMBER, at, base, 0, ret);
	if (rc)
		return rc;
	ps->e->node[*ret].name = strndup(ps->p, n);
	ps->p += n;
	return ps->e->node[*ret].name ? 0 : err_set(ps->err, ENOMEM, "no memory for the expression");
}

static bool is_step(const char *p)
{
	return (p[0] == '+' || p[0] == '-') && p[1] == p[0];
}

/* ++ and -- at `at`: x += 1 or x -= 1. */
static int step_node(struct parser *ps, const char *at, bool postfix, u32 *ret)
{
	u32 one, x = *ret;
	int rc = assignable_check(ps, x, at, 2);

	if (postfix)
		ps->p += 2;
	if (!rc)
		rc = node_const(ps, at, 1, 4, true, &one);
	if (!rc)
		rc = node_args(ps, NODE_ASSIGN, at, x, one, ret);
	if (!rc) {
		ps->e->node[*ret].assign_op = *at == '+' ? NODE_ADD : NODE_SUB;
		ps->e->node[*ret].postfix = postfix;
	}
	return rc;
}

static int parse_postfix(struct parser *ps, u32 *ret)
{
	int rc = primary_parse(ps, ret);

	while (!rc) {
		const char *end = ps->p; /* blanks not followed by [ are left to whoever comes next */

		parser_blanks(ps);
		if (*ps->p == '[') {
			rc = parse_index(ps, ret);
			continue;
		}
		if (is_step(ps->p)) {
			rc = step_node(ps, ps->p, true, ret);
			continue;
		}
		if (*ps->p == '(' && end == ps->p)
			return parser_bad(ps, ps->p, "functions of the guest cannot be called");
		if (is_member(ps->p)) {
			rc = parse_member(ps, ret);
			continue;
		}
		ps->p = end;
		break;
	}
	return rc;
}

static int parse_cast(struct parser *ps, const char *at, const struct type *type, u32 *ret)
{
	u32 a;
	int rc;

	parser_blanks(ps);
	if (*ps->p != ')')
		return parser_unexpected(ps, "the ) behind a type");
	ps->p++;
	rc = unary_parse(ps, &a);
	if (!rc)
		rc = node_args(ps, NODE_CAST, at, a, 0, ret);
	if (!rc)
		ps->e->node[*ret].type = *type;
	return rc;
}

/* (type), or an expression: the type of a whole expression in parentheses too. */
static int parse_sizeof(struct parser *ps, const char *at, u32 *ret)
{
	struct type type;
	const char *open;
	u32 a;
	int rc = -ENOENT;

	ps->p += strlen("sizeof");
	parser_blanks(ps);
	open = ps->p;
	if (*ps->p == '(') {
		ps->p++;
		rc = type_parse(ps, &type);
	}
	if (rc && rc != -ENOENT)
		return rc;
	if (!rc && *ps->p != ')')
		return parser_unexpected(ps, "the ) behind a type");
	if (!rc) {
		u64 size = type.c ? ctype_size(type.c) ?: ctype_bare(type.c)->size
			 : type.depth ? 8 : type.is_void ? 1 : type.size;

		ps->p++;
		return node_const(ps, at, size, 8, false, ret);
	}
	ps->p = open;
	rc = unary_parse(ps, &a);
	return rc ?: node_args(ps, NODE_SIZEOF, at, a, 0, ret);
}

/* gdb's {TYPE}ADDR: *(TYPE *)ADDR. */
static int parse_typed_place(struct parser *ps, const char *at, u32 *ret)
{
	const struct ctype *c;
	struct type type;
	u32 a, cast;
	int rc;

	ps->p++;
	rc = type_parse(ps, &type);
	if (rc)
		return rc == -ENOENT ? parser_unexpected(ps, "a type") : rc;
	parser_blanks(ps);
	if (*ps->p != '}')
		return parser_unexpected(ps, "the } behind a type");
	ps->p++;
	c = ctype_pointer(ps->s->types, ctype_of_type(ps->s, &type),
			  expr_pointer_size(ps->s));
	if (!c)
		return err_set(ps->err, ENOMEM, "no memory for the type");
	rc = unary_parse(ps, &a);
	if (!rc)
		rc = node_args(ps, NODE_CAST, at, a, 0, &cast);
	if (rc)
		return rc;
	ps->e->node[cast].type = type_of_ctype(c);
	return node_args(ps, NODE_DEREF, at, cast, 0, ret);
}

static int parse_prefix(struct parser *ps, enum node_op op, const char *at, u32 *ret)
{
	u32 a;
	int rc;

	if (is_step(at)) {
		ps->p += 2;
		rc = unary_parse(ps, ret);
		return rc ?: step_node(ps, at, false, ret);
	}
	if (*at == '&' && at[1] == '&')
		return parser_bad(ps, at,
				  "a number, register, symbol or ( was expected, not \"&&\"");
	ps->p++;
	rc = unary_parse(ps, &a);
	return rc ?: node_args(ps, op, at, a, 0, ret);
}

static int parse_unary_at(struct parser *ps, u32 *ret)
{
	static const struct {
		char c;
		u8 op;
	} prefixes[] = { { '-', NODE_NEG },   { '+', NODE_PLUS },  { '!', NODE_NOT },
			 { '~', NODE_COMPL }, { '*', NODE_DEREF }, { '&', NODE_ADDR } };
	const char *at = ps->p;
	struct type type;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (*at == prefixes[i].c)
			return parse_prefix(ps, prefixes[i].op, at, ret);
	if (*at == '(') {
		int rc;

		ps->p++;
		rc = type_parse(ps, &type);
		if (rc != -ENOENT)
			return rc ?: parse_cast(ps, at, &type, ret);
		ps->p = at;
	}
	if (*at == '{')
		return parse_typed_place(ps, at, ret);
	if (parser_word_is(at, "sizeof"))
		return parse_sizeof(ps, at, ret);
	return parse_postfix(ps, ret);
}

int unary_parse(struct parser *ps, u32 *ret)
{
	int rc;

	parser_blanks(ps);
	if (++ps->depth > EXPR_DEPTH_MAX)
		return parser_bad(ps, ps->p, "the expression is nested too deeply");
	rc = parse_unary_at(ps, ret);
	ps->depth--;
	return rc;
}
