/* bit.c - BT BTS BTR BTC, BSF BSR; LZCNT TZCNT POPCNT. */
#include <Zydis/Zydis.h>

#include "model/operand.h"

enum bit_kind { BIT_TEST, BIT_SET, BIT_RESET, BIT_COMPLEMENT };

static inline u64 bit_apply(enum bit_kind kind, u64 v, u64 mask)
{
	switch (kind) {
	case BIT_SET:
		return v | mask;
	case BIT_RESET:
		return v & ~mask;
	case BIT_COMPLEMENT:
		return v ^ mask;
	default:
		return v;
	}
}

/* A bit number in a register reaches beyond a memory operand, both ways (SDM volume 2, BT). */
static u64 bit_address(const struct model *m, const struct op *o, u64 number)
{
	unsigned size = o->opnd[0].size;
	u64 at = op_address(m, o, &o->opnd[0]);

	if (o->opnd[1].kind == OPND_GPR)
		at += (u64)(sign_extend(number, size) >> (size == 2   ? 4
							  : size == 4 ? 5
								      : 6)) *
		      size;
	return at & size_mask(o->addrsize);
}

/* The flags that are undefined stay, all but CF. */
static inline enum ex bit_op(struct model *m, const struct op *o, enum bit_kind kind)
{
	const struct opnd *d = &o->opnd[0];
	u64 number, at = 0, v, mask;

	TRY(op_read(m, o, 1, &number));
	mask = 1ull << (number & (8 * d->size - 1));
	if (d->kind == OPND_MEM) {
		at = bit_address(m, o, number);
		if (kind != BIT_TEST)
			TRY(mem_probe_write(m, d->seg, at, d->size));
		TRY(mem_read(m, d->seg, at, d->size, &v));
		if (kind != BIT_TEST)
			TRY(mem_write(m, d->seg, at, d->size, bit_apply(kind, v, mask)));
	} else {
		v = opnd_gpr_get(m, d);
		if (kind != BIT_TEST)
			opnd_gpr_set(m, d, bit_apply(kind, v, mask));
	}
	flags_set(m, FL_CF, v & mask ? FL_CF : 0);
	return EX_DONE;
}

static enum ex op_bt(struct model *m, const struct op *o)
{
	return bit_op(m, o, BIT_TEST);
}

static enum ex op_bts(struct model *m, const struct op *o)
{
	return bit_op(m, o, BIT_SET);
}

static enum ex op_btr(struct model *m, const struct op *o)
{
	return bit_op(m, o, BIT_RESET);
}

static enum ex op_btc(struct model *m, const struct op *o)
{
	return bit_op(m, o, BIT_COMPLEMENT);
}

/* A source of 0 leaves the destination whole; undefined flags: those of a logic operation on the
 * source. */
static enum ex scan(struct model *m, const struct op *o, bool reverse)
{
	unsigned size = o->opnd[0].size;
	u64 v;

	TRY(op_read(m, o, 1, &v));
	flags_set(m, FL_ARITH, flags_szp(v, size));
	if (!v)
		return EX_DONE;
	return op_write(m, o, 0, reverse ? 63 - __builtin_clzll(v) : __builtin_ctzll(v));
}

static enum ex op_bsf(struct model *m, const struct op *o)
{
	return scan(m, o, false);
}

static enum ex op_bsr(struct model *m, const struct op *o)
{
	return scan(m, o, true);
}

/* Undefined flags stay (SDM volume 2, LZCNT, TZCNT). */
static enum ex count_end(struct model *m, const struct op *o, unsigned n, u64 v)
{
	opnd_gpr_set(m, &o->opnd[0], n);
	flags_set(m, FL_CF | FL_ZF, (v ? 0 : FL_CF) | (n ? 0 : FL_ZF));
	return EX_DONE;
}

static enum ex op_lzcnt(struct model *m, const struct op *o)
{
	unsigned bits = 8 * o->opnd[0].size;
	u64 v;

	TRY(op_read(m, o, 1, &v));
	return count_end(m, o, v ? __builtin_clzll(v) - (64 - bits) : bits, v);
}

static enum ex op_tzcnt(struct model *m, const struct op *o)
{
	u64 v;

	TRY(op_read(m, o, 1, &v));
	return count_end(m, o, v ? __builtin_ctzll(v) : 8 * o->opnd[0].size, v);
}

static enum ex op_popcnt(struct model *m, const struct op *o)
{
	u64 v;

	TRY(op_read(m, o, 1, &v));
	opnd_gpr_set(m, &o->opnd[0], __builtin_popcountll(v));
	flags_set(m, FL_ARITH, v ? 0 : FL_ZF);
	return EX_DONE;
}

const struct op_row bit_ops[] = {
	{ ZYDIS_MNEMONIC_BT, op_bt },
	{ ZYDIS_MNEMONIC_BTS, op_bts },
	{ ZYDIS_MNEMONIC_BTR, op_btr },
	{ ZYDIS_MNEMONIC_BTC, op_btc },
	{ ZYDIS_MNEMONIC_BSF, op_bsf },
	{ ZYDIS_MNEMONIC_BSR, op_bsr },
	{ ZYDIS_MNEMONIC_LZCNT, op_lzcnt },
	{ ZYDIS_MNEMONIC_TZCNT, op_tzcnt },
	{ ZYDIS_MNEMONIC_POPCNT, op_popcnt },
	{ 0 },
};
