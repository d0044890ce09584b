/*
 * expr_eval.c - running a compiled expression over the guest; see expr.h. Conditions of breakpoints
 * come through here at every hit: no allocation, registers by group, memory only where the
 * expression asks for it.
 */
#include <errno.h>
#include <string.h>
#include "eval.h"

static int void_operand(struct eval *ev, const struct node *n)
{
	if (n->op == NODE_VAR)
		return err_set(ev->err, EINVAL,
			       "column %u: $%s has no value yet; give it one with set $%s = ...",
			       n->column, n->name, n->name);
	return node_bad(n, EINVAL, "a value was expected, but this has none", ev->err);
}

int eval_number(struct eval *ev, u32 index, struct val *ret)
{
	int rc = eval_node(ev, index, ret);

	if (!rc && ret->type.is_void)
		return void_operand(ev, &ev->e->node[index]);
	return rc;
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static int eval_register(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct reg_desc *r = n->reg;
	const struct cpu_state *c;
	int rc = state_need(ev->s, r->group | REGS_GPR | REGS_SYS, &c, ev->err);

	if (rc)
		return rc;
	*ret = (struct val){ .type = n->type, .repeat = 1 };
	ret->bits = bits_extend(reg_get(c, r), type_size(&ret->type), type_signed(&ret->type));
	return 0;
}

static int eval_pc(struct eval *ev, struct val *ret)
{
	const struct cpu_state *c;
	int rc = state_need(ev->s, REGS_GPR | REGS_SYS, &c, ev->err);

	if (!rc)
		*ret = (struct val){ .bits = cpu_linear_rip(c),
				     .type = { .depth = 1 },
				     .repeat = 1 };
	return rc;
}

static void from_value(const struct value *v, struct val *ret)
{
	*ret = (struct val){
		.bits = v->bits,
		.in_memory = v->lval_mem,
		.addr = v->addr,
		.repeat = v->repeat ?: 1,
	};
	ret->type.is_void = v->is_void;
	ret->type.depth = v->is_pointer;
	ret->type.size = v->is_pointer ? v->pointee_size : v->size;
	ret->type.is_signed = v->is_pointer ? v->pointee_signed : v->is_signed;
}

static void to_value(const struct val *v, struct value *ret)
{
	*ret = (struct value){
		.bits = v->bits,
		.size = type_size(&v->type),
		.is_signed = type_signed(&v->type),
		.is_pointer = v->type.depth,
		.lval_mem = v->in_memory,
		.addr = v->addr,
		.repeat = v->repeat,
		.is_void = v->type.is_void,
	};
	if (v->type.depth) {
		ret->pointee_size = v->type.depth > 1 ? 8 : v->type.size;
		ret->pointee_signed = v->type.depth == 1 && v->type.is_signed;
	}
}

static void eval_var(struct eval *ev, const char *name, struct val *ret)
{
	struct value v;

	if (ev->s && session_var_get(ev->s, name, &v))
		from_value(&v, ret);
	else
		*ret = (struct val){ .type = { .is_void = true }, .repeat = 1 };
}

static int eval_history(struct eval *ev, const struct node *n, struct val *ret)
{
	struct value v;
	int rc = value_history_get(ev->s, n->history.absolute, n->history.number, &v, ev->err);

	if (!rc)
		from_value(&v, ret);
	return rc;
}

/* ---- operators ------------------------------------------------------------------------------- */

static int eval_binary(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val a, b;
	int rc = eval_number(ev, n->arg[0], &a);

	if (!rc)
		rc = eval_number(ev, n->arg[1], &b);
	return rc ?: val_binary(n, n->op, &a, &b, ret, ev->err);
}

static int eval_logical(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val v;
	int rc = eval_number(ev, n->arg[0], &v);

	if (!rc && (n->op == NODE_LAND) == (v.bits != 0))
		rc = eval_number(ev, n->arg[1], &v);
	if (!rc)
		*ret = val_number(v.bits != 0, 4, true);
	return rc;
}

static int eval_conditional(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val v;
	int rc = eval_number(ev, n->arg[0], &v);

	return rc ?: eval_node(ev, n->arg[v.bits ? 1 : 2], ret);
}

static int eval_unary(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val v;
	int rc = eval_number(ev, n->arg[0], &v);

	if (!rc)
		val_unary(n->op, &v, ret);
	return rc;
}

static int eval_cast(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val v;
	int rc = n->type.is_void ? eval_node(ev, n->arg[0], &v) : eval_number(ev, n->arg[0], &v);

	if (rc)
		return rc;
	*ret = (struct val){ .type = n->type, .repeat = 1 };
	ret->bits = bits_extend(v.bits, type_size(&n->type), type_signed(&n->type));
	return 0;
}

static int eval_repeat(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val count;
	int rc = eval_number(ev, n->arg[0], ret);

	if (!rc)
		rc = eval_number(ev, n->arg[1], &count);
	if (rc)
		return rc;
	if (!ret->in_memory)
		return node_bad(
			n, EINVAL,
			"only what lies in memory can be repeated with @, as in *(u32*)0x500@4",
			ev->err);
	if (!count.bits || count.bits > 1u << 20)
		return node_bad(n, ERANGE, "the count behind @ must be from 1 to 1048576", ev->err);
	ret->repeat = count.bits;
	return 0;
}

/* ---- assignment ------------------------------------------------------------------------------ */

static int assign_register(struct eval *ev, const struct node *n, const struct val *v,
			   struct val *ret)
{
	int rc;

	if (n->op == NODE_PC) {
		rc = state_set_linear_rip(ev->s, v->bits, ev->err);
		return rc ?: eval_pc(ev, ret);
	}
	rc = session_set_reg(ev->s, n->reg->name, v->bits, ev->err);
	return rc ?: eval_register(ev, n, ret);
}

static int assign_memory(struct eval *ev, const struct node *n, const struct val *v,
			 struct val *ret)
{
	struct val place;
	u8 size;
	int rc = eval_place(ev, n, &place);

	if (rc)
		return rc;
	size = type_size(&place.type);
	rc = session_write(ev->s, place.addr, &v->bits, size, ev->err);
	if (rc)
		return rc;
	place.bits = bits_extend(v->bits, size, type_signed(&place.type));
	*ret = place;
	return 0;
}

static int assign_var(struct eval *ev, const struct node *n, const struct val *v, struct val *ret)
{
	struct value value;

	*ret = *v;
	ret->in_memory = false;
	ret->type.symbol = false;
	to_value(ret, &value);
	return session_var_set(ev->s, n->name, &value, ev->err);
}

static int eval_assign(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct node *left = &ev->e->node[n->arg[0]];
	struct val v, old;
	int rc = left->op == NODE_VAR && n->assign_op == NODE_ASSIGN
			 ? eval_node(ev, n->arg[1], &v)
			 : eval_number(ev, n->arg[1], &v);

	if (!rc && n->assign_op != NODE_ASSIGN) {
		struct val right = v;

		rc = eval_number(ev, n->arg[0], &old);
		if (!rc)
			rc = val_binary(n, n->assign_op, &old, &right, &v, ev->err);
	}
	if (rc)
		return rc;
	if (left->op == NODE_VAR)
		return assign_var(ev, left, &v, ret);
	return left->op == NODE_DEREF ? assign_memory(ev, left, &v, ret)
				      : assign_register(ev, left, &v, ret);
}

/* ---- the tree -------------------------------------------------------------------------------- */

int eval_node(struct eval *ev, u32 index, struct val *ret)
{
	const struct node *n = &ev->e->node[index];

	switch ((enum node_op)n->op) {
	case NODE_CONST:
	case NODE_SYMBOL:
		*ret = (struct val){ .bits = n->bits, .type = n->type, .repeat = 1 };
		return 0;
	case NODE_REG:
		return eval_register(ev, n, ret);
	case NODE_PC:
		return eval_pc(ev, ret);
	case NODE_VAR:
		eval_var(ev, n->name, ret);
		return 0;
	case NODE_HISTORY:
		return eval_history(ev, n, ret);
	case NODE_DEREF:
		return eval_deref(ev, n, ret);
	case NODE_ADDR:
		return eval_address(ev, n, ret);
	case NODE_CAST:
		return eval_cast(ev, n, ret);
	case NODE_NEG:
	case NODE_PLUS:
	case NODE_NOT:
	case NODE_COMPL:
		return eval_unary(ev, n, ret);
	case NODE_REPEAT:
		return eval_repeat(ev, n, ret);
	case NODE_LAND:
	case NODE_LOR:
		return eval_logical(ev, n, ret);
	case NODE_COND:
		return eval_conditional(ev, n, ret);
	case NODE_SEGOFF:
		return eval_segoff(ev, n, ret);
	case NODE_ASSIGN:
		return eval_assign(ev, n, ret);
	default:
		return eval_binary(ev, n, ret);
	}
}

int expr_eval(struct session *s, const struct expr *e, struct value *ret, struct err *err)
{
	struct eval ev = { .s = s, .e = e, .err = err };
	struct val v;
	int rc = eval_node(&ev, e->root, &v);

	if (!rc)
		to_value(&v, ret);
	return rc;
}
