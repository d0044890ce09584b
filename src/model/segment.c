/*
 * segment.c - loading segment registers: MOV, POP, LDS and its kin; PUSH and MOV from them.
 *
 * SDM 2 "MOV", "POP", "LDS/LES/LFS/LGS/LSS", operation sections; SDM 3 "Privilege Level Checking
 * When Accessing Data Segments".
 */
#include <Zydis/Zydis.h>

#include "model/operand.h"
#include "model/system.h"

static enum ex load_null(struct model *m, u8 seg, u16 sel)
{
	/* SDM 3 "Null Segment Checking" (64-bit mode): SS may be null below ring 3. */
	if (seg == SEG_SS && (m->bits != 64 || m->cpl == 3 || (sel & 3) != m->cpl))
		return raise_code(m, EXC_GP, 0);
	seg_set_null(m, seg, sel);
	return EX_DONE;
}

static enum ex check_ss(struct model *m, u16 sel, const struct descriptor *d)
{
	if ((sel & 3) != m->cpl || d->kind != DESC_DATA || !(d->type & 2) || d->dpl != m->cpl)
		return raise_sel(m, EXC_GP, sel);
	return d->present ? EX_DONE : raise_sel(m, EXC_SS, sel);
}

static enum ex check_data(struct model *m, u16 sel, const struct descriptor *d)
{
	bool code = d->kind == DESC_CODE;

	if (d->kind != DESC_DATA && !(code && (d->type & 2)))
		return raise_sel(m, EXC_GP, sel);
	if (!(code && desc_conforming(d)) && ((sel & 3) > d->dpl || m->cpl > d->dpl))
		return raise_sel(m, EXC_GP, sel);
	return d->present ? EX_DONE : raise_sel(m, EXC_NP, sel);
}

enum ex seg_load(struct model *m, u8 seg, u16 sel)
{
	struct descriptor d;

	if (!is_protected(m)) {
		seg_set_real(m, seg, sel);
		return EX_DONE;
	}
	if (sel_null(sel))
		return load_null(m, seg, sel);
	TRY(desc_fetch(m, sel, EXC_GP, &d));
	TRY(seg == SEG_SS ? check_ss(m, sel, &d) : check_data(m, sel, &d));
	TRY(desc_touch(m, sel, &d));
	seg_set(m, seg, sel, &d);
	return EX_DONE;
}

/* SDM 3 "Masking Exceptions and Interrupts When Switching Stacks": MOV and POP to SS, not LSS; of
 * several in a row only the first. */
static enum ex load_with_shadow(struct model *m, u8 seg, u16 sel)
{
	TRY(seg_load(m, seg, sel));
	if (seg != SEG_SS)
		return EX_DONE;
	if (!(m->c.shadow & SHADOW_MOV_SS))
		m->shadow_next = SHADOW_MOV_SS;
	model_derive(m);
	return EX_DONE;
}

static enum ex mov_seg(struct model *m, const struct op *o)
{
	u64 sel;

	if (o->opnd[0].kind != OPND_SEG)
		return op_write(m, o, 0, m->c.seg[o->opnd[1].reg].sel);
	if (o->opnd[0].reg == SEG_CS || o->opnd[0].reg >= SEG_COUNT)
		return raise_vector(m, EXC_UD);
	TRY(op_read(m, o, 1, &sel));
	return load_with_shadow(m, o->opnd[0].reg, sel);
}

/* A 32- or 64-bit push of a selector is zero-extended: one of the two ways SDM 2 "PUSH" leaves
 * open. */
/*
 * SDM volume 2, PUSH: with 32-bit operands "all recent Intel Core and Intel Atom processors perform a
 * 16-bit move", the upper half of the place stays; with 64-bit ones the selector is zero-extended.
 */
static enum ex push_seg(struct model *m, const struct op *o)
{
	u16 sel = m->c.seg[o->opnd[0].reg].sel;
	unsigned width = stack_width(m);
	u64 sp = (m->c.gpr[GPR_RSP] - o->opsize) & size_mask(width);

	if (o->opsize != 4)
		return push(m, o->opsize, sel);
	TRY(mem_write(m, SEG_SS, sp, 2, sel));
	gpr_set(m, GPR_RSP, width, sp);
	return EX_DONE;
}

