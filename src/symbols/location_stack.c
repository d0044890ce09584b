/*
 * location_stack.c - the stack machine of location expressions: its stack, arithmetic, typed values;
 * see location_stack.h.
 */
#include <errno.h>
#include <string.h>
#include "location_stack.h"
#include "type_die.h"

int stack_bad(struct machine_stack *m, const char *why)
{
	return err_set(m->err, EBADMSG, "the location expression %s", why);
}

int stack_push(struct machine_stack *m, u64 v)
{
	if (m->n == STACK_MAX)
		return stack_bad(m, "overflows its stack");
	m->v[m->n++] = m->env->address_size == 4 ? (u32)v : v;
	return 0;
}

int stack_pop(struct machine_stack *m, u64 *ret)
{
	*ret = 0;
	if (!m->n)
		return stack_bad(m, "takes from an empty stack");
	*ret = m->v[--m->n];
	return 0;
}

static s64 as_signed(const struct machine_stack *m, u64 v)
{
	return m->env->address_size == 4 ? (s32)v : (s64)v;
}

int stack_register(struct machine_stack *m, u64 reg, u64 *ret)
{
	const struct location_ops *ops = m->env->ops;

	if (!ops || !ops->reg)
		return err_set(m->err, ENODATA, "there are no registers without a running guest");
	return ops->reg(ops->arg, reg, ret, m->err);
}

static int load(struct machine_stack *m, u64 addr, unsigned size, u64 *ret)
{
	const struct location_ops *ops = m->env->ops;

	*ret = 0;
	if (!size || size > 8)
		return stack_bad(m, "reads an impossible size");
	if (!ops || !ops->memory)
		return err_set(m->err, ENODATA, "there is no memory without a guest");
	return ops->memory(ops->arg, addr, ret, size, m->err);
}

/* Integers keep their value cut to the type; others are beyond a stack of integers. */
static int convert(struct machine_stack *m, u64 type_die)
{
	const struct ctype *t;
	u64 v;
	unsigned shift;
	int rc = stack_pop(m, &v);

	if (rc || !type_die) /* the generic type */
		return rc ?: stack_push(m, v);
	t = m->env->file && m->env->unit ? type_at(m->env->file, m->env->unit->header + type_die)
					 : NULL;
	if (!t || !ctype_is_integer(t) || !t->size || t->size > 8)
		return err_set(m->err, ENODATA, "the location needs arithmetic that is not of integers");
	shift = 64 - 8 * t->size;
	m->v[m->n++] = t->is_signed ? (u64)((s64)(v << shift) >> shift) : v << shift >> shift;
	return 0;
}

int stack_typed(struct machine_stack *m, const struct location_op *o)
{
	u64 v = 0, addr;
	int rc;

	switch (o->atom) {
	case DW_OP_const_type:
	case DW_OP_GNU_const_type:
		if (!o->n_bytes || o->n_bytes > 8)
			return stack_bad(m, "has a constant of an impossible size");
		memcpy(&v, o->bytes, o->n_bytes);
		rc = stack_push(m, v);
		return rc ?: convert(m, o->a);
	case DW_OP_regval_type:
	case DW_OP_GNU_regval_type:
		rc = stack_register(m, o->a, &v);
		if (!rc)
			rc = stack_push(m, v);
		return rc ?: convert(m, o->b);
	case DW_OP_deref_type:
	case DW_OP_GNU_deref_type:
		rc = stack_pop(m, &addr);
		if (!rc)
			rc = load(m, addr, o->a, &v);
		if (!rc)
			rc = stack_push(m, v);
		return rc ?: convert(m, o->b);
	default:
		return convert(m, o->a);
	}
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

int stack_binary(struct machine_stack *m, u8 atom)
{
	u64 b, a, v = 0;
	int rc = stack_pop(m, &b);

	if (!rc)
		rc = stack_pop(m, &a);
	if (rc)
		return rc;
	switch (atom) {
	case DW_OP_and: v = a & b; break;
	case DW_OP_or: v = a | b; break;
	case DW_OP_xor: v = a ^ b; break;
	case DW_OP_plus: v = a + b; break;
	case DW_OP_minus: v = a - b; break;
	case DW_OP_mul: v = a * b; break;
	case DW_OP_div:
	case DW_OP_mod:
		if (!b)
			return stack_bad(m, "divides by zero");
		if (atom == DW_OP_mod)
			v = a % b;
		else
			v = as_signed(m, b) == -1 ? 0 - a : (u64)(as_signed(m, a) / as_signed(m, b));
		break;
	case DW_OP_shl: v = b < 64 ? a << b : 0; break;
	case DW_OP_shr: v = b < 64 ? a >> b : 0; break;
	case DW_OP_shra: v = (u64)(as_signed(m, a) >> (b < 63 ? b : 63)); break;
	case DW_OP_eq: v = a == b; break;
	case DW_OP_ne: v = a != b; break;
	case DW_OP_lt: v = as_signed(m, a) < as_signed(m, b); break;
	case DW_OP_gt: v = as_signed(m, a) > as_signed(m, b); break;
	case DW_OP_le: v = as_signed(m, a) <= as_signed(m, b); break;
	case DW_OP_ge: v = as_signed(m, a) >= as_signed(m, b); break;
	}
	return stack_push(m, v);
}

int stack_unary(struct machine_stack *m, const struct location_op *o)
{
	u64 v;
	int rc = stack_pop(m, &v);

	if (rc)
		return rc;
	switch (o->atom) {
	case DW_OP_neg: return stack_push(m, 0 - v);
	case DW_OP_not: return stack_push(m, ~v);
	case DW_OP_abs: return stack_push(m, as_signed(m, v) < 0 ? 0 - v : v);
	case DW_OP_plus_uconst: return stack_push(m, v + o->a);
	case DW_OP_deref:
		rc = load(m, v, m->env->address_size, &v);
		return rc ?: stack_push(m, v);
	default:
		rc = load(m, v, o->a, &v);
		return rc ?: stack_push(m, v);
	}
}

int stack_shuffle(struct machine_stack *m, const struct location_op *o)
{
	unsigned deep = o->atom == DW_OP_dup    ? 0
			: o->atom == DW_OP_over ? 1
			: o->atom == DW_OP_pick ? (unsigned)o->a
						: 0;
	u64 a;

	switch (o->atom) {
	case DW_OP_drop:
		return stack_pop(m, &a);
	case DW_OP_swap:
	case DW_OP_rot:
		if (m->n < (o->atom == DW_OP_swap ? 2 : 3))
			return stack_bad(m, "takes from an empty stack");
		a = m->v[m->n - 1];
		m->v[m->n - 1] = m->v[m->n - 2];
		if (o->atom == DW_OP_rot) {
			m->v[m->n - 2] = m->v[m->n - 3];
			m->v[m->n - 3] = a;
		} else {
			m->v[m->n - 2] = a;
		}
		return 0;
	}
	if (deep >= m->n)
		return stack_bad(m, "takes from an empty stack");
	return stack_push(m, m->v[m->n - 1 - deep]);
}
