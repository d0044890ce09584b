/*
 * aim.c - where the generated instruction's memory operands and stack lie: in the data, now and
 * then at an edge or beyond it.
 */
#include <string.h>

#include "diff.h"
#include "x86/zydis_decode.h"

/* An offset for `seg`: mostly good, sometimes at a page's or the segment's edge, seldom wild. */
static u64 offset_make(u64 *seed, const struct sample *s, unsigned seg)
{
	u64 at;

	if (one_in(seed, 50))
		return random_u64(seed);
	if (!(s->c.efer & EFER_LMA)) {
		if (seg == SEG_SS && !s->c.seg[seg].base)
			return AT_STACK + random_below(seed, 0x8000);
		if (one_in(seed, 10))
			return s->c.seg[seg].limit + 8 - random_below(seed, 16);
		return random_below(seed, 0x8000);
	}
	at = AT_DATA + random_below(seed, 0x10000);
	if (one_in(seed, 3))
		at = AT_DATA + 0x1000 * random_below(seed, 8) + random_below(seed, 0x1000);
	if (one_in(seed, 6))
		at = (at & ~0xfffull) + 8 - random_below(seed, 16);
	return at - s->c.seg[seg].base;
}

u64 stack_make(u64 *seed, const struct sample *s)
{
	u64 at;

	if (!(s->c.efer & EFER_LMA)) {
		at = one_in(seed, 20) ? 8 - (u64)random_below(seed, 16)
				      : 0x400 + random_below(seed, 0xfb00);
		if (!s->c.seg[SEG_SS].base)
			return AT_STACK + (u16)at;
		return s->c.seg[SEG_SS].attr & ATTR_DB
			       ? (u32)at
			       : (random_u64(seed) & 0xffff0000) | (at & 0xffff);
	}
	at = AT_STACK + 0x800 + random_below(seed, 0x2800);
	if (one_in(seed, 20))
		at = AT_STACK + 0x1000 * random_below(seed, 8) + 64 - random_below(seed, 128);
	return at & ~(one_in(seed, 2) ? 7ull : 0ull);
}

s8 gpr_of(ZydisRegister r)
{
	switch (ZydisRegisterGetClass(r)) {
	case ZYDIS_REGCLASS_GPR16:
	case ZYDIS_REGCLASS_GPR32:
	case ZYDIS_REGCLASS_GPR64:
		return ZydisRegisterGetId(r);
	default:
		return -1;
	}
}

/* Without registers to turn, the displacement in the bytes is. */
static void displacement_patch(struct sample *s, const struct decoded *d, u64 value)
{
	if (d->insn.raw.disp.size >= 16)
		memcpy(s->code + d->insn.raw.disp.offset, &value, d->insn.raw.disp.size / 8);
}

/* Make the operand's address `to`. */
static void operand_aim(u64 *seed, struct sample *s, const struct decoded *d,
			const ZydisDecodedOperand *op, u64 to)
{
	s8 base = gpr_of(op->mem.base), index = gpr_of(op->mem.index);
	u64 disp = op->mem.disp.value, rest;

	if (ZydisRegisterGetClass(op->mem.base) == ZYDIS_REGCLASS_IP) {
		displacement_patch(s, d, to - (s->c.rip + d->insn.length));
		return;
	}
	rest = to - disp;
	if (base >= 0 && base == index) {
		s->c.gpr[base] = rest / (1 + op->mem.scale);
	} else if (base >= 0) {
		s->c.gpr[base] = rest - (index >= 0 ? s->c.gpr[index] * op->mem.scale : 0);
	} else if (index >= 0) {
		s->c.gpr[index] = rest / op->mem.scale;
	} else {
		displacement_patch(s, d, to);
		return;
	}
	/* What lies above the address size must not matter. */
	if (d->insn.address_width == 32 && place_bits(s->place) == 64 && one_in(seed, 2)) {
		if (base >= 0)
			s->c.gpr[base] ^= random_u64(seed) << 32;
	}
}

void operands_aim(u64 *seed, struct sample *s, const struct decoded *d)
{
	for (unsigned i = 0; i < d->insn.operand_count; i++) {
		const ZydisDecodedOperand *op = &d->op[i];
		unsigned seg;
		u64 to;

		if (op->type != ZYDIS_OPERAND_TYPE_MEMORY || op->mem.type != ZYDIS_MEMOP_TYPE_MEM)
			continue;
		seg = ZydisRegisterGetClass(op->mem.segment) == ZYDIS_REGCLASS_SEGMENT
			      ? (unsigned)ZydisRegisterGetId(op->mem.segment)
			      : SEG_DS;
		if (op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && seg == SEG_SS)
			continue; /* push, pop */
		to = offset_make(seed, s, seg);
		if (s->align && !one_in(seed, 30))
			to &= ~(u64)(s->align - 1);
		operand_aim(seed, s, d, op, to);
		if (op->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT)
			s->aimed = to + s->c.seg[seg].base;
	}
}
