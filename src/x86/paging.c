/*
 * paging.c - from a linear to a physical address through the guest's tables; see x86_tables.h.
 * Freestanding: the core and the shim use it too.
 */
#include <vmstep/x86_tables.h>

/*
 * A paging-structure entry (SDM volume 3, "Paging"; 4-byte entries end at bit 31 and are read with
 * the rest 0):
 *   63   62..52    51..12    11..9  8  7   6  5  4    3    2    1    0
 *   XD   ignored   address   ign.   G  PS  D  A  PCD  PWT  U/S  R/W  P
 */
#define E_P    BIT64(0)
#define E_RW   BIT64(1)
#define E_US   BIT64(2)
#define E_PS   BIT64(7)
#define E_XD   BIT64(63)
#define E_ADDR 0x000ffffffffff000ull

struct level {
	const char *table;
	u8 shift, bits; /* where the index lies in the linear address */
	bool large;     /* PS=1 maps a page here */
	u64 reserved;   /* beside XD without NXE and the low address bits of a large page */
};

/* One shape per paging mode (SDM "Paging Modes and Control Bits"). */
struct shape {
	u8 n, entry_size;
	bool pdpte_bare; /* the top table is PAE's: no rights in it */
	u64 cr3_mask;
	const struct level *level;
};

static const struct level levels_32[] = { { "PD", 22, 10, false, 0 }, { "PT", 12, 10, false, 0 } };
static const struct level levels_pse[] = { { "PD", 22, 10, true, 0 }, { "PT", 12, 10, false, 0 } };
static const struct level levels_pae[] = {
	{ "PDPT", 30, 2, false, E_XD | 0x1e6 },
	{ "PD", 21, 9, true, 0 },
	{ "PT", 12, 9, false, 0 },
};
static const struct level levels_long[] = {
	{ "PML5", 48, 9, false, E_PS }, { "PML4", 39, 9, false, E_PS }, { "PDPT", 30, 9, true, 0 },
	{ "PD", 21, 9, true, 0 },       { "PT", 12, 9, false, 0 },
};
static const struct shape shape_32 = { 2, 4, false, 0xfffff000, levels_32 };
static const struct shape shape_pse = { 2, 4, false, 0xfffff000, levels_pse };
static const struct shape shape_pae = { 3, 8, true, 0xffffffe0, levels_pae };
static const struct shape shape_4 = { 4, 8, false, E_ADDR, levels_long + 1 };
static const struct shape shape_5 = { 5, 8, false, E_ADDR, levels_long };

static const struct shape *shape_of(const struct cpu_state *c)
{
	if (c->efer & EFER_LMA)
		return c->cr4 & CR4_LA57 ? &shape_5 : &shape_4;
	if (c->cr4 & CR4_PAE)
		return &shape_pae;
	return c->cr4 & CR4_PSE ? &shape_pse : &shape_32;
}

static bool canonical(const struct shape *s, u64 la)
{
	unsigned up = 64 - (s->level[0].shift + s->level[0].bits);

	return (u64)((s64)(la << up) >> up) == la;
}

static bool reserved_set(const struct cpu_state *c, const struct shape *s, const struct level *l,
			 bool leaf, u64 e)
{
	u64 mask = l->reserved;

	if (!(c->efer & EFER_NXE))
		mask |= E_XD;
	/* SDM "Paging", formats of entries that map large pages: bit 12 is PAT; 4-MiB pages of
	 * 32-bit paging hold address bits 39:32 in bits 20:13 (PSE-36). */
	if (leaf && l->shift > 12)
		mask |= s->entry_size == 4 ? BIT64(21) : (BIT64(l->shift) - 1) & ~(BIT64(13) - 1);
	return e & mask;
}

static u64 leaf_address(const struct shape *s, const struct level *l, u64 e, u64 la)
{
	u64 offset = BIT64(l->shift) - 1;
	u64 frame = e & E_ADDR & ~offset;

	if (s->entry_size == 4 && l->shift == 22)
		frame |= (e >> 13 & 0xff) << 32;
	return frame | (la & offset);
}

/* PAE's top table is four registers, where they are known. */
static bool entry_read(const struct cpu_state *c, const struct phys_ops *mem, const struct shape *s,
		       bool top, struct walk_step *step)
{
	if (top && s->pdpte_bare && pdptes_hold(c)) {
		step->entry = c->pdptes.entry[step->index];
		return true;
	}
	return !mem->read(mem->arg, step->entry_gpa, &step->entry, s->entry_size);
}

/* Goes through one table. True when the next one is to be read; else the walk is over. */
static bool level_walk(const struct cpu_state *c, const struct phys_ops *mem, const struct shape *s,
		       u64 table, u64 la, struct page_walk *w)
{
	const struct level *l = &s->level[w->n];
	struct walk_step *step = &w->step[w->n];
	bool leaf;

	step->table = l->table;
	step->index = la >> l->shift & (BIT64(l->bits) - 1);
	step->entry_gpa = table + (u64)step->index * s->entry_size;
	step->entry = 0;
	w->unreadable = !entry_read(c, mem, s, !w->n, step);
	w->n++;
	if (w->unreadable || !(step->entry & E_P))
		return false;
	leaf = w->n == s->n || (l->large && step->entry & E_PS);
	w->reserved = reserved_set(c, s, l, leaf, step->entry);
	if (w->reserved)
		return false;
	if (!(s->pdpte_bare && w->n == 1)) {
		w->writable &= !!(step->entry & E_RW);
		w->user &= !!(step->entry & E_US);
		w->nx |= !!(step->entry & E_XD);
	}
	if (!leaf)
		return true;
	w->present = true;
	w->page_shift = l->shift;
	w->gpa = leaf_address(s, l, step->entry, la);
	return false;
}

void page_walk(const struct cpu_state *c, const struct phys_ops *mem, u64 la, struct page_walk *ret)
{
	const struct shape *s = shape_of(c);
	u64 table = c->cr3 & s->cr3_mask;

	/* Outside IA-32e mode linear addresses have 32 bits. In compatibility mode the processor's
	 * own accesses (descriptor tables, TSS) still use all 64: who computes a program's address
	 * cuts it. */
	if (!(c->efer & EFER_LMA))
		la = (u32)la;
	ret->n = 0;
	ret->present = ret->noncanonical = ret->reserved = ret->unreadable = ret->nx = false;
	ret->writable = ret->user = true;
	ret->page_shift = 0;
	ret->gpa = 0;
	if (!(c->cr0 & CR0_PG)) {
		ret->present = true;
		ret->gpa = la;
		return;
	}
	if (c->efer & EFER_LMA && !canonical(s, la)) {
		ret->noncanonical = true;
		return;
	}
	while (level_walk(c, mem, s, table, la, ret))
		table = ret->step[ret->n - 1].entry & E_ADDR;
}
