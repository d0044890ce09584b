/*
 * operand.h - operands and flags as the instruction families use them: all inline, for the hot
 * path.
 */
#ifndef VMSTEP_MODEL_OPERAND_H
#define VMSTEP_MODEL_OPERAND_H

#include "model/model.h"

#define FL_ARITH (FL_CF | FL_PF | FL_AF | FL_ZF | FL_SF | FL_OF)

static inline u64 size_mask(unsigned size)
{
	return ~0ull >> (64 - 8 * size);
}

static inline u64 sign_bit(unsigned size)
{
	return 1ull << (8 * size - 1);
}

static inline s64 sign_extend(u64 v, unsigned size)
{
	return (s64)(v << (64 - 8 * size)) >> (64 - 8 * size);
}

static inline u64 gpr_get(const struct model *m, unsigned reg, unsigned size)
{
	return m->c.gpr[reg] & size_mask(size);
}

/* As the processor merges: 32 bits clear the upper half, 8 and 16 keep the rest. */
static inline void gpr_set(struct model *m, unsigned reg, unsigned size, u64 v)
{
	u64 *r = &m->c.gpr[reg];

	if (size == 8)
		*r = v;
	else if (size == 4)
		*r = (u32)v;
	else
		*r = (*r & ~size_mask(size)) | (v & size_mask(size));
}

static inline u64 opnd_gpr_get(const struct model *m, const struct opnd *d)
{
	u64 v = m->c.gpr[d->reg];

	return (d->high ? v >> 8 : v) & size_mask(d->size);
}

static inline void opnd_gpr_set(struct model *m, const struct opnd *d, u64 v)
{
	if (d->high)
		m->c.gpr[d->reg] = (m->c.gpr[d->reg] & ~0xff00ull) | (v & 0xff) << 8;
	else
		gpr_set(m, d->reg, d->size, v);
}

static inline void flags_set(struct model *m, u64 mask, u64 bits)
{
	m->c.rflags = (m->c.rflags & ~mask) | bits;
}

/* SF, ZF, PF of a result that is cut to its size. */
static inline u64 flags_szp(u64 r, unsigned size)
{
	return (r & sign_bit(size) ? FL_SF : 0) | (r ? 0 : FL_ZF) |
	       (__builtin_parity(r & 0xff) ? 0 : FL_PF);
}

/* All six of r = a + b + carry; operands and result cut to the size. */
static inline u64 flags_add(u64 a, u64 b, u64 r, unsigned size)
{
	u64 carries = (a & b) | ((a | b) & ~r);

	return flags_szp(r, size) | (carries & sign_bit(size) ? FL_CF : 0) | ((a ^ b ^ r) & FL_AF) |
	       ((a ^ r) & (b ^ r) & sign_bit(size) ? FL_OF : 0);
}

/* All six of r = a - b - borrow. */
static inline u64 flags_sub(u64 a, u64 b, u64 r, unsigned size)
{
	u64 borrows = (~a & b) | ((~a | b) & r);

	return flags_szp(r, size) | (borrows & sign_bit(size) ? FL_CF : 0) | ((a ^ b ^ r) & FL_AF) |
	       ((a ^ b) & (a ^ r) & sign_bit(size) ? FL_OF : 0);
}

/* Bytes of SP: by mode or SS.B (SDM volume 1, "Stack Alignment" and "Address-Size Attributes for
 * Stack Accesses"). */
static inline unsigned stack_width(const struct model *m)
{
	if (m->mode == MODE_LONG)
		return 8;
	return m->c.seg[SEG_SS].attr & ATTR_DB ? 4 : 2;
}

/* Condition codes 0-15 (SDM volume 2, "Encoding of Conditional Test (tttn) Field"). */
static inline bool condition(const struct model *m, u8 cc)
{
	u64 f = m->c.rflags;
	bool less = !!(f & FL_SF) != !!(f & FL_OF), hold;

	switch (cc >> 1) {
	case 0:
		hold = f & FL_OF;
		break;
	case 1:
		hold = f & FL_CF;
		break;
	case 2:
		hold = f & FL_ZF;
		break;
	case 3:
		hold = f & (FL_CF | FL_ZF);
		break;
	case 4:
		hold = f & FL_SF;
		break;
	case 5:
		hold = f & FL_PF;
		break;
	case 6:
		hold = less;
		break;
	default:
		hold = less || f & FL_ZF;
		break;
	}
	return hold != (cc & 1);
}

/* The counter of REP, LOOP and JCXZ: CX, ECX, RCX by address size. */
static inline u64 count_get(const struct model *m, const struct op *o)
{
	return gpr_get(m, GPR_RCX, o->addrsize);
}

static inline void count_set(struct model *m, const struct op *o, u64 v)
{
	gpr_set(m, GPR_RCX, o->addrsize, v);
}

/* The index register of a string instruction, moved by one element. */
static inline void index_step(struct model *m, const struct op *o, unsigned reg, unsigned size)
{
	u64 by = m->c.rflags & FL_DF ? -(u64)size : size;

	gpr_set(m, reg, o->addrsize, m->c.gpr[reg] + by);
}

/* One iteration is done: counts it and says whether another follows; `more`: REPE/REPNE's
 * condition. */
static inline enum ex rep_next(struct model *m, const struct op *o, bool more)
{
	u64 n;

	if (o->rep == REP_NONE)
		return EX_DONE;
	n = (count_get(m, o) - 1) & size_mask(o->addrsize);
	count_set(m, o, n);
	return n && more ? EX_REPEAT : EX_DONE;
}

#endif
