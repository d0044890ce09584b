/*
 * sse_dot.c - DPPS and DPPD: products of the lanes that the immediate's upper half selects, their sum,
 * and where its lower half says to put it.
 *
 * With all exceptions masked it is the host's one instruction. Where one is unmasked, it may come at the
 * products, at the sums of two or at the last sum, and ends the instruction there with the flags so far
 * (SDM volume 2, DPPS, "DP_primitive"; volume 1, "Dot Product Instructions").
 */
#include "model/sse.h"

HOST_OPS(DPPS)
HOST_OPS(DPPD)
HOST_OP(MULPS)
HOST_OP(MULPD)
HOST_OP(ADDPS)
HOST_OP(ADDPD)

struct dot {
	unsigned size; /* of a lane */
	sse_host_op *multiply, *add;
	struct sse_lanes product, sum;
};

static const struct dot singles = {
	.size = 4,
	.multiply = host_MULPS,
	.add = host_ADDPS,
	.product = { .size = 4, .n = 4, .source = 4, .product = true },
	.sum = { .size = 4, .n = 4, .source = 4 },
};
static const struct dot doubles = {
	.size = 8,
	.multiply = host_MULPD,
	.add = host_ADDPD,
	.product = { .size = 8, .n = 2, .source = 8, .product = true },
	.sum = { .size = 8, .n = 2, .source = 8 },
};

/* Lanes that are not selected are zero. */
static union xmm lanes_select(const struct dot *d, const union xmm *v, u8 imm)
{
	union xmm r = { 0 };

	for (unsigned i = 0; i < 16 / d->size; i++)
		if (imm & BIT(4 + i))
			memcpy(r.byte + i * d->size, v->byte + i * d->size, d->size);
	return r;
}

/* Even lanes into *a, odd ones into *b, the rest zero. */
static void lanes_part(const struct dot *d, const union xmm *v, union xmm *a, union xmm *b)
{
	*a = *b = (union xmm){ 0 };
	for (unsigned i = 0; i < 16 / d->size; i++)
		memcpy((i & 1 ? b : a)->byte + i / 2 * d->size, v->byte + i * d->size, d->size);
}

/* The steps, for their exceptions. EX_DONE: none that is unmasked. */
static enum ex steps_run(struct model *m, const struct dot *d, u8 imm, const union xmm *a, const union xmm *b)
{
	union xmm x = lanes_select(d, a, imm), y = lanes_select(d, b, imm), r;
	const u32 mxcsr = fpu_of(m)->mxcsr;

	TRY(simd_raise(m, host_float(mxcsr, d->multiply, &d->product, &x, &y, &r)));
	for (unsigned n = 16 / d->size; n > 1; n /= 2) {
		lanes_part(d, &r, &x, &y);
		TRY(simd_raise(m, host_float(mxcsr, d->add, &d->sum, &x, &y, &r)));
	}
	return EX_DONE;
}

static enum ex dot(struct model *m, const struct op *o, const struct dot *d)
{
	const u32 masks = MXCSR_FLAGS << MXCSR_MASK_SHIFT;
	union xmm a, b;

	if ((fpu_of(m)->mxcsr & masks) != masks) {
		TRY(vector_need(m, o));
		TRY(vector_read(m, o, 1, &b));
		TRY(vector_read(m, o, 0, &a));
		TRY(steps_run(m, d, o->opnd[2].imm, &a, &b));
	}
	return sse_float_imm(m, o);
}

static enum ex op_dpps(struct model *m, const struct op *o)
{
	return dot(m, o, &singles);
}

static enum ex op_dppd(struct model *m, const struct op *o)
{
	return dot(m, o, &doubles);
}

const struct sse_row sse_dot_rows[] = {
	{ ZYDIS_MNEMONIC_DPPS, 0, NULL, op_dpps, host_DPPS },
	{ ZYDIS_MNEMONIC_DPPD, 0, NULL, op_dppd, host_DPPD },
	{ 0 },
};
