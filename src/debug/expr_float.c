/* expr_float.c - floating-point numbers in expressions: float, double and the x87's long double,
 * which are the host's own. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "eval.h"

bool type_is_float(const struct type *t)
{
	return t->c && ctype_bare(t->c)->kind == CTYPE_FLOAT;
}

/* i386 stores a long double in 12 bytes, x86-64 in 16; 10 of them mean something. */
static long double from_bytes(unsigned size, u64 bits, const u8 *wide)
{
	long double l = 0;
	double d;
	float f;

	if (size == 4) {
		u32 word = bits;

		memcpy(&f, &word, sizeof(f));
		return f;
	}
	if (size == 8) {
		memcpy(&d, &bits, sizeof(d));
		return d;
	}
	memcpy(&l, wide, 10);
	return l;
}

long double val_float(const struct val *v)
{
	if (type_is_float(&v->type))
		return from_bytes(type_size(&v->type), v->bits, v->wide);
	return type_signed(&v->type) ? (long double)(s64)v->bits : (long double)v->bits;
}

long double value_float(const struct value *v)
{
	return from_bytes(ctype_size(v->type), v->bits, v->wide);
}

struct val val_of_float(const struct type *t, long double f)
{
	struct val v = { .type = *t, .repeat = 1 };
	double d = f;
	float narrow = f;
	u32 word;

	v.type.symbol = false;
	if (type_size(t) == 4) {
		memcpy(&word, &narrow, sizeof(word));
		v.bits = word;
	} else if (type_size(t) == 8) {
		memcpy(&v.bits, &d, sizeof(d));
	} else {
		memcpy(v.wide, &f, 10);
	}
	return v;
}

static bool compare(u8 op, long double a, long double b)
{
	switch (op) {
	case NODE_LT:
		return a < b;
	case NODE_GE:
		return a >= b;
	case NODE_LE:
		return a <= b;
	case NODE_GT:
		return a > b;
	case NODE_EQ:
		return a == b;
	default:
		return a != b;
	}
}

/* The longer float's type, as gdb: no promotion to double. */
int float_binary(const struct node *n, u8 op, const struct val *a, const struct val *b,
		 struct val *ret, struct err *err)
{
	const struct val *wide = !type_is_float(&b->type) ? a : !type_is_float(&a->type) ? b
			       : type_size(&a->type) >= type_size(&b->type) ? a : b;
	long double x = val_float(a), y = val_float(b), r;

	switch (op) {
	case NODE_MUL:
		r = x * y;
		break;
	case NODE_DIV:
		r = x / y;
		break;
	case NODE_ADD:
		r = x + y;
		break;
	case NODE_SUB:
		r = x - y;
		break;
	case NODE_LT:
	case NODE_GT:
	case NODE_LE:
	case NODE_GE:
	case NODE_EQ:
	case NODE_NE:
		*ret = val_number(compare(op, x, y), 4, true);
		return 0;
	default:
		return node_bad(n, EINVAL, "this operator is for integers, not for floats", err);
	}
	*ret = val_of_float(&wide->type, r);
	return 0;
}
