/*
 * sse_move.c - moves between vector registers, general-purpose registers and memory. There are no
 * caches: a non-temporal move is a move.
 */
#include "model/sse.h"

/* --- whole registers --- */

static enum ex store_16(struct model *m, const struct op *o, bool aligned)
{
	const struct opnd *d = &o->opnd[0];

	TRY(aligned ? vector_aligned(m, o, 0) : mem_check(m, d->seg, op_address(m, o, d), 16, true));
	return mem_write_bytes(m, d->seg, op_address(m, o, d), 16, &fpu_of(m)->xmm[o->opnd[1].reg]);
}

static enum ex move_16(struct model *m, const struct op *o, bool aligned)
{
	union xmm v;

	TRY(need_sse(m));
	if (o->opnd[0].kind == OPND_MEM)
		return store_16(m, o, aligned);
	TRY(aligned ? vector_read(m, o, 1, &v) : vector_peek(m, o, 1, &v));
	vector_set(m, &o->opnd[0], &v);
	return EX_DONE;
}

static enum ex op_move_aligned(struct model *m, const struct op *o)
{
	return move_16(m, o, true);
}

static enum ex op_move_unaligned(struct model *m, const struct op *o)
{
	return move_16(m, o, false);
}

/* --- the low part, zero-extended: MOVD, MOVQ, MOVNTQ, MOVQ2DQ, MOVDQ2Q --- */

static enum ex op_move_low(struct model *m, const struct op *o)
{
	const struct opnd *d = &o->opnd[0];
	union xmm v;

	TRY(vector_need(m, o));
	TRY(vector_peek(m, o, 1, &v));
	v.qword[1] = 0;
	if (d->kind == OPND_MEM || d->kind == OPND_GPR)
		TRY(op_write(m, o, 0, v.qword[0]));
	else
		vector_set(m, d, &v);
	if (o->opnd[1].kind == OPND_MMX)
		mmx_enter(m);
	return EX_DONE;
}

/* --- MOVSS, MOVSD: a load clears the rest, a register's element leaves it --- */

static enum ex move_scalar(struct model *m, const struct op *o, unsigned size)
{
	union xmm v;

	TRY(need_sse(m));
	TRY(vector_peek(m, o, 1, &v));
	if (o->opnd[0].kind == OPND_MEM)
		return op_write(m, o, 0, v.qword[0] & size_mask(size));
	if (o->opnd[1].kind == OPND_XMM)
		memcpy(&fpu_of(m)->xmm[o->opnd[0].reg], &v, size);
	else
		vector_set(m, &o->opnd[0], &v);
	return EX_DONE;
}

static enum ex op_movss(struct model *m, const struct op *o)
{
	return move_scalar(m, o, 4);
}

static enum ex op_movsd(struct model *m, const struct op *o)
{
	return move_scalar(m, o, 8);
}

/* --- halves: MOVLPS, MOVHPS and those of doubles --- */

static enum ex move_half(struct model *m, const struct op *o, unsigned half)
{
	u64 v;

	TRY(need_sse(m));
	if (o->opnd[0].kind == OPND_MEM)
		return op_write(m, o, 0, fpu_of(m)->xmm[o->opnd[1].reg].qword[half]);
	TRY(op_read(m, o, 1, &v));
	fpu_of(m)->xmm[o->opnd[0].reg].qword[half] = v;
	return EX_DONE;
}

static enum ex op_move_lower(struct model *m, const struct op *o)
{
	return move_half(m, o, 0);
}

static enum ex op_move_upper(struct model *m, const struct op *o)
{
	return move_half(m, o, 1);
}

/* --- MASKMOVQ, MASKMOVDQU: bytes whose mask has its upper bit, to seg:RDI --- */

static u64 mask_address(const struct model *m, const struct op *o, unsigned i)
{
	return (m->c.gpr[GPR_RDI] + i) & size_mask(o->addrsize);
}

/* All bytes are checked before one is written, also those that will not be: the SDM lets the processor
 * choose. */
static enum ex op_move_masked(struct model *m, const struct op *o)
{
	unsigned size = o->opnd[0].kind == OPND_MMX ? 8 : 16;
	union xmm v, mask;