/*
 * Two bytes are read whatever the operand size, as processors are seen to do. RSP moves in the width of
 * the stack that was popped from, also when SS itself is loaded.
 */
static enum ex pop_seg(struct model *m, const struct op *o)
{
	unsigned width = stack_width(m);
	u64 sel, sp = gpr_get(m, GPR_RSP, width);

	TRY(mem_read(m, SEG_SS, sp, 2, &sel));
	TRY(load_with_shadow(m, o->opnd[0].reg, sel));
	gpr_set(m, GPR_RSP, width, sp + o->opsize);
	return EX_DONE;
}

static u8 pointer_segment(const struct op *o)
{
	switch (o->mnemonic) {
	case ZYDIS_MNEMONIC_LDS:
		return SEG_DS;
	case ZYDIS_MNEMONIC_LES:
		return SEG_ES;
	case ZYDIS_MNEMONIC_LFS:
		return SEG_FS;
	case ZYDIS_MNEMONIC_LGS:
		return SEG_GS;
	default:
		return SEG_SS;
	}
}

static enum ex load_pointer(struct model *m, const struct op *o)
{
	const struct opnd *d = &o->opnd[1];
	u64 at = op_address(m, o, d), mask = o->addrsize == 8 ? ~0ull : BIT64(o->addrsize * 8) - 1;
	u64 off, sel;

	TRY(mem_read(m, d->seg, at, o->opsize, &off));
	TRY(mem_read(m, d->seg, (at + o->opsize) & mask, 2, &sel));
	TRY(seg_load(m, pointer_segment(o), sel));
	model_derive(m);
	return op_write(m, o, 0, off);
}

/* SDM 2 "RDFSBASE/RDGSBASE", "WRFSBASE/WRGSBASE": 64-bit mode with CR4.FSGSBASE, any ring. */
static enum ex need_fsgsbase(struct model *m)
{
	return m->bits == 64 && m->c.cr4 & CR4_FSGSBASE ? EX_DONE : raise_vector(m, EXC_UD);
}

static enum ex base_read(struct model *m, const struct op *o, u8 seg)
{
	TRY(need_fsgsbase(m));
	return op_write(m, o, 0, m->c.seg[seg].base);
}

static enum ex base_write(struct model *m, const struct op *o, u8 seg)
{
	u64 base;

	TRY(need_fsgsbase(m));
	TRY(op_read(m, o, 0, &base));
	if (!canonical(base))
		return raise_code(m, EXC_GP, 0);
	m->c.seg[seg].base = base;
	m->c.fs_base_msr = m->c.seg[SEG_FS].base;
	m->c.gs_base_msr = m->c.seg[SEG_GS].base;
	return EX_DONE;
}

static enum ex rdfsbase(struct model *m, const struct op *o)
{
	return base_read(m, o, SEG_FS);
}

static enum ex rdgsbase(struct model *m, const struct op *o)
{
	return base_read(m, o, SEG_GS);
}

static enum ex wrfsbase(struct model *m, const struct op *o)
{
	return base_write(m, o, SEG_FS);
}

static enum ex wrgsbase(struct model *m, const struct op *o)
{
	return base_write(m, o, SEG_GS);
}

const struct op_row segment_ops[] = {
	{ OP_FORM(ZYDIS_MNEMONIC_MOV, ROW_SEG), mov_seg },
	{ OP_FORM(ZYDIS_MNEMONIC_PUSH, ROW_SEG), push_seg },
	{ OP_FORM(ZYDIS_MNEMONIC_POP, ROW_SEG), pop_seg },
	{ ZYDIS_MNEMONIC_LDS, load_pointer },
	{ ZYDIS_MNEMONIC_LES, load_pointer },
	{ ZYDIS_MNEMONIC_LFS, load_pointer },
	{ ZYDIS_MNEMONIC_LGS, load_pointer },
	{ ZYDIS_MNEMONIC_LSS, load_pointer },
	{ ZYDIS_MNEMONIC_RDFSBASE, rdfsbase },
	{ ZYDIS_MNEMONIC_RDGSBASE, rdgsbase },
	{ ZYDIS_MNEMONIC_WRFSBASE, wrfsbase },
	{ ZYDIS_MNEMONIC_WRGSBASE, wrgsbase },
	{ 0, NULL },
};
