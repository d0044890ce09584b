/*
 * tlb.c - translations kept: a page walk's answer with the rights it gives, so that a hit needs one
 * comparison and one mask.
 *
 * SDM volume 3, "Access Rights" under "Paging", "Accessed and Dirty Flags", "Page-Fault
 * Exceptions".
 */
#include <string.h>

#include "model/model.h"

#define PF_P    BIT(0)
#define PF_W    BIT(1)
#define PF_U    BIT(2)
#define PF_RSVD BIT(3)
#define PF_I    BIT(4)

#define PTE_A BIT64(5)
#define PTE_D BIT64(6)
#define PTE_G BIT64(8)

enum {
	WRITES = TLB_WRITE << TLB_SUPERVISOR | TLB_WRITE << TLB_ANY | TLB_WRITE << TLB_USER,
	USERS = TLB_READ << TLB_USER | TLB_WRITE << TLB_USER | TLB_FETCH_USER,
	FETCHES = TLB_FETCH | TLB_FETCH_USER
};

static u16 tlb_pcid(const struct model *m)
{
	return m->tlb_key >> TLB_PCID;
}

static u32 fault_code(const struct model *m, u8 need)
{
	u32 error = 0;

	if (need & WRITES)
		error |= PF_W;
	if (need & USERS)
		error |= PF_U;
	/* I/D: only where fetches are told apart (SDM "Page-Fault Exceptions"). */
	if (need & FETCHES && (m->c.cr4 & CR4_SMEP || (m->c.efer & EFER_NXE && m->c.cr4 & CR4_PAE)))
		error |= PF_I;
	return error;
}

static u8 rights_of(const struct model *m, const struct page_walk *w)
{
	const struct cpu_state *c = &m->c;
	bool smap = w->user && c->cr4 & CR4_SMAP;
	u8 data = TLB_READ, rights;

	if (!(c->cr0 & CR0_PG))
		return 0xff;
	if (w->writable || !(c->cr0 & CR0_WP))
		data |= TLB_WRITE;
	rights = data << TLB_ANY;
	if (!smap)
		rights |= data << TLB_SUPERVISOR;
	if (w->user)
		rights |= (TLB_READ | (w->writable ? TLB_WRITE : 0)) << TLB_USER;
	if (w->nx)
		return rights;
	if (w->user)
		rights |= TLB_FETCH_USER;
	if (!(w->user && c->cr4 & CR4_SMEP))
		rights |= TLB_FETCH;
	return rights;
}

/* Sets what is not set yet. PAE's top entries have neither bit. True when the page is dirty then.
 */
static bool walk_mark(struct model *m, const struct page_walk *w, bool write)
{
	bool pae_top = !(m->c.efer & EFER_LMA) && m->c.cr4 & CR4_PAE;

	for (unsigned i = 0; i < w->n; i++) {
		const struct walk_step *s = &w->step[i];
		bool leaf = i + 1u == w->n;
		u64 bits = PTE_A | (leaf && write ? PTE_D : 0);
		u8 low = s->entry | bits;

		if (pae_top && i == 0)
			continue;
		if ((s->entry & bits) != bits)
			m->phys.write(m->phys.arg, s->entry_gpa, &low, 1);
		if (leaf)
			return low & PTE_D;
	}
	return true; /* no paging */
}

/* The host's page when all of it is RAM or ROM; *ret_rom for the latter. */
static u8 *page_host(const struct model *m, u64 gpa, bool *ret_rom)
{
	for (size_t i = 0; i < m->cfg.n_regions; i++) {
		const struct mem_region *r = &m->cfg.regions[i];

		if (gpa - r->gpa < r->size && r->size - (gpa - r->gpa) >= 4096) {
			*ret_rom = r->readonly;
			return r->hva + (gpa - r->gpa);
		}
	}
	*ret_rom = false;
	return NULL;
}

static enum ex tlb_fill(struct model *m, u64 lin, u8 need, struct tlb_entry *e)
{
	struct page_walk w;
	u8 rights;
	bool rom;

	/* A page fault drops what was kept for the address (SDM volume 3, "Operations that Invalidate TLBs
	 * and Paging-Structure Caches"). */
	e->page = 0;
	page_walk(&m->c, &m->phys, lin, &w);
	if (!w.present)
		return raise_pf(m, lin, fault_code(m, need) | (w.reserved ? PF_RSVD | PF_P : 0));
	rights = rights_of(m, &w);
	if (!(rights & need))
		return raise_pf(m, lin, fault_code(m, need) | PF_P);
	if (!walk_mark(m, &w, need & WRITES))
		rights &= ~WRITES; /* the first write comes here again, for the dirty bit */
	e->gpa = w.gpa & ~0xfffull;
	e->hva = page_host(m, e->gpa, &rom);
	if (rom)
		rights &= ~WRITES;
	e->rights = rights;
	e->shift = w.page_shift ? w.page_shift : 12;
	e->global = w.n && w.step[w.n - 1].entry & PTE_G && m->c.cr4 & CR4_PGE;
	e->pcid = tlb_pcid(m);
	e->page = tlb_page(m, lin);
	return EX_DONE;
}

enum ex tlb_get(struct model *m, u64 lin, u8 need, struct tlb_entry **ret)
{
	struct tlb_entry *e = &m->tlb[lin >> 12 & (TLB_SIZE - 1)];

	*ret = e;
	if (e->page == tlb_page(m, lin) && e->rights & need)
		return EX_DONE;
	return tlb_fill(m, lin, need, e);
}

void tlb_flush(struct model *m)
{
	for (unsigned i = 0; i < TLB_SIZE; i++)
		m->tlb[i].page = 0;
}

void tlb_flush_local(struct model *m)
{
	for (unsigned i = 0; i < TLB_SIZE; i++)
		if (!m->tlb[i].global)
			m->tlb[i].page = 0;
}

void tlb_flush_context(struct model *m, u16 pcid)
{
	for (unsigned i = 0; i < TLB_SIZE; i++)
		if (!m->tlb[i].global && m->tlb[i].pcid == pcid)
			m->tlb[i].page = 0;
}

/* A large page may have come in by many of its addresses. */
static bool entry_maps(const struct tlb_entry *e, u64 lin)
{
	return e->page && !((e->page ^ (u64)e->pcid << TLB_PCID ^ lin) >> e->shift);
}

/* INVLPG drops global pages too, whatever PCID they came in under. */
void tlb_flush_page(struct model *m, u64 lin)
{
	for (unsigned i = 0; i < TLB_SIZE; i++) {
		struct tlb_entry *e = &m->tlb[i];

		if (entry_maps(e, lin) && (e->global || e->pcid == tlb_pcid(m)))
			e->page = 0;
	}
}

void tlb_flush_address(struct model *m, u16 pcid, u64 lin)
{
	for (unsigned i = 0; i < TLB_SIZE; i++) {
		struct tlb_entry *e = &m->tlb[i];

		if (entry_maps(e, lin) && !e->global && e->pcid == pcid)
			e->page = 0;
	}
}
