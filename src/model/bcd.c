/* bcd.c - AAA AAS AAM AAD DAA DAS, as the SDM's volume 2 writes them out. Not in 64-bit mode. */
#include <Zydis/Zydis.h>

#include "model/operand.h"

static u64 szp_al(const struct model *m)
{
	return flags_szp(m->c.gpr[GPR_RAX] & 0xff, 1);
}

static bool adjust_low(const struct model *m)
{
	return (m->c.gpr[GPR_RAX] & 15) > 9 || m->c.rflags & FL_AF;
}

/* OF is undefined: 0. SF, ZF, PF too: those of AL. */
static enum ex ascii_adjust(struct model *m, u64 by)
{
	bool adjust = adjust_low(m);

	if (adjust)
		gpr_set(m, GPR_RAX, 2, m->c.gpr[GPR_RAX] + by);
	gpr_set(m, GPR_RAX, 1, m->c.gpr[GPR_RAX] & 15);
	flags_set(m, FL_ARITH, szp_al(m) | (adjust ? FL_AF | FL_CF : 0));
	return EX_DONE;
}

static enum ex op_aaa(struct model *m, const struct op *o)
{
	return ascii_adjust(m, 0x106);
}

static enum ex op_aas(struct model *m, const struct op *o)
{
	return ascii_adjust(m, -(u64)0x106);
}

/* DAA, DAS. OF is undefined: 0. */
static enum ex decimal_adjust(struct model *m, bool subtract)
{
	u64 al = m->c.gpr[GPR_RAX] & 0xff, new = al;
	bool low = adjust_low(m), high = al > 0x99 || m->c.rflags & FL_CF;
	bool cf = high;

	if (low) {
		new = subtract ? new - 6 : new + 6;
		/* SDM: the borrow of DAS's first step counts, too. */
		cf |= subtract && al < 6;
	}
	if (high)
		new = subtract ? new - 0x60 : new + 0x60;
	gpr_set(m, GPR_RAX, 1, new);
	flags_set(m, FL_ARITH, szp_al(m) | (low ? FL_AF : 0) | (cf ? FL_CF : 0));
	return EX_DONE;
}

static enum ex op_daa(struct model *m, const struct op *o)
{
	return decimal_adjust(m, false);
}

static enum ex op_das(struct model *m, const struct op *o)
{
	return decimal_adjust(m, true);
}

/* AF, CF, OF are undefined: 0. */
static enum ex op_aam(struct model *m, const struct op *o)
{
	u64 al = m->c.gpr[GPR_RAX] & 0xff, base = o->opnd[0].imm & 0xff;

	if (!base)
		return raise_vector(m, EXC_DE);
	gpr_set(m, GPR_RAX, 2, al / base << 8 | al % base);
	flags_set(m, FL_ARITH, szp_al(m));
	return EX_DONE;
}

static enum ex op_aad(struct model *m, const struct op *o)
{
	u64 ax = m->c.gpr[GPR_RAX];

	gpr_set(m, GPR_RAX, 2, ((ax & 0xff) + (ax >> 8 & 0xff) * (o->opnd[0].imm & 0xff)) & 0xff);
	flags_set(m, FL_ARITH, szp_al(m));
	return EX_DONE;
}

const struct op_row bcd_ops[] = {
	{ ZYDIS_MNEMONIC_AAA, op_aaa },
	{ ZYDIS_MNEMONIC_AAS, op_aas },
	{ ZYDIS_MNEMONIC_DAA, op_daa },
	{ ZYDIS_MNEMONIC_DAS, op_das },
	{ ZYDIS_MNEMONIC_AAM, op_aam },
	{ ZYDIS_MNEMONIC_AAD, op_aad },
	{ 0 },
};
