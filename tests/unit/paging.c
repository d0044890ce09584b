/* Page walks of every paging mode over tables written here entry by entry. */
#include <errno.h>
#include <stdlib.h>
#include <vmstep/x86_tables.h>

#include "tap.h"

/* RAM of the tests: 64 KiB at 0 and 64 KiB at 5 GiB (for addresses beyond 32 bits). */
enum { RAM_SIZE = 0x10000 };
#define HIGH_RAM 0x140000000ull
static u8 low_ram[RAM_SIZE], high_ram[RAM_SIZE];

static u8 *ram(u64 gpa, size_t n)
{
	if (gpa < RAM_SIZE && n <= RAM_SIZE - gpa)
		return low_ram + gpa;
	if (gpa >= HIGH_RAM && gpa - HIGH_RAM < RAM_SIZE && n <= RAM_SIZE - (gpa - HIGH_RAM))
		return high_ram + (gpa - HIGH_RAM);
	return NULL;
}

static int ram_read(void *arg, u64 gpa, void *buf, size_t n)
{
	u8 *p = ram(gpa, n);

	if (!p)
		return -EFAULT;
	memcpy(buf, p, n);
	return 0;
}

static int ram_write(void *arg, u64 gpa, const void *buf, size_t n)
{
	u8 *p = ram(gpa, n);

	if (!p)
		return -EFAULT;
	memcpy(p, buf, n);
	return 0;
}

static const struct phys_ops mem = { ram_read, ram_write, NULL };

static void put32(u64 gpa, u32 v)
{
	memcpy(ram(gpa, 4), &v, 4);
}

static void put64(u64 gpa, u64 v)
{
	memcpy(ram(gpa, 8), &v, 8);
}

static void ram_clear(void)
{
	memset(low_ram, 0, sizeof(low_ram));
	memset(high_ram, 0, sizeof(high_ram));
}

enum { P = 1, RW = 2, US = 4, PS = 0x80 };
#define NX BIT64(63)

static struct cpu_state cpu_with(u64 cr4, u64 efer)
{
	return (struct cpu_state){ .cr0 = CR0_PE | CR0_PG, .cr3 = 0x1000, .cr4 = cr4, .efer = efer };
}
#define LONG_CPU(cr4) cpu_with(CR4_PAE | (cr4), EFER_LME | EFER_LMA | EFER_NXE)

static void walk_is(const struct cpu_state *c, u64 la, u64 gpa, unsigned steps, unsigned shift,
		    const char *rights, const char *name)
{
	struct page_walk w;
	char got[4] = "---";

	page_walk(c, &mem, la, &w);
	tap_ok(w.present, "%s: present", name);
	tap_eq(w.gpa, gpa, "%s: address", name);
	tap_eq(w.n, steps, "%s: steps", name);
	tap_eq(w.page_shift, shift, "%s: page shift", name);
	got[0] = w.writable ? 'w' : '-';
	got[1] = w.user ? 'u' : '-';
	got[2] = w.nx ? 'n' : '-';
	tap_str(got, rights, "%s: rights", name);
	tap_eq(w.noncanonical | w.reserved | w.unreadable, 0, "%s: no complaint", name);
}

static void walk_ends(const struct cpu_state *c, u64 la, unsigned steps, const char *table, u16 index,
		      const char *why, const char *name)
{
	struct page_walk w;
	u64 gpa = 0x77;

	page_walk(c, &mem, la, &w);
	tap_ok(!w.present, "%s: not present", name);
	tap_eq(w.n, steps, "%s: steps", name);
	if (steps && w.n) {
		tap_str(w.step[w.n - 1].table, table, "%s: table", name);
		tap_eq(w.step[w.n - 1].index, index, "%s: index", name);
	}
	tap_str(w.noncanonical ? "noncanonical" : w.reserved ? "reserved" : w.unreadable ? "unreadable" : "",
		why, "%s: why", name);
	tap_eq(linear_to_phys(c, &mem, la, &gpa), -EFAULT, "%s: linear_to_phys", name);
	tap_eq(gpa, 0x77, "%s: result untouched", name);
}

