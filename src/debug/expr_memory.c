/* expr_memory.c - what lies at an address, addresses of things, and seg:off; see expr.h. */
#include <errno.h>
#include <string.h>
#include "eval.h"

static u8 mode_word(struct eval *ev)
{
	const struct cpu_state *c;

	return state_need(ev->s, REGS_GPR | REGS_SYS, &c, NULL) ? 8 : mode_bits(cpu_mode(c)) / 8;
}

/* What lies at an address: the target's type, a signed word for an address without one. */
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

int eval_place(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val p;
	int rc = eval_number(ev, n->arg[0], &p);

	*ret = (struct val){ .in_memory = true, .repeat = 1 };
	if (!rc)
		rc = pointee(ev, n, &p, &ret->type);
	ret->addr = p.bits;
	return rc;
}

int eval_deref(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val place;
	int rc = eval_place(ev, n, &place);

	if (!rc)
		rc = state_read_uint(ev->s, place.addr, type_size(&place.type), &place.bits,
				     ev->err);
	if (rc)
		return rc;
	place.bits = bits_extend(place.bits, type_size(&place.type), type_signed(&place.type));
	*ret = place;
	return 0;
}

int eval_address(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct node *of = &ev->e->node[n->arg[0]];
	int rc;

	if (of->op == NODE_SYMBOL)
		return eval_node(ev, n->arg[0], ret);
	if (of->op == NODE_DEREF) {
		struct val place;

		rc = eval_place(ev, of, &place);
		if (rc)
			return rc;
		*ret = (struct val){ .bits = place.addr, .type = place.type, .repeat = 1 };
		ret->type.depth++;
		return 0;
	}
	rc = eval_number(ev, n->arg[0], ret);
	if (rc)
		return rc;
	if (!ret->in_memory)
		return node_bad(n, EINVAL, "only what lies in memory has an address", ev->err);
	*ret = (struct val){ .bits = ret->addr, .type = ret->type, .repeat = 1 };
	ret->type.depth++;
	return 0;
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
