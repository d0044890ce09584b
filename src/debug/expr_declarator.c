/* expr_declarator.c - what follows the base of a type in a cast: stars, (*)(parameters), [N]. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "eval.h"
#include "parser.h"

enum { PARAMETERS_MAX = 16, DEPTH_MAX = 20 };

static int no_memory(struct parser *ps)
{
	return err_set(ps->err, ENOMEM, "no memory for a type");
}

static bool take_qualifier(struct parser *ps, enum ctype_kind *ret)
{
	static const struct {
		const char *word;
		u8 kind;
	} words[] = { { "const", CTYPE_CONST }, { "volatile", CTYPE_VOLATILE },
		      { "restrict", CTYPE_RESTRICT } };

	parser_blanks(ps);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (parser_word_is(ps->p, words[i].word)) {
			ps->p += strlen(words[i].word);
			*ret = words[i].kind;
			return true;
		}
	return false;
}

/* The ) that belongs to the ( at p; NULL if none. */
static const char *closing(const char *p)
{
	unsigned depth = 0;

	for (; *p; p++) {
		if (*p == '(')
			depth++;
		else if (*p == ')' && !--depth)
			return p;
	}
	return NULL;
}

static int declare(struct parser *ps, const struct ctype **t, unsigned depth);

static int parameters(struct parser *ps, const struct ctype **t)
{
	const struct ctype *list[PARAMETERS_MAX];
	unsigned n = 0;
	bool varargs = false, prototyped = false;
	struct type one;

	ps->p++;
	parser_blanks(ps);
	while (*ps->p != ')') {
		int rc;

		if (n == PARAMETERS_MAX)
			return parser_bad(ps, ps->p, "so many parameters are too many");
		prototyped = true;
		if (!strncmp(ps->p, "...", 3)) {
			varargs = true;
			ps->p += 3;
		} else {
			rc = type_parse(ps, &one);
			if (rc == -ENOENT)
				return parser_unexpected(ps, "the type of a parameter");
			if (rc)
				return rc;
			if (!one.is_void || one.depth)
				list[n++] = ctype_of_type(ps->s, &one);
		}
		parser_blanks(ps);
		if (*ps->p == ',')
			ps->p++;
		else if (*ps->p != ')')
			return parser_unexpected(ps, "the ) behind the parameters");
		parser_blanks(ps);
	}
	ps->p++;
	*t = ctype_function(ps->s->types, *t, list, n, prototyped, varargs);
	return *t ? 0 : no_memory(ps);
}

/* [2][3] is two of three: the last is the element's. */
static int suffix(struct parser *ps, const struct ctype **t, unsigned depth)
{
	u64 count;
	char *end;
	int rc;

	parser_blanks(ps);
	if (*ps->p == '(')
		return parameters(ps, t);
	if (*ps->p != '[')
		return 0;
	if (depth > DEPTH_MAX)
		return parser_bad(ps, ps->p, "the type is nested too deeply");
	count = strtoull(ps->p + 1, &end, 0);
	if (end == ps->p + 1 || *end != ']')
		return parser_bad(ps, ps->p, "the number of elements was expected, as in [16]");
	ps->p = end + 1;
	rc = suffix(ps, t, depth + 1);
	if (rc)
		return rc;
	if (count > INT32_MAX || ctype_size(*t) * count > INT32_MAX)
		return parser_bad(ps, ps->p, "the array is too large");
	*t = ctype_array(ps->s->types, *t, count);
	return *t ? 0 : no_memory(ps);
}

static int stars(struct parser *ps, const struct ctype **t, unsigned depth)
{
	enum ctype_kind kind;

	for (unsigned n = 0;; n++) {
		if (n > DEPTH_MAX)
			return parser_bad(ps, ps->p, "the type is nested too deeply");
		if (take_qualifier(ps, &kind))
			*t = ctype_qualified(ps->s->types, *t, kind);
		else if (*ps->p == '*' && ps->p++)
			*t = ctype_pointer(ps->s->types, *t, expr_pointer_size(ps->s));
		else
			return 0;
		if (!*t)
			return no_memory(ps);
	}
}

static int declare(struct parser *ps, const struct ctype **t, unsigned depth)
{
	const char *inner, *end;
	int rc = stars(ps, t, depth);

	if (rc)
		return rc;
	inner = ps->p;
	if (*inner != '(' || inner[1 + strspn(inner + 1, " \t")] != '*')
		return suffix(ps, t, depth);
	end = closing(inner);
	if (!end || depth > DEPTH_MAX)
		return parser_bad(ps, inner, "this ( is never closed");
	ps->p = end + 1;
	rc = suffix(ps, t, depth);
	end = ps->p;
	ps->p = inner + 1;
	if (!rc)
		rc = declare(ps, t, depth + 1);
	parser_blanks(ps);
	if (!rc && *ps->p != ')')
		return parser_unexpected(ps, "the ) of the declarator");
	ps->p = end;
	return rc;
}

/* Types that have no C type keep none with stars alone, so that they read as they always did. */
static bool plain_stars(struct parser *ps, struct type *t)
{
	const char *p = ps->p;
	unsigned n = 0;

	for (; *p == '*' || *p == ' ' || *p == '\t'; p++)
		n += *p == '*';
	if (t->c || *p == '(' || *p == '[' || parser_is_name_start(*p) || n > 8)
		return false;
	ps->p = p;
	t->depth += n;
	return true;
}

int declarator_parse(struct parser *ps, struct type *t)
{
	const struct ctype *c;
	int rc;

	parser_blanks(ps);
	if (plain_stars(ps, t) || !ps->s)
		return 0;
	c = ctype_of_type(ps->s, t);
	rc = declare(ps, &c, 0);
	parser_blanks(ps);
	if (!rc && (c != t->c || t->c))
		*t = type_of_ctype(c);
	return rc;
}