static void no_paging(void)
{
	struct cpu_state c = { .cr0 = CR0_PE };

	walk_is(&c, 0x123456, 0x123456, 0, 0, "wu-", "paging off");
	walk_is(&c, 0x1000fffe0, 0xfffe0, 0, 0, "wu-", "paging off: 32 bits");
}

static void paging_32(void)
{
	struct cpu_state c = cpu_with(0, 0);
	struct page_walk w;

	ram_clear();
	put32(0x1000 + 4 * 1, 0x2000 | P | RW | US);
	put32(0x1000 + 4 * 2, 0x2000 | P | US);
	put32(0x1000 + 4 * 4, 0x3000000 | P);  /* a table beyond RAM */
	put32(0x1000 + 4 * 1023, 0x2000 | P | RW);
	put32(0x2000 + 4 * 3, 0xabcde000 | P | RW | US);
	put32(0x2000 + 4 * 1023, 0x5000 | P | RW | US);
	walk_is(&c, 0x00403123, 0xabcde123, 2, 12, "wu-", "32-bit: 4 KiB");
	walk_is(&c, 0x00803123, 0xabcde123, 2, 12, "-u-", "32-bit: directory without W");
	walk_is(&c, 0xffffffff, 0x5fff, 2, 12, "w--", "32-bit: last page, directory without U");
	walk_is(&c, 0x700403123, 0xabcde123, 2, 12, "wu-", "32-bit: bits above 32 ignored");
	walk_ends(&c, 0x00c03000, 1, "PD", 3, "", "32-bit: no directory entry");
	walk_ends(&c, 0x00404000, 2, "PT", 4, "", "32-bit: no table entry");
	walk_ends(&c, 0x01000000, 2, "PT", 0, "unreadable", "32-bit: table not in RAM");
	page_walk(&c, &mem, 0x00403123, &w);
	tap_str(w.step[0].table, "PD", "32-bit: first table");
	tap_eq(w.step[0].index, 1, "32-bit: first index");
	tap_eq(w.step[0].entry_gpa, 0x1004, "32-bit: first entry's address");
	tap_eq(w.step[0].entry, 0x2007, "32-bit: first entry");
	tap_eq(w.step[1].entry_gpa, 0x200c, "32-bit: second entry's address");

	/* Without CR4.PSE bit 7 of a directory entry is ignored. */
	put32(0x1000 + 4 * 1, 0x2000 | PS | P | RW | US);
	walk_is(&c, 0x00403123, 0xabcde123, 2, 12, "wu-", "32-bit: PS without CR4.PSE");
	c.efer = EFER_NXE;
	walk_is(&c, 0x00403123, 0xabcde123, 2, 12, "wu-", "32-bit: no NX in 4-byte entries");
	c.cr3 = 0x1fff;
	walk_is(&c, 0x00403123, 0xabcde123, 2, 12, "wu-", "32-bit: low bits of CR3 ignored");
}

static void paging_pse(void)
{
	struct cpu_state c = cpu_with(CR4_PSE, 0);

	ram_clear();
	put32(0x1000 + 4 * 1, 0xffc00000 | PS | P | RW);
	put32(0x1000 + 4 * 2, 0x00c00000 | 0x93 << 13 | PS | P | US);	    /* PSE-36: bits 32, 33, 36, 39 */
	put32(0x1000 + 4 * 3, 0x00c00000 | BIT(12) | PS | P | RW | US);    /* PAT */
	put32(0x1000 + 4 * 4, 0x00c00000 | BIT(21) | PS | P | RW | US);
	put32(0x1000 + 4 * 5, 0x2000 | P | RW | US);
	put32(0x2000, 0x7000 | PS | P | RW | US); /* bit 7 is PAT there */
	walk_is(&c, 0x007fffff, 0xffffffff, 1, 22, "w--", "PSE: 4 MiB");
	walk_is(&c, 0x00812345, 0x9300c12345, 1, 22, "-u-", "PSE-36: address bits 39:32");
	walk_is(&c, 0x00c00000, 0x00c00000, 1, 22, "wu-", "PSE: the PAT bit is no address");
	walk_ends(&c, 0x01000000, 1, "PD", 4, "reserved", "PSE: bit 21");
	walk_is(&c, 0x01400010, 0x7010, 2, 12, "wu-", "PSE: a 4 KiB page with PAT");
}

