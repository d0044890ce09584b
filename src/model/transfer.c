/*
 * transfer.c - what far JMP, CALL, RET and IRET have in common: entering a code segment, and the
 * way out to the same or an outer ring.
 *
 * SDM 2 "RET", "IRET/IRETD/IRETQ", operation sections; SDM 3 "Returning from a Called Procedure".
 */
#include "model/system.h"

enum ex code_offset_check(struct model *m, const struct descriptor *d, u64 off)
{
	bool fits = is_long(m) && (d->attr & ATTR_L) ? canonical(off) : off <= d->limit;

	return fits ? EX_DONE : raise_code(m, EXC_GP, 0);
}

void code_enter(struct model *m, u16 sel, const struct descriptor *d, unsigned cpl, u64 off)
{
	seg_set(m, SEG_CS, (sel & ~3) | cpl, d);
	m->next = off;
	model_derive(m);
}

enum ex real_enter(struct model *m, u16 sel, u64 off)
{
	if (off > m->c.seg[SEG_CS].limit)
		return raise_code(m, EXC_GP, 0);
	seg_set_real(m, SEG_CS, sel);
	m->next = off;
	model_derive(m);
	return EX_DONE;
}

enum ex return_code_check(struct model *m, u16 sel, struct descriptor *d)
{
	unsigned rpl = sel & 3;

	if (sel_null(sel))
		return raise_code(m, EXC_GP, 0);
	TRY(desc_fetch(m, sel, EXC_GP, d));
	if (d->kind != DESC_CODE || rpl < m->cpl)
		return raise_sel(m, EXC_GP, sel);
	if (desc_conforming(d) ? d->dpl > rpl : d->dpl != rpl)
		return raise_sel(m, EXC_GP, sel);
	if (is_long(m) && (d->attr & ATTR_L) && (d->attr & ATTR_DB))
		return raise_sel(m, EXC_GP, sel);
	return d->present ? EX_DONE : raise_sel(m, EXC_NP, sel);
}

enum ex return_stack_check(struct model *m, u16 ss, u8 cpl, const struct descriptor *code,
			   struct descriptor *d)
{
	if (sel_null(ss)) {
		if (!is_long(m) || !(code->attr & ATTR_L) || cpl == 3 || (ss & 3) != cpl)
			return raise_code(m, EXC_GP, 0);
		*d = (struct descriptor){ .kind = DESC_NULL };
		return EX_DONE;
	}
	TRY(desc_fetch(m, ss, EXC_GP, d));
	if ((ss & 3) != cpl || d->dpl != cpl || d->kind != DESC_DATA || !(d->type & 2))
		return raise_sel(m, EXC_GP, ss);
	return d->present ? EX_DONE : raise_sel(m, EXC_SS, ss);
}

/* A data segment the outer ring may not use becomes null. */
static void data_segments_drop(struct model *m, unsigned cpl)
{
	static const u8 data[] = { SEG_ES, SEG_FS, SEG_GS, SEG_DS };

	for (unsigned i = 0; i < ARRAY_SIZE(data); i++) {
		const struct segment *s = &m->c.seg[data[i]];
		bool conforming = (ATTR_TYPE(s->attr) & 0xc) == 0xc;

		if (s->attr && !conforming && ATTR_DPL(s->attr) < cpl)
			seg_set_null(m, data[i], 0);
	}
}

enum ex outer_enter(struct model *m, struct outer_return *r)
{
	unsigned cpl = r->cs & 3;

	TRY(desc_touch(m, r->cs, &r->code));
	if (r->stack.kind != DESC_NULL)
		TRY(desc_touch(m, r->ss, &r->stack));
	if (r->stack.kind == DESC_NULL)
		seg_set_null(m, SEG_SS, r->ss);
	else
		seg_set(m, SEG_SS, r->ss, &r->stack);
	code_enter(m, r->cs, &r->code, cpl, r->rip);
	stack_set(m, r->rsp);
	data_segments_drop(m, cpl);
	return EX_DONE;
}
