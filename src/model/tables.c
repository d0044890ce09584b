/*
 * tables.c - the descriptor-table registers: LGDT, LIDT, SGDT, SIDT, LLDT, LTR, SLDT, STR.
 *
 * SDM 2, the sections of these names; UMIP: SDM 3 "Control Registers".
 */
#include "model/system.h"

static u64 address_mask(const struct op *o)
{
	return o->addrsize == 8 ? ~0ull : BIT64(o->addrsize * 8) - 1;
}

/* --- GDTR, IDTR --- */

/* A 16-bit operand size has 24 bits of base. */
static enum ex table_load(struct model *m, const struct op *o, struct table_reg *r)
{
	const struct opnd *d = &o->opnd[0];
	u64 at = op_address(m, o, d), limit, base;

	TRY(need_cpl0(m));
	TRY(mem_read(m, d->seg, at, 2, &limit));
	TRY(mem_read(m, d->seg, (at + 2) & address_mask(o), m->bits == 64 ? 8 : 4, &base));
	if (m->bits == 64 && !canonical(base))
		return raise_code(m, EXC_GP, 0);
	if (m->bits != 64 && o->opsize == 2)
		base &= 0xffffff;
	*r = (struct table_reg){ base, limit };
	return EX_DONE;
}

/* All 32 bits of the base are stored whatever the operand size: so processors later than the 286
 * do, though the operation section of SDM 2 "SGDT" zeroes the top byte for 16 bits. */
static enum ex table_store(struct model *m, const struct op *o, const struct table_reg *r)
{
	const struct opnd *d = &o->opnd[0];
	u64 at = op_address(m, o, d), above = (at + 2) & address_mask(o);
	unsigned size = m->bits == 64 ? 8 : 4;

	TRY(need_umip(m));
	TRY(mem_probe_write(m, d->seg, at, 2));
	TRY(mem_probe_write(m, d->seg, above, size));
	TRY(mem_write(m, d->seg, at, 2, r->limit));
	return mem_write(m, d->seg, above, size, r->base);
}

enum ex lgdt(struct model *m, const struct op *o)
{
	return table_load(m, o, &m->c.gdtr);
}

enum ex lidt(struct model *m, const struct op *o)
{
	return table_load(m, o, &m->c.idtr);
}

enum ex sgdt(struct model *m, const struct op *o)
{
	return table_store(m, o, &m->c.gdtr);
}

enum ex sidt(struct model *m, const struct op *o)
{
	return table_store(m, o, &m->c.idtr);
}

/* --- LDTR, TR --- */

static enum ex selector_operand(struct model *m, const struct op *o, u16 *ret)
{
	u64 v;

	if (!is_protected(m))
		return raise_vector(m, EXC_UD);
	TRY(need_cpl0(m));
	TRY(op_read(m, o, 0, &v));
	*ret = v;
	return EX_DONE;
}

enum ex lldt(struct model *m, const struct op *o)
{
	struct descriptor d;
	u16 sel;

	TRY(selector_operand(m, o, &sel));
	if (sel_null(sel)) {
		m->c.ldtr = (struct segment){ .sel = sel };
		return EX_DONE;
	}
	if (sel & 4)
		return raise_sel(m, EXC_GP, sel);
	TRY(desc_fetch(m, sel, EXC_GP, &d));
	if (d.kind != DESC_LDT)
		return raise_sel(m, EXC_GP, sel);
	if (!d.present)
		return raise_sel(m, EXC_NP, sel);
	if (is_long(m) && !canonical(d.base))
		return raise_sel(m, EXC_GP, sel);
	m->c.ldtr = (struct segment){ d.base, d.limit, sel, d.attr };
	return EX_DONE;
}

static bool is_tss(const struct descriptor *d)
{
	return d->kind == DESC_TSS16 || d->kind == DESC_TSS32 || d->kind == DESC_TSS64;
}

enum ex ltr(struct model *m, const struct op *o)
{
	struct descriptor d;
	u16 sel;

	TRY(selector_operand(m, o, &sel));
	if (sel_null(sel))
		return raise_code(m, EXC_GP, 0);
	if (sel & 4)
		return raise_sel(m, EXC_GP, sel);
	TRY(desc_fetch(m, sel, EXC_GP, &d));
	if (!is_tss(&d) || d.busy)
		return raise_sel(m, EXC_GP, sel);
	if (!d.present)
		return raise_sel(m, EXC_NP, sel);
	if (is_long(m) && !canonical(d.base))
		return raise_sel(m, EXC_GP, sel);
	TRY(desc_busy(m, sel, true));
	m->c.tr = (struct segment){ d.base, d.limit, sel, d.attr | 2 };
	return EX_DONE;
}

/* To memory always 16 bits; to a register zero-extended to the operand size. */
static enum ex selector_store(struct model *m, const struct op *o, u16 sel)
{
	if (!is_protected(m))
		return raise_vector(m, EXC_UD);
	TRY(need_umip(m));
	if (o->opnd[0].kind == OPND_MEM)
		return mem_write(m, o->opnd[0].seg, op_address(m, o, &o->opnd[0]), 2, sel);
	return op_write(m, o, 0, sel);
}

enum ex sldt(struct model *m, const struct op *o)
{
	return selector_store(m, o, m->c.ldtr.sel);
}

enum ex str(struct model *m, const struct op *o)
{
	return selector_store(m, o, m->c.tr.sel);
}
