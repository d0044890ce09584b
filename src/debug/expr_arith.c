/* expr_arith.c - operators of expressions on values: C's in 64 bits, and pointer arithmetic. */
#include <errno.h>
#include "eval.h"

u8 type_size(const struct type *t)
{
	if (t->c)
		return ctype_is_scalar(t->c) ? ctype_size(t->c) : 0;
	return t->depth ? 8 : t->size;
}

bool type_signed(const struct type *t)
{
	return !t->depth && t->is_signed;
}

u64 bits_extend(u64 bits, unsigned size, bool is_signed)
{
	unsigned shift = 64 - 8 * size;

	if (!size || size >= 8)
		return bits;
	return is_signed ? (u64)((s64)(bits << shift) >> shift) : bits << shift >> shift;
}

/* What a pointer's arithmetic counts in. */
static u64 element_size(const struct type *t)
{
	if (t->c)
		return ctype_size(ctype_bare(t->c)->target) ?: 1;
	if (t->depth > 1)
		return 8;
	return t->symbol || !t->size ? 1 : t->size;
}

struct val val_number(u64 bits, u8 size, bool is_signed)
{
	return (struct val){ .bits = bits,
			     .type = { .size = size, .is_signed = is_signed },
			     .repeat = 1 };
}

/* Of operands with C types: as wide as C says, cut there. */
static struct val c_result(u64 bits, bool is_signed, bool narrow)
{
	u8 size = narrow ? 4 : 8;

	return val_number(bits_extend(bits, size, is_signed), size, is_signed);
}

/* The result of 64-bit arithmetic: of 4 bytes as long as it is C's int or unsigned, so that -1 in
 * hex is 0xffffffff as in C. */
static struct val result(u64 bits, bool is_signed, bool narrow)
{
	bool fits = is_signed ? (s64)bits == (s32)bits : bits == (u32)bits;

	return val_number(bits, narrow && fits ? 4 : 8, is_signed);
}

/* C's usual conversions: small ones become int, then the unsigned side wins unless it is
 * narrower. */
static void usual(const struct val *a, const struct val *b, bool *ret_signed, bool *ret_narrow)
{
	u8 as = type_size(&a->type), bs = type_size(&b->type);
	bool ag = type_signed(&a->type) || as < 4, bg = type_signed(&b->type) || bs < 4;

	as = as < 4 ? 4 : as;
	bs = bs < 4 ? 4 : bs;
	*ret_narrow = as == 4 && bs == 4;
	*ret_signed = ag == bg ? ag : ag ? as > bs : bs > as;
}

int node_bad(const struct node *n, int code, const char *text, struct err *err)
{
	return err_set(err, code, "column %u: %s", n->column, text);
}

static int divide(const struct node *n, bool is_signed, u64 a, u64 b, bool mod, u64 *ret,
		  struct err *err)
{
	if (!b)
		return node_bad(n, EDOM, "division by zero", err);
	if (!is_signed)
		*ret = mod ? a % b : a / b;
	else if (b == UINT64_MAX) /* also INT64_MIN / -1, which overflows in C */
		*ret = mod ? 0 : 0 - a;
	else
		*ret = mod ? (u64)((s64)a % (s64)b) : (u64)((s64)a / (s64)b);
	return 0;
}

static u64 shift(bool left, bool is_signed, u64 a, u64 by)
{
	if (by > 63)
		return !left && is_signed && (s64)a < 0 ? UINT64_MAX : 0;
	if (left)
		return a << by;
	return is_signed ? (u64)((s64)a >> by) : a >> by;
}

static bool compare(u8 op, bool is_signed, u64 a, u64 b)
{
	bool less = is_signed ? (s64)a < (s64)b : a < b;

	switch (op) {
	case NODE_LT:
		return less;
	case NODE_GE:
		return !less;
	case NODE_LE:
		return less || a == b;
	case NODE_GT:
		return !less && a != b;
	case NODE_EQ:
		return a == b;
	default:
		return a != b;
	}
}