static void paging_pae(void)
{
	struct cpu_state c = cpu_with(CR4_PAE, EFER_NXE);

	ram_clear();
	c.cr3 = 0x1020 | 0x18; /* the PDPT is 32-byte aligned */
	put64(0x1020, 0x2000 | P);
	put64(0x1028, 0x2000 | P | RW); /* bit 1 reserved */
	put64(0x1038, 0x2000 | P);
	put64(0x2000, 0x3000 | P | RW | US);
	put64(0x2008, HIGH_RAM | PS | P | RW | US | NX);
	put64(0x2010, HIGH_RAM | PS | P | BIT64(13));
	put64(0x2018, HIGH_RAM | P | RW | US);
	put64(0x3008, 0xabcdef000ull | P | RW | US);
	put64(0x3010, 0x5000 | P | NX);
	put64(HIGH_RAM + 0x10, 0x6000 | P | RW | US);
	walk_is(&c, 0x00001234, 0xabcdef234ull, 3, 12, "wu-", "PAE: 4 KiB, beyond 32 bits");
	walk_is(&c, 0x00002234, 0x5234, 3, 12, "--n", "PAE: NX, supervisor, read-only");
	walk_is(&c, 0x00323456, HIGH_RAM + 0x123456, 2, 21, "wun", "PAE: 2 MiB");
	walk_is(&c, 0xc0602020, 0x6020, 3, 12, "wu-", "PAE: fourth PDPTE, table beyond 4 GiB");
	walk_ends(&c, 0x40001000, 1, "PDPT", 1, "reserved", "PAE: PDPTE with a reserved bit");
	walk_ends(&c, 0x80001000, 1, "PDPT", 2, "", "PAE: no PDPTE");
	walk_ends(&c, 0x00800000, 2, "PD", 4, "", "PAE: no directory entry");
	walk_ends(&c, 0x00003000, 3, "PT", 3, "", "PAE: no table entry");
	walk_ends(&c, 0x00400000, 2, "PD", 2, "reserved", "PAE: bit 13 of a 2 MiB page");
	c.efer = 0;
	walk_ends(&c, 0x00002234, 3, "PT", 2, "reserved", "PAE: XD without EFER.NXE");
}

/* 0x8040201000 | offset: index 1 in every table. */
#define LA_1111 0x8040201abcull

