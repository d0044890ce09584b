/*
 * expr_assign.c - what stands left of = and op= takes a value: a register of the frame, a convenience
 * variable, a place in memory or where the debug information says a variable is.
 */
#include <errno.h>
#include "eval.h"

static int assign_register(struct eval *ev, const struct node *n, const struct val *v,
			   struct val *ret)
{
	int rc;

	if (n->op == NODE_PC) {
		rc = frame_set_pc(ev->s, v->bits, ev->err);
		return rc ?: eval_pc(ev, ret);
	}
	rc = frame_assign(ev->s, n->reg, v->bits, ev->err);
	return rc ?: eval_register(ev, n, ret);
}

static int assign_place(struct eval *ev, const struct node *n, u32 left, const struct val *v,
			struct val *ret)
{
	struct val place;
	int rc = eval_lvalue(ev, left, &place);

	if (rc)
		return rc;
	if (!place.in_memory && !place.place && !place.gone)
		return node_bad(n, EINVAL, "what is left of = has no place to write to", ev->err);
	return val_store(ev, n, &place, v, ret);
}

static int assign_var(struct eval *ev, const struct node *n, const struct val *v, struct val *ret)
{
	struct value value;
	int rc;

	*ret = *v;
	ret->type.symbol = false;
	val_to_value(ret, &value);
	rc = value_keep(ev->s, &value, ev->err);
	if (rc)
		return rc;
	val_from_value(&value, ret);
	if (!value.data) {
		ret->in_memory = value.lval_mem = false;
		ret->bit_size = value.bit_size = 0;
	}
	ret->place = NULL;
	return session_var_set(ev->s, n->name, &value, ev->err);
}

/* C's rule for the right side: what a structure or variable takes is no number. */
static bool takes_anything(const struct node *left)
{
	return left->op != NODE_REG && left->op != NODE_PC;
}

/* The value it had, which has no place any more. */
static int eval_postfix(struct eval *ev, const struct node *n, struct val *ret)
{
	struct node plain = *n;
	struct val changed;
	int rc = eval_number(ev, n->arg[0], ret);

	plain.postfix = false;
	if (!rc && !ev->types_only)
		rc = eval_assign(ev, &plain, &changed);
	ret->in_memory = false;
	ret->place = NULL;
	ret->bit_size = 0;
	return rc;
}

int eval_assign(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct node *left = &ev->e->node[n->arg[0]];
	struct val v, old;
	int rc;

	if (n->postfix)
		return eval_postfix(ev, n, ret);
	rc = takes_anything(left) && n->assign_op == NODE_ASSIGN
			 ? eval_node(ev, n->arg[1], &v)
			 : eval_number(ev, n->arg[1], &v);

	if (!rc && v.type.is_void && left->op != NODE_VAR)
		return operand_void(ev, &ev->e->node[n->arg[1]]);
	if (!rc && n->assign_op != NODE_ASSIGN) {
		struct val right = v;

		rc = eval_number(ev, n->arg[0], &old);
		if (!rc)
			rc = val_binary(n, n->assign_op, &old, &right, &v, ev->err);
	}
	if (rc)
		return rc;
	if (ev->types_only)
		return eval_lvalue(ev, n->arg[0], ret);
	if (left->op == NODE_VAR)
		return assign_var(ev, left, &v, ret);
	if (left->op == NODE_REG || left->op == NODE_PC)
		return assign_register(ev, left, &v, ret);
	return assign_place(ev, n, n->arg[0], &v, ret);
}
