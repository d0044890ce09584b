/*
 * sse_random.h - states of MMX and SSE for the tests that compare the model with a processor: numbers of
 * every kind, in lanes of one size.
 */
#ifndef TEST_SSE_RANDOM_H
#define TEST_SSE_RANDOM_H

#include <string.h>

#include "model/fpu.h"
#include "random.h"

static inline u32 single_any(u64 *seed)
{
	static const u32 edges[] = {
		0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
		0xffc00001, 0x7f800001, 0xffbfffff, 0x00000001, 0x80000001, 0x007fffff, 0x00800000,
		0x80800000, 0x7f7fffff, 0xff7fffff, 0x4f000000, 0xcf000000, 0x4effffff, 0x5f000000,
		0x3f000000, 0x40200000, 0x00400000, 0x0d800000, 0x71800000,
	};
	u64 v = random_u64(seed);

	switch (v >> 60) {
	case 0 ... 5:
		return edges[(v >> 8) % ARRAY_SIZE(edges)];
	case 6 ... 8: /* about 1 */
		return (v & 0x80ffffff) | 0x3f000000;
	case 9: /* denormal */
		return v & 0x807fffff;
	case 10: /* about the least */
		return (v & 0x80ffffff) | 0x01000000;
	default:
		return v;
	}
}

static inline u64 double_any(u64 *seed)
{
	static const u64 edges[] = {
		0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000,
		0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000000001,
		0x7ff0000000000001, 0xfff7ffffffffffff, 0x0000000000000001, 0x8000000000000001,
		0x000fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff, 0xffefffffffffffff,
		0x41dfffffffc00000, 0x41e0000000000000, 0xc1e0000000000000, 0x43e0000000000000,
		0xc3e0000000000000, 0x3fe0000000000000, 0x4004000000000000, 0x380fffffffffffff,
		0x36a0000000000000, 0x47efffffffffffff, 0x3810000000000000,
	};
	u64 v = random_u64(seed);

	switch (random_below(seed, 16)) {
	case 0 ... 5:
		return edges[(v >> 8) % ARRAY_SIZE(edges)];
	case 6 ... 8:
		return (v & 0x801fffffffffffff) | 0x3fe0000000000000;
	case 9:
		return v & 0x800fffffffffffff;
	case 10: /* about the least single */
		return (v & 0x801fffffffffffff) | 0x3800000000000000;
	default:
		return v;
	}
}

/* Bytes of a short alphabet, zero among them, for the string comparisons. */
static inline u64 text_any(u64 *seed)
{
	u64 v = random_u64(seed), mask = one_in(seed, 2) ? 0x0303030303030303 : 0x0001000300030001;

	return one_in(seed, 4) ? v & mask : (v & mask) + 0x0101010101010101;
}

static inline void lanes_fill(u64 *seed, unsigned kind, u8 *p, unsigned n)
{
	for (unsigned i = 0; i < n; i += 8) {
		u64 v = kind == 0   ? (u64)single_any(seed) << 32 | single_any(seed)
			: kind == 1 ? double_any(seed)
			: kind == 2 ? text_any(seed)
				    : value_any(seed);

		memcpy(p + i, &v, n - i < 8 ? n - i : 8);
	}
}

static inline void mxcsr_make(u64 *seed, struct fpu *f)
{
	u64 v = random_u64(seed);

	f->mxcsr = MXCSR_INIT | (v & 0x6000); /* all masked, any rounding */
	if (one_in(seed, 3))
		f->mxcsr ^= v & 0x1f80;
	if (one_in(seed, 3))
		f->mxcsr |= v & (MXCSR_FTZ | MXCSR_DAZ);
	if (one_in(seed, 2))
		f->mxcsr |= v & MXCSR_FLAGS;
}

/* The x87 side of it: any TOP, any tags; now and then an exception that waits. */
static inline void mmx_state_make(u64 *seed, struct fpu *f)
{
	f->fcw = FCW_INIT;
	f->fsw = random_u64(seed) & 0x7f00;
	if (one_in(seed, 40))
		f->fcw &= ~1, f->fsw |= FSW_B | FSW_ES | 1;
	f->ftw = random_u64(seed);
	for (unsigned i = 0; i < 8; i++)
		lanes_fill(seed, 3, f->st[i].byte, 10);
}

/* Status, tags and registers. */
static inline void mmx_state_copy(struct fpu *to, const struct fpu *from)
{
	to->fsw = from->fsw;
	to->ftw = from->ftw;
	memcpy(to->st, from->st, sizeof(to->st));
}

#endif
