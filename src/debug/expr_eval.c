/*
 * expr_eval.c - running a compiled expression over the guest; see expr.h. Conditions of breakpoints
 * come through here at every hit: no allocation, registers by group, memory only where the
 * expression asks for it.
 */
#include <errno.h>
#include <string.h>
#include "eval.h"

int operand_void(struct eval *ev, const struct node *n)
{
	if (n->op == NODE_VAR)
		return err_set(ev->err, EINVAL,
			       "column %u: $%s has no value yet; give it one with set $%s = ...",
			       n->column, n->name, n->name);
	return node_bad(n, EINVAL, "a value was expected, but this has none", ev->err);
}

static int aggregate_operand(struct eval *ev, const struct node *n)
{
	return node_bad(n, EINVAL, "a number was expected, not a structure; take a member, as in s.x",
			ev->err);
}

int eval_number(struct eval *ev, u32 index, struct val *ret)
{
	const struct node *n = &ev->e->node[index];
	int rc = eval_node(ev, index, ret);

	if (!rc && ret->type.is_void)
		return operand_void(ev, n);
	if (!rc && ret->type.c)
		rc = val_decay(ev, n, ret);
	if (!rc && ret->gone)
		return node_bad(n, ENODATA, "the value has been optimized out", ev->err);
	if (!rc && ret->type.c && !ctype_is_scalar(ret->type.c))
		return aggregate_operand(ev, n);
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
	int rc = n->type.is_void || n->type.c ? eval_node(ev, n->arg[0], &v)
					      : eval_number(ev, n->arg[0], &v);

	if (!rc && v.type.is_void && !n->type.is_void)
		return operand_void(ev, &ev->e->node[n->arg[0]]);
	return rc ?: val_cast(ev, n, &v, &n->type, ret);
}

static int eval_sizeof(struct eval *ev, const struct node *n, struct val *ret)
{
	bool types_only = ev->types_only;
	struct val v;
	u64 size;
	int rc;

	ev->types_only = true;
	rc = eval_lvalue(ev, n->arg[0], &v);
	ev->types_only = types_only;
	if (!rc && v.type.symbol && !v.type.c)
		rc = node_bad(n, EINVAL, "the size of what is at this symbol is not known", ev->err);
	if (rc)
		return rc;
	size = v.type.c ? ctype_size(v.type.c) : type_size(&v.type);
	if (v.type.c && !size) /* GNU C: of void and functions */
		size = ctype_bare(v.type.c)->size;
	*ret = val_number(size * v.repeat, 8, false);
	return 0;
}

/* EXPR@N of a C type is an array. */
static int repeat_typed(struct eval *ev, const struct node *n, u64 count, struct val *ret)
{
	const struct ctype *c = ctype_array(ev->s->types, ret->type.c, count);

	if (!c || ctype_size(c) > INT32_MAX)
		return node_bad(n, ERANGE, "so many elements are more than can be shown", ev->err);
	ret->type = type_of_ctype(c);
	if (ret->in_memory)
		ret->bits = ret->addr;
	return 0;
}

static int eval_repeat(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val count;
	int rc = eval_lvalue(ev, n->arg[0], ret);

	if (!rc && !ret->type.c)
		rc = eval_number(ev, n->arg[0], ret);
	if (!rc)
		rc = eval_number(ev, n->arg[1], &count);
	if (rc)
		return rc;
	if (ev->types_only && ret->type.c)
		return repeat_typed(ev, n, count.bits, ret);
	if (!ret->in_memory || ret->bit_size)
		return node_bad(
			n, EINVAL,
			"only what lies in memory can be repeated with @, as in *(u32*)0x500@4",
			ev->err);
	if (!count.bits || count.bits > 1u << 20)
		return node_bad(n, ERANGE, "the count behind @ must be from 1 to 1048576", ev->err);
	if (ret->type.c)
		return repeat_typed(ev, n, count.bits, ret);
	ret->repeat = count.bits;
	return 0;
}

/* ---- the tree -------------------------------------------------------------------------------- */

