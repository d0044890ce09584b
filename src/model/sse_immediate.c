/*
 * sse_immediate.c - operations whose immediate says what to do. An instruction's immediate is part of
 * its bytes, so that there are 256 host operations of each.
 */
#include "model/sse.h"

#define INTEGER(X)                                                                                 \
	X(PSHUFD) X(PSHUFHW) X(PSHUFLW) X(SHUFPS) X(SHUFPD) X(PBLENDW) X(BLENDPS) X(BLENDPD)       \
	X(MPSADBW)
#define FLOAT(X)                                                                                   \
	X(CMPPS) X(CMPPD) X(CMPSS) X(CMPSD) X(ROUNDPS) X(ROUNDPD) X(ROUNDSS) X(ROUNDSD)

INTEGER(HOST_OPS)
FLOAT(HOST_OPS)
HOST_OPS(PALIGNR)
HOST_OPS(INSERTPS)

/* From memory there is one element to take, whatever the immediate says of the source's. */
static enum ex op_insertps(struct model *m, const struct op *o)
{
	struct op first = *o;

	if (o->opnd[1].kind == OPND_MEM)
		first.opnd[2].imm &= 0x3f;
	return sse_int_imm(m, &first);
}

#define ROW(name, exec) { ZYDIS_MNEMONIC_##name, MMX_LOW, NULL, exec, host_##name },
#define ROW_INT(name)   ROW(name, sse_int_imm)
#define ROW_FLOAT(name) ROW(name, sse_float_imm)

const struct sse_row sse_immediate_rows[] = {
	INTEGER(ROW_INT)
	FLOAT(ROW_FLOAT)
	{ ZYDIS_MNEMONIC_PSHUFW, MMX_LOW, NULL, sse_int_imm, host_PSHUFLW },
	{ ZYDIS_MNEMONIC_PALIGNR, MMX_ALIGN, NULL, sse_int_imm, host_PALIGNR },
	{ ZYDIS_MNEMONIC_INSERTPS, MMX_LOW, NULL, op_insertps, host_INSERTPS },
	{ 0 },
};
