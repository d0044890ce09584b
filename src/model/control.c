/*
 * control.c - the control registers: MOV CR, SMSW, LMSW, CLTS, and the changes of mode they make.
 *
 * SDM 2 "MOV - Move to/from Control Registers"; SDM 3 "Control Registers", "Initializing IA-32e
 * Mode", "PDPTE Registers". model_derive() empties the TLB where a bit that paging depends on
 * changes.
 */
#include "model/system.h"

/* What feature.c shows; the others are reserved. PCE has nothing to allow but RDPMC's fault. */
#define CR4_DEFINED                                                                                \
	(CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCE | CR4_UMIP | \
	 CR4_SMEP | CR4_SMAP | CR4_FSGSBASE | CR4_PCIDE | CR4_OSFXSR | CR4_OSXMMEXCPT |           \
	 CR4_OSXSAVE)
#define CR0_DEFINED                                                                                \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)

static enum ex gp0(struct model *m)
{
	return raise_code(m, EXC_GP, 0);
}

/* --- PAE: the four PDPTEs are loaded, and checked, when CR3 or the mode is written --- */

static bool pae_paging(u64 cr0, u64 cr4, u64 efer)
{
	return (cr0 & CR0_PG) && (cr4 & CR4_PAE) && !(efer & EFER_LMA);
}

static void pdptes_read(struct model *m, u64 cr3, struct pdptes *ret)
{
	*ret = (struct pdptes){ .loaded = true, .cr3 = cr3 };
	for (unsigned i = 0; i < ARRAY_SIZE(ret->entry); i++)
		if (m->phys.read(m->phys.arg, (cr3 & 0xffffffe0) + 8 * i, &ret->entry[i], 8))
			ret->entry[i] = 0; /* not RAM: nothing is mapped */
}

/* SDM 3 "PDPTE Registers": bits 1-2, 5-8 and those above the physical width are reserved, and nothing is
 * loaded then. */
static bool pdptes_load(struct model *m, u64 cr3)
{
	struct pdptes p;

	pdptes_read(m, cr3, &p);
	for (unsigned i = 0; i < ARRAY_SIZE(p.entry); i++)
		if ((p.entry[i] & 1) && (p.entry[i] & 0xfff00000000001e6ull))
			return false;
	m->c.pdptes = p;
	return true;
}

void pdptes_follow(struct model *m)
{
	struct cpu_state *c = &m->c;

	if (!pae_paging(c->cr0, c->cr4, c->efer))
		c->pdptes.loaded = false;
	else if (!pdptes_hold(c))
		pdptes_read(m, c->cr3, &c->pdptes);
}

/* --- CR0 --- */

/* What a write of CR0 makes of EFER.LMA; false: not allowed. */
static bool cr0_long_mode(const struct model *m, u64 cr0, u64 *efer)
{
	const struct cpu_state *c = &m->c;
	bool on = (cr0 & CR0_PG) && !(c->cr0 & CR0_PG), off = !(cr0 & CR0_PG) && (c->cr0 & CR0_PG);

	if (on && (c->efer & EFER_LME)) {
		if (!(c->cr4 & CR4_PAE) || (c->seg[SEG_CS].attr & ATTR_L))
			return false;
		/* SDM 3 "IA-32e Mode System Data Structures": no 16-bit TSS. */
		if ((c->tr.attr & ATTR_P) && (ATTR_TYPE(c->tr.attr) & 0xd) == 1)
			return false;
		*efer |= EFER_LMA;
	}
	if (off && (c->efer & EFER_LMA)) {
		if (m->bits == 64 || c->cr4 & CR4_PCIDE)
			return false;
		*efer &= ~EFER_LMA;
	}
	return true;
}

static enum ex cr0_write(struct model *m, u64 value)
{
	struct cpu_state *c = &m->c;
	u64 efer = c->efer, old = c->cr0;

	if (value >> 32 || ((value & CR0_PG) && !(value & CR0_PE)) ||
	    ((value & CR0_NW) && !(value & CR0_CD)))
		return gp0(m);
	value = (value & CR0_DEFINED) | CR0_ET;
	if (!cr0_long_mode(m, value, &efer))
		return gp0(m);
	if (pae_paging(value, c->cr4, efer) && ((value ^ old) & (CR0_PG | CR0_CD | CR0_NW)) &&
	    !pdptes_load(m, c->cr3))
		return gp0(m);
	c->cr0 = value;
	c->efer = efer;
	model_derive(m);
	return EX_DONE;
}

