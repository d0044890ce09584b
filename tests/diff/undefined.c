/*
 * undefined.c - flags that the SDM's volume 2 leaves undefined, from the sections "Flags Affected"
 * of the instructions named. What the model does there is said in its families' files.
 */
#include "diff.h"

static const struct {
	u16 mnemonic;
	u64 flags;
} rows[] = {
	{ ZYDIS_MNEMONIC_AND, FL_AF },
	{ ZYDIS_MNEMONIC_OR, FL_AF },
	{ ZYDIS_MNEMONIC_XOR, FL_AF },
	{ ZYDIS_MNEMONIC_TEST, FL_AF },
	{ ZYDIS_MNEMONIC_MUL, FL_SF | FL_ZF | FL_AF | FL_PF },
	{ ZYDIS_MNEMONIC_IMUL, FL_SF | FL_ZF | FL_AF | FL_PF },
	{ ZYDIS_MNEMONIC_DIV, FL_ARITH },
	{ ZYDIS_MNEMONIC_IDIV, FL_ARITH },
	{ ZYDIS_MNEMONIC_BSF, FL_ARITH & ~FL_ZF },
	{ ZYDIS_MNEMONIC_BSR, FL_ARITH & ~FL_ZF },
	{ ZYDIS_MNEMONIC_BT, FL_OF | FL_SF | FL_AF | FL_PF },
	{ ZYDIS_MNEMONIC_BTS, FL_OF | FL_SF | FL_AF | FL_PF },
	{ ZYDIS_MNEMONIC_BTR, FL_OF | FL_SF | FL_AF | FL_PF },
	{ ZYDIS_MNEMONIC_BTC, FL_OF | FL_SF | FL_AF | FL_PF },
	{ ZYDIS_MNEMONIC_AAA, FL_OF | FL_SF | FL_ZF | FL_PF },
	{ ZYDIS_MNEMONIC_AAS, FL_OF | FL_SF | FL_ZF | FL_PF },
	{ ZYDIS_MNEMONIC_DAA, FL_OF },
	{ ZYDIS_MNEMONIC_DAS, FL_OF },
	{ ZYDIS_MNEMONIC_AAM, FL_OF | FL_AF | FL_CF },
	{ ZYDIS_MNEMONIC_AAD, FL_OF | FL_AF | FL_CF },
	{ ZYDIS_MNEMONIC_LZCNT, FL_OF | FL_SF | FL_AF | FL_PF },
	{ ZYDIS_MNEMONIC_TZCNT, FL_OF | FL_SF | FL_AF | FL_PF },
	{ ZYDIS_MNEMONIC_ANDN, FL_AF | FL_PF },
	{ ZYDIS_MNEMONIC_BEXTR, FL_SF | FL_AF | FL_PF },
	{ ZYDIS_MNEMONIC_BLSI, FL_AF | FL_PF },
	{ ZYDIS_MNEMONIC_BLSMSK, FL_AF | FL_PF },
	{ ZYDIS_MNEMONIC_BLSR, FL_AF | FL_PF },
	{ ZYDIS_MNEMONIC_BZHI, FL_AF | FL_PF },
};

static unsigned count_of(const struct op *o, const struct cpu_state *before)
{
	const struct opnd *d = &o->opnd[o->n - 1];
	u64 n = d->kind == OPND_IMM ? d->imm : before->gpr[GPR_RCX];

	return n & (o->opnd[0].size == 8 ? 63 : 31);
}

/*
 * "Flags Affected" of SAL/SAR/SHL/SHR, RCL/RCR/ROL/ROR, SHLD, SHRD: OF for counts other than 1; AF
 * of shifts; CF of SHL and SHR for counts of the operand's size and more (SAR's is the sign); of
 * SHLD and SHRD all when the count is above the size.
 */
static u64 shift_flags(const struct op *o, const struct cpu_state *before)
{
	unsigned n = count_of(o, before), bits = 8 * o->opnd[0].size;
	u64 of = n == 1 ? 0 : FL_OF;

	switch (o->mnemonic) {
	case ZYDIS_MNEMONIC_SHL:
	case ZYDIS_MNEMONIC_SHR:
		return n ? of | FL_AF | (n >= bits ? FL_CF : 0) : 0;
	case ZYDIS_MNEMONIC_SAR:
		return n ? of | FL_AF : 0;
	case ZYDIS_MNEMONIC_SHLD:
	case ZYDIS_MNEMONIC_SHRD:
		return n > bits ? FL_ARITH : n ? of | FL_AF : 0;
	case ZYDIS_MNEMONIC_ROL:
	case ZYDIS_MNEMONIC_ROR:
	case ZYDIS_MNEMONIC_RCL:
	case ZYDIS_MNEMONIC_RCR:
		return n ? of : 0;
	default:
		return 0;
	}
}

u64 undefined_flags(const struct op *o, const struct cpu_state *before)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].mnemonic == o->mnemonic)
			return rows[i].flags;
	return o->n ? shift_flags(o, before) : 0;
}

/* SDM volume 2, SHLD and SHRD: a count above the size; BSWAP of 16 bits. */
bool result_undefined(const struct op *o, const struct cpu_state *before)
{
	switch (o->mnemonic) {
	case ZYDIS_MNEMONIC_SHLD:
	case ZYDIS_MNEMONIC_SHRD:
		return count_of(o, before) > 8u * o->opnd[0].size;
	case ZYDIS_MNEMONIC_BSWAP:
		return o->opnd[0].size == 2;
	default:
		return false;
	}
}
