/*
 * random.h - the tests' random numbers: by a seed, so that a run can be made again.
 */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <vmstep/types.h>

/* splitmix64 */
static inline u64 random_u64(u64 *seed)
{
	u64 z = (*seed += 0x9e3779b97f4a7c15ull);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static inline u32 random_below(u64 *seed, u32 n)
{
	return random_u64(seed) % n;
}

static inline bool one_in(u64 *seed, u32 n)
{
	return random_below(seed, n) == 0;
}

/* A value as tests want them: edges, few bits, anything. */
static inline u64 value_any(u64 *seed)
{
	u64 v = random_u64(seed);

	switch (random_below(seed, 8)) {
	case 0:
		return v & 0xff;
	case 1:
		return BIT64(v & 63) - (v >> 6 & 1);
	case 2:
		return v >> (v & 63);
	case 3:
		return ~(v >> (v & 63));
	case 4:
		return (u64)0 - (v & 1);
	default:
		return v;
	}
}

#endif
