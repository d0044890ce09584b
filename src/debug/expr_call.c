/*
 * expr_call.c - gdb's convenience functions on texts and memory: $_strlen, $_streq, $_regex, $_memeq,
 * $_isvoid. They run here, nothing of the guest is called; see parser.h and eval.h.
 */
#include <errno.h>
#include <regex.h>
#include <string.h>
#include "eval.h"
#include "parser.h"

enum { CALL_ARGS = 3, MEMORY_MAX = 1 << 20 };

typedef int call_fn(struct eval *ev, const struct node *n, const struct val *arg, u64 *ret);

/* ---- what they do ---------------------------------------------------------------------------- */

static int text_of(struct eval *ev, const struct val *v, struct strbuf *ret)
{
	struct value value;
	int rc;

	strbuf_init(ret);
	val_to_value(v, &value);
	rc = value_text(ev->s, &value, ret, ev->err);
	if (rc)
		strbuf_deinit(ret);
	return rc;
}

static int call_strlen(struct eval *ev, const struct node *n, const struct val *arg, u64 *ret)
{
	struct strbuf text;
	int rc = text_of(ev, &arg[0], &text);

	if (rc)
		return rc;
	*ret = text.n;
	strbuf_deinit(&text);
	return 0;
}

static int call_streq(struct eval *ev, const struct node *n, const struct val *arg, u64 *ret)
{
	struct strbuf a, b;
	int rc = text_of(ev, &arg[0], &a);

	if (rc)
		return rc;
	rc = text_of(ev, &arg[1], &b);
	if (!rc) {
		*ret = a.n == b.n && !memcmp(strbuf_str(&a), strbuf_str(&b), a.n);
		strbuf_deinit(&b);
	}
	strbuf_deinit(&a);
	return rc;
}

/* Anchored at the begin, as gdb's, which is Python's re.match. */
static int regex_match(struct eval *ev, const struct node *n, const char *text,
		       const char *pattern, u64 *ret)
{
	regmatch_t where;
	regex_t re;
	char why[120];
	int rc = regcomp(&re, pattern, REG_EXTENDED);

	if (rc) {
		regerror(rc, &re, why, sizeof(why));
		return err_set(ev->err, EINVAL, "column %u: \"%.60s\" is no regular expression: %s",
			       n->column, pattern, why);
	}
	*ret = !regexec(&re, text, 1, &where, 0) && !where.rm_so;
	regfree(&re);
	return 0;
}

static int call_regex(struct eval *ev, const struct node *n, const struct val *arg, u64 *ret)
{
	struct strbuf text, pattern;
	int rc = text_of(ev, &arg[0], &text);

	if (rc)
		return rc;
	rc = text_of(ev, &arg[1], &pattern);
	if (!rc) {
		rc = regex_match(ev, n, strbuf_str(&text), strbuf_str(&pattern), ret);
		strbuf_deinit(&pattern);
	}
	strbuf_deinit(&text);
	return rc;
}

/* The address a pointer holds or an array lies at; what lies nowhere is compared where it is. */
static int memory_chunk(struct eval *ev, const struct val *v, u64 off, u8 *buf, size_t n)
{
	const struct ctype *t = v->type.c ? ctype_bare(v->type.c) : NULL;
	bool gone = false;
	int rc;

	if (!t || t->kind == CTYPE_POINTER || !v->data)
		return session_read(ev->s, v->bits + off, buf, n, ev->err);
	if (off + n > ctype_size(v->type.c))
		return err_set(ev->err, ERANGE, "the array has only %llu bytes",
			       (unsigned long long)ctype_size(v->type.c));
	rc = val_bytes(ev, v, off, buf, n, &gone);
	return rc ?: gone ? err_set(ev->err, ENODATA, "the value has been optimized out") : 0;
}

static int call_memeq(struct eval *ev, const struct node *n, const struct val *arg, u64 *ret)
{
	u64 size = arg[2].bits;
	u8 a[256], b[256];

	if (size > MEMORY_MAX)
		return node_bad(n, ERANGE, "more than a mebibyte is not compared", ev->err);
	*ret = 1;
	for (u64 off = 0; off < size && *ret; off += sizeof(a)) {
		size_t now = size - off < sizeof(a) ? size - off : sizeof(a);
		int rc = memory_chunk(ev, &arg[0], off, a, now);

		if (!rc)
			rc = memory_chunk(ev, &arg[1], off, b, now);
		if (rc)
			return rc;
		*ret = !memcmp(a, b, now);
	}
	return 0;
}

static int call_isvoid(struct eval *ev, const struct node *n, const struct val *arg, u64 *ret)
{
	*ret = arg[0].type.is_void;
	return 0;
}

static const struct call {
	const char *name;
	unsigned n_args;
	bool takes_void;
	call_fn *fn;
} calls[] = {
	{ "_strlen", 1, false, call_strlen }, { "_streq", 2, false, call_streq },
	{ "_regex", 2, false, call_regex },   { "_memeq", 3, false, call_memeq },
	{ "_isvoid", 1, true, call_isvoid },
};

/* ---- parsing and running --------------------------------------------------------------------- */

static const struct call *call_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i].name, name))
			return &calls[i];
	return NULL;
}

static int arguments_parse(struct parser *ps, const char *at, const struct call *k, u32 *arg)
{
	bool no_colon = ps->no_colon;
	unsigned n = 0;
	int rc = 0;

	ps->no_colon = false;
	do {
		ps->p++; /* ( or , */
		if (n == k->n_args)
			return parser_bad(ps, at, "$%s takes %u argument%s", k->name, k->n_args,
					  k->n_args == 1 ? "" : "s");
		rc = assign_parse(ps, &arg[n++]);
		parser_blanks(ps);
	} while (!rc && *ps->p == ',');
	ps->no_colon = no_colon;
	if (rc)
		return rc;
	if (*ps->p != ')')
		return *ps->p ? parser_unexpected(ps, ", or )")
			      : parser_bad(ps, at, "this ( is never closed");
	ps->p++;
	return n == k->n_args ? 0
			      : parser_bad(ps, at, "$%s takes %u arguments", k->name, k->n_args);
}

int call_parse(struct parser *ps, const char *at, const char *name, u32 *ret)
{
	const struct call *k = call_find(name);
	u32 arg[CALL_ARGS] = { 0 };
	int rc;

	if (!k)
		return parser_bad(ps, at,
				  "there is no function $%s; $_strlen, $_streq, $_regex, $_memeq and "
				  "$_isvoid are known", name);
	rc = arguments_parse(ps, at, k, arg);
	if (!rc)
		rc = node_args(ps, NODE_CALL, at, arg[0], arg[1], ret);
	if (rc)
		return rc;
	ps->e->node[*ret].arg[2] = arg[2];
	ps->e->node[*ret].assign_op = k - calls;
	return 0;
}

int eval_call(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct call *k = &calls[n->assign_op];
	struct val arg[CALL_ARGS];
	u64 result = 0;
	int rc = 0;

	for (unsigned i = 0; !rc && i < k->n_args; i++) {
		rc = eval_node(ev, n->arg[i], &arg[i]);
		if (!rc && arg[i].type.is_void && !k->takes_void)
			rc = operand_void(ev, &ev->e->node[n->arg[i]]);
	}
	if (!rc && !ev->types_only)
		rc = k->fn(ev, n, arg, &result);
	if (!rc)
		*ret = val_number(result, 4, true);
	return rc;
}
