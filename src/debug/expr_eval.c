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
		return void_operand(ev, n);
	if (!rc && ret->type.c)
		rc = val_decay(ev, n, ret);
	if (!rc && ret->gone)
		return node_bad(n, ENODATA, "the value has been optimized out", ev->err);
	if (!rc && ret->type.c && !ctype_is_scalar(ret->type.c))
		return aggregate_operand(ev, n);
	return rc;
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static int eval_register(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct reg_desc *r = n->reg;
	const struct cpu_state *c;
	int rc;

	*ret = (struct val){ .type = n->type, .repeat = 1 };
	if (ev->types_only)
		return 0;
	rc = frame_register(ev->s, r, &c, ev->err);
	if (rc)
		return rc;
	ret->bits = bits_extend(reg_get(c, r), type_size(&ret->type), type_signed(&ret->type));
	return 0;
}

static int eval_pc(struct eval *ev, struct val *ret)
{
	const struct cpu_state *c;
	const struct frame *f;
	int rc = 0;

	*ret = (struct val){ .type = { .depth = 1 }, .repeat = 1 };
	if (!ev->types_only)
		rc = frame_cpu(ev->s, 0, &c, &f, ev->err);
	if (!ev->types_only && !rc)
		ret->bits = f->pc;
	return rc;
}

void val_from_value(const struct value *v, struct val *ret)
{
	*ret = (struct val){
		.bits = v->bits,
		.in_memory = v->lval_mem,
		.addr = v->addr,
		.repeat = v->repeat ?: 1,
		.gone = v->optimized_out,
		.bit_pos = v->bit_pos,
		.bit_size = v->bit_size,
		.data = v->data,
		.partly_lost = v->partly_lost,
	};
	memcpy(ret->wide, v->wide, sizeof(ret->wide));
	if (v->type) {
		ret->type = type_of_ctype(v->type);
		return;
	}
	ret->type.is_void = v->is_void;
	ret->type.depth = v->is_pointer;
	ret->type.size = v->is_pointer ? v->pointee_size : v->size;
	ret->type.is_signed = v->is_pointer ? v->pointee_signed : v->is_signed;
}

void val_to_value(const struct val *v, struct value *ret)
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
		.type = v->type.c,
		.optimized_out = v->gone,
		.bit_pos = v->bit_pos,
		.bit_size = v->bit_size,
		.data = v->data,
		.partly_lost = v->partly_lost,
	};
	memcpy(ret->wide, v->wide, sizeof(ret->wide));
	if (v->type.depth) {
		ret->pointee_size = v->type.depth > 1 ? 8 : v->type.size;
		ret->pointee_signed = v->type.depth == 1 && v->type.is_signed;
	}
}

static void eval_var(struct eval *ev, const char *name, struct val *ret)
{
	struct value v;

	if (ev->s && session_var_get(ev->s, name, &v))
		val_from_value(&v, ret);
	else
		*ret = (struct val){ .type = { .is_void = true }, .repeat = 1 };
}

static int eval_history(struct eval *ev, const struct node *n, struct val *ret)
{
	struct value v;
	int rc = value_history_get(ev->s, n->history.absolute, n->history.number, &v, ev->err);

	if (!rc)
		val_from_value(&v, ret);
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
		return void_operand(ev, &ev->e->node[n->arg[0]]);
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

/* ---- assignment ------------------------------------------------------------------------------ */

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

static int eval_assign(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct node *left = &ev->e->node[n->arg[0]];
	struct val v, old;
	int rc = takes_anything(left) && n->assign_op == NODE_ASSIGN
			 ? eval_node(ev, n->arg[1], &v)
			 : eval_number(ev, n->arg[1], &v);

	if (!rc && v.type.is_void && left->op != NODE_VAR)
		return void_operand(ev, &ev->e->node[n->arg[1]]);
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

int expr_eval(struct session *s, const struct expr *e, struct value *ret, struct err *err)
{
	struct eval ev = { .s = s, .e = e, .err = err };
	struct val v;
	int rc = eval_node(&ev, e->root, &v);

	return rc ?: finish(&ev, &v, ret);
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
