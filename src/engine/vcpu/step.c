/*
 * step.c - what is known of a step before it is made, and where its instruction may lead.
 */
#include "engine/vcpu/vcpu.h"

#include <string.h>

/* ---- before it ------------------------------------------------------------------------------------ */

static void second_read(struct vcpu *k, struct step *st)
{
	u8 bytes[INSN_MAX];
	size_t n = linear_read(&k->cpu, &k->phys, st->from.lin + st->from.insn.facts.length, bytes,
			       sizeof(bytes));

	insn_decode(st->from.bits, bytes, n, &st->second);
}

/* For watchpoints by stepping: where the operands lie, before the registers change. */
static void operands_note(const struct vcpu *k, struct step *st)
{
	st->n_mem = k->at.insn.n_mem;
	for (unsigned i = 0; i < st->n_mem; i++)
		st->mem_lin[i] = mem_linear(k, &k->at.insn.mem[i]);
}

void step_begin(struct vcpu *k, struct step *st)
{
	memset(&st->ev, 0, sizeof(st->ev));
	memset(&st->v, 0, sizeof(st->v));
	st->rep = st->rep_one = st->leaked = false;
	st->rep_again = 0;
	regs_guest_dr(k, NULL);
	st->from = k->at;
	st->rcx = k->s->regs.rcx;
	st->rsp = k->s->regs.rsp;
	st->b = (struct boundary){
		.lin = k->at.lin,
		.rflags = k->s->regs.rflags | (k->guest_tf ? FL_TF : 0),
		.shadow = k->at.shadow,
		.shadow_known = true,
		.cpl = k->at.cpl,
		.dr7 = k->guest_dr.dr7,
		.de = k->cpu.cr4 & CR4_DE,
		.btf = k->btf,
		.insn = k->at.insn.facts,
	};
	st->may_lose_tf = false;
	st->pair = st->from.insn.facts.cls == INSN_MOV_SS && !k->quirks.software;
	if (st->pair)
		second_read(k, st);
	tf_before(k, st);
	if (k->n_points)
		operands_note(k, st);
}

/* ---- where an instruction may lead ---------------------------------------------------------------- */

static u64 wrap(const struct at *from, u64 lin)
{
	return from->bits == 64 ? lin : (u32)lin;
}

/* 16-bit targets wrap within the segment. */
static bool is_target(const struct vcpu *k, const struct at *from)
{
	u64 rel = from->insn.facts.length + from->insn.target_rel;

	if (from->insn.opsize == 2 || from->bits == 16)
		return (u16)k->at.rip == (u16)(from->rip + rel) || k->at.lin == wrap(from, from->lin + rel);
	return k->at.lin == wrap(from, from->lin + rel);
}

/* Behind a MOV SS and the instruction it took along unseen (K2): one step of up to 30 bytes. */
static bool is_pair(const struct vcpu *k, const struct at *from)
{
	return from->insn.facts.cls == INSN_MOV_SS && !k->quirks.software;
}

bool land_is_explained(const struct vcpu *k, const struct step *st)
{
	const struct at *from = &st->from;
	const struct insn_facts *f = &from->insn.facts;

	if (f->length && k->at.lin == wrap(from, from->lin + f->length))
		return true;
	if (f->cls == INSN_INVALID || f->cls == INSN_UD)
		return false;
	if ((f->flags & INSNF_REP) && k->at.lin == from->lin)
		return true;
	if (from->insn.has_target)
		return is_target(k, from);
	if (f->flags & (INSNF_CALL | INSNF_RET | INSNF_BRANCH | INSNF_FAR))
		return f->cls < INSN_ICEBP || f->cls > INSN_INTO;
	return is_pair(k, from) ||
	       (u16)k->at.rip == (u16)(from->rip + f->length); /* IP wrapped */
}
