/*
 * expr_compile.c - a text, whole or its beginning, to a compiled expression: macros replaced first, the
 * user's own columns and end kept; see expr.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "eval.h"
#include "parser.h"

typedef int parse_fn(struct parser *ps, u32 *ret);

void expr_destroy(struct expr *e)
{
	if (!e)
		return;
	for (u32 i = 0; i < e->n; i++) {
		free(e->node[i].name);
		if (e->node[i].op == NODE_NAME)
			free(e->node[i].var);
	}
	free(e->node);
	free(e);
}

/* The end in the user's text; the rest of a macro's replacement is no end. */
static int end_original(struct parser *ps, const char **ret_end)
{
	const struct expr_text *t = ps->expanded;
	const char *end = ps->p;
	bool inside;
	size_t at;

	if (!t) {
		*ret_end = end;
		return 0;
	}
	parser_blanks(ps);
	at = expr_text_original(t, ps->p - ps->text, &inside);
	if (inside)
		return parser_unexpected(ps, "an operator or the macro's end");
	if (*ps->p && ps->p > end) /* blanks are for whoever comes next */
		at = expr_text_original(t, end - ps->text, &inside);
	*ret_end = t->from + at;
	return 0;
}

/* What cannot be replaced matters when the expression gets that far. */
static int parse_replaced(struct parser *ps, parse_fn *parse, const char *start,
			  const char **ret_end)
{
	struct expr_text t;
	const char *text = ps->text;
	size_t from = start - text;
	int rc;

	expr_text_expand(ps, start, &t);
	if (t.n) {
		ps->expanded = &t;
		ps->text = strbuf_str(&t.to);
	}
	ps->p = ps->text + from;
	rc = parse(ps, &ps->e->root);
	if (!rc)
		rc = end_original(ps, ret_end);
	if (t.rc && (rc || *ret_end > text + t.wrong))
		rc = err_set(ps->err, -t.rc, "column %zu: %s", t.wrong + 1, t.why.text);
	expr_text_deinit(&t);
	return rc;
}

static int parse_by(parse_fn *parse, struct session *s, const char *text, const char *start,
		    const struct scope_at *scope, struct expr **ret, const char **ret_end,
		    struct err *err)
{
	struct parser ps = { .s = s, .text = text, .p = start, .err = err };
	int rc;

	if (scope) {
		ps.has_scope = true;
		ps.scope = *scope;
	}
	ps.e = calloc(1, sizeof(*ps.e));
	if (!ps.e)
		return err_set(err, ENOMEM, "no memory for the expression");
	rc = parse_replaced(&ps, parse, start, ret_end);
	if (rc) {
		expr_destroy(ps.e);
		return rc;
	}
	*ret = ps.e;
	return 0;
}

int expr_parse_at(struct session *s, const char *text, const char *start,
		  const struct scope_at *scope, struct expr **ret, const char **ret_end,
		  struct err *err)
{
	return parse_by(assign_parse, s, text, start, scope, ret, ret_end, err);
}

int expr_parse_prefix(struct session *s, const char *text, struct expr **ret, const char **ret_end,
		      struct err *err)
{
	return expr_parse_at(s, text, text, NULL, ret, ret_end, err);
}

static int parse_whole(struct session *s, const char *text, const struct scope_at *scope,
		       struct expr **ret, struct err *err)
{
	struct parser ps = { .text = text, .err = err };
	struct expr *e = NULL;
	int rc = parse_by(comma_parse, s, text, text, scope, &e, &ps.p, err);

	if (rc)
		return rc;
	parser_blanks(&ps);
	if (*ps.p) {
		expr_destroy(e);
		return parser_unexpected(&ps, "an operator or the end");
	}
	*ret = e;
	return 0;
}

int expr_parse(struct session *s, const char *text, struct expr **ret, struct err *err)
{
	return parse_whole(s, text, NULL, ret, err);
}

int expr_parse_in(struct session *s, u64 pc, const char *text, struct expr **ret, struct err *err)
{
	const struct scope_at at = { true, pc, SCOPE_INNERMOST };

	return parse_whole(s, text, &at, ret, err);
}

int expr_ctype(struct session *s, const char *text, const struct ctype **ret, struct err *err)
{
	struct parser ps = { .s = s, .text = text, .p = text, .err = err };
	struct type t;
	int rc = type_parse(&ps, &t);

	if (rc == -ENOENT)
		return err_set(err, EINVAL, "\"%.100s\" is no type", text);
	if (rc)
		return rc;
	parser_blanks(&ps);
	if (*ps.p)
		return parser_unexpected(&ps, "the end of the type");
	*ret = ctype_of_type(s, &t);
	return 0;
}

bool expr_is_local(const struct expr *e)
{
	return e->is_local;
}

bool expr_assigns(const struct expr *e)
{
	for (u32 i = 0; i < e->n; i++)
		if (e->node[i].op == NODE_ASSIGN)
			return true;
	return false;
}