/* --- CR3, CR4, CR8 --- */

/* With PCIDs a source that keeps the translations of the PCID it names; never stored (SDM 2 "MOV - Move
 * to/from Control Registers"). */
#define CR3_KEEP BIT64(63)

enum ex cr3_write(struct model *m, u64 value)
{
	bool pcids = m->c.cr4 & CR4_PCIDE, keep = pcids && value & CR3_KEEP;

	if (pcids)
		value &= ~CR3_KEEP;
	if (is_long(m) && value >> 52)
		return gp0(m);
	if (pae_paging(m->c.cr0, m->c.cr4, m->c.efer) && !pdptes_load(m, value))
		return gp0(m);
	m->c.cr3 = value;
	model_derive(m);
	if (!keep)
		tlb_flush_context(m, pcids ? value & 0xfff : 0);
	return EX_DONE;
}

static enum ex cr4_write(struct model *m, u64 value)
{
	struct cpu_state *c = &m->c;
	u64 changed = value ^ c->cr4;

	if (value & ~CR4_DEFINED || (is_long(m) && !(value & CR4_PAE)))
		return gp0(m);
	/* SDM 3 "Process-Context Identifiers (PCIDs)". */
	if (changed & value & CR4_PCIDE && (!is_long(m) || c->cr3 & 0xfff))
		return gp0(m);
	if (pae_paging(c->cr0, value, c->efer) &&
	    (changed & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP)) && !pdptes_load(m, c->cr3))
		return gp0(m);
	c->cr4 = value;
	model_derive(m);
	return EX_DONE;
}

static enum ex cr8_write(struct model *m, u64 value)
{
	if (value & ~15ull)
		return gp0(m);
	m->c.cr8 = value;
	if (m->cfg.bus.tpr)
		m->cfg.bus.tpr(m->cfg.bus.arg, value);
	return EX_DONE;
}

static enum ex cr_write(struct model *m, unsigned n, u64 value)
{
	switch (n) {
	case 0:
		return cr0_write(m, value);
	case 2:
		m->c.cr2 = value;
		return EX_DONE;
	case 3:
		return cr3_write(m, value);
	case 4:
		return cr4_write(m, value);
	default:
		return cr8_write(m, value);
	}
}

static u64 cr_read(const struct model *m, unsigned n)
{
	switch (n) {
	case 0:
		return m->c.cr0;
	case 2:
		return m->c.cr2;
	case 3:
		return m->c.cr3;
	case 4:
		return m->c.cr4;
	default:
		return m->c.cr8;
	}
}

static bool cr_exists(unsigned n)
{
	return n == 0 || n == 2 || n == 3 || n == 4 || n == 8;
}

/* The operand has 64 bits in 64-bit mode and 32 elsewhere, whatever the prefixes. */
enum ex mov_cr(struct model *m, const struct op *o)
{
	bool to = o->opnd[0].kind == OPND_CR;
	unsigned n = o->opnd[to ? 0 : 1].reg, gpr = o->opnd[to ? 1 : 0].reg;
	u64 mask = m->bits == 64 ? ~0ull : 0xffffffffull;

	if (!cr_exists(n))
		return raise_vector(m, EXC_UD);
	TRY(need_cpl0(m));
	if (to)
		return cr_write(m, n, m->c.gpr[gpr] & mask);
	m->c.gpr[gpr] = cr_read(m, n) & mask;
	return EX_DONE;
}

/* --- the machine status word --- */

/* To memory always 16 bits; to a register the operand size, upper bits of CR0 included. */
enum ex smsw(struct model *m, const struct op *o)
{
	TRY(need_umip(m));
	if (o->opnd[0].kind == OPND_MEM)
		return mem_write(m, o->opnd[0].seg, op_address(m, o, &o->opnd[0]), 2, m->c.cr0);
	return op_write(m, o, 0, m->c.cr0);
}

/* PE, MP, EM, TS; PE can be set and not cleared. */
enum ex lmsw(struct model *m, const struct op *o)
{
	u64 value, keep = m->c.cr0 & ~(CR0_MP | CR0_EM | CR0_TS);

	TRY(need_cpl0(m));
	TRY(op_read(m, o, 0, &value));
	return cr0_write(m, keep | (value & 15));
}

enum ex clts(struct model *m, const struct op *o)
{
	TRY(need_cpl0(m));
	m->c.cr0 &= ~CR0_TS;
	return EX_DONE;
}
