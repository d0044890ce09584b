/* expr_node.c - what all files of the expression parser use: sentences with columns, words,
 * nodes. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "parser.h"

/* In the user's text, also where macros have been replaced. */
static size_t column_of(const struct parser *ps, const char *at)
{
	bool inside;
	size_t n = at - ps->text;

	return 1 + (ps->expanded ? expr_text_original(ps->expanded, n, &inside) : n);
}

int parser_bad(struct parser *ps, const char *at, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(ps->err, EINVAL, "column %zu: %s", column_of(ps, at), text);
}

void parser_blanks(struct parser *ps)
{
	while (*ps->p == ' ' || *ps->p == '\t')
		ps->p++;
}

bool parser_is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

bool parser_is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* What stands at `at`, for a sentence: a word or one character. */
const char *parser_token(const char *at, char *buf, size_t size)
{
	size_t n = 0;

	while (parser_is_name(at[n]) || (!n && at[n] == '$'))
		n++;
	if (!n)
		n = 1;
	snprintf(buf, size, "%.*s", (int)(n < size ? n : size - 1), at);
	return buf;
}

int parser_unexpected(struct parser *ps, const char *wanted)
{
	char word[60];

	if (!*ps->p)
		return parser_bad(ps, ps->p, "%s was expected, but the text ends here", wanted);
	return parser_bad(ps, ps->p, "%s was expected, not \"%s\"", wanted,
			  parser_token(ps->p, word, sizeof(word)));
}

/* ---- nodes ----------------------------------------------------------------------------------- */

int node_new(struct parser *ps, enum node_op op, const char *at, u32 *ret)
{
	struct expr *e = ps->e;

	if (e->n == EXPR_NODES_MAX)
		return parser_bad(ps, at, "the expression is too long");
	if (e->n == e->cap) {
		u32 cap = e->cap ? e->cap * 2 : 8;
		struct node *p = realloc(e->node, cap * sizeof(*p));

		if (!p)
			return err_set(ps->err, ENOMEM, "no memory for the expression");
		e->node = p;
		e->cap = cap;
	}
	e->node[e->n] = (struct node){ .op = op, .column = column_of(ps, at) };
	*ret = e->n++;
	return 0;
}

int node_args(struct parser *ps, enum node_op op, const char *at, u32 a, u32 b, u32 *ret)
{
	int rc = node_new(ps, op, at, ret);

	if (!rc) {
		ps->e->node[*ret].arg[0] = a;
		ps->e->node[*ret].arg[1] = b;
	}
	return rc;
}

int node_const(struct parser *ps, const char *at, u64 bits, u8 size, bool is_signed, u32 *ret)
{
	int rc = node_new(ps, NODE_CONST, at, ret);

	if (!rc) {
		ps->e->node[*ret].bits = bits;
		ps->e->node[*ret].type = (struct type){ .size = size, .is_signed = is_signed };
	}
	return rc;
}

bool parser_word_is(const char *p, const char *word)
{
	size_t n = strlen(word);

	return !strncmp(p, word, n) && !parser_is_name(p[n]);
}
