/*
 * expr_macro.c - macros in expressions, by their replacement before anything is parsed: what stands for
 * a name at a line of the source is macro.h's. Registers and convenience variables ($name) are none.
 */
#include <errno.h>
#include <string.h>
#include <vmstep/macro.h>
#include <vmstep/session.h>
#include <vmstep/unwind.h>
#include "parser.h"

bool expr_macro_scope(struct session *s, struct macro_scope *ret)
{
	struct symbols *symbols = session_symbols(s);
	struct frame_source at;
	const struct frame *f;

	return symbols && macros_known(symbols) && session_has_guest(s) && !frame_selected(s, &f, NULL) &&
	       frame_line(s, f, &at) && macro_scope_at(symbols, f->lookup, at.file, at.line, ret);
}

/* The line whose macros count: the selected frame's, or that of the place names are looked up at. */
static bool scope_find(const struct parser *ps, struct macro_scope *ret)
{
	struct symbols *symbols = session_symbols(ps->s);
	struct source_line line;

	if (!ps->has_scope)
		return expr_macro_scope(ps->s, ret);
	return symbols && macros_known(symbols) && ps->scope.has_pc &&
	       source_line_at(symbols, ps->scope.pc, &line) &&
	       macro_scope_at(symbols, ps->scope.pc, line.file, line.line, ret);
}

/* Bytes of what begins at p and holds no macro: a string, a number, a $name; 0: a name or a sign. */
static size_t opaque_length(const char *p)
{
	size_t n = 1;

	if (*p == '"' || *p == '\'') {
		while (p[n] && p[n] != *p)
			n += p[n] == '\\' && p[n + 1] ? 2 : 1;
		return p[n] ? n + 1 : n;
	}
	if (*p != '$' && !(*p >= '0' && *p <= '9'))
		return 0;
	while (parser_is_name(p[n]))
		n++;
	return n;
}

/* Signs that would become another one: --1 is not - -1. */
static bool is_sign(char c)
{
	return c && strchr("+-&|<>=!", c);
}

static void replace(struct expr_text *t, const struct macro_scope *at, const char **p)
{
	size_t n = 0, to, from = *p - t->from;
	struct strbuf with;
	int rc;

	strbuf_init(&with);
	rc = macro_expand_first(at, *p, &n, &with, &t->why);
	if (!rc && t->to.n && is_sign(t->to.s[t->to.n - 1]))
		strbuf_addc(&t->to, ' ');
	to = t->to.n;
	strbuf_addn(&t->to, strbuf_str(&with), with.n);
	strbuf_deinit(&with);
	if (rc == -ENOENT) {
		while (parser_is_name(**p))
			strbuf_addc(&t->to, *(*p)++);
		return;
	}
	if (!rc && t->n == EXPANDED_MAX)
		rc = err_set(&t->why, E2BIG, "the expression has too many macros");
	if (rc) {
		t->rc = rc;
		t->wrong = from;
		return;
	}
	*p += n;
	if (is_sign(**p))
		strbuf_addc(&t->to, ' ');
	t->piece[t->n].from = from;
	t->piece[t->n].from_end = *p - t->from;
	t->piece[t->n].to = to;
	t->piece[t->n++].to_end = t->to.n;
}

static const char *first_name(const char *p)
{
	while (*p && !parser_is_name_start(*p))
		p += opaque_length(p) ?: 1;
	return p;
}

void expr_text_expand(struct parser *ps, const char *start, struct expr_text *ret)
{
	struct macro_scope at;
	const char *p = first_name(start);

	*ret = (struct expr_text){ .from = ps->text };
	strbuf_init(&ret->to);
	if (!*p || !ps->s || !scope_find(ps, &at))
		return;
	strbuf_addn(&ret->to, ps->text, p - ps->text);
	while (*p && !ret->rc) {
		size_t n = opaque_length(p);

		if (!n && parser_is_name_start(*p)) {
			replace(ret, &at, &p);
		} else {
			strbuf_addn(&ret->to, p, n ?: 1);
			p += n ?: 1;
		}
	}
	strbuf_adds(&ret->to, p);
	if (ret->to.failed)
		ret->n = 0;
}

void expr_text_deinit(struct expr_text *t)
{
	strbuf_deinit(&t->to);
}

size_t expr_text_original(const struct expr_text *t, size_t at, bool *ret_inside)
{
	size_t moved = 0; /* original - expanded, wrapping */

	*ret_inside = false;
	for (unsigned i = 0; i < t->n && at >= t->piece[i].to; i++) {
		if (at < t->piece[i].to_end) {
			*ret_inside = at > t->piece[i].to;
			return t->piece[i].from;
		}
		moved = t->piece[i].from_end - t->piece[i].to_end;
	}
	return at + moved;
}
