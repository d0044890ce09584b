/* expr_primary.c - numbers, characters, registers, variables, history and symbols in
 * expressions. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>
#include "parser.h"

/* ... NUMBER:NUMBER: at least one digit each, up to 4 and 8 of them. */
static bool scan_hex(const char **p, unsigned max, u64 *ret)
{
	unsigned n = 0;
	u64 v = 0;

	if ((*p)[0] == '0' && ((*p)[1] == 'x' || (*p)[1] == 'X'))
		*p += 2;
	for (; isxdigit((unsigned char)**p) && n <= max; n++, (*p)++)
		v = v << 4 | (**p <= '9' ? **p - '0' : (**p | 0x20) - 'a' + 10);
	*ret = v;
	return n && n <= max;
}

static bool names_symbol(struct parser *ps, const char *from, const char *to)
{
	char name[16];

	snprintf(name, sizeof(name), "%.*s", (int)(to - from), from);
	return parser_is_name_start(*from) && ps->s && session_symbols(ps->s) &&
	       symbols_find(session_symbols(ps->s), name);
}

/* 0 and *ret where a bare SEG:OFF stands; -ENOENT where not. */
static int parse_segoff_constant(struct parser *ps, u32 *ret)
{
	const char *p = ps->p, *at = ps->p;
	u64 seg, off;
	u32 a, b;
	int rc;

	if (ps->no_colon || !scan_hex(&p, 4, &seg) || *p != ':' || names_symbol(ps, at, p))
		return -ENOENT;
	p++;
	if (!scan_hex(&p, 8, &off) || parser_is_name(*p))
		return -ENOENT;
	rc = node_const(ps, at, seg, 2, false, &a);
	if (!rc)
		rc = node_const(ps, at, off, 4, false, &b);
	if (!rc)
		rc = node_args(ps, NODE_SEGOFF, at, a, b, ret);
	ps->p = p;
	return rc;
}

static int parse_number(struct parser *ps, u32 *ret)
{
	const char *at = ps->p, *end;
	bool is_unsigned = false, is_long = false;
	char word[60];
	u64 v;
	int rc = number_scan(at, &end, &v);

	if (rc == -ERANGE)
		return parser_bad(ps, at, "the number does not fit in 64 bits");
	for (; !rc && (*end == 'u' || *end == 'U' || *end == 'l' || *end == 'L'); end++)
		*end == 'u' || *end == 'U' ? (is_unsigned = true) : (is_long = true);
	if (rc || parser_is_name(*end))
		return parser_bad(ps, at, "\"%s\" is not a number; hexadecimal is written 0x...",
				  parser_token(at, word, sizeof(word)));
	ps->p = end;
	return node_const(ps, at, v, v > INT32_MAX || is_long ? 8 : 4,
			  !is_unsigned && v <= INT64_MAX, ret);
}

static int parse_char(struct parser *ps, u32 *ret)
{
	const char *at = ps->p++;
	u64 v;
	int rc;

	if (*ps->p == '\\' && ps->p[1] == 'x') {
		ps->p += 2;
		if (!scan_hex(&ps->p, 2, &v))
			return parser_bad(
				ps, at,
				"\\x in a character constant needs one or two hexadecimal digits");
	} else if (*ps->p == '\\') {
		const char *bad = ps->p++;

		if (!escape_parse(&ps->p, &v))
			return parser_bad(
				ps, bad,
				"this escape is not known; \\n \\t \\0 \\\\ \\' \\xNN are");
	} else {
		if (!*ps->p || *ps->p == '\'')
			return parser_bad(
				ps, at,
				"a character constant is one character between quotes, as in 'a'");
		v = (u8)*ps->p++;
	}
	if (*ps->p != '\'')
		return parser_bad(
			ps, at, "a character constant is one character between quotes, as in 'a'");
	ps->p++;
	rc = node_const(ps, at, (s64)(s8)v, 1, true, ret);
	if (!rc)
		ps->e->node[*ret].type.c = ctype_builtin("char");
	return rc;
}

