/* logic.c - AND OR XOR NOT TEST. AF, which the SDM leaves undefined, is cleared as Intel's do. */
#include <Zydis/Zydis.h>

#include "model/operand.h"

enum logic { LOGIC_AND, LOGIC_OR, LOGIC_XOR };

static inline u64 logic_result(enum logic kind, u64 a, u64 b)
{
	return kind == LOGIC_AND ? a & b : kind == LOGIC_OR ? a | b : a ^ b;
}

static inline enum ex logic(struct model *m, const struct op *o, enum logic kind)
{
	unsigned size = o->opnd[0].size;
	u64 a, b, r;

	TRY(op_rmw(m, o, 0, &a));
	TRY(op_read(m, o, 1, &b));
	r = logic_result(kind, a, b) & size_mask(size);
	TRY(op_write(m, o, 0, r));
	flags_set(m, FL_ARITH, flags_szp(r, size));
	return EX_DONE;
}

static enum ex op_and(struct model *m, const struct op *o)
{
	return logic(m, o, LOGIC_AND);
}

static enum ex op_or(struct model *m, const struct op *o)
{
	return logic(m, o, LOGIC_OR);
}

static enum ex op_xor(struct model *m, const struct op *o)
{
	return logic(m, o, LOGIC_XOR);
}

static enum ex op_test(struct model *m, const struct op *o)
{
	unsigned size = o->opnd[0].size;
	u64 a, b;

	TRY(op_read(m, o, 0, &a));
	TRY(op_read(m, o, 1, &b));
	flags_set(m, FL_ARITH, flags_szp(a & b & size_mask(size), size));
	return EX_DONE;
}

static enum ex op_not(struct model *m, const struct op *o)
{
	u64 a;

	TRY(op_rmw(m, o, 0, &a));
	return op_write(m, o, 0, ~a & size_mask(o->opnd[0].size));
}

const struct op_row logic_ops[] = {
	{ ZYDIS_MNEMONIC_AND, op_and }, { ZYDIS_MNEMONIC_OR, op_or },
	{ ZYDIS_MNEMONIC_XOR, op_xor }, { ZYDIS_MNEMONIC_TEST, op_test },
	{ ZYDIS_MNEMONIC_NOT, op_not }, { 0 },
};
