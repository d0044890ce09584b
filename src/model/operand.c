/* operand.c - operands of any kind, and the stack. */
#include "model/operand.h"

u64 op_address(const struct model *m, const struct op *o, const struct opnd *d)
{
	u64 a = d->disp;

	if (d->base < GPR_COUNT)
		a += m->c.gpr[d->base];
	else if (d->base == INSN_MEM_RIP)
		a += m->next;
	if (d->index < GPR_COUNT)
		a += m->c.gpr[d->index] * d->scale;
	return a & size_mask(o->addrsize);
}

static u64 opnd_imm(const struct opnd *d)
{
	return d->kind == OPND_IMM || d->kind == OPND_REL || d->kind == OPND_FAR ? d->imm : 0;
}

static u64 opnd_register(const struct model *m, const struct opnd *d)
{
	switch (d->kind) {
	case OPND_SEG:
		return m->c.seg[d->reg].sel;
	case OPND_DR:
		return d->reg < 4 ? m->c.dr[d->reg] : d->reg & 1 ? m->c.dr7 : m->c.dr6;
	default:
		return opnd_imm(d);
	}
}

enum ex op_read(struct model *m, const struct op *o, unsigned i, u64 *ret)
{
	const struct opnd *d = &o->opnd[i];

	if (d->kind == OPND_GPR) {
		*ret = opnd_gpr_get(m, d);
		return EX_DONE;
	}
	if (d->kind == OPND_MEM)
		return mem_read(m, d->seg, op_address(m, o, d), d->size, ret);
	*ret = opnd_register(m, d);
	return EX_DONE;
}

enum ex op_write(struct model *m, const struct op *o, unsigned i, u64 value)
{
	const struct opnd *d = &o->opnd[i];

	if (d->kind == OPND_MEM)
		return mem_write(m, d->seg, op_address(m, o, d), d->size, value);
	if (d->kind == OPND_GPR)
		opnd_gpr_set(m, d, value);
	return EX_DONE;
}

enum ex op_rmw(struct model *m, const struct op *o, unsigned i, u64 *ret)
{
	const struct opnd *d = &o->opnd[i];
	u64 at;

	if (d->kind == OPND_GPR) {
		*ret = opnd_gpr_get(m, d);
		return EX_DONE;
	}
	at = op_address(m, o, d);
	TRY(mem_probe_write(m, d->seg, at, d->size));
	return mem_read(m, d->seg, at, d->size, ret);
}

enum ex push(struct model *m, unsigned size, u64 value)
{
	unsigned width = stack_width(m);
	u64 sp = (m->c.gpr[GPR_RSP] - size) & size_mask(width);

	TRY(mem_write(m, SEG_SS, sp, size, value));
	gpr_set(m, GPR_RSP, width, sp);
	return EX_DONE;
}

enum ex pop(struct model *m, unsigned size, u64 *ret)
{
	unsigned width = stack_width(m);
	u64 sp = gpr_get(m, GPR_RSP, width);

	TRY(mem_read(m, SEG_SS, sp, size, ret));
	gpr_set(m, GPR_RSP, width, sp + size);
	return EX_DONE;
}
