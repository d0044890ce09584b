/*
 * macro_expand.c - what the preprocessor makes of a text; see vmstep/macro.h and C11, "Macro
 * replacement". As gdb does it: what a macro is replaced by is looked at again by itself, not together
 * with the text behind it. Blanks are kept, and put in where two tokens would become one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "macro_args.h"

enum { DEPTH_MAX = 100, EXPANSIONS_MAX = 20000, LENGTH_MAX = 1 << 20 };

/* A text under construction; the last token in it, so that the next does not grow it. */
struct out {
	struct strbuf text;
	size_t last, n_last;
};

/* Macros being replaced: they are not replaced within. */
struct busy {
	const struct macro *macro;
	const struct busy *outer;
};

struct expansion {
	const struct macro_scope *at;
	struct err *err;
	unsigned depth, n; /* how deep, how many so far */
	size_t length;
};

static void out_blanks(struct out *o, const char *from, const char *to)
{
	strbuf_addn(&o->text, from, to - from);
}

static void out_token(struct out *o, const char *text, size_t n)
{
	if (!n)
		return;
	if (o->n_last && o->last + o->n_last == o->text.n &&
	    tokens_splice(strbuf_str(&o->text) + o->last, o->n_last, text, n))
		strbuf_addc(&o->text, ' ');
	o->last = o->text.n;
	o->n_last = n;
	strbuf_addn(&o->text, text, n);
}

/* ---- replacement ----------------------------------------------------------------------------- */

static void stringify(struct out *o, const struct token *arg)
{
	struct strbuf s;
	bool blank = false;

	strbuf_init(&s);
	strbuf_addc(&s, '"');
	for (size_t i = 0; i < arg->n; i++) {
		char c = arg->text[i];

		if (strchr(" \t\n", c)) {
			blank = true;
			continue;
		}
		if (blank)
			strbuf_addc(&s, ' ');
		blank = false;
		if (c == '"' || c == '\\')
			strbuf_addc(&s, '\\');
		strbuf_addc(&s, c);
	}
	strbuf_addc(&s, '"');
	out_token(o, strbuf_str(&s), s.n);
	strbuf_deinit(&s);
}

static int scan(struct expansion *x, struct out *o, const char *text, const char *end,
		const struct busy *busy);

/* An operand of ##: an argument as it was written. */
static void paste(struct out *o, const struct arguments *a, const struct token *t)
{
	int i = macro_parameter_of(a, t);

	strbuf_addn(&o->text, i < 0 ? t->text : a->given[i].text, i < 0 ? t->n : a->given[i].n);
	o->n_last = 0;
}

/* GNU C: `, ## args` without arguments takes the comma away. */
static bool comma_goes(const struct arguments *a, const struct token *t, const struct token *right)
{
	int i = macro_parameter_of(a, right);

	return i >= 0 && a->varargs && token_is(t, ",") && (unsigned)i + 1 == a->n && !a->given[i].n;
}

/* What stands left of ##, and all that is pasted to it; *p is behind it then. */
static void paste_chain(struct out *o, const struct arguments *a, struct token t, const char **p,
			const char *end)
{
	struct token hashes, right;
	bool first = true;

	while (token_next(*p, end, &hashes) && token_is(&hashes, "##") &&
	       token_next(hashes.text + hashes.n, end, &right)) {
		*p = right.text + right.n;
		if (first && comma_goes(a, &t, &right))
			return;
		if (first)
			paste(o, a, &t);
		first = false;
		paste(o, a, &right);
	}
}

static bool is_pasted(const char *p, const char *end)
{
	struct token hashes, right;

	return token_next(p, end, &hashes) && token_is(&hashes, "##") &&
	       token_next(hashes.text + hashes.n, end, &right);
}

static int argument_expand(struct expansion *x, struct out *o, const struct token *arg,
			   const struct busy *busy)
{
	struct out in = { .n_last = 0 };
	int rc;

	strbuf_init(&in.text);
	rc = arg->n ? scan(x, &in, arg->text, arg->text + arg->n, busy) : 0;
	if (!rc && in.text.n) {
		out_token(o, strbuf_str(&in.text), in.text.n);
		o->last = o->text.n - in.text.n + in.last;
		o->n_last = in.n_last;
	}
	strbuf_deinit(&in.text);
	return rc;
}

