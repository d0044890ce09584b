/*
 * sse_element.c - single elements in and out, masks of signs, blends by XMM0, PTEST. An index is cut
 * to the elements there are.
 */
#include "model/sse.h"

/* --- PINSRx, PEXTRx, EXTRACTPS --- */

static unsigned element_size(u16 mnemonic)
{
	switch (mnemonic) {
	case ZYDIS_MNEMONIC_PINSRB:
	case ZYDIS_MNEMONIC_PEXTRB:
		return 1;
	case ZYDIS_MNEMONIC_PINSRW:
	case ZYDIS_MNEMONIC_PEXTRW:
		return 2;
	case ZYDIS_MNEMONIC_PINSRQ:
	case ZYDIS_MNEMONIC_PEXTRQ:
		return 8;
	default:
		return 4;
	}
}

/* Byte offset of the element in its register. */
static unsigned element_at(const struct op *o, const struct opnd *vector)
{
	unsigned size = element_size(o->mnemonic), n = (vector->kind == OPND_MMX ? 8 : 16) / size;

	return (o->opnd[2].imm & (n - 1)) * size;
}

static enum ex op_insert(struct model *m, const struct op *o)
{
	union xmm v;
	u64 e;

	TRY(vector_need(m, o));
	TRY(op_read(m, o, 1, &e));
	TRY(vector_peek(m, o, 0, &v));
	memcpy(v.byte + element_at(o, &o->opnd[0]), &e, element_size(o->mnemonic));
	vector_set(m, &o->opnd[0], &v);
	return EX_DONE;
}

static enum ex op_extract(struct model *m, const struct op *o)
{
	union xmm v;
	u64 e = 0;

	TRY(vector_need(m, o));
	TRY(vector_peek(m, o, 1, &v));
	memcpy(&e, v.byte + element_at(o, &o->opnd[1]), element_size(o->mnemonic));
	TRY(op_write(m, o, 0, e));
	if (o->opnd[1].kind == OPND_MMX)
		mmx_enter(m);
	return EX_DONE;
}

/* --- MOVMSKPS, MOVMSKPD, PMOVMSKB: sign bits --- */

static enum ex signs_move(struct model *m, const struct op *o, unsigned size)
{
	unsigned total = o->opnd[1].kind == OPND_MMX ? 8 : 16;
	union xmm v;
	u64 r = 0;

	TRY(vector_need(m, o));
	TRY(vector_peek(m, o, 1, &v));
	for (unsigned i = 0; i < total / size; i++)
		r |= (u64)(v.byte[i * size + size - 1] >> 7) << i;
	TRY(op_write(m, o, 0, r));
	if (total == 8)
		mmx_enter(m);
	return EX_DONE;
}

static enum ex op_movmskps(struct model *m, const struct op *o)
{
	return signs_move(m, o, 4);
}

static enum ex op_movmskpd(struct model *m, const struct op *o)
{
	return signs_move(m, o, 8);
}

static enum ex op_pmovmskb(struct model *m, const struct op *o)
{
	return signs_move(m, o, 1);
}

/* --- PBLENDVB, BLENDVPS, BLENDVPD: the source's elements where XMM0 has a sign --- */

static enum ex blend(struct model *m, const struct op *o, unsigned size)
{
	struct fpu *f = fpu_of(m);
	union xmm b, r = f->xmm[o->opnd[0].reg];

	TRY(vector_need(m, o));
	TRY(vector_read(m, o, 1, &b));
	for (unsigned i = 0; i < 16; i += size)
		if (f->xmm[0].byte[i + size - 1] & 0x80)
			memcpy(r.byte + i, b.byte + i, size);
	f->xmm[o->opnd[0].reg] = r;
	return EX_DONE;
}

static enum ex op_pblendvb(struct model *m, const struct op *o)
{
	return blend(m, o, 1);
}

static enum ex op_blendvps(struct model *m, const struct op *o)
{
	return blend(m, o, 4);
}

static enum ex op_blendvpd(struct model *m, const struct op *o)
{
	return blend(m, o, 8);
}

static enum ex op_ptest(struct model *m, const struct op *o)
{
	union xmm a, b;
	bool z, c;

	TRY(vector_need(m, o));
	TRY(vector_read(m, o, 1, &b));
	TRY(vector_read(m, o, 0, &a));
	z = !(b.qword[0] & a.qword[0]) && !(b.qword[1] & a.qword[1]);
	c = !(b.qword[0] & ~a.qword[0]) && !(b.qword[1] & ~a.qword[1]);
	flags_set(m, FL_ARITH, (z ? FL_ZF : 0) | (c ? FL_CF : 0));
	return EX_DONE;
}

const struct sse_row sse_element_rows[] = {
	{ ZYDIS_MNEMONIC_PINSRB, 0, NULL, op_insert, NULL },
	{ ZYDIS_MNEMONIC_PINSRW, 0, NULL, op_insert, NULL },
	{ ZYDIS_MNEMONIC_PINSRD, 0, NULL, op_insert, NULL },
	{ ZYDIS_MNEMONIC_PINSRQ, 0, NULL, op_insert, NULL },
	{ ZYDIS_MNEMONIC_PEXTRB, 0, NULL, op_extract, NULL },
	{ ZYDIS_MNEMONIC_PEXTRW, 0, NULL, op_extract, NULL },
	{ ZYDIS_MNEMONIC_PEXTRD, 0, NULL, op_extract, NULL },
	{ ZYDIS_MNEMONIC_PEXTRQ, 0, NULL, op_extract, NULL },
	{ ZYDIS_MNEMONIC_EXTRACTPS, 0, NULL, op_extract, NULL },
	{ ZYDIS_MNEMONIC_MOVMSKPS, 0, NULL, op_movmskps, NULL },
	{ ZYDIS_MNEMONIC_MOVMSKPD, 0, NULL, op_movmskpd, NULL },
	{ ZYDIS_MNEMONIC_PMOVMSKB, 0, NULL, op_pmovmskb, NULL },
	{ ZYDIS_MNEMONIC_PBLENDVB, 0, NULL, op_pblendvb, NULL },
	{ ZYDIS_MNEMONIC_BLENDVPS, 0, NULL, op_blendvps, NULL },
	{ ZYDIS_MNEMONIC_BLENDVPD, 0, NULL, op_blendvpd, NULL },
	{ ZYDIS_MNEMONIC_PTEST, 0, NULL, op_ptest, NULL },
	{ 0 },
};
