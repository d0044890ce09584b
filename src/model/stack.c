/* stack.c - PUSH, POP, PUSHA, POPA, ENTER, LEAVE. Segment registers are segment.c's. */
#include <Zydis/Zydis.h>

#include "model/operand.h"

/* PUSH RSP stores the value before (SDM volume 2, PUSH). */
static enum ex op_push(struct model *m, const struct op *o)
{
	u64 v;

	TRY(op_read(m, o, 0, &v));
	return push(m, o->opsize, v & size_mask(o->opsize));
}

/*
 * POP into memory relative to the stack pointer uses its value after; a write that faults leaves it
 * as it was. POP RSP stores what was on the stack.
 */
static enum ex op_pop(struct model *m, const struct op *o)
{
	u64 v, old = m->c.gpr[GPR_RSP];
	enum ex r;

	TRY(pop(m, o->opsize, &v));
	r = op_write(m, o, 0, v);
	if (r != EX_DONE)
		m->c.gpr[GPR_RSP] = old;
	return r;
}

/* All eight places are checked before the first is written. */
static enum ex op_pusha(struct model *m, const struct op *o)
{
	unsigned width = stack_width(m);
	u64 sp = gpr_get(m, GPR_RSP, width);

	for (unsigned i = 1; i <= 8; i++)
		TRY(mem_probe_write(m, SEG_SS, (sp - i * o->opsize) & size_mask(width), o->opsize));
	for (unsigned i = 0; i < 8; i++)
		TRY(mem_write(m, SEG_SS, (sp - (i + 1) * o->opsize) & size_mask(width), o->opsize,
			      gpr_get(m, i, o->opsize)));
	gpr_set(m, GPR_RSP, width, sp - 8 * o->opsize);
	return EX_DONE;
}

/* DI first, AX last; the place of SP is skipped. */
static enum ex op_popa(struct model *m, const struct op *o)
{
	unsigned width = stack_width(m);
	u64 sp = gpr_get(m, GPR_RSP, width), v[8];

	for (unsigned i = 0; i < 8; i++)
		TRY(mem_read(m, SEG_SS, (sp + i * o->opsize) & size_mask(width), o->opsize, &v[i]));
	for (unsigned i = 0; i < 8; i++)
		if (7 - i != GPR_RSP)
			gpr_set(m, 7 - i, o->opsize, v[i]);
	gpr_set(m, GPR_RSP, width, sp + 8 * o->opsize);
	return EX_DONE;
}

/* The frame pointers of the enclosing levels, copied from the frame that RBP names. */
static enum ex frames_copy(struct model *m, const struct op *o, unsigned level, u64 *sp)
{
	unsigned width = stack_width(m);
	u64 bp = gpr_get(m, GPR_RBP, width), v;

	for (unsigned i = 1; i < level; i++) {
		bp = (bp - o->opsize) & size_mask(width);
		*sp = (*sp - o->opsize) & size_mask(width);
		TRY(mem_read(m, SEG_SS, bp, o->opsize, &v));
		TRY(mem_write(m, SEG_SS, *sp, o->opsize, v));
	}
	return EX_DONE;
}

/*
 * SDM volume 2, ENTER: all by the operand size but the stack pointer itself. The end of the new
 * frame is probed for writing, too, as the SDM says; what was stored before a fault lies below the
 * stack pointer, which stays.
 */
static enum ex op_enter(struct model *m, const struct op *o)
{
	unsigned width = stack_width(m), level = o->opnd[1].imm % 32;
	u64 sp = (m->c.gpr[GPR_RSP] - o->opsize) & size_mask(width);
	u64 frame = (m->c.gpr[GPR_RSP] & ~size_mask(width)) | sp;

	TRY(mem_write(m, SEG_SS, sp, o->opsize, gpr_get(m, GPR_RBP, o->opsize)));
	TRY(frames_copy(m, o, level, &sp));
	if (level) {
		sp = (sp - o->opsize) & size_mask(width);
		TRY(mem_write(m, SEG_SS, sp, o->opsize, frame & size_mask(o->opsize)));
	}
	sp = (sp - (o->opnd[0].imm & 0xffff)) & size_mask(width);
	TRY(mem_probe_write(m, SEG_SS, sp, o->opsize));
	gpr_set(m, GPR_RBP, o->opsize, frame);
	gpr_set(m, GPR_RSP, width, sp);
	return EX_DONE;
}

static enum ex op_leave(struct model *m, const struct op *o)
{
	unsigned width = stack_width(m);
	u64 sp = gpr_get(m, GPR_RBP, width), v;

	TRY(mem_read(m, SEG_SS, sp, o->opsize, &v));
	gpr_set(m, GPR_RBP, o->opsize, v);
	gpr_set(m, GPR_RSP, width, sp + o->opsize);
	return EX_DONE;
}

const struct op_row stack_ops[] = {
	{ ZYDIS_MNEMONIC_PUSH, op_push },
	{ ZYDIS_MNEMONIC_POP, op_pop },
	{ ZYDIS_MNEMONIC_PUSHA, op_pusha },
	{ ZYDIS_MNEMONIC_PUSHAD, op_pusha },
	{ ZYDIS_MNEMONIC_POPA, op_popa },
	{ ZYDIS_MNEMONIC_POPAD, op_popa },
	{ ZYDIS_MNEMONIC_ENTER, op_enter },
	{ ZYDIS_MNEMONIC_LEAVE, op_leave },
	{ 0 },
};
