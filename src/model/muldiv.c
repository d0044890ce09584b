/*
 * muldiv.c - MUL IMUL DIV IDIV. Flags the SDM leaves undefined: after a product SF and PF are the
 * low half's, ZF and AF 0; a division leaves all as they were.
 */
#include <Zydis/Zydis.h>

#include "model/operand.h"

typedef unsigned __int128 u128;
typedef __int128 s128;

static void product_flags(struct model *m, u64 low, unsigned size, bool over)
{
	flags_set(m, FL_ARITH,
		  (flags_szp(low, size) & (FL_SF | FL_PF)) | (over ? FL_CF | FL_OF : 0));
}

/* AX, or DX:AX and its wider kin. */
static void pair_set(struct model *m, unsigned size, u64 high, u64 low)
{
	if (size == 1) {
		gpr_set(m, GPR_RAX, 2, (high & 0xff) << 8 | (low & 0xff));
		return;
	}
	gpr_set(m, GPR_RAX, size, low);
	gpr_set(m, GPR_RDX, size, high);
}

static u128 pair_get(const struct model *m, unsigned size)
{
	if (size == 1)
		return gpr_get(m, GPR_RAX, 2);
	return (u128)gpr_get(m, GPR_RDX, size) << (8 * size) | gpr_get(m, GPR_RAX, size);
}

static enum ex op_mul(struct model *m, const struct op *o)
{
	unsigned size = o->opnd[0].size;
	u64 b, low, high;
	u128 p;

	TRY(op_read(m, o, 0, &b));
	p = (u128)gpr_get(m, GPR_RAX, size) * b;
	low = p & size_mask(size);
	high = (u64)(p >> (8 * size)) & size_mask(size);
	pair_set(m, size, high, low);
	product_flags(m, low, size, high);
	return EX_DONE;
}

static enum ex imul_one(struct model *m, const struct op *o)
{
	unsigned size = o->opnd[0].size;
	u64 b, low;
	s128 p;

	TRY(op_read(m, o, 0, &b));
	p = (s128)sign_extend(gpr_get(m, GPR_RAX, size), size) * sign_extend(b, size);
	low = p & size_mask(size);
	pair_set(m, size, p >> (8 * size), low);
	product_flags(m, low, size, p != sign_extend(low, size));
	return EX_DONE;
}

static enum ex op_imul(struct model *m, const struct op *o)
{
	unsigned size = o->opnd[0].size;
	u64 a, b, low;
	s128 p;

	if (o->n == 1)
		return imul_one(m, o);
	TRY(op_read(m, o, o->n - 2, &a));
	TRY(op_read(m, o, o->n - 1, &b));
	p = (s128)sign_extend(a, size) * sign_extend(b, size);
	low = p & size_mask(size);
	TRY(op_write(m, o, 0, low));
	product_flags(m, low, size, p != sign_extend(low, size));
	return EX_DONE;
}

static enum ex op_div(struct model *m, const struct op *o)
{
	unsigned size = o->opnd[0].size;
	u128 a = pair_get(m, size);
	u64 b;

	TRY(op_read(m, o, 0, &b));
	/* The quotient fits when the upper half is below the divisor. */
	if ((u64)(a >> (8 * size)) >= b)
		return raise_vector(m, EXC_DE);
	pair_set(m, size, a % b, a / b);
	return EX_DONE;
}

/* The dividend, extended from its two halves. */
static s128 pair_signed(const struct model *m, unsigned size)
{
	unsigned unused = 128 - 16 * size;

	return (s128)(pair_get(m, size) << unused) >> unused;
}

static enum ex op_idiv(struct model *m, const struct op *o)
{
	unsigned size = o->opnd[0].size;
	s128 a = pair_signed(m, size), q;
	s64 b;
	u64 raw;

	TRY(op_read(m, o, 0, &raw));
	b = sign_extend(raw, size);
	/* The most negative dividend by -1 would not even fit the host's division. */
	if (!b || (b == -1 && a == (s128)((u128)1 << 127)))
		return raise_vector(m, EXC_DE);
	q = a / b;
	if (q != sign_extend((u64)q & size_mask(size), size))
		return raise_vector(m, EXC_DE);
	pair_set(m, size, a % b, q);
	return EX_DONE;
}

const struct op_row muldiv_ops[] = {
	{ ZYDIS_MNEMONIC_MUL, op_mul },
	{ ZYDIS_MNEMONIC_IMUL, op_imul },
	{ ZYDIS_MNEMONIC_DIV, op_div },
	{ ZYDIS_MNEMONIC_IDIV, op_idiv },
	{ 0 },
};
