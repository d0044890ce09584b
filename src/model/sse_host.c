/*
 * sse_host.c - a floating-point host operation under the guest's MXCSR.
 *
 * The host computes with all exceptions masked; which flags the guest's processor would have set, had it
 * come to the ones that the guest left unmasked, is made of the host's. SDM volume 1, "SIMD Floating-
 * Point Exception Conditions", "Numeric Underflow Exception (#U)", "Handling Unmasked Exceptions".
 */
#include "model/sse.h"

enum { MASKS = MXCSR_FLAGS << MXCSR_MASK_SHIFT };

struct operation {
	sse_host_op *host_op;
	const struct sse_lanes *lanes;
	u32 run;      /* MXCSR without flags, all masked */
	u32 unmasked; /* flags that the guest left so */
};

static u32 mxcsr_get(void)
{
	u32 v;

	__asm__ volatile("stmxcsr %0" : "=m"(v) : : "memory");
	return v;
}

static void mxcsr_set(u32 v)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(v) : "memory");
}

static u32 host_run(const struct operation *op, const union xmm *a, const union xmm *b, union xmm *ret)
{
	u32 host = mxcsr_get(), flags;

	mxcsr_set(op->run);
	*ret = to_xmm(op->host_op(to_host(a), to_host(b)));
	flags = mxcsr_get() & MXCSR_FLAGS;
	mxcsr_set(host);
	return flags;
}

/* --- results beyond the range: one lane at a time --- */

/* Not zero, and an exponent of zero. */
static bool lane_tiny(const struct sse_lanes *l, const union xmm *r, unsigned i)
{
	if (l->size == 4)
		return r->dword[i] << 1 && !(r->dword[i] << 1 >> 24);
	return r->qword[i] << 1 && !(r->qword[i] << 1 >> 53);
}

static bool any_tiny(const struct sse_lanes *l, const union xmm *r)
{
	for (unsigned i = 0; i < l->n; i++)
		if (lane_tiny(l, r, i))
			return true;
	return false;
}

static double lane_get(const struct sse_lanes *l, const union xmm *v, unsigned i)
{
	return l->source == 4 ? (double)v->f32[i] : v->f64[i];
}

static void lane_put(const struct sse_lanes *l, union xmm *v, unsigned i, double x)
{
	if (l->source == 4)
		v->f32[i] = x;
	else
		v->f64[i] = x;
}

/* All lanes 1, which raise nothing, but for one. */
static union xmm lane_alone(const struct sse_lanes *l, const union xmm *v, unsigned i)
{
	union xmm r;

	for (unsigned k = 0; k < 16 / l->source; k++)
		lane_put(l, &r, k, 1);
	memcpy(r.byte + i * l->source, v->byte + i * l->source, l->source);
	return r;
}

/*
 * An operand such that the significand of the result stays and its exponent is in the range. Not for
 * zero, infinities and NaNs: with them no result is out of it. A sum that overflows is quartered; what is
 * too little to be seen in it stays what it is, since it must not become zero.
 */
static void lane_scale(const struct sse_lanes *l, union xmm *v, unsigned i)
{
	double x = lane_get(l, v, i);

	if (l->product)
		lane_put(l, v, i, __builtin_frexp(x, &(int){ 0 }));
	else if (__builtin_fabs(x) > 1)
		lane_put(l, v, i, x / 4);
}

/*
 * Inexact is what the significand cannot hold, with an exponent of any size; that a denormal holds less
 * bits, and that infinity stands for a number, does not count.
 */
static u32 lane_flags(const struct operation *op, const union xmm *a, const union xmm *b, unsigned i)
{
	const struct sse_lanes *l = op->lanes;
	union xmm x = lane_alone(l, a, i), y = lane_alone(l, b, i), r;
	u32 flags = host_run(op, &x, &y, &r);

	if (op->unmasked & MXCSR_UE && lane_tiny(l, &r, i))
		flags |= MXCSR_UE;
	if (!(flags & op->unmasked & (MXCSR_UE | MXCSR_OE)))
		return flags;
	if (flags & MXCSR_UE && !l->product)
		return flags;
	lane_scale(l, &x, i);
	lane_scale(l, &y, i);
	return (flags & ~MXCSR_PE) | (host_run(op, &x, &y, &r) & MXCSR_PE);
}

/* Neighbours of `a` and `b`, as lanes: the even ones, the odd ones. */
static void pairs_part(const struct sse_lanes *l, const union xmm *a, const union xmm *b, union xmm *even,
		       union xmm *odd)
{
	union xmm both[2] = { *a, *b };

	for (unsigned i = 0; i < l->n; i++) {
		const u8 *p = both[0].byte + 2 * i * l->size;

		memcpy(even->byte + i * l->size, p, l->size);
		memcpy(odd->byte + i * l->size, p + l->size, l->size);
	}
}

static u32 lanes_flags(struct operation op, const union xmm *a, const union xmm *b)
{
	union xmm even, odd;
	u32 all = 0;

	if (op.lanes->pairs) {
		pairs_part(op.lanes, a, b, &even, &odd);
		op.host_op = op.lanes->pairs;
		a = &even;
		b = &odd;
	}
	for (unsigned i = 0; i < op.lanes->n; i++)
		all |= lane_flags(&op, a, b, i);
	return all;
}

/*
 * An unmasked underflow is one of a tiny result, exact or not; a masked one only of an inexact one.
 */
static u32 range_flags(const struct operation *op, u32 flags, const union xmm *a, const union xmm *b,
		       const union xmm *r)
{
	if (op->unmasked & MXCSR_UE && (flags & MXCSR_UE || any_tiny(op->lanes, r)))
		return lanes_flags(*op, a, b);
	if (op->unmasked & MXCSR_OE && flags & MXCSR_OE)
		return lanes_flags(*op, a, b);
	return flags;
}

u32 host_float(u32 mxcsr, sse_host_op *host_op, const struct sse_lanes *lanes, const union xmm *a,
	       const union xmm *b, union xmm *ret)
{
	const u32 before = MXCSR_IE | MXCSR_DE | MXCSR_ZE;
	const u32 unmasked = ~(mxcsr >> MXCSR_MASK_SHIFT) & MXCSR_FLAGS;
	struct operation op = { host_op, lanes, (mxcsr & ~MXCSR_FLAGS) | MASKS, unmasked };
	u32 flags;

	if (likely(!unmasked))
		return host_run(&op, a, b, ret);
	if (unmasked & MXCSR_UE)
		op.run &= ~MXCSR_FTZ; /* it works on a masked underflow alone */
	flags = host_run(&op, a, b, ret);
	if (lanes)
		flags = range_flags(&op, flags, a, b, ret);
	/* An operand that may not be computed with: then nothing is. */
	if (flags & unmasked & before)
		flags &= before;
	return flags;
}
