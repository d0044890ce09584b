/* move.c - MOV, extensions, conditional moves, XCHG, LEA, XLAT and what does nothing. */
#include <Zydis/Zydis.h>

#include "model/operand.h"

static enum ex op_mov(struct model *m, const struct op *o)
{
	u64 v;

	TRY(op_read(m, o, 1, &v));
	return op_write(m, o, 0, v);
}

/* The source is cut to its size when it is read. */
static enum ex op_movsx(struct model *m, const struct op *o)
{
	u64 v;

	TRY(op_read(m, o, 1, &v));
	return op_write(m, o, 0, sign_extend(v, o->opnd[1].size));
}

/* The source is read, and may fault, whatever the condition; 32 bits clear the upper half. */
static enum ex op_cmov(struct model *m, const struct op *o)
{
	u64 v, old;

	TRY(op_read(m, o, 1, &v));
	TRY(op_read(m, o, 0, &old));
	return op_write(m, o, 0, condition(m, o->cc) ? v : old);
}

static enum ex op_setcc(struct model *m, const struct op *o)
{
	return op_write(m, o, 0, condition(m, o->cc));
}

/* Memory may be either operand; it is written first, since it may fault. */
static enum ex op_xchg(struct model *m, const struct op *o)
{
	unsigned mem = o->opnd[1].kind == OPND_MEM, reg = !mem;
	u64 a, b;

	TRY(op_rmw(m, o, mem, &a));
	TRY(op_read(m, o, reg, &b));
	TRY(op_write(m, o, mem, b));
	return op_write(m, o, reg, a);
}

static enum ex op_lea(struct model *m, const struct op *o)
{
	return op_write(m, o, 0, op_address(m, o, &o->opnd[1]));
}

static enum ex op_xlat(struct model *m, const struct op *o)
{
	u64 at = (m->c.gpr[GPR_RBX] + (m->c.gpr[GPR_RAX] & 0xff)) & size_mask(o->addrsize), v;

	TRY(mem_read(m, o->seg, at, 1, &v));
	gpr_set(m, GPR_RAX, 1, v);
	return EX_DONE;
}

/* CBW, CWDE, CDQE: from half the operand size. */
static enum ex op_extend_a(struct model *m, const struct op *o)
{
	gpr_set(m, GPR_RAX, o->opsize, sign_extend(m->c.gpr[GPR_RAX], o->opsize / 2));
	return EX_DONE;
}

/* CWD, CDQ, CQO. */
static enum ex op_extend_d(struct model *m, const struct op *o)
{
	bool negative = m->c.gpr[GPR_RAX] & sign_bit(o->opsize);

	gpr_set(m, GPR_RDX, o->opsize, negative ? ~0ull : 0);
	return EX_DONE;
}

static enum ex op_bswap(struct model *m, const struct op *o)
{
	const struct opnd *d = &o->opnd[0];
	u64 v = m->c.gpr[d->reg];

	/* SDM volume 2, BSWAP: undefined for 16 bits; processors give 0. */
	gpr_set(m, d->reg, d->size,
		d->size == 8   ? __builtin_bswap64(v)
		: d->size == 4 ? __builtin_bswap32(v)
			       : 0);
	return EX_DONE;
}

/* One side is memory; its bytes come in the other order (SDM volume 2, MOVBE). */
static enum ex op_movbe(struct model *m, const struct op *o)
{
	u64 v;

	TRY(op_read(m, o, 1, &v));
	return op_write(m, o, 0, __builtin_bswap64(v) >> (64 - 8 * o->opnd[0].size));
}

/* SALC, undocumented and on every x86: AL is CF spread. */
static enum ex op_salc(struct model *m, const struct op *o)
{
	gpr_set(m, GPR_RAX, 1, m->c.rflags & FL_CF ? 0xff : 0);
	return EX_DONE;
}

/* NOP of every length, PAUSE, prefetches, fences: memory is in order here. */
static enum ex op_nop(struct model *m, const struct op *o)
{
	return EX_DONE;
}

#define CMOV(cc)                                                                                   \
	{                                                                                          \
		ZYDIS_MNEMONIC_CMOV##cc, op_cmov                                                   \
	}
#define SET(cc)                                                                                    \
	{                                                                                          \
		ZYDIS_MNEMONIC_SET##cc, op_setcc                                                   \
	}

const struct op_row move_ops[] = {
	{ ZYDIS_MNEMONIC_MOV, op_mov },
	{ ZYDIS_MNEMONIC_MOVZX, op_mov },
	{ ZYDIS_MNEMONIC_MOVSX, op_movsx },
	{ ZYDIS_MNEMONIC_MOVSXD, op_movsx },
	{ ZYDIS_MNEMONIC_XCHG, op_xchg },
	{ ZYDIS_MNEMONIC_LEA, op_lea },
	{ ZYDIS_MNEMONIC_XLAT, op_xlat },
	{ ZYDIS_MNEMONIC_CBW, op_extend_a },
	{ ZYDIS_MNEMONIC_CWDE, op_extend_a },
	{ ZYDIS_MNEMONIC_CDQE, op_extend_a },
	{ ZYDIS_MNEMONIC_CWD, op_extend_d },
	{ ZYDIS_MNEMONIC_CDQ, op_extend_d },
	{ ZYDIS_MNEMONIC_CQO, op_extend_d },
	{ ZYDIS_MNEMONIC_BSWAP, op_bswap },
	{ ZYDIS_MNEMONIC_MOVBE, op_movbe },
	{ ZYDIS_MNEMONIC_SALC, op_salc },
	{ ZYDIS_MNEMONIC_NOP, op_nop },
	{ ZYDIS_MNEMONIC_PAUSE, op_nop },
	{ ZYDIS_MNEMONIC_LFENCE, op_nop },
	{ ZYDIS_MNEMONIC_MFENCE, op_nop },
	{ ZYDIS_MNEMONIC_SFENCE, op_nop },
	{ ZYDIS_MNEMONIC_PREFETCH, op_nop },
	{ ZYDIS_MNEMONIC_PREFETCHNTA, op_nop },
	{ ZYDIS_MNEMONIC_PREFETCHT0, op_nop },
	{ ZYDIS_MNEMONIC_PREFETCHT1, op_nop },
	{ ZYDIS_MNEMONIC_PREFETCHT2, op_nop },
	{ ZYDIS_MNEMONIC_PREFETCHW, op_nop },
	{ ZYDIS_MNEMONIC_PREFETCHWT1, op_nop },
	CMOV(O),
	CMOV(NO),
	CMOV(B),
	CMOV(NB),
	CMOV(Z),
	CMOV(NZ),
	CMOV(BE),
	CMOV(NBE),
	CMOV(S),
	CMOV(NS),
	CMOV(P),
	CMOV(NP),
	CMOV(L),
	CMOV(NL),
	CMOV(LE),
	CMOV(NLE),
	SET(O),
	SET(NO),
	SET(B),
	SET(NB),
	SET(Z),
	SET(NZ),
	SET(BE),
	SET(NBE),
	SET(S),
	SET(NS),
	SET(P),
	SET(NP),
	SET(L),
	SET(NL),
	SET(LE),
	SET(NLE),
	{ 0 },
};