static void paging_4(void)
{
	struct cpu_state c = LONG_CPU(0);
	u64 gpa = 0;

	ram_clear();
	put64(0x1008, 0x2000 | P | RW | US);
	put64(0x1010, 0x2000 | PS | P | RW | US); /* reserved in a PML4E */
	put64(0x1ff8, 0x2000 | P | RW);
	put64(0x2008, 0x3000 | P | RW | US);
	put64(0x2010, 0xc0000000 | PS | P | RW | US | NX);
	put64(0x2018, 0xc0000000 | PS | P | BIT64(29));
	put64(0x2020, 0xc0000000 | PS | P | BIT64(12));
	put64(0x2ff8, 0x3000 | P | RW | US);
	put64(0x3008, 0x4000 | P | RW | US);
	put64(0x3010, 0x600000 | PS | P | US);
	put64(0x3018, 0x600000 | PS | P | BIT64(20));
	put64(0x3ff8, 0x4000 | P | RW | US);
	put64(0x4008, 0x000ffffffffff000ull | 0x7ff0000000000000ull | P | RW | US); /* ignored bits set */
	put64(0x4ff8, 0x5000 | P | RW | US | NX);
	walk_is(&c, LA_1111, 0xffffffffffabcull, 4, 12, "wu-", "4-level: 4 KiB, ignored bits");
	walk_is(&c, 0xffffffffffffffff, 0x5fff, 4, 12, "w-n", "4-level: the last byte");
	walk_is(&c, 0x8080000000ull + 0x3fffffff, 0xffffffff, 2, 30, "wun", "4-level: 1 GiB");
	walk_is(&c, 0x8100000000ull, 0xc0000000, 2, 30, "---", "4-level: 1 GiB with PAT");
	walk_is(&c, 0x8040000000ull + 0x5fffff, 0x7fffff, 3, 21, "-u-", "4-level: 2 MiB");
	walk_ends(&c, 0x80c0000000ull, 2, "PDPT", 3, "reserved", "4-level: bit 29 of a 1 GiB page");
	walk_ends(&c, 0x8040600000ull, 3, "PD", 3, "reserved", "4-level: bit 20 of a 2 MiB page");
	walk_ends(&c, 0x10000000000ull, 1, "PML4", 2, "reserved", "4-level: PS in a PML4E");
	walk_ends(&c, 0x0, 1, "PML4", 0, "", "4-level: no PML4E");
	walk_ends(&c, 0x8000000000ull, 2, "PDPT", 0, "", "4-level: no PDPTE");
	walk_ends(&c, 0x8040000000ull, 3, "PD", 0, "", "4-level: no PDE");
	walk_ends(&c, 0x8040202000ull, 4, "PT", 2, "", "4-level: no PTE");
	walk_ends(&c, 0x800000000000ull, 0, "", 0, "noncanonical", "4-level: first non-canonical");
	walk_ends(&c, 0xffff7fffffffffffull, 0, "", 0, "noncanonical", "4-level: last non-canonical");
	walk_ends(&c, 0x7fffffffffffull, 1, "PML4", 255, "", "4-level: last of the lower half");
	walk_ends(&c, 0xffff800000000000ull, 1, "PML4", 256, "", "4-level: first of the upper half");
	tap_eq(linear_to_phys(&c, &mem, LA_1111, &gpa), 0, "4-level: linear_to_phys");
	tap_eq(gpa, 0xffffffffffabcull, "4-level: its address");
	c.efer &= ~EFER_NXE;
	walk_ends(&c, 0xffffffffffffffff, 4, "PT", 511, "reserved", "4-level: XD without EFER.NXE");
	c.cr3 |= 0xfff0000000000fffull; /* PCID, and the bits above the address */
	walk_is(&c, LA_1111, 0xffffffffffabcull, 4, 12, "wu-", "4-level: CR3 with PCID");
	c.cr3 = 0x20000;
	walk_ends(&c, LA_1111, 1, "PML4", 1, "unreadable", "4-level: CR3 beyond RAM");
}

static void paging_5(void)
{
	struct cpu_state c = LONG_CPU(CR4_LA57);
	u64 la = BIT64(48) | LA_1111;

	ram_clear();
	put64(0x1008, 0x2000 | P | RW | US);
	put64(0x1010, 0x2000 | PS | P);
	put64(0x1ff8, 0x2000 | P | RW | US);
	put64(0x2008, 0x3000 | P | RW | US);
	put64(0x2ff8, 0x3000 | P | US | RW);
	put64(0x3008, 0x4000 | P | US);
	put64(0x3ff8, 0x40000000 | PS | P | US | RW);
	put64(0x4008, 0x5000 | P | RW | US);
	put64(0x5008, 0x9000 | P | RW | US);
	walk_is(&c, la, 0x9abc, 5, 12, "-u-", "5-level: 4 KiB");
	walk_is(&c, 0xffffffffffffffff, 0x7fffffff, 3, 30, "wu-", "5-level: 1 GiB");
	walk_ends(&c, 0x800000000000ull, 1, "PML5", 0, "", "5-level: no PML5E");
	walk_ends(&c, BIT64(49), 1, "PML5", 2, "reserved", "5-level: PS in a PML5E");
	walk_ends(&c, BIT64(48), 2, "PML4", 0, "", "5-level: no PML4E");
	walk_ends(&c, BIT64(56), 0, "", 0, "noncanonical", "5-level: first non-canonical");
	walk_ends(&c, 0xff00000000000000ull, 1, "PML5", 256, "", "5-level: first of the upper half");
}