/* pointer + n, n + pointer, pointer - n count elements; pointer - pointer gives their number. */
static bool pointer_arithmetic(u8 op, const struct val *a, const struct val *b, struct val *ret)
{
	const struct val *p = a->type.depth ? a : b, *i = a->type.depth ? b : a;
	u64 size = element_size(&p->type);

	if (!p->type.depth || (op != NODE_ADD && op != NODE_SUB) || (op == NODE_SUB && p == b))
		return false;
	if (i->type.depth) {
		if (op == NODE_ADD)
			return false;
		*ret = val_number((u64)((s64)(a->bits - b->bits) / (s64)size), 8, true);
		return true;
	}
	*ret = (struct val){ .type = p->type, .repeat = 1 };
	if (p->type.symbol) /* somewhere inside: its size is no longer that of the whole */
		ret->type.size = 0;
	ret->bits = op == NODE_ADD ? p->bits + i->bits * size : p->bits - i->bits * size;
	ret->bits = bits_extend(ret->bits, type_size(&ret->type), false);
	return true;
}

int val_binary(const struct node *n, u8 op, const struct val *a, const struct val *b,
	       struct val *ret, struct err *err)
{
	bool is_signed, narrow;
	u64 v = 0;
	int rc = 0;

	if (pointer_arithmetic(op, a, b, ret))
		return 0;
	if (type_is_float(&a->type) || type_is_float(&b->type))
		return float_binary(n, op, a, b, ret, err);
	if (type_size(&a->type) > 8 || type_size(&b->type) > 8)
		return node_bad(n, ENOTSUP, "numbers of more than 8 bytes are only shown", err);
	usual(a, b, &is_signed, &narrow);
	switch (op) {
	case NODE_MUL:
		v = a->bits * b->bits;
		break;
	case NODE_DIV:
	case NODE_MOD:
		rc = divide(n, is_signed, a->bits, b->bits, op == NODE_MOD, &v, err);
		break;
	case NODE_ADD:
		v = a->bits + b->bits;
		break;
	case NODE_SUB:
		v = a->bits - b->bits;
		break;
	case NODE_SHL:
	case NODE_SHR: /* the left side alone decides (C, "Bitwise shift operators") */
		is_signed = type_signed(&a->type) || type_size(&a->type) < 4;
		narrow = type_size(&a->type) <= 4;
		v = shift(op == NODE_SHL, is_signed, a->bits, b->bits);
		break;
	case NODE_AND:
		v = a->bits & b->bits;
		break;
	case NODE_XOR:
		v = a->bits ^ b->bits;
		break;
	case NODE_OR:
		v = a->bits | b->bits;
		break;
	default:
		*ret = val_number(compare(op, is_signed, a->bits, b->bits), 4, true);
		return 0;
	}
	if (!rc)
		*ret = a->type.c || b->type.c ? c_result(v, is_signed, narrow)
					      : result(v, is_signed, narrow);
	return rc;
}

void val_unary(u8 op, const struct val *a, struct val *ret)
{
	struct val zero = val_number(0, 4, true);
	bool is_signed, narrow;

	if (type_is_float(&a->type)) {
		long double f = val_float(a);

		*ret = op == NODE_NOT ? val_number(!f, 4, true)
				      : val_of_float(&a->type, op == NODE_NEG ? -f : f);
		return;
	}
	usual(a, &zero, &is_signed, &narrow);
	if (op == NODE_NOT)
		*ret = val_number(!a->bits, 4, true);
	else if (op == NODE_PLUS)
		*ret = result(a->bits, is_signed, narrow);
	else if (a->type.c)
		*ret = c_result(op == NODE_NEG ? 0 - a->bits : ~a->bits, is_signed, narrow);
	else
		*ret = result(op == NODE_NEG ? 0 - a->bits : ~a->bits, is_signed, narrow);
}