/* A whole node that names nothing: its value, as far as it is one. */
static int eval_rvalue(struct eval *ev, const struct node *n, struct val *ret)
{
	switch ((enum node_op)n->op) {
	case NODE_CONST:
	case NODE_SYMBOL:
	case NODE_FLOAT:
		*ret = (struct val){ .bits = n->bits, .type = n->type, .repeat = 1 };
		return 0;
	case NODE_STRING:
		*ret = (struct val){ .type = n->type, .data = n->string, .repeat = 1 };
		return 0;
	case NODE_REG:
		return eval_register(ev, n, ret);
	case NODE_PC:
		return eval_pc(ev, ret);
	case NODE_ADDR:
		return eval_address(ev, n, ret);
	case NODE_CAST:
		return eval_cast(ev, n, ret);
	case NODE_SIZEOF:
		return eval_sizeof(ev, n, ret);
	case NODE_NEG:
	case NODE_PLUS:
	case NODE_NOT:
	case NODE_COMPL:
		return eval_unary(ev, n, ret);
	case NODE_LAND:
	case NODE_LOR:
		return eval_logical(ev, n, ret);
	case NODE_COND:
		return eval_conditional(ev, n, ret);
	case NODE_SEGOFF:
		return eval_segoff(ev, n, ret);
	case NODE_ASSIGN:
		return eval_assign(ev, n, ret);
	case NODE_CALL:
		return eval_call(ev, n, ret);
	case NODE_COMMA:
		return eval_node(ev, n->arg[0], ret) ?: eval_node(ev, n->arg[1], ret);
	default:
		return eval_binary(ev, n, ret);
	}
}

int eval_lvalue(struct eval *ev, u32 index, struct val *ret)
{
	const struct node *n = &ev->e->node[index];

	switch ((enum node_op)n->op) {
	case NODE_NAME:
		return eval_name(ev, n, ret);
	case NODE_DEREF:
		return eval_place(ev, n, ret);
	case NODE_INDEX:
		return eval_index(ev, n, ret);
	case NODE_MEMBER:
		return eval_member(ev, n, ret);
	case NODE_VAR:
		eval_var(ev, n->name, ret);
		return 0;
	case NODE_HISTORY:
		return eval_history(ev, n, ret);
	case NODE_REPEAT:
		return eval_repeat(ev, n, ret);
	default:
		return eval_rvalue(ev, n, ret);
	}
}

/* Values of the history and of variables are what they were, not what lies there now. */
static bool is_read(const struct node *n)
{
	return n->op == NODE_NAME || n->op == NODE_DEREF || n->op == NODE_INDEX ||
	       n->op == NODE_MEMBER || n->op == NODE_REPEAT;
}

int eval_node(struct eval *ev, u32 index, struct val *ret)
{
	const struct node *n = &ev->e->node[index];
	int rc = eval_lvalue(ev, index, ret);

	return rc || !is_read(n) ? rc : val_load(ev, ret);
}

/* ---- exported -------------------------------------------------------------------------------- */

static int finish(struct eval *ev, struct val *v, struct value *ret)
{
	int rc;

	val_to_value(v, ret);
	if (!v->place || v->gone || !v->type.c || ctype_is_scalar(v->type.c))
		return 0;
	/* A structure in registers and pieces: its contents are kept, as the place is not. */
	rc = place_keep(ev, v, ret);
	return rc;
}

int expr_eval_seen(struct session *s, const struct expr *e, struct eval_seen *seen,
		   struct value *ret, struct err *err)
{
	struct eval ev = { .s = s, .e = e, .err = err, .seen = seen };
	struct val v;
	int rc = eval_node(&ev, e->root, &v);

	return rc ?: finish(&ev, &v, ret);
}

int expr_eval(struct session *s, const struct expr *e, struct value *ret, struct err *err)
{
	return expr_eval_seen(s, e, NULL, ret, err);
}

int expr_type(struct session *s, const struct expr *e, struct value *ret, struct err *err)
{
	struct eval ev = { .s = s, .e = e, .err = err, .types_only = true };
	struct val v;
	int rc = eval_lvalue(&ev, e->root, &v);

	if (!rc)
		val_to_value(&v, ret);
	return rc;
}

int value_of_variable(struct session *s, unsigned level, const struct variable *var,
		      struct value *ret, struct err *err)
{
	struct eval ev = { .s = s, .err = err, .has_level = true, .level = level };
	struct val v;
	int rc = eval_variable(&ev, var, &v);

	if (!rc)
		rc = val_load(&ev, &v);
	return rc ?: finish(&ev, &v, ret);
}

int value_at(struct session *s, const struct ctype *t, u64 addr, struct value *ret, struct err *err)
{
	struct eval ev = { .s = s, .err = err };
	struct val v = { .type = type_of_ctype(t), .in_memory = true, .addr = addr, .repeat = 1 };
	int rc;

	if (!ctype_is_scalar(t))
		v.bits = addr;
	rc = val_load(&ev, &v);
	return rc ?: finish(&ev, &v, ret);
}

int value_bytes(struct session *s, const struct value *v, u64 offset, void *buf, size_t n,
		struct err *err)
{
	struct eval ev = { .s = s, .err = err };
	struct val val;
	bool gone;

	val_from_value(v, &val);
	return val_bytes(&ev, &val, offset, buf, n, &gone);
}
