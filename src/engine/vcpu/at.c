/*
 * at.c - the boundary the guest is at, and the stop records made there.
 *
 * Instruction bytes come from guest RAM through the page walk at every boundary and are never
 * remembered by address: what is decoded is what is there now. The cache behind insn_cache_get()
 * compares bytes.
 */
#include "engine/vcpu/vcpu.h"

#include <string.h>

/* Page walks read these; the rest of k->cpu is filled on demand (regs_get). */
static void cpu_light(struct vcpu *k)
{
	const struct kvm_sregs *s = &k->s->sregs;

	k->cpu.cr0 = s->cr0;
	k->cpu.cr3 = s->cr3;
	k->cpu.cr4 = s->cr4;
	k->cpu.efer = s->efer;
	k->cpu.rflags = k->s->regs.rflags;
	k->cpu.rip = k->s->regs.rip;
	k->cpu.seg[SEG_CS].base = s->cs.base;
	k->cpu.seg[SEG_CS].attr = segment_attr(&s->cs);
	k->cpu.seg[SEG_CS].sel = s->cs.selector;
	k->cpu.seg[SEG_SS].attr = segment_attr(&s->ss);
	k->cpu.seg[SEG_SS].base = s->ss.base;
}

/* Planted INT3s are never seen by anybody: put the bytes that belong there into the copy. */
static void bytes_unplant(const struct vcpu *k, u64 lin, u8 *bytes, size_t n)
{
	for (size_t i = 0; i < k->n_planted; i++) {
		const struct planted *p = &k->planted[i];

		if (p->in && p->lin >= lin && p->lin - lin < n)
			bytes[p->lin - lin] = p->orig;
	}
}

void at_load(struct vcpu *k)
{
	struct at *a = &k->at;

	cpu_light(k);
	a->rip = k->cpu.rip;
	a->mode = cpu_mode(&k->cpu);
	a->bits = mode_bits(a->mode);
	a->lin = cpu_linear_rip(&k->cpu);
	a->cpl = cpu_cpl(&k->cpu);
	a->shadow = k->s->events.interrupt.shadow;
	a->n_bytes = linear_read(&k->cpu, &k->phys, a->lin, a->bytes, INSN_MAX);
	if (k->n_planted)
		bytes_unplant(k, a->lin, a->bytes, a->n_bytes);
	a->insn = *insn_cache_get(k->insns, a->bits, a->lin, a->bytes, a->n_bytes);
}

static void stop_registers(struct vcpu *k, struct stop *s)
{
	const struct kvm_sregs *r = &k->s->sregs;

	for (unsigned i = 0; i < GPR_COUNT; i++)
		s->gpr[i] = regs_gpr(k, i);
	s->rflags = k->s->regs.rflags | (k->guest_tf ? FL_TF : 0);
	s->cr0 = r->cr0;
	s->cr2 = r->cr2;
	s->cr3 = r->cr3;
	s->cr4 = r->cr4;
	s->sel[SEG_ES] = r->es.selector;
	s->sel[SEG_CS] = r->cs.selector;
	s->sel[SEG_SS] = r->ss.selector;
	s->sel[SEG_DS] = r->ds.selector;
	s->sel[SEG_FS] = r->fs.selector;
	s->sel[SEG_GS] = r->gs.selector;
	s->cs = r->cs.selector;
}

static u8 insn_bytes(const struct at *a)
{
	return a->insn.facts.length ? a->insn.facts.length : a->n_bytes;
}

/* The instruction of the boundary before; its bytes may have changed or gone since. */
static void stop_from(const struct at *from, struct stop *s)
{
	s->from = from->rip;
	s->from_lin = from->lin;
	s->from_mode = from->mode;
	s->n_from = insn_bytes(from);
	memcpy(s->from_bytes, from->bytes, s->n_from);
}

/* The shadow is read at the stop; under VMX with SINGLESTEP KVM clears MOV SS's before it could be
 * seen (K2), so that "none" is not known there. */
static void stop_place(struct vcpu *k, struct stop *s)
{
	const struct at *a = &k->at;

	s->rip = a->rip;
	s->lin = a->lin;
	s->mode = a->mode;
	s->cpl = a->cpl;
	s->shadow = a->shadow;
	s->shadow_known = k->quirks.software || a->shadow;
	s->n_bytes = insn_bytes(a);
	memcpy(s->bytes, a->bytes, s->n_bytes);
}

void stop_begin(struct vcpu *k, const struct at *from, struct stop *ret)
{
	record_begin(&k->r.rec, ret);
	ret->guest_tf = k->guest_tf;
	stop_place(k, ret);
	stop_from(from, ret);
	stop_registers(k, ret);
}

void stop_place_again(struct vcpu *k, struct stop *s)
{
	stop_place(k, s);
	stop_registers(k, s);
}

unsigned vcpu_insn_length(struct runner *r, u64 *ret_lin)
{
	const struct at *a = &to_vcpu(r)->at;

	*ret_lin = a->lin;
	return a->insn.facts.length;
}
