/*
 * random.c - RDRAND and RDSEED. A processor's come from noise; these from a seed, so that the same run
 * gives the same numbers. Both always have one ready: CF is 1.
 *
 * SDM volume 2, RDRAND, RDSEED.
 */
#include <Zydis/Zydis.h>

#include "model/operand.h"

/* splitmix64: every number comes once in 2^64. */
static u64 random_next(struct model *m)
{
	u64 z = m->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static enum ex op_random(struct model *m, const struct op *o)
{
	opnd_gpr_set(m, &o->opnd[0], random_next(m));
	flags_set(m, FL_ARITH, FL_CF);
	return EX_DONE;
}

void model_seed(struct model *m, u64 seed)
{
	m->random = seed;
}

const struct op_row random_ops[] = {
	{ ZYDIS_MNEMONIC_RDRAND, op_random },
	{ ZYDIS_MNEMONIC_RDSEED, op_random },
	{ 0 },
};
