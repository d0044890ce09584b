/*
 * page_tables.c - the page tables a long-mode guest starts with: everything below identity_end
 * mapped onto itself by 2 MiB pages, which every CPU with long mode has, and segments linked
 * elsewhere by 4 KiB pages (SDM volume 3, "4-Level Paging").
 */
#include "internal.h"

enum { PAGE = 4096, PTE_P = 1, PTE_RW = 2, PTE_US = 4, PTE_PS = 0x80 };

struct tables {
	struct machine *m;
	u64 root, next; /* gpa of the PML4 and of the next unused page */
};

static u64 *table_entry(struct tables *t, u64 table, unsigned shift, u64 va)
{
	return (u64 *)machine_hva(t->m, table + (va >> shift & 511) * 8, 8);
}

/*
 * Enter va -> gpa in the table of the given level's shift: 21 for a 2 MiB page, 12 for a 4 KiB one.
 * Every page may be used from ring 3: the guest that wants walls builds its own tables.
 */
static void table_map(struct tables *t, u64 va, u64 gpa, unsigned leaf_shift)
{
	u64 table = t->root;

	for (unsigned shift = 39; shift > leaf_shift; shift -= 9) {
		u64 *e = table_entry(t, table, shift, va);

		if (!*e) {
			*e = t->next | PTE_P | PTE_RW | PTE_US;
			t->next += PAGE;
		}
		table = *e & ~(u64)0xfff;
	}
	*table_entry(t, table, leaf_shift, va) =
		gpa | PTE_P | PTE_RW | PTE_US | (leaf_shift == 21 ? PTE_PS : 0);
}

/* End of the identity map: all RAM and at least 4 GiB, where APICs and firmware are. */
u64 tables_identity_end(const struct machine *m)
{
	u64 high = memory_high_size(m);

	return RAM_HOLE_END + align_up(high, MIB(2));
}

u64 tables_size(const struct machine *m, const struct high_map *map, size_t n)
{
	u64 end = tables_identity_end(m);
	u64 pages = 1 + (end >> 39) + 1 + (end >> 30) + 1;

	for (size_t i = 0; i < n; i++)
		pages += 6 + (map[i].size >> 39) + (map[i].size >> 30) + (map[i].size >> 21);
	return pages * PAGE;
}

u64 tables_write(struct machine *m, u64 gpa, const struct high_map *map, size_t n)
{
	struct tables t = { .m = m, .root = gpa, .next = gpa + PAGE };

	for (u64 at = 0, end = tables_identity_end(m); at < end; at += MIB(2))
		table_map(&t, at, at, 21);
	for (size_t i = 0; i < n; i++)
		for (u64 off = 0; off < map[i].size; off += PAGE)
			table_map(&t, map[i].va + off, map[i].gpa + off, 12);
	return t.root;
}
