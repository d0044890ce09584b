/*
 * fault_mem.c - can a memory operand of the instruction at the boundary fault: segment limit,
 * canonical form, page tables (SDM "Page-Level Protection", "Limit Checking").
 */
#include "engine/kvm/kvm.h"

/* Expand-down data segments hold what is above the limit. */
static bool beyond_limit(const struct vcpu *k, const struct insn_mem *m)
{
	const struct kvm_segment *s = mem_segment(k, m->seg);
	u64 first = mem_offset(k, m), last = first + (m->size ? m->size - 1 : 0);
	bool protected = (k->cpu.cr0 & CR0_PE) && k->at.mode != MODE_V86;

	if (k->at.bits == 64)
		return false;
	if (protected && s->unusable)
		return true;
	if (protected && (s->type & 12) == 4)
		return first <= s->limit || last > (s->db ? 0xffffffffull : 0xffff);
	if (protected && m->write && ((s->type & 8) || !(s->type & 2)))
		return true;
	return last > s->limit;
}

static bool page_faults(const struct vcpu *k, u64 lin, bool write, bool *ret_noncanonical)
{
	struct page_walk w;

	page_walk(&k->cpu, &k->phys, lin, &w);
	if (w.noncanonical) {
		*ret_noncanonical = true;
		return false;
	}
	if (!w.present)
		return true;
	if (!w.page_shift) /* paging is off */
		return false;
	if (k->at.cpl == 3 && !w.user)
		return true;
	if (write && !w.writable && (k->at.cpl == 3 || (k->cpu.cr0 & CR0_WP)))
		return true;
	return k->at.cpl < 3 && w.user && (k->cpu.cr4 & CR4_SMAP) && !(k->cpu.rflags & FL_AC);
}

static u32 operand_faults(const struct vcpu *k, const struct insn_mem *m)
{
	u64 lin = mem_linear(k, m), last = lin + (m->size ? m->size - 1 : 0);
	bool noncanonical = false, pf;

	if (beyond_limit(k, m))
		return m->seg == SEG_SS ? BIT(EXC_SS) : BIT(EXC_GP);
	if (!(k->cpu.cr0 & CR0_PG))
		return 0;
	pf = page_faults(k, lin, m->write, &noncanonical);
	if (!pf && (lin ^ last) >> 12)
		pf = page_faults(k, last, m->write, &noncanonical);
	if (noncanonical)
		return m->stack || m->seg == SEG_SS ? BIT(EXC_SS) : BIT(EXC_GP);
	return pf ? BIT(EXC_PF) : 0;
}

/* Descriptor tables in pages that are not there, gathers and XLAT are beyond it. */
u32 fault_memory(struct vcpu *k)
{
	u32 mask = 0;

	for (unsigned i = 0; i < k->at.insn.n_mem; i++)
		mask |= operand_faults(k, &k->at.insn.mem[i]);
	/* SSE's 16-byte operands must be aligned: #GP. */
	for (unsigned i = 0; i < k->at.insn.n_mem; i++)
		if (k->at.insn.mem[i].size >= 16 && (mem_linear(k, &k->at.insn.mem[i]) & 15))
			mask |= BIT(EXC_GP);
	return mask;
}
