/* expr_memory.c - what lies at an address, addresses of things, and seg:off; see expr.h. */
#include <errno.h>
#include <string.h>
#include "eval.h"

static u8 mode_word(struct eval *ev)
{
	const struct cpu_state *c;

	return state_need(ev->s, REGS_GPR | REGS_SYS, &c, NULL) ? 8 : mode_bits(cpu_mode(c)) / 8;
}

/* What lies at an address without a C type: the target's type, a signed word for an address without
 * one. */
static int pointee(struct eval *ev, const struct node *n, const struct val *p, struct type *ret)
{
	const struct type *t = &p->type;

	if (t->depth > 1)
		*ret = (struct type){ .size = t->size,
				      .is_signed = t->is_signed,
				      .depth = t->depth - 1 };
	else if (t->depth && t->size)
		*ret = (struct type){ .size = t->size, .is_signed = t->is_signed };
	else if (t->symbol)
		return node_bad(
			n, EINVAL,
			"the size of what is at this symbol is not known; cast it, as in *(u32*)NAME",
			ev->err);
	else
		*ret = (struct type){ .size = mode_word(ev), .is_signed = true };
	return 0;
}

int val_target(struct eval *ev, const struct node *n, const struct val *p, struct val *ret)
{
	const struct ctype *c = p->type.c ? ctype_strip(p->type.c) : NULL;
	struct val v = { .in_memory = true, .addr = p->bits, .repeat = 1 };
	int rc = 0;

	if (p->gone)
		return node_bad(n, ENODATA, "the pointer has been optimized out", ev->err);
	if (c && c->kind == CTYPE_POINTER && ctype_strip(c->target)->kind == CTYPE_VOID)
		return node_bad(n, EINVAL,
				"a void pointer does not say what is there; cast it, as in *(int *)ptr",
				ev->err);
	if (c && c->kind == CTYPE_POINTER) {
		v.type = type_of_ctype(c->target);
		if (!ctype_is_scalar(c->target))
			v.bits = v.addr;
	} else {
		rc = pointee(ev, n, p, &v.type);
	}
	*ret = v;
	return rc;
}

int eval_place(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val p;
	int rc = eval_lvalue(ev, n->arg[0], &p);

	if (rc)
		return rc;
	if (p.type.c && ctype_strip(p.type.c)->kind == CTYPE_FUNCTION) { /* *main is main */
		*ret = p;
		return 0;
	}
	rc = eval_number(ev, n->arg[0], &p);
	return rc ?: val_target(ev, n, &p, ret);
}

/* A pointer to what `v` is. */
static int pointer_to(struct eval *ev, const struct node *n, const struct val *v, struct val *ret)
{
	unsigned size = expr_pointer_size(ev->s);
	const struct ctype *c;

	if (v->type.c) {
		c = ctype_pointer(ev->s->types, v->type.c, size);
		if (!c)
			return err_set(ev->err, ENOMEM, "no memory for a type");
		*ret = (struct val){ .bits = v->addr, .type = type_of_ctype(c), .repeat = 1 };
		return 0;
	}
	*ret = (struct val){ .bits = v->addr, .type = v->type, .repeat = 1 };
	ret->type.depth++;
	return 0;
}

int eval_address(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct node *of = &ev->e->node[n->arg[0]];
	struct val v;
	int rc;

	if (of->op == NODE_SYMBOL)
		return eval_node(ev, n->arg[0], ret);
	rc = eval_lvalue(ev, n->arg[0], &v);
	if (rc)
		return rc;
	if (v.in_memory || (ev->types_only && (of->op == NODE_NAME || of->op == NODE_MEMBER ||
					       of->op == NODE_INDEX || of->op == NODE_DEREF)))
		return pointer_to(ev, n, &v, ret);
	if (v.place && v.place->piece[0].kind == PIECE_REGISTER)
		return node_bad(n, EINVAL, "what lies in a register has no address", ev->err);
	if (v.gone)
		return node_bad(n, ENODATA, "what has been optimized out has no address", ev->err);
	return node_bad(n, EINVAL, "only what lies in memory has an address", ev->err);
}

/* Base of a segment given by number: real mode's rule, else its descriptor (or the register that
 * holds it, whose hidden part counts). Without a guest as in real mode. */
static int segment_base(struct eval *ev, const struct node *n, u16 sel, u64 *ret)
{
	const struct cpu_state *c;
	struct descriptor d;
	struct phys_ops mem;

	*ret = (u64)sel << 4;
	if (!ev->s || !session_has_guest(ev->s))
		return 0;
	if (state_need(ev->s, REGS_GPR | REGS_SYS, &c, ev->err))
		return -EIO;
	if (cpu_mode(c) == MODE_REAL || cpu_mode(c) == MODE_V86)
		return 0;
	for (unsigned i = 0; i < SEG_COUNT; i++)
		if (c->seg[i].sel == sel) {
			*ret = c->seg[i].base;
			return 0;
		}
	mem = machine_phys(session_machine(ev->s));
	if (descriptor_read(c, &mem, sel, &d) || (d.kind != DESC_CODE && d.kind != DESC_DATA))
		return node_bad(n, EINVAL,
				"this selector names no code or data segment; see info gdt",
				ev->err);
	*ret = cpu_mode(c) == MODE_LONG ? 0 : d.base;
	return 0;
}

static int register_base(struct eval *ev, const struct reg_desc *r, bool *ret_found, u64 *ret)
{
	const struct cpu_state *c;
	int rc = 0;

	*ret_found = false;
	for (int i = 0; i < SEG_COUNT && r->kind == REGK_SEG; i++) {
		if (strcmp(r->name, seg_name(i)))
			continue;
		rc = state_need(ev->s, REGS_GPR | REGS_SYS, &c, ev->err);
		if (rc)
			return rc;
		*ret = cpu_mode(c) == MODE_LONG && i != SEG_FS && i != SEG_GS ? 0 : c->seg[i].base;
		*ret_found = true;
	}
	return 0;
}

int eval_segoff(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct node *left = &ev->e->node[n->arg[0]];
	struct val seg, off;
	bool found = false;
	u64 base = 0;
	int rc = eval_number(ev, n->arg[1], &off);

	if (!rc && left->op == NODE_REG)
		rc = register_base(ev, left->reg, &found, &base);
	if (!rc && !found) {
		rc = eval_number(ev, n->arg[0], &seg);
		if (!rc && seg.bits != (u16)seg.bits && seg.bits != (u64)(s64)(s16)seg.bits)
			rc = node_bad(n, ERANGE, "a segment is a number of 16 bits", ev->err);
		if (!rc)
			rc = segment_base(ev, n, seg.bits, &base);
	}
	if (!rc)
		*ret = (struct val){ .bits = base + off.bits, .type = { .depth = 1 }, .repeat = 1 };
	return rc;
}
