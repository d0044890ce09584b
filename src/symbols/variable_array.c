/* variable_array.c - how many elements a variable-length array has now: its dimension is an expression
 * (gcc) or another variable (clang). */
#include <errno.h>
#include "location.h"
#include "type_die.h"
#include "variable.h"

enum { COUNT_MAX = 1 << 24 };

/* A variable's number: it lies in memory, in a register, or is the value. */
static bool number_of(const struct variable *v, u64 pc, const struct location_ops *ops, u64 *ret)
{
	unsigned size = ctype_size(v->type);
	struct place p;
	u64 n = 0;
	bool ok;

	if (variable_place(v, pc, ops, &p, NULL) || p.n != 1 || !size || size > 8)
		return false;
	switch (p.piece[0].kind) {
	case PIECE_MEMORY:
		ok = !ops->memory(ops->arg, p.piece[0].at, &n, size, NULL);
		break;
	case PIECE_REGISTER:
		ok = !ops->reg(ops->arg, p.piece[0].at, &n, NULL);
		break;
	default:
		ok = p.piece[0].kind == PIECE_VALUE;
		n = p.piece[0].at;
	}
	*ret = size < 8 ? n & (BIT64(8 * size) - 1) : n;
	return ok;
}

/* The attribute as a reference to a variable, or as an expression. */
static bool bound(const struct location_env *env, Dwarf_Die range, u16 attr, u64 pc, u64 *ret)
{
	struct location_list list;
	struct variable v;
	Dwarf_Die die;
	u64 to;
	bool ok;

	if (dw_ref(range, attr, &to)) {
		die = dw_die(env->file, to);
		ok = die && variable_of(env->file, die, &v) && number_of(&v, pc, env->ops, ret);
		dw_free(die);
		return ok;
	}
	if (location_read(env->file, env->unit, range, attr, &list, NULL))
		return false;
	ok = list.n && !location_compute(env, &list.expr[0], false, 0, ret, NULL);
	location_list_free(&list);
	return ok;
}

bool variable_count(const struct variable *v, u64 pc, const struct location_ops *ops, u64 *ret)
{
	const struct ctype *t = ctype_bare(v->type);
	struct location_env env;
	Dwarf_Die die, range;
	bool ok = false;

	if (t->kind != CTYPE_ARRAY || t->has_count || !t->owner || !t->die ||
	    !variable_env(v, pc, ops, &env))
		return false;
	die = dw_die(t->owner, t->die);
	range = die ? dw_child(t->owner, die) : NULL;
	while (range && dw_tag(range) != DW_TAG_subrange_type)
		range = dw_next(t->owner, range);
	if (range && bound(&env, range, DW_AT_count, pc, ret))
		ok = true;
	else if (range && bound(&env, range, DW_AT_upper_bound, pc, ret))
		ok = ++*ret;
	dw_free(range);
	dw_free(die);
	return ok && *ret <= COUNT_MAX;
}
