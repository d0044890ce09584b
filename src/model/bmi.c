/*
 * bmi.c - BMI1 and BMI2: the VEX-encoded instructions on general registers.
 *
 * SDM volume 2, the sections of these names; "VEX Exception Type 13": #UD in real-address and
 * virtual-8086 mode, where C4 and C5 are LES and LDS. LOCK, 66, F2, F3 or REX before a VEX are #UD by
 * the decoder. Flags that are undefined stay, but for those said below.
 */
#include <Zydis/Zydis.h>

#include "model/operand.h"

typedef unsigned __int128 u128;

static enum ex need_vex(struct model *m)
{
	return m->mode == MODE_REAL || m->mode == MODE_V86 ? raise_vector(m, EXC_UD) : EX_DONE;
}

static enum ex sources(struct model *m, const struct op *o, unsigned first, unsigned second, u64 *a,
		       u64 *b)
{
	TRY(need_vex(m));
	TRY(op_read(m, o, first, a));
	return op_read(m, o, second, b);
}

/* SF and ZF of the result, CF as given, OF 0; AF and PF are undefined and stay. */
static enum ex logic_end(struct model *m, const struct op *o, u64 r, bool cf)
{
	unsigned size = o->opnd[0].size;

	r &= size_mask(size);
	opnd_gpr_set(m, &o->opnd[0], r);
	flags_set(m, FL_SF | FL_ZF | FL_CF | FL_OF,
		  (flags_szp(r, size) & (FL_SF | FL_ZF)) | (cf ? FL_CF : 0));
	return EX_DONE;
}

static enum ex op_andn(struct model *m, const struct op *o)
{
	u64 a, b;

	TRY(sources(m, o, 1, 2, &a, &b));
	return logic_end(m, o, ~a & b, false);
}

/* Bits [7:0] of the control are where it begins, [15:8] how many. SF is undefined and cleared. */
static enum ex op_bextr(struct model *m, const struct op *o)
{
	u64 v, control, r;
	unsigned start, n;

	TRY(sources(m, o, 1, 2, &v, &control));
	start = control & 0xff;
	n = control >> 8 & 0xff;
	r = start < 64 ? v >> start : 0;
	if (n < 64)
		r &= BIT64(n) - 1;
	opnd_gpr_set(m, &o->opnd[0], r);
	flags_set(m, FL_SF | FL_ZF | FL_CF | FL_OF, r ? 0 : FL_ZF);
	return EX_DONE;
}

static enum ex op_blsi(struct model *m, const struct op *o)
{
	u64 v;

	TRY(need_vex(m));
	TRY(op_read(m, o, 1, &v));
	return logic_end(m, o, v & -v, v);
}

static enum ex op_blsmsk(struct model *m, const struct op *o)
{
	u64 v;

	TRY(need_vex(m));
	TRY(op_read(m, o, 1, &v));
	return logic_end(m, o, v ^ (v - 1), !v);
}

static enum ex op_blsr(struct model *m, const struct op *o)
{
	u64 v;

	TRY(need_vex(m));
	TRY(op_read(m, o, 1, &v));
	return logic_end(m, o, v & (v - 1), !v);
}

static enum ex op_bzhi(struct model *m, const struct op *o)
{
	unsigned bits = 8 * o->opnd[0].size;
	u64 v, n;

	TRY(sources(m, o, 1, 2, &v, &n));
	n &= 0xff;
	return logic_end(m, o, n < bits ? v & (BIT64(n) - 1) : v, n >= bits);
}

/* With one register as both destinations it holds the upper half. No flags, here and below. */
static enum ex op_mulx(struct model *m, const struct op *o)
{
	unsigned size = o->opnd[0].size;
	u64 v;
	u128 p;

	TRY(need_vex(m));
	TRY(op_read(m, o, 2, &v));
	p = (u128)gpr_get(m, GPR_RDX, size) * v;
	opnd_gpr_set(m, &o->opnd[1], p);
	opnd_gpr_set(m, &o->opnd[0], p >> (8 * size));
	return EX_DONE;
}

static enum ex op_pdep(struct model *m, const struct op *o)
{
	u64 v, mask, r = 0;

	TRY(sources(m, o, 1, 2, &v, &mask));
	for (; mask; mask &= mask - 1, v >>= 1)
		if (v & 1)
			r |= mask & -mask;
	opnd_gpr_set(m, &o->opnd[0], r);
	return EX_DONE;
}

static enum ex op_pext(struct model *m, const struct op *o)
{
	u64 v, mask, r = 0;

	TRY(sources(m, o, 1, 2, &v, &mask));
	for (u64 to = 1; mask; mask &= mask - 1, to <<= 1)
		if (v & mask & -mask)
			r |= to;
	opnd_gpr_set(m, &o->opnd[0], r);
	return EX_DONE;
}

static enum ex op_rorx(struct model *m, const struct op *o)
{
	unsigned bits = 8 * o->opnd[0].size, n;
	u64 v, count;

	TRY(sources(m, o, 1, 2, &v, &count));
	n = count & (bits - 1);
	opnd_gpr_set(m, &o->opnd[0], n ? v >> n | v << (bits - n) : v);
	return EX_DONE;
}

/* The count, cut to the operand's width. */
static enum ex shift_sources(struct model *m, const struct op *o, u64 *v, unsigned *n)
{
	u64 count;

	TRY(sources(m, o, 1, 2, v, &count));
	*n = count & (8 * o->opnd[0].size - 1);
	return EX_DONE;
}

static enum ex op_sarx(struct model *m, const struct op *o)
{
	unsigned n;
	u64 v;

	TRY(shift_sources(m, o, &v, &n));
	opnd_gpr_set(m, &o->opnd[0], sign_extend(v, o->opnd[0].size) >> n);
	return EX_DONE;
}

static enum ex op_shlx(struct model *m, const struct op *o)
{
	unsigned n;
	u64 v;

	TRY(shift_sources(m, o, &v, &n));
	opnd_gpr_set(m, &o->opnd[0], v << n);
	return EX_DONE;
}

static enum ex op_shrx(struct model *m, const struct op *o)
{
	unsigned n;
	u64 v;

	TRY(shift_sources(m, o, &v, &n));
	opnd_gpr_set(m, &o->opnd[0], v >> n);
	return EX_DONE;
}

const struct op_row bmi_ops[] = {
	{ ZYDIS_MNEMONIC_ANDN, op_andn },     { ZYDIS_MNEMONIC_BEXTR, op_bextr },
	{ ZYDIS_MNEMONIC_BLSI, op_blsi },     { ZYDIS_MNEMONIC_BLSMSK, op_blsmsk },
	{ ZYDIS_MNEMONIC_BLSR, op_blsr },     { ZYDIS_MNEMONIC_BZHI, op_bzhi },
	{ ZYDIS_MNEMONIC_MULX, op_mulx },     { ZYDIS_MNEMONIC_PDEP, op_pdep },
	{ ZYDIS_MNEMONIC_PEXT, op_pext },     { ZYDIS_MNEMONIC_RORX, op_rorx },
	{ ZYDIS_MNEMONIC_SARX, op_sarx },     { ZYDIS_MNEMONIC_SHLX, op_shlx },
	{ ZYDIS_MNEMONIC_SHRX, op_shrx },     { 0 },
};
