/*
 * operand.c - where the memory operands of the instruction at the boundary lie.
 */
#include "engine/vcpu/vcpu.h"

static u64 reg_value(const struct vcpu *k, u8 r)
{
	if (r == INSN_MEM_NONE)
		return 0;
	return r == INSN_MEM_RIP ? k->at.rip + k->at.insn.facts.length : regs_gpr(k, r);
}

const struct kvm_segment *mem_segment(const struct vcpu *k, u8 seg)
{
	const struct kvm_sregs *s = &k->s->sregs;
	const struct kvm_segment *const list[SEG_COUNT] = { &s->es, &s->cs, &s->ss,
							    &s->ds, &s->fs, &s->gs };

	return list[seg];
}

static u64 cut(u64 v, unsigned bytes)
{
	return bytes >= 8 ? v : v & (BIT64(8 * bytes) - 1);
}

static unsigned address_size(const struct vcpu *k, const struct insn_mem *m)
{
	if (!m->stack)
		return k->at.insn.addrsize;
	if (k->at.bits == 64)
		return 8;
	return k->s->sregs.ss.db && (k->cpu.cr0 & CR0_PE) ? 4 : 2;
}

u64 mem_offset(const struct vcpu *k, const struct insn_mem *m)
{
	u64 v = reg_value(k, m->base) + reg_value(k, m->index) * m->scale + m->disp;

	return cut(v, address_size(k, m));
}

u64 mem_linear(const struct vcpu *k, const struct insn_mem *m)
{
	u64 off = mem_offset(k, m);

	if (k->at.bits == 64)
		return m->seg >= SEG_FS ? mem_segment(k, m->seg)->base + off : off;
	return (u32)(mem_segment(k, m->seg)->base + off);
}
