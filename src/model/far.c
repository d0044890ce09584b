/*
 * far.c - JMP, CALL and RET between segments: code segments, call gates, task gates and TSSs.
 *
 * SDM 2 "JMP", "CALL", "RET", operation sections; SDM 3 "Call Gates", "Accessing a Code Segment
 * Through a Call Gate". Real-address and virtual-8086 mode take the selector as it is.
 */
#include <Zydis/Zydis.h>

#include "model/system.h"

struct far_target {
	u16 sel;
	u64 off;
};

static enum ex far_operand(struct model *m, const struct op *o, struct far_target *t)
{
	const struct opnd *d = &o->opnd[0];
	u64 mask = o->addrsize == 8 ? ~0ull : BIT64(o->addrsize * 8) - 1, at, sel;

	if (d->kind == OPND_FAR) {
		*t = (struct far_target){ d->sel, d->imm };
		return EX_DONE;
	}
	at = op_address(m, o, d);
	TRY(mem_read(m, d->seg, at, o->opsize, &t->off));
	TRY(mem_read(m, d->seg, (at + o->opsize) & mask, 2, &sel));
	t->sel = sel;
	return EX_DONE;
}

/* The segment itself is the target: no change of ring. */
static enum ex direct_check(struct model *m, u16 sel, const struct descriptor *d)
{
	if (desc_conforming(d) ? d->dpl > m->cpl : (sel & 3) > m->cpl || d->dpl != m->cpl)
		return raise_sel(m, EXC_GP, sel);
	if (!d->present)
		return raise_sel(m, EXC_NP, sel);
	if (is_long(m) && (d->attr & ATTR_L) && (d->attr & ATTR_DB))
		return raise_sel(m, EXC_GP, sel);
	return EX_DONE;
}

/* The gate, and the code segment it names; `call`: an inner ring is allowed. */
static enum ex gate_check(struct model *m, u16 sel, const struct descriptor *g, bool call,
			  struct descriptor *code)
{
	if (g->dpl < m->cpl || (sel & 3) > g->dpl)
		return raise_sel(m, EXC_GP, sel);
	if (!g->present)
		return raise_sel(m, EXC_NP, sel);
	if (sel_null(g->sel))
		return raise_code(m, EXC_GP, 0);
	TRY(desc_fetch(m, g->sel, EXC_GP, code));
	if (code->kind != DESC_CODE || code->dpl > m->cpl)
		return raise_sel(m, EXC_GP, g->sel);
	if (!call && !desc_conforming(code) && code->dpl != m->cpl)
		return raise_sel(m, EXC_GP, g->sel);
	if (is_long(m) && (code->attr & (ATTR_L | ATTR_DB)) != ATTR_L)
		return raise_sel(m, EXC_GP, g->sel);
	return code->present ? EX_DONE : raise_sel(m, EXC_NP, g->sel);
}

/* --- JMP --- */

static enum ex jump_to_code(struct model *m, u16 sel, struct descriptor *d, u64 off)
{
	TRY(code_offset_check(m, d, off));
	TRY(desc_touch(m, sel, d));
	code_enter(m, sel, d, m->cpl, off);
	return EX_DONE;
}

static enum ex jump_gate(struct model *m, u16 sel, const struct descriptor *g)
{
	struct descriptor code;

	TRY(gate_check(m, sel, g, false, &code));
	return jump_to_code(m, g->sel, &code, g->offset);
}

/* --- CALL --- */

/* Two values on the current stack, or nothing. */
static enum ex return_push(struct model *m, unsigned size, u16 cs, u64 rip)
{
	u64 sp = m->c.gpr[GPR_RSP];

	TRY(push(m, size, cs));
	if (push(m, size, rip) == EX_DONE)
		return EX_DONE;
	m->c.gpr[GPR_RSP] = sp;
	return EX_EVENT;
}

static enum ex call_same(struct model *m, u16 sel, struct descriptor *d, u64 off, unsigned size)
{
	TRY(code_offset_check(m, d, off));
	TRY(desc_touch(m, sel, d));
	TRY(return_push(m, size, m->c.seg[SEG_CS].sel, m->next));
	code_enter(m, sel, d, m->cpl, off);
	return EX_DONE;
}

static enum ex params_copy(struct model *m, struct inner_frame *f, unsigned count)
{
	for (unsigned i = count; i-- > 0;) {
		u64 v;

		TRY(stack_peek(m, i * f->size, f->size, &v));
		frame_push(f, v);
	}
	return EX_DONE;
}

/* To an inner ring: its stack gets SS:RSP, the parameters and CS:RIP. A 64-bit gate has none. */
static enum ex call_inner(struct model *m, const struct descriptor *g, struct descriptor *code,
			  unsigned count)
{
	struct inner_frame f = { .size = g->gate64 ? 8 : g->gate32 ? 4 : 2 };

	TRY(frame_from_tss(m, code->dpl, &f));
	frame_push(&f, m->c.seg[SEG_SS].sel);
	frame_push(&f, m->c.gpr[GPR_RSP]);
	if (!g->gate64)
		TRY(params_copy(m, &f, count));
	frame_push(&f, m->c.seg[SEG_CS].sel);
	frame_push(&f, m->next);
	TRY(frame_check(m, &f));
	TRY(code_offset_check(m, code, g->offset));
	TRY(desc_touch(m, g->sel, code));
	TRY(frame_store(m, &f));
	m->c.seg[SEG_SS] = f.ss;
	code_enter(m, g->sel, code, code->dpl, g->offset);
	stack_set(m, f.sp);
	return EX_DONE;
}

