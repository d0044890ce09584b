/*
 * expr_leaf.c - the leaves of an expression: registers, $pc, convenience variables, the history; and a
 * value on the way from and to the one commands know.
 */
#include <string.h>
#include "eval.h"

int eval_register(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct reg_desc *r = n->reg;
	const struct cpu_state *c;
	int rc;

	*ret = (struct val){ .type = n->type, .repeat = 1 };
	if (ev->types_only)
		return 0;
	if (ev->seen)
		ev->seen->registers = true;
	rc = frame_register(ev->s, r, &c, ev->err);
	if (rc)
		return rc;
	ret->bits = bits_extend(reg_get(c, r), type_size(&ret->type), type_signed(&ret->type));
	return 0;
}

int eval_pc(struct eval *ev, struct val *ret)
{
	const struct cpu_state *c;
	const struct frame *f;
	int rc = 0;

	*ret = (struct val){ .type = { .depth = 1 }, .repeat = 1 };
	if (ev->seen)
		ev->seen->registers = true;
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

void eval_var(struct eval *ev, const char *name, struct val *ret)
{
	struct value v;

	if (ev->s && session_var_get(ev->s, name, &v))
		val_from_value(&v, ret);
	else
		*ret = (struct val){ .type = { .is_void = true }, .repeat = 1 };
}

int eval_history(struct eval *ev, const struct node *n, struct val *ret)
{
	struct value v;
	int rc = value_history_get(ev->s, n->history.absolute, n->history.number, &v, ev->err);

	if (!rc)
		val_from_value(&v, ret);
	return rc;
}
