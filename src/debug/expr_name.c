/* expr_name.c - names in expressions: variables and functions of the debug information where there is
 * some, else symbols; and strings and floats. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/unwind.h>
#include "parser.h"

const struct scope_at *parser_scope(struct parser *ps)
{
	const struct frame *f;

	if (ps->has_scope)
		return &ps->scope;
	ps->has_scope = true;
	ps->scope = (struct scope_at){ .inline_depth = SCOPE_INNERMOST };
	if (ps->s && session_has_guest(ps->s) && !frame_selected(ps->s, &f, NULL))
		ps->scope = (struct scope_at){ true, f->lookup, f->inline_depth };
	return &ps->scope;
}

bool name_is_variable(struct parser *ps, const char *name, struct variable *ret)
{
	struct symbols *symbols = ps->s ? session_symbols(ps->s) : NULL;

	return symbols && variable_find(symbols, parser_scope(ps), name, ret);
}

static int name_node(struct parser *ps, const char *at, const struct variable *v, u32 *ret)
{
	int rc = node_new(ps, NODE_NAME, at, ret);
	struct variable *copy = rc ? NULL : malloc(sizeof(*copy));

	if (!rc && !copy) {
		ps->e->node[*ret].op = NODE_CONST;
		rc = err_set(ps->err, ENOMEM, "no memory for the expression");
	}
	if (rc)
		return rc;
	*copy = *v;
	ps->e->node[*ret].var = copy;
	ps->e->is_local |= v->kind == VARIABLE_LOCAL || v->kind == VARIABLE_PARAMETER;
	return 0;
}

/* ---- symbols --------------------------------------------------------------------------------- */

/* Characters of symbols: also compilers' suffixes (foo.part.0) and versions of local names. */
static bool is_symbol_char(const char *p)
{
	return parser_is_name(*p) || *p == '$' || (*p == '.' && parser_is_name(p[1]));
}

static int parse_symbol(struct parser *ps, u32 *ret)
{
	const char *at = ps->p;
	struct symbols *symbols = ps->s ? session_symbols(ps->s) : NULL;
	const struct symbol *sym;
	char name[512];
	size_t n = 0;
	int rc;

	while (is_symbol_char(at + n))
		n++;
	snprintf(name, sizeof(name), "%.*s", (int)n, at);
	sym = symbols && n < sizeof(name) ? symbols_find(symbols, name) : NULL;
	if (!sym && !symbols)
		return parser_bad(
			ps, at,
			"there is no symbol \"%.100s\", as no symbols are loaded; see --symbols",
			name);
	if (!sym)
		return parser_bad(ps, at,
				  "there is no symbol \"%.100s\"; registers are written $%.100s",
				  name, name);
	ps->p += n;
	rc = node_new(ps, NODE_SYMBOL, at, ret);
	if (rc)
		return rc;
	ps->e->node[*ret].bits = sym->addr;
	ps->e->node[*ret].type = (struct type){ .depth = 1, .symbol = true };
	if (sym->size == 1 || sym->size == 2 || sym->size == 4 || sym->size == 8)
		ps->e->node[*ret].type.size = sym->size;
	return 0;
}

/* ---- names of the debug information ---------------------------------------------------------- */

static size_t word_length(const char *p)
{
	size_t n = 0;

	while (parser_is_name(p[n]))
		n++;
	return n;
}

bool name_is_quoted(const struct parser *ps)
{
	const char *end = strchr(ps->p + 1, '\'');

	return end && end > ps->p + 1 && end[1] == ':' && end[2] == ':' &&
	       parser_is_name_start(end[3]);
}

/* SCOPE::NAME where the scope's text lies before `colons`. */
static int parse_scoped(struct parser *ps, const char *scope, size_t n_scope, const char *colons,
			u32 *ret)
{
	struct symbols *symbols = ps->s ? session_symbols(ps->s) : NULL;
	const char *at = ps->p, *name = colons + 2;
	size_t n = word_length(name);
	char in[300], what[300];
	struct variable v;

	if (!parser_is_name_start(*name) || n >= sizeof(what) || n_scope >= sizeof(in))
		return parser_bad(ps, name, "a name was expected behind ::");
	snprintf(in, sizeof(in), "%.*s", (int)n_scope, scope);
	snprintf(what, sizeof(what), "%.*s", (int)n, name);
	if (!symbols || !variable_find_in(symbols, in, what, &v))
		return parser_bad(ps, at, "there is no variable \"%s\" in \"%s\"", what, in);
	ps->p = name + n;
	return name_node(ps, at, &v, ret);
}