/* SDM 3 "Call Gates": the parameter count is in bits 4:0 of the second doubleword, beside IST's. */
static enum ex param_count(struct model *m, u16 sel, unsigned *ret)
{
	u64 base = sel & 4 ? m->c.ldtr.base : m->c.gdtr.base, v;

	TRY(sys_read(m, base + (sel & ~7u) + 4, 1, &v));
	*ret = v & 31;
	return EX_DONE;
}

static enum ex call_gate(struct model *m, u16 sel, const struct descriptor *g)
{
	struct descriptor code;
	unsigned count;

	TRY(gate_check(m, sel, g, true, &code));
	if (desc_conforming(&code) || code.dpl == m->cpl)
		return call_same(m, g->sel, &code, g->offset, g->gate64 ? 8 : g->gate32 ? 4 : 2);
	TRY(param_count(m, sel, &count));
	return call_inner(m, g, &code, count);
}

static enum ex call_real(struct model *m, const struct far_target *t, unsigned size)
{
	if (t->off > m->c.seg[SEG_CS].limit)
		return raise_code(m, EXC_GP, 0);
	TRY(return_push(m, size, m->c.seg[SEG_CS].sel, m->next));
	return real_enter(m, t->sel, t->off);
}

/* --- both --- */

static enum ex transfer_far(struct model *m, const struct op *o, bool call)
{
	struct far_target t;
	struct descriptor d;

	TRY(far_operand(m, o, &t));
	if (!is_protected(m))
		return call ? call_real(m, &t, o->opsize) : real_enter(m, t.sel, t.off);
	if (sel_null(t.sel))
		return raise_code(m, EXC_GP, 0);
	TRY(desc_fetch(m, t.sel, EXC_GP, &d));
	switch (d.kind) {
	case DESC_CODE:
		TRY(direct_check(m, t.sel, &d));
		return call ? call_same(m, t.sel, &d, t.off, o->opsize)
			    : jump_to_code(m, t.sel, &d, t.off);
	case DESC_CALL_GATE:
		return call ? call_gate(m, t.sel, &d) : jump_gate(m, t.sel, &d);
	default:
		return task_transfer(m, t.sel, &d, call);
	}
}

static enum ex jmp_far(struct model *m, const struct op *o)
{
	return transfer_far(m, o, false);
}

static enum ex call_far(struct model *m, const struct op *o)
{
	return transfer_far(m, o, true);
}

/* --- RET --- */

static enum ex ret_real(struct model *m, unsigned size, u16 cs, u64 rip, unsigned extra)
{
	TRY(real_enter(m, cs, rip));
	stack_drop(m, 2 * size + extra);
	return EX_DONE;
}

static enum ex ret_outer(struct model *m, struct outer_return *r, unsigned size, unsigned extra)
{
	u64 ss;

	TRY(stack_peek(m, 2 * size + extra, size, &r->rsp));
	TRY(stack_peek(m, 3 * size + extra, size, &ss));
	r->ss = ss;
	TRY(return_stack_check(m, r->ss, r->cs & 3, &r->code, &r->stack));
	TRY(code_offset_check(m, &r->code, r->rip));
	TRY(outer_enter(m, r));
	stack_drop(m, extra);
	return EX_DONE;
}

static enum ex ret_far(struct model *m, const struct op *o)
{
	unsigned size = o->opsize,
		 extra = o->n && o->opnd[0].kind == OPND_IMM ? (u16)o->opnd[0].imm : 0;
	struct outer_return r = { 0 };
	u64 cs;

	TRY(stack_peek(m, 0, size, &r.rip));
	TRY(stack_peek(m, size, size, &cs));
	r.cs = cs;
	if (!is_protected(m))
		return ret_real(m, size, r.cs, r.rip, extra);
	TRY(return_code_check(m, r.cs, &r.code));
	if ((r.cs & 3) > m->cpl)
		return ret_outer(m, &r, size, extra);
	TRY(code_offset_check(m, &r.code, r.rip));
	TRY(desc_touch(m, r.cs, &r.code));
	stack_drop(m, 2 * size + extra);
	code_enter(m, r.cs, &r.code, m->cpl, r.rip);
	return EX_DONE;
}

const struct op_row far_ops[] = {
	{ OP_FORM(ZYDIS_MNEMONIC_CALL, ROW_FAR), call_far },
	{ OP_FORM(ZYDIS_MNEMONIC_JMP, ROW_FAR), jmp_far },
	{ OP_FORM(ZYDIS_MNEMONIC_RET, ROW_FAR), ret_far },
	{ 0, NULL },
};
