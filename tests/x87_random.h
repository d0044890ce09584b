/*
 * x87_random.h - states of x87 for the tests that compare the model with a processor.
 */
#ifndef TEST_X87_RANDOM_H
#define TEST_X87_RANDOM_H

#include <string.h>

#include "model/fpu.h"
#include "random.h"

static inline unsigned exponent_make(u64 *seed)
{
	static const u16 edges[] = { 0, 0x7fff, 1, 0x7ffe, 0x3fff, 0x3ffe, 0x4000, 0x3f80, 0x43fe, 0x3c01,
				     0x3bcd, 0x3f6a, 0x400e, 0x401e, 0x403e, 0x403f, 0x3fbf };

	switch (random_below(seed, 3)) {
	case 0:
		return edges[random_below(seed, ARRAY_SIZE(edges))];
	case 1:
		return 0x3fff - 70 + random_below(seed, 140);
	default:
		return random_below(seed, 0x8000);
	}
}

/* Numbers, infinities, NaNs, and the forms that no instruction makes. */
static inline void extended_make(u64 *seed, u8 *p)
{
	u64 significand = random_u64(seed) >> (one_in(seed, 3) ? random_below(seed, 64) : 0);
	u16 top = exponent_make(seed) | (one_in(seed, 2) ? 0x8000 : 0);

	if (one_in(seed, 3))
		significand &= ~0ull << random_below(seed, 64);
	if (!one_in(seed, 10))
		significand = (top & 0x7fff) ? significand | BIT64(63) : significand & ~BIT64(63);
	memcpy(p, &significand, 8);
	memcpy(p + 8, &top, 2);
}

static inline u16 control_make(u64 *seed)
{
	u16 v = random_u64(seed) & 0x1f00;

	return v | 0x40 | (one_in(seed, 2) ? 0x3f : random_u64(seed) & 0x3f);
}

/* Any control word, registers empty and full; now and then an exception is pending. */
static inline void x87_state_make(u64 *seed, struct fpu *x)
{
	x->fcw = control_make(seed);
	x->fsw = random_u64(seed) & 0x7f7f;
	if (!one_in(seed, 20))
		x->fsw &= ~(~x->fcw & 0x3f);
	fpu_summary(x);
	x->ftw = one_in(seed, 2) ? 0xff : random_u64(seed);
	for (unsigned i = 0; i < 8; i++)
		extended_make(seed, x->st[i].byte);
	if (one_in(seed, 3)) /* operands of one size */
		x->st[1].exponent = x->st[0].exponent + random_below(seed, 66) - 1;
}

#endif