static int parse_history(struct parser *ps, const char *at, bool absolute, u32 *ret)
{
	u64 number = absolute ? 0 : ps->p - at - 1; /* $ 0, $$ 1 back */
	const char *end = ps->p;
	int rc;

	if (isdigit((unsigned char)*ps->p)) {
		number = strtoull(ps->p, (char **)&end, 10);
		ps->p = end;
	}
	if (parser_is_name(*end) || number > UINT32_MAX)
		return parser_bad(ps, at,
				  "a value of the history is written $N or $$N with a decimal N");
	rc = node_new(ps, NODE_HISTORY, at, ret);
	if (!rc) {
		ps->e->node[*ret].history.absolute = absolute;
		ps->e->node[*ret].history.number = number;
	}
	return rc;
}

static int parse_register(struct parser *ps, const char *at, const char *name, u32 *ret)
{
	const struct reg_desc *reg = reg_find(name);
	int rc;

	if (!strcasecmp(name, "pc"))
		return node_new(ps, NODE_PC, at, ret);
	if (reg && reg->size > 8)
		return parser_bad(
			ps, at,
			"$%s is wider than 64 bits and cannot be used in an expression; see info all-registers",
			name);
	rc = node_new(ps, reg ? NODE_REG : NODE_VAR, at, ret);
	if (rc)
		return rc;
	if (reg) {
		ps->e->node[*ret].reg = reg;
		ps->e->node[*ret].type = type_of_register(reg);
	} else {
		ps->e->node[*ret].name = strdup(name);
	}
	return reg || ps->e->node[*ret].name
		       ? 0
		       : err_set(ps->err, ENOMEM, "no memory for the expression");
}

static int parse_dollar(struct parser *ps, u32 *ret)
{
	const char *at = ps->p++;
	char name[64];
	size_t n = 0;

	if (*ps->p == '$')
		ps->p++;
	else if (isdigit((unsigned char)*ps->p))
		return parse_history(ps, at, true, ret);
	if (!parser_is_name_start(*ps->p))
		return parse_history(ps, at, false, ret);
	if (ps->p[-1] == '$' && ps->p - at == 2)
		return parser_bad(ps, at, "a name has one $");
	while (parser_is_name(ps->p[n]))
		n++;
	if (n >= sizeof(name))
		return parser_bad(ps, at,
				  "the name of this variable is too long (at most %zu characters)",
				  sizeof(name) - 1);
	memcpy(name, ps->p, n);
	name[n] = '\0';
	ps->p += n;
	if (*ps->p == '(' && !reg_find(name))
		return call_parse(ps, at, name, ret);
	return parse_register(ps, at, name, ret);
}

static int parse_paren(struct parser *ps, u32 *ret)
{
	const char *at = ps->p++;
	bool no_colon = ps->no_colon;
	int rc;

	ps->no_colon = false;
	rc = comma_parse(ps, ret);
	ps->no_colon = no_colon;
	if (rc)
		return rc;
	parser_blanks(ps);
	if (*ps->p != ')')
		return *ps->p ? parser_unexpected(ps, "an operator or )")
			      : parser_bad(ps, at, "this ( is never closed");
	ps->p++;
	return 0;
}

int primary_parse(struct parser *ps, u32 *ret)
{
	int rc;

	parser_blanks(ps);
	rc = isxdigit((unsigned char)*ps->p) ? parse_segoff_constant(ps, ret) : -ENOENT;
	if (rc != -ENOENT)
		return rc;
	if (float_at(ps->p))
		return float_parse(ps, ret);
	if (isdigit((unsigned char)*ps->p))
		return parse_number(ps, ret);
	if (*ps->p == '\'')
		return name_is_quoted(ps) ? name_parse(ps, ret) : parse_char(ps, ret);
	if (*ps->p == '"')
		return string_parse(ps, ret);
	if (*ps->p == '$')
		return parse_dollar(ps, ret);
	if (*ps->p == '(')
		return parse_paren(ps, ret);
	if (parser_is_name_start(*ps->p))
		return name_parse(ps, ret);
	return parser_unexpected(ps, "a number, register, symbol or (");
}