	TRY(vector_need(m, o));
	TRY(vector_peek(m, o, 0, &v));
	TRY(vector_peek(m, o, 1, &mask));
	TRY(mem_check(m, o->seg, mask_address(m, o, 0), 8, true)); /* #AC: as processors do */
	TRY(mem_check(m, o->seg, mask_address(m, o, size - 8), 8, true));
	for (unsigned i = 0; i < size; i++)
		TRY(mem_probe_write(m, o->seg, mask_address(m, o, i), 1));
	for (unsigned i = 0; i < size; i++)
		if (mask.byte[i] & 0x80)
			TRY(mem_write(m, o->seg, mask_address(m, o, i), 1, v.byte[i]));
	if (size == 8)
		mmx_enter(m);
	return EX_DONE;
}

const struct sse_row sse_move_rows[] = {
	{ ZYDIS_MNEMONIC_MOVAPS, 0, NULL, op_move_aligned, NULL },
	{ ZYDIS_MNEMONIC_MOVAPD, 0, NULL, op_move_aligned, NULL },
	{ ZYDIS_MNEMONIC_MOVDQA, 0, NULL, op_move_aligned, NULL },
	{ ZYDIS_MNEMONIC_MOVNTPS, 0, NULL, op_move_aligned, NULL },
	{ ZYDIS_MNEMONIC_MOVNTPD, 0, NULL, op_move_aligned, NULL },
	{ ZYDIS_MNEMONIC_MOVNTDQ, 0, NULL, op_move_aligned, NULL },
	{ ZYDIS_MNEMONIC_MOVNTDQA, 0, NULL, op_move_aligned, NULL },
	{ ZYDIS_MNEMONIC_MOVUPS, 0, NULL, op_move_unaligned, NULL },
	{ ZYDIS_MNEMONIC_MOVUPD, 0, NULL, op_move_unaligned, NULL },
	{ ZYDIS_MNEMONIC_MOVDQU, 0, NULL, op_move_unaligned, NULL },
	{ ZYDIS_MNEMONIC_LDDQU, 0, NULL, op_move_unaligned, NULL },
	{ ZYDIS_MNEMONIC_MOVD, 0, NULL, op_move_low, NULL },
	{ ZYDIS_MNEMONIC_MOVQ, 0, NULL, op_move_low, NULL },
	{ ZYDIS_MNEMONIC_MOVNTQ, 0, NULL, op_move_low, NULL },
	{ ZYDIS_MNEMONIC_MOVQ2DQ, 0, NULL, op_move_low, NULL },
	{ ZYDIS_MNEMONIC_MOVDQ2Q, 0, NULL, op_move_low, NULL },
	{ ZYDIS_MNEMONIC_MOVSS, 0, NULL, op_movss, NULL },
	{ ZYDIS_MNEMONIC_MOVSD, 0, NULL, op_movsd, NULL },
	{ ZYDIS_MNEMONIC_MOVLPS, 0, NULL, op_move_lower, NULL },
	{ ZYDIS_MNEMONIC_MOVLPD, 0, NULL, op_move_lower, NULL },
	{ ZYDIS_MNEMONIC_MOVHPS, 0, NULL, op_move_upper, NULL },
	{ ZYDIS_MNEMONIC_MOVHPD, 0, NULL, op_move_upper, NULL },
	{ ZYDIS_MNEMONIC_MASKMOVQ, 0, NULL, op_move_masked, NULL },
	{ ZYDIS_MNEMONIC_MASKMOVDQU, 0, NULL, op_move_masked, NULL },
	{ 0 },
};

/* --- without vector operands --- */

static enum ex op_movnti(struct model *m, const struct op *o)
{
	u64 v;

	TRY(op_read(m, o, 1, &v));
	return op_write(m, o, 0, v);
}

/* SDM volume 3, "Effect of MMX Instructions on the x87 FPU Register File": TOP is 0 behind it, too. */
static enum ex op_emms(struct model *m, const struct op *o)
{
	TRY(need_mmx(m));
	mmx_enter(m);
	fpu_of(m)->ftw = 0;
	return EX_DONE;
}

const struct op_row sse_ops[] = {
	{ ZYDIS_MNEMONIC_MOVNTI, op_movnti },
	{ ZYDIS_MNEMONIC_EMMS, op_emms },
	{ 0 },
};
