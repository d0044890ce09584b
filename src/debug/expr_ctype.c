/* expr_ctype.c - between the expression's own short types and C's: see eval.h. */
#include <errno.h>
#include <string.h>
#include "eval.h"

struct type type_of_ctype(const struct ctype *c)
{
	const struct ctype *t = ctype_strip(c), *to;
	struct type ret = { .c = c ?: t };

	switch (t->kind) {
	case CTYPE_VOID:
		ret.is_void = true;
		break;
	case CTYPE_POINTER:
		to = ctype_strip(t->target);
		ret.depth = to->kind == CTYPE_POINTER ? 2 : 1;
		if (ctype_is_scalar(to) && ctype_size(to) <= 8)
			ret.size = ctype_size(to);
		ret.is_signed = to->is_signed;
		break;
	case CTYPE_ENUM:
		ctype_load(t, NULL); /* its sign follows from its values */
		/* fall through */
	case CTYPE_INT:
	case CTYPE_CHAR:
	case CTYPE_BOOL:
	case CTYPE_FLOAT:
		ret.size = ctype_size(t);
		ret.is_signed = t->is_signed;
		break;
	}
	return ret;
}

const struct ctype *ctype_of_type(struct session *s, const struct type *t)
{
	const struct ctype *c = t->c;

	if (c)
		return c;
	if (t->is_void)
		return ctype_bare(NULL);
	if (!t->depth)
		return ctype_integer(t->size, t->is_signed);
	c = t->size ? ctype_integer(t->size, t->is_signed) : NULL;
	for (unsigned i = 0; i < t->depth && s && s->types; i++)
		c = ctype_pointer(s->types, c, 8) ?: c;
	return c ?: ctype_bare(NULL);
}

const struct ctype *value_type(struct session *s, const struct value *v)
{
	struct val val;

	val_from_value(v, &val);
	return ctype_of_type(s, &val.type);
}

/* ---- casts ----------------------------------------------------------------------------------- */

static void cast_number(const struct val *v, const struct type *t, struct val *ret)
{
	bool is_bool = t->c && ctype_bare(t->c)->kind == CTYPE_BOOL;
	u64 bits = v->bits;

	if (type_is_float(t)) {
		*ret = val_of_float(t, val_float(v));
		return;
	}
	if (type_is_float(&v->type)) {
		long double f = val_float(v);

		bits = is_bool ? f != 0 : f < 0 ? (u64)(s64)f : (u64)f;
	}
	*ret = (struct val){ .type = *t, .repeat = 1 };
	if (is_bool)
		bits = bits != 0;
	ret->bits = bits_extend(bits, type_size(t), type_signed(t));
	if (type_size(t) > 8) { /* __int128 */
		memset(ret->wide, type_signed(t) && (s64)bits < 0 ? 0xff : 0, sizeof(ret->wide));
		memcpy(ret->wide, &bits, 8);
	}
}

int val_cast(struct eval *ev, const struct node *n, const struct val *v, const struct type *t,
	     struct val *ret)
{
	struct val number = *v;
	int rc;

	if (t->is_void) {
		*ret = (struct val){ .type = *t, .repeat = 1 };
		return 0;
	}
	if (t->c && !ctype_is_scalar(t->c)) {
		/* Only to itself, and an array in memory to one of another shape. */
		if (!v->type.c || (!ctype_same(t->c, v->type.c) &&
				   !(ctype_is_aggregate(t->c) && v->in_memory)))
			return node_bad(n, EINVAL, "this cannot be converted to that type", ev->err);
		*ret = *v;
		ret->type = *t;
		return 0;
	}
	rc = val_decay(ev, n, &number);
	if (!rc && v->gone)
		rc = node_bad(n, ENODATA, "the value has been optimized out", ev->err);
	if (!rc)
		cast_number(&number, t, ret);
	return rc;
}
