/*
 * sse_string.c - PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM.
 *
 * SDM volume 1, "PCMPxSTRx Instructions", volume 2, "Imm8 Control Byte Operation for PCMPESTRI /
 * PCMPESTRM / PCMPISTRI / PCMPISTRM":
 *
 *   imm8   6    5..4      3..2         1      0
 *          |    polarity  aggregation  signed words
 *          output: last index, or a mask of whole elements
 */
#include "model/sse.h"

struct strings {
	union xmm a, b; /* first and second operand */
	unsigned n;     /* elements in a register: 16 or 8 */
	unsigned na, nb; /* valid elements */
	u8 imm;
};

static s32 element(const struct strings *s, const union xmm *v, unsigned i)
{
	if (s->n == 8)
		return s->imm & 2 ? (s16)v->word[i] : v->word[i];
	return s->imm & 2 ? (s8)v->byte[i] : v->byte[i];
}

/* --- aggregation: is element j of the second operand in, what is beyond an end overridden --- */

static bool in_set(const struct strings *s, unsigned j)
{
	for (unsigned i = 0; i < s->na; i++)
		if (element(s, &s->a, i) == element(s, &s->b, j))
			return j < s->nb;
	return false;
}

static bool in_ranges(const struct strings *s, unsigned j)
{
	s32 e = element(s, &s->b, j);

	for (unsigned i = 0; i + 1 < s->na; i += 2)
		if (element(s, &s->a, i) <= e && e <= element(s, &s->a, i + 1))
			return j < s->nb;
	return false;
}

static bool equals_each(const struct strings *s, unsigned j)
{
	if (j >= s->na || j >= s->nb)
		return j >= s->na && j >= s->nb;
	return element(s, &s->a, j) == element(s, &s->b, j);
}

/* The first operand begins at j; its end beyond the register counts as met. */
static bool starts_at(const struct strings *s, unsigned j)
{
	for (unsigned i = 0; i < s->na && i + j < s->n; i++)
		if (i + j >= s->nb || element(s, &s->a, i) != element(s, &s->b, i + j))
			return false;
	return true;
}

static bool holds(const struct strings *s, unsigned j)
{
	switch (s->imm >> 2 & 3) {
	case 0:
		return in_set(s, j);
	case 1:
		return in_ranges(s, j);
	case 2:
		return equals_each(s, j);
	default:
		return starts_at(s, j);
	}
}

/* IntRes2: negated whole (01), or where the second operand is valid (11). */
static u32 strings_compare(const struct strings *s)
{
	u32 r = 0;

	for (unsigned j = 0; j < s->n; j++)
		r |= (u32)holds(s, j) << j;
	if ((s->imm >> 4 & 3) == 1)
		r ^= BIT(s->n) - 1;
	else if ((s->imm >> 4 & 3) == 3)
		r ^= BIT(s->nb) - 1;
	return r;
}

/* --- lengths --- */

static unsigned length_implicit(const struct strings *s, const union xmm *v)
{
	for (unsigned i = 0; i < s->n; i++)
		if (!element(s, v, i))
			return i;
	return s->n;
}

/* EAX, EDX or with REX.W all of them: the magnitude counts, at most the register. */
static unsigned length_explicit(const struct strings *s, s64 v)
{
	u64 size = v < 0 ? -(u64)v : (u64)v;

	return size < s->n ? size : s->n;
}

static bool is_explicit(u16 mnemonic)
{
	return mnemonic == ZYDIS_MNEMONIC_PCMPESTRI || mnemonic == ZYDIS_MNEMONIC_PCMPESTRM;
}

static enum ex strings_read(struct model *m, const struct op *o, struct strings *s)
{
	const u64 *gpr = m->c.gpr;
	bool wide = o->opsize == 8;

	TRY(vector_need(m, o));
	TRY(vector_peek(m, o, 1, &s->b));
	TRY(vector_peek(m, o, 0, &s->a));
	s->imm = o->opnd[2].imm;
	s->n = s->imm & 1 ? 8 : 16;
	if (is_explicit(o->mnemonic)) {
		s->na = length_explicit(s, wide ? (s64)gpr[GPR_RAX] : (s32)gpr[GPR_RAX]);
		s->nb = length_explicit(s, wide ? (s64)gpr[GPR_RDX] : (s32)gpr[GPR_RDX]);
	} else {
		s->na = length_implicit(s, &s->a);
		s->nb = length_implicit(s, &s->b);
	}
	return EX_DONE;
}

/* --- results --- */

static void strings_flags(struct model *m, const struct strings *s, u32 r)
{
	flags_set(m, FL_ARITH, (r ? FL_CF : 0) | (s->nb < s->n ? FL_ZF : 0) |
			       (s->na < s->n ? FL_SF : 0) | (r & 1 ? FL_OF : 0));
}

static enum ex op_index(struct model *m, const struct op *o)
{
	struct strings s;
	u32 r;

	TRY(strings_read(m, o, &s));
	r = strings_compare(&s);
	if (!r)
		gpr_set(m, GPR_RCX, 4, s.n);
	else
		gpr_set(m, GPR_RCX, 4, s.imm & 0x40 ? 31 - __builtin_clz(r) : __builtin_ctz(r));
	strings_flags(m, &s, r);
	return EX_DONE;
}

static enum ex op_mask(struct model *m, const struct op *o)
{
	union xmm v = { 0 };
	struct strings s;
	u32 r;

	TRY(strings_read(m, o, &s));
	r = strings_compare(&s);
	for (unsigned j = 0; s.imm & 0x40 && j < s.n; j++)
		if (r & BIT(j))
			memset(v.byte + j * 16 / s.n, 0xff, 16 / s.n);
	if (!(s.imm & 0x40))
		v.dword[0] = r;
	fpu_of(m)->xmm[0] = v;
	strings_flags(m, &s, r);
	return EX_DONE;
}

const struct sse_row sse_string_rows[] = {
	{ ZYDIS_MNEMONIC_PCMPESTRI, 0, NULL, op_index, NULL },
	{ ZYDIS_MNEMONIC_PCMPISTRI, 0, NULL, op_index, NULL },
	{ ZYDIS_MNEMONIC_PCMPESTRM, 0, NULL, op_mask, NULL },
	{ ZYDIS_MNEMONIC_PCMPISTRM, 0, NULL, op_mask, NULL },
	{ 0 },
};