/* The body with the arguments in place of the parameters. */
static int substitute(struct expansion *x, struct out *o, const char *body,
		      const struct arguments *a, const struct busy *busy)
{
	const char *end = body + strlen(body), *p = body;
	struct token t, next;
	int rc = 0;

	while (!rc && token_next(p, end, &t)) {
		out_blanks(o, p, t.text);
		p = t.text + t.n;
		if (token_is(&t, "#") && token_next(p, end, &next) && macro_parameter_of(a, &next) >= 0) {
			stringify(o, &a->given[macro_parameter_of(a, &next)]);
			p = next.text + next.n;
		} else if (is_pasted(p, end)) {
			paste_chain(o, a, t, &p, end);
		} else if (macro_parameter_of(a, &t) >= 0) {
			rc = argument_expand(x, o, &a->given[macro_parameter_of(a, &t)], busy);
		} else {
			out_token(o, t.text, t.n);
		}
		if (o->text.n > LENGTH_MAX)
			rc = err_set(x->err, E2BIG, "the macros grow without end");
	}
	return rc;
}

static bool is_busy(const struct busy *busy, const struct token *t)
{
	for (; busy; busy = busy->outer)
		if (busy->macro->n_name == t->n && !memcmp(busy->macro->name, t->text, t->n))
			return true;
	return false;
}

static int replace(struct expansion *x, struct out *o, const struct macro *m, const char **p,
		   const char *end, const struct busy *outer)
{
	struct busy busy = { m, outer };
	struct arguments a = { .n = 0 };
	struct out body = { .n_last = 0 };
	int rc;

	if (m->function) {
		macro_parameters(m, &a);
		if (!macro_arguments(&a, p, end))
			return err_set(x->err, EINVAL,
				       "the arguments of macro %.*s do not end with a )",
				       (int)m->n_name, m->name);
		if (!macro_arguments_fit(&a))
			return err_set(x->err, EINVAL,
				       "wrong number of arguments to macro %.*s (expected %u, got %u)",
				       (int)m->n_name, m->name, a.n, a.n_given);
	}
	strbuf_init(&body.text);
	rc = substitute(x, &body, m->body, m->function ? &a : NULL, outer);
	if (!rc)
		rc = scan(x, o, strbuf_str(&body.text), strbuf_str(&body.text) + body.text.n, &busy);
	strbuf_deinit(&body.text);
	return rc;
}

/* The macro a token invokes, -ENOENT: none; *p is moved behind the ( of one with arguments. */
static int invoked(struct expansion *x, const struct token *t, const char **p, const char *end,
		   const struct busy *busy, struct macro *ret)
{
	struct token paren;

	if (t->kind != TOKEN_NAME || is_busy(busy, t) || !macro_find(x->at, t->text, t->n, ret))
		return -ENOENT;
	if (++x->n > EXPANSIONS_MAX || x->depth >= DEPTH_MAX)
		return err_set(x->err, E2BIG, "the macros grow without end");
	if (!ret->function)
		return 0;
	if (!token_next(*p, end, &paren) || !token_is(&paren, "("))
		return -ENOENT;
	*p = paren.text + paren.n;
	return 0;
}

static int scan(struct expansion *x, struct out *o, const char *text, const char *end,
		const struct busy *busy)
{
	const char *p = text;
	struct macro m;
	struct token t;
	int rc = 0;

	x->depth++;
	while (!rc && token_next(p, end, &t)) {
		out_blanks(o, p, t.text);
		p = t.text + t.n;
		rc = invoked(x, &t, &p, end, busy, &m);
		if (rc == -ENOENT) {
			out_token(o, t.text, t.n);
			rc = 0;
		} else if (!rc) {
			rc = replace(x, o, &m, &p, end, busy);
		}
		if (!rc && o->text.n > LENGTH_MAX)
			rc = err_set(x->err, E2BIG, "the macros grow without end");
	}
	x->depth--;
	if (!rc)
		out_blanks(o, p, end);
	return rc;
}

int macro_expand(const struct macro_scope *at, const char *text, struct strbuf *out, struct err *err)
{
	struct expansion x = { .at = at, .err = err };
	struct out o = { .n_last = 0 };
	int rc;

	strbuf_init(&o.text);
	rc = scan(&x, &o, text, text + strlen(text), NULL);
	if (!rc)
		strbuf_addn(out, strbuf_str(&o.text), o.text.n);
	strbuf_deinit(&o.text);
	return rc;
}

int macro_expand_first(const struct macro_scope *at, const char *text, size_t *ret_n,
		       struct strbuf *out, struct err *err)
{
	const char *end = text + strlen(text), *p = text;
	struct expansion x = { .at = at, .err = err };
	struct out o = { .n_last = 0 };
	struct macro m;
	struct token t;
	int rc;

	if (!token_next(text, end, &t) || t.text != text)
		return -ENOENT;
	p = t.text + t.n;
	rc = invoked(&x, &t, &p, end, NULL, &m);
	if (rc)
		return rc;
	strbuf_init(&o.text);
	rc = replace(&x, &o, &m, &p, end, NULL);
	if (!rc) {
		strbuf_addn(out, strbuf_str(&o.text), o.text.n);
		*ret_n = p - text;
	}
	strbuf_deinit(&o.text);
	return rc;
}
