/*
 * at.c - the boundary the guest is at, and the stop records made there.
 */
#include "engine/soft/soft.h"

#include <string.h>

void soft_at_load(struct soft_engine *e)
{
	struct at *a = &e->at;

	a->rip = e->c->rip;
	a->mode = cpu_mode(e->c);
	a->cpl = cpu_cpl(e->c);
	a->shadow = e->c->shadow;
	model_peek(e->m, &a->insn);
}

struct boundary at_boundary(const struct soft_engine *e)
{
	const struct cpu_state *c = e->c;

	return (struct boundary){
		.lin = e->at.insn.lin, .rflags = c->rflags, .shadow = c->shadow, .shadow_known = true,
		.cpl = e->at.cpl, .pending_dbg = *model_pending_dbg(e->m), .dr7 = c->dr7,
		.btf = c->debugctl & DEBUGCTL_BTF, .de = c->cr4 & CR4_DE, .fmask_tf = c->sfmask & FL_TF,
		.r11_tf = c->gpr[GPR_R11] & FL_TF, .insn = e->at.insn.facts,
	};
}

static void stop_registers(const struct soft_engine *e, struct stop *s)
{
	const struct cpu_state *c = e->c;

	memcpy(s->gpr, c->gpr, sizeof(s->gpr));
	s->rflags = c->rflags;
	s->cr0 = c->cr0;
	s->cr2 = c->cr2;
	s->cr3 = c->cr3;
	s->cr4 = c->cr4;
	for (unsigned i = 0; i < SEG_COUNT; i++)
		s->sel[i] = c->seg[i].sel;
	s->cs = c->seg[SEG_CS].sel;
}

void soft_stop_place(struct soft_engine *e, struct stop *s)
{
	const struct at *a = &e->at;

	s->rip = a->rip;
	s->lin = a->insn.lin;
	s->mode = a->mode;
	s->cpl = a->cpl;
	s->shadow = a->shadow;
	s->shadow_known = true;
	s->n_bytes = a->insn.n;
	memcpy(s->bytes, a->insn.bytes, sizeof(s->bytes));
	stop_registers(e, s);
}

void soft_stop_begin(struct soft_engine *e, const struct at *from, struct stop *ret)
{
	record_begin(&e->r.rec, ret);
	ret->guest_tf = e->c->rflags & FL_TF;
	ret->from = from->rip;
	ret->from_lin = from->insn.lin;
	ret->from_mode = from->mode;
	ret->n_from = from->insn.n;
	memcpy(ret->from_bytes, from->insn.bytes, sizeof(ret->from_bytes));
}