/* Every level missing, in every mode, from tables that are otherwise complete. */
static void each_level_missing(void)
{
	static const char *const names[] = { "PML5", "PML4", "PDPT", "PD", "PT" };

	for (unsigned levels = 4; levels <= 5; levels++) {
		struct cpu_state c = LONG_CPU(levels == 5 ? CR4_LA57 : 0);

		for (unsigned missing = 0; missing < levels; missing++) {
			char name[40];

			ram_clear();
			for (unsigned i = 0; i < levels; i++)
				put64(0x1000 * (i + 1), (0x1000 * (i + 2)) | RW | US | (i != missing));
			snprintf(name, sizeof(name), "%u-level without its %s", levels,
				 names[5 - levels + missing]);
			walk_ends(&c, 0x123, missing + 1, names[5 - levels + missing], 0, "", name);
		}
	}
}

static void access_across_pages(void)
{
	struct cpu_state c = LONG_CPU(0);
	char buf[0x3000];

	ram_clear();
	put64(0x1000, 0x2000 | P | RW);
	put64(0x2000, 0x3000 | P | RW);
	put64(0x3000, 0x4000 | P | RW);
	put64(0x4008, 0x9000 | P | RW); /* pages out of order */
	put64(0x4010, 0x7000 | P | RW);
	put64(0x4020, 0xf000 | P | RW);
	put64(0x4028, 0x200000 | P | RW); /* no RAM */
	tap_eq(linear_write(&c, &mem, 0x1ffc, "abcdefgh", 8), 8, "write across two pages");
	tap_mem(low_ram + 0x9ffc, "abcd", 4, "its first half");
	tap_mem(low_ram + 0x7000, "efgh", 4, "its second half");
	tap_eq(linear_read(&c, &mem, 0x1ffa, buf, 8), 8, "read across two pages");
	tap_mem(buf, "\0\0abcdef", 8, "what was read");
	tap_eq(linear_read(&c, &mem, 0x2ff0, buf, 32), 16, "read into a missing page is short");
	tap_eq(linear_write(&c, &mem, 0x2fff, "xy", 2), 1, "write into a missing page is short");
	tap_eq(low_ram[0x7fff], 'x', "the byte before it is written");
	tap_eq(linear_read(&c, &mem, 0x3000, buf, 1), 0, "read of a missing page");
	tap_eq(linear_read(&c, &mem, 0x4ff0, buf, 0x20), 0x10, "read up to the end of RAM");
	tap_eq(linear_read(&c, &mem, 0x1000, buf, 0), 0, "read of nothing");
	tap_eq(linear_read(&c, &mem, 0x7ffffffff000ull, buf, sizeof(buf)), 0, "read of nothing mapped");
	c.cr0 = 0;
	c.efer = 0;
	tap_eq(linear_read(&c, &mem, 0xfff8, buf, 16), 8, "paging off: up to the end of RAM");
	tap_eq(linear_read(&c, &mem, 0x100009ffcull, buf, 4), 4, "paging off: 32-bit addresses");
	tap_mem(buf, "abcd", 4, "paging off: what was read");
}

int main(void)
{
	no_paging();
	paging_32();
	paging_pse();
	paging_pae();
	paging_4();
	paging_5();
	each_level_missing();
	access_across_pages();
	return tap_done();
}