int name_parse(struct parser *ps, u32 *ret)
{
	const char *at = ps->p;
	size_t n = word_length(at);
	struct variable v;
	char name[300];

	if (*at == '\'') {
		const char *end = strchr(at + 1, '\'');

		return parse_scoped(ps, at + 1, end - at - 1, end + 1, ret);
	}
	if (at[n] == ':' && at[n + 1] == ':' && parser_is_name_start(at[n + 2]))
		return parse_scoped(ps, at, n, at + n, ret);
	if (parser_word_is(at, "struct") || parser_word_is(at, "union") ||
	    parser_word_is(at, "enum"))
		return parser_bad(ps, at, "a type is no value; see ptype, whatis and sizeof");
	snprintf(name, sizeof(name), "%.*s", (int)n, at);
	if (n >= sizeof(name) || !name_is_variable(ps, name, &v))
		return parse_symbol(ps, ret);
	ps->p += n;
	return name_node(ps, at, &v, ret);
}

/* ---- strings --------------------------------------------------------------------------------- */

bool escape_parse(const char **p, u64 *ret)
{
	static const char from[] = "abtnvfre\\'\"", to[] = "\a\b\t\n\v\f\r\033\\'\"";
	const char *hit;

	if (**p >= '0' && **p <= '7') {
		*ret = 0;
		for (unsigned i = 0; i < 3 && **p >= '0' && **p <= '7'; i++)
			*ret = (u8)(*ret * 8 + (*(*p)++ - '0'));
		return true;
	}
	if (**p == 'x' && isxdigit((unsigned char)(*p)[1])) {
		*ret = 0;
		for (++*p; isxdigit((unsigned char)**p); ++*p)
			*ret = (u8)(*ret << 4 | (**p <= '9' ? **p - '0' : (**p | 0x20) - 'a' + 10));
		return true;
	}
	hit = **p ? strchr(from, **p) : NULL;
	if (!hit)
		return false;
	*ret = (u8)to[hit - from];
	++*p;
	return true;
}

static int string_take(struct parser *ps, struct strbuf *out)
{
	const char *at = ps->p++;
	u64 c;

	while (*ps->p && *ps->p != '"') {
		if (*ps->p != '\\') {
			strbuf_addc(out, *ps->p++);
			continue;
		}
		ps->p++;
		if (!escape_parse(&ps->p, &c))
			return parser_bad(ps, ps->p - 1, "this escape is not known");
		strbuf_addc(out, c);
	}
	if (*ps->p != '"')
		return parser_bad(ps, at, "this string is never closed");
	ps->p++;
	return 0;
}

int string_parse(struct parser *ps, u32 *ret)
{
	const char *at = ps->p, *end;
	const struct ctype *type;
	struct strbuf text;
	int rc;

	strbuf_init(&text);
	do { /* neighbours are one string, as in C */
		rc = string_take(ps, &text);
		end = ps->p;
		parser_blanks(ps);
	} while (!rc && *ps->p == '"');
	ps->p = end;
	if (!rc && !ps->s)
		rc = parser_bad(ps, at, "strings need a session");
	if (!rc)
		rc = node_new(ps, NODE_STRING, at, ret);
	if (!rc) {
		type = ctype_array(ps->s->types, ctype_builtin("char"), text.n + 1);
		ps->e->node[*ret].type = (struct type){ .c = type };
		ps->e->node[*ret].string = session_keep(ps->s, strbuf_str(&text), text.n + 1, ps->err);
		if (!type || !ps->e->node[*ret].string)
			rc = -ENOMEM;
	}
	strbuf_deinit(&text);
	return rc;
}

/* ---- floats ---------------------------------------------------------------------------------- */

bool float_at(const char *p)
{
	size_t n = strspn(p, "0123456789");

	if (p[n] == '.' && !parser_is_name_start(p[n + 1]) && p[n + 1] != '.')
		return n || isdigit((unsigned char)p[1]);
	if (p[n] == '.' && n && (p[n + 1] == 'e' || p[n + 1] == 'E' || p[n + 1] == 'f'))
		return true;
	if (!n || (p[n] != 'e' && p[n] != 'E'))
		return false;
	p += n + 1;
	if (*p == '+' || *p == '-')
		p++;
	return isdigit((unsigned char)*p);
}

int float_parse(struct parser *ps, u32 *ret)
{
	const char *at = ps->p;
	char *end;
	double d = strtod(at, &end);
	float f = d;
	u32 word;
	bool narrow = *end == 'f' || *end == 'F';
	int rc;

	ps->p = end + (narrow || *end == 'l' || *end == 'L');
	if (parser_is_name(*ps->p))
		return parser_bad(ps, at, "this is no number");
	rc = node_new(ps, NODE_FLOAT, at, ret);
	if (rc)
		return rc;
	memcpy(&ps->e->node[*ret].bits, &d, sizeof(d));
	memcpy(&word, &f, sizeof(f));
	if (narrow)
		ps->e->node[*ret].bits = word;
	ps->e->node[*ret].type = (struct type){ .size = narrow ? 4 : 8, .is_signed = true,
						.c = ctype_builtin(narrow ? "float" : "double") };
	return 0;
}
