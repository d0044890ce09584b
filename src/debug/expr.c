/* expr.c - parse and evaluate at once: values, numbers, locations; see expr.h. */
#include <errno.h>
#include <string.h>
#include "eval.h"

int expr_value(struct session *s, const char *text, struct value *ret, struct err *err)
{
	struct expr *e;
	int rc = expr_parse(s, text, &e, err);

	if (rc)
		return rc;
	rc = expr_eval(s, e, ret, err);
	expr_destroy(e);
	return rc;
}

int expr_value_type(struct session *s, const char *text, struct value *ret, struct err *err)
{
	struct expr *e;
	int rc = expr_parse(s, text, &e, err);

	if (rc)
		return rc;
	rc = expr_type(s, e, ret, err);
	expr_destroy(e);
	return rc;
}

int value_true(const struct value *v, bool *ret, struct err *err)
{
	const struct ctype *t = ctype_bare(v->type);

	if (v->is_void)
		return err_set(err, EINVAL, "the expression has no value");
	if (v->optimized_out)
		return err_set(err, ENODATA, "the value has been optimized out");
	if (v->type && ctype_is_aggregate(t))
		return err_set(err, EINVAL, "a structure or array is neither true nor false");
	*ret = v->type && t->kind == CTYPE_FLOAT ? value_float(v) != 0 : v->bits != 0;
	return 0;
}

static int number_of(const struct value *v, const char *text, u64 *ret, struct err *err)
{
	const struct ctype *t = ctype_bare(v->type);

	if (v->is_void)
		return err_set(err, EINVAL, "\"%s\" has no value", text);
	if (v->optimized_out)
		return err_set(err, ENODATA, "\"%s\" has been optimized out", text);
	if (v->type && t->kind == CTYPE_FLOAT)
		*ret = (u64)(s64)value_float(v);
	else
		*ret = v->bits;
	return 0;
}

int expr_u64(struct session *s, const char *text, u64 *ret, struct err *err)
{
	struct value v;
	int rc = expr_value(s, text, &v, err);

	return rc ?: number_of(&v, text, ret, err);
}

int expr_location_prefix(struct session *s, const char *text, u64 *ret, const char **ret_end,
			 struct err *err)
{
	const char *p = text + strspn(text, " \t");
	struct expr *e;
	struct value v;
	int rc;

	if (*p == '*') /* gdb: *EXPR is the address EXPR */
		p++;
	rc = expr_parse_at(s, text, p, NULL, &e, ret_end, err);
	if (rc)
		return rc;
	rc = expr_eval(s, e, &v, err);
	expr_destroy(e);
	return rc ?: number_of(&v, text, ret, err);
}

int expr_location(struct session *s, const char *text, u64 *ret, struct err *err)
{
	const char *end;
	u64 addr;
	int rc = expr_location_prefix(s, text, &addr, &end, err);

	if (rc)
		return rc;
	end += strspn(end, " \t");
	if (*end)
		return err_set(err, EINVAL, "column %zu: the location ends before \"%.40s\"",
			       (size_t)(end - text) + 1, end);
	*ret = addr;
	return 0;
}
