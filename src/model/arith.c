/* arith.c - addition and subtraction: ADD ADC ADCX ADOX SUB SBB CMP INC DEC NEG. */
#include <Zydis/Zydis.h>

#include "model/operand.h"

static inline enum ex add_or_sub(struct model *m, const struct op *o, u64 carry, bool add)
{
	unsigned size = o->opnd[0].size;
	u64 a, b, r;

	TRY(op_rmw(m, o, 0, &a));
	TRY(op_read(m, o, 1, &b));
	b &= size_mask(size);
	r = (add ? a + b + carry : a - b - carry) & size_mask(size);
	TRY(op_write(m, o, 0, r));
	flags_set(m, FL_ARITH, add ? flags_add(a, b, r, size) : flags_sub(a, b, r, size));
	return EX_DONE;
}

static enum ex op_add(struct model *m, const struct op *o)
{
	return add_or_sub(m, o, 0, true);
}

static enum ex op_adc(struct model *m, const struct op *o)
{
	return add_or_sub(m, o, m->c.rflags & FL_CF, true);
}

/* A chain of carries in one flag, the others untouched (SDM volume 2, ADCX, ADOX). */
static enum ex add_chain(struct model *m, const struct op *o, u64 flag)
{
	unsigned size = o->opnd[0].size;
	u64 a = opnd_gpr_get(m, &o->opnd[0]), b, r;
	bool carry = m->c.rflags & flag;

	TRY(op_read(m, o, 1, &b));
	r = (a + b + carry) & size_mask(size);
	opnd_gpr_set(m, &o->opnd[0], r);
	flags_set(m, flag, r < a || (carry && r == a) ? flag : 0);
	return EX_DONE;
}

static enum ex op_adcx(struct model *m, const struct op *o)
{
	return add_chain(m, o, FL_CF);
}

static enum ex op_adox(struct model *m, const struct op *o)
{
	return add_chain(m, o, FL_OF);
}

static enum ex op_sub(struct model *m, const struct op *o)
{
	return add_or_sub(m, o, 0, false);
}

static enum ex op_sbb(struct model *m, const struct op *o)
{
	return add_or_sub(m, o, m->c.rflags & FL_CF, false);
}

static enum ex op_cmp(struct model *m, const struct op *o)
{
	unsigned size = o->opnd[0].size;
	u64 a, b;

	TRY(op_read(m, o, 0, &a));
	TRY(op_read(m, o, 1, &b));
	b &= size_mask(size);
	flags_set(m, FL_ARITH, flags_sub(a, b, (a - b) & size_mask(size), size));
	return EX_DONE;
}

/* INC and DEC leave CF. */
static inline enum ex count_by_one(struct model *m, const struct op *o, bool up)
{
	unsigned size = o->opnd[0].size;
	u64 a, r;

	TRY(op_rmw(m, o, 0, &a));
	r = (up ? a + 1 : a - 1) & size_mask(size);
	TRY(op_write(m, o, 0, r));
	flags_set(m, FL_ARITH & ~FL_CF,
		  (up ? flags_add(a, 1, r, size) : flags_sub(a, 1, r, size)) & ~FL_CF);
	return EX_DONE;
}

static enum ex op_inc(struct model *m, const struct op *o)
{
	return count_by_one(m, o, true);
}

static enum ex op_dec(struct model *m, const struct op *o)
{
	return count_by_one(m, o, false);
}

static enum ex op_neg(struct model *m, const struct op *o)
{
	unsigned size = o->opnd[0].size;
	u64 a, r;

	TRY(op_rmw(m, o, 0, &a));
	r = -a & size_mask(size);
	TRY(op_write(m, o, 0, r));
	flags_set(m, FL_ARITH, flags_sub(0, a, r, size));
	return EX_DONE;
}

const struct op_row arith_ops[] = {
	{ ZYDIS_MNEMONIC_ADD, op_add },
	{ ZYDIS_MNEMONIC_ADC, op_adc },
	{ ZYDIS_MNEMONIC_ADCX, op_adcx },
	{ ZYDIS_MNEMONIC_ADOX, op_adox },
	{ ZYDIS_MNEMONIC_SUB, op_sub },
	{ ZYDIS_MNEMONIC_SBB, op_sbb },
	{ ZYDIS_MNEMONIC_CMP, op_cmp },
	{ ZYDIS_MNEMONIC_INC, op_inc },
	{ ZYDIS_MNEMONIC_DEC, op_dec },
	{ ZYDIS_MNEMONIC_NEG, op_neg },
	{ 0 },
};
