/*
 * deliver_paging.c - tables and stacks behind page tables (SDM 3 "Paging", "Access Rights", "Page-Fault
 * Exceptions"): what a delivery reads and writes there, and how it faults.
 */
#include "deliver_guest.h"

static struct guest g;

static void check_paging(void)
{
	struct delivery d;

	guest_prot(&g);
	paging_32(&g);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, 0x30, "paging");
	tap_eq(g.ram[PT_32 + 4 * 4], 0x67, "paging: stack page accessed and dirty");
	tap_eq(g.ram[PT_32 + 4 * 1], 0x27, "paging: IDT page accessed");
	tap_eq(g.ram[TABLES], 0x27, "paging: directory entry accessed");
	tap_eq(g.ram[PT_32 + 4 * 3], 0x67, "paging: GDT page dirty, the accessed bit was set there");

	guest_prot(&g);
	paging_32(&g);
	g.ram[GDT + CS32 + 5] |= 1;
	deliver(&g, EXTERNAL(0x30));
	tap_eq(g.ram[PT_32 + 4 * 3], 0x27, "paging: GDT page not dirty, the bit was set before");

	guest_user32(&g);
	paging_32(&g);
	gate32(&g, 14, CS32_CONF, 0xa0e0, 0x8e);
	put(&g, PT_32 + 4 * 4, 0, 4);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_PF, "kernel stack missing");
	tap_eq(g.c.cr2, 0x4ffc, "kernel stack missing: CR2");
	FRAME(&g, d, 0x8fb0, "kernel stack missing: write by the supervisor", LE32(2), LE32(0x1234), LE32(0x23), LE32(0x10202));

	guest_user32(&g);
	paging_32(&g);
	gate32(&g, 14, CS32_CONF, 0xa0e0, 0x8e);
	put(&g, PT_32 + 4 * 4, 0x4005, 4);
	d = deliver(&g, EXTERNAL(0x30));
	tap_eq(g.ram[d.frame_lin], 3, "kernel stack read-only, WP: protection, write");
	guest_user32(&g);
	paging_32(&g);
	put(&g, PT_32 + 4 * 4, 0x4005, 4);
	g.c.cr0 &= ~CR0_WP;
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_DONE, 0x30, "kernel stack read-only, no WP");

	guest_user32(&g);
	paging_32(&g);
	gate32(&g, 14, CS32_CONF, 0xa0e0, 0x8e);
	g.c.cr4 |= CR4_SMAP;
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_PF, "kernel stack in a user page, SMAP");
	tap_eq(g.ram[d.frame_lin], 3, "SMAP: protection, write");
	guest_user32(&g);
	paging_32(&g);
	g.c.cr4 |= CR4_SMAP;
	g.c.rflags |= FL_AC;
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_DONE, 0x30, "SMAP with AC");
	guest_user32(&g);
	paging_32(&g);
	g.c.cr4 |= CR4_SMAP;
	put(&g, PT_32 + 4 * 4, 0x4003, 4);
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_DONE, 0x30, "SMAP with a supervisor page");

	guest_user32(&g);
	paging_32(&g);
	gate32(&g, 0x30, CS32_CONF, 0xa300, 0x8e);
	put(&g, PT_32 + 4 * 8, 0x8003, 4);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_PF, "user stack in a supervisor page");
	FRAME(&g, d, 0x4fe8, "user stack in a supervisor page", LE32(7), LE32(0x1234), LE32(0x23), LE32(0x10202),
	      LE32(0x8fc0), LE32(0x2b));
	tap_eq(g.c.cr2, 0x8fbc, "user stack in a supervisor page: CR2");

	guest_prot(&g);
	paging_32(&g);
	put(&g, PT_32 + 4 * 2, 0, 4); /* vectors from 80h on */
	d = deliver(&g, EXTERNAL(0x90));
	wants(d, DELIVERY_DONE, EXC_PF, "IDT page missing");
	tap_eq(g.c.cr2, 0x2080, "IDT page missing: CR2");
	tap_eq(g.ram[d.frame_lin], 0, "IDT page missing: read by the supervisor");

	guest_prot(&g);
	paging_32(&g);
	put(&g, PT_32 + 4 * 3, 0, 4);
	wants(deliver(&g, EXTERNAL(0x90)), DELIVERY_SHUTDOWN, 8, "GDT page missing: nothing can be delivered");
	tap_eq(g.c.cr2, 0x3018, "GDT page missing: CR2 has moved");
	tap_eq(g.c.rip, 0x1234, "GDT page missing: the rest has not");
}

/* SDM 3 "PAE Paging": a PDPTE has no accessed flag, its bit 5 is reserved. */
static void check_pae(void)
{
	enum { PT_PAE = TABLES + 0x2000 };

	guest_prot(&g);
	put(&g, TABLES, (TABLES + 0x1000) | 1, 8);
	put(&g, TABLES + 0x1000, PT_PAE | 7, 8);
	for (unsigned i = 0; i < RAM / 0x1000; i++)
		put(&g, PT_PAE + 8 * i, i << 12 | 7, 8);
	g.c.cr3 = TABLES;
	g.c.cr4 = CR4_PAE;
	g.c.cr0 |= CR0_PG | CR0_WP;
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_DONE, 0x30, "PAE");
	tap_eq(g.ram[TABLES], 1, "PAE: the PDPTE stays");
	tap_eq(g.ram[TABLES + 0x1000], 0x27, "PAE: the directory entry is accessed");
	tap_eq(g.ram[PT_PAE + 8 * 4], 0x67, "PAE: the stack page is dirty");
}

/* A value across two pages: the second half faults. */
static void check_page_boundary(void)
{
	struct delivery d;

	guest_user32(&g);
	paging_32(&g);
	gate32(&g, 14, CS32_CONF, 0xa0e0, 0x8e);
	put(&g, TSS + 4, 0x5002, 4);
	put(&g, PT_32 + 4 * 5, 0, 4);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_PF, "push across pages");
	tap_eq(g.c.cr2, 0x5000, "push across pages: CR2 is in the second");

	guest_user32(&g);
	paging_32(&g);
	gate32(&g, 14, CS32_CONF, 0xa0e0, 0x8e);
	put(&g, TSS + 4, 0x5002, 4);
	put(&g, PT_32 + 4 * 4, 0, 4);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_PF, "push across pages, the first missing");
	tap_eq(g.c.cr2, 0x4ffe, "push across pages, the first missing: CR2");
}

int main(void)
{
	check_paging();
	check_pae();
	check_page_boundary();
	return tap_done();
}
