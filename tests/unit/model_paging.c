/*
 * model_paging.c - page tables, their marks and what is kept of them, against the SDM's words (volume 3,
 * "Paging", "Access Rights", "Page-Fault Exceptions", "PDPTE Registers").
 */
#include "model_pages.h"

/* ---- pages: 4 KiB each, rights by address
 * --------------------------------------------------------- */

enum { KEY_USER = 1, KEY_NO_WP = 2, KEY_SMAP = 4, KEY_AC = 8, KEY_SMEP = 16, KEY_IMPLICIT = 32 };
enum { READ, WRITE, FETCH };

static const struct page_row {
	const char *name;
	u8 keys, what;
	u64 at;
	int error; /* -1: goes through */
} page_rows[] = {
	{ "supervisor reads anything", 0, READ, PG_SUPER, -1 },
	{ "user reads a supervisor page", KEY_USER, READ, PG_SUPER, 5 },
	{ "user writes a read-only page", KEY_USER, WRITE, PG_RO, 7 },
	{ "supervisor writes a read-only page under WP", 0, WRITE, PG_RO, 3 },
	{ "supervisor writes a read-only page without WP", KEY_NO_WP, WRITE, PG_RO, -1 },
	{ "user writes a read-only page without WP", KEY_NO_WP | KEY_USER, WRITE, PG_RO, 7 },
	{ "not present, read", 0, READ, PG_NONE, 0 },
	{ "not present, user write", KEY_USER, WRITE, PG_NONE, 6 },
	{ "SMAP: supervisor reads a user page", KEY_SMAP, READ, PG_CLEAN, 1 },
	{ "SMAP: with AC it may", KEY_SMAP | KEY_AC, READ, PG_CLEAN, -1 },
	{ "SMAP: with AC an implicit access may not", KEY_SMAP | KEY_AC | KEY_IMPLICIT, READ,
	  PG_CLEAN, 1 },
	{ "SMAP: supervisor pages are as ever", KEY_SMAP, WRITE, PG_SUPER, -1 },
	{ "NX: a read", 0, READ, PG_NX, -1 },
	{ "NX: a fetch", 0, FETCH, PG_NX, 0x11 },
	{ "NX: a user's fetch", KEY_USER, FETCH, PG_NX, 0x15 },
	{ "SMEP: supervisor fetches from a user page", KEY_SMEP, FETCH, PG_CLEAN, 0x11 },
	{ "SMEP: a user may", KEY_SMEP | KEY_USER, FETCH, PG_CLEAN, -1 },
	{ "user fetches from a supervisor page", KEY_USER, FETCH, PG_SUPER, 0x15 },
	{ "not present, fetch", 0, FETCH, PG_NONE, 0x10 },
	{ "a read that ends on a page that is not there", 0, READ, PG_NONE - 1, 0 },
};

static enum ex page_access(struct box *b, const struct page_row *r)
{
	const struct op *o;
	u64 v;

	if (r->what == FETCH) {
		model_cpu(b->m)->rip = r->at;
		return op_fetch(b->m, &o);
	}
	if (r->keys & KEY_IMPLICIT)
		return sys_read(b->m, r->at, 2, &v);
	return r->what == WRITE ? mem_write(b->m, SEG_DS, r->at, 2, 0)
				: mem_read(b->m, SEG_DS, r->at, 2, &v);
}

static void pages_test(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(page_rows); i++) {
		const struct page_row *r = &page_rows[i];
		struct cpu_state *c;
		struct box b;
		enum ex x;

		box_open(&b, 64);
		c = model_cpu(b.m);
		pages_split(&b);
		if (r->keys & KEY_USER)
			c->seg[SEG_SS].attr |= 0x60, c->seg[SEG_CS].attr |= 0x60;
		c->cr0 &= r->keys & KEY_NO_WP ? ~CR0_WP : ~0ull;
		c->cr4 |= (r->keys & KEY_SMAP ? CR4_SMAP : 0) | (r->keys & KEY_SMEP ? CR4_SMEP : 0);
		c->rflags |= r->keys & KEY_AC ? FL_AC : 0;
		model_changed(b.m);
		x = page_access(&b, r);
		tap_eq(x == EX_DONE ? ~0ull : b.m->event.error, (u64)(s64)r->error, "%s", r->name);
		if (x != EX_DONE)
			tap_eq(b.m->event.cr2, r->at == PG_NONE - 1 ? PG_NONE : r->at, "%s: CR2",
			       r->name);
		box_close(&b);
	}
}

/* ---- accessed, dirty, TLB
 * ------------------------------------------------------------------------- */

static void marks_test(void)
{
	struct box b;
	u64 v;

	box_open(&b, 64);
	pages_split(&b);
	mem_read(b.m, SEG_DS, PG_CLEAN, 8, &v);
	tap_eq(pte(&b, PG_CLEAN) & 0x60, 0x20, "a read sets accessed");
	tap_eq(box_get(&b, BOX_TABLES) & 0x60, 0x20, "in every level");
	mem_write(b.m, SEG_DS, PG_CLEAN, 8, 0);
	tap_eq(pte(&b, PG_CLEAN) & 0x60, 0x60, "a write behind it sets dirty");
	mem_probe_write(b.m, SEG_DS, PG_NEXT, 8);
	tap_eq(pte(&b, PG_NEXT) & 0x60, 0x60, "so does asking for a write");
	mem_write(b.m, SEG_DS, PG_NONE - 4, 8, ~0ull);
	tap_eq(pte(&b, PG_SUPER) & 0x60, 0x60,
	       "the first page of a write that faults in its second was used");
	tap_eq(box_get(&b, PG_NONE - 8), 0, "and holds what it held");
	box_close(&b);
}

static void tlb_test(void)
{
	u32 pt = BOX_TABLES + 0x3000;
	struct box b;
	u64 v = 0;

	box_open(&b, 64);
	pages_split(&b);
	box_put(&b, PG_CLEAN, 1);
	box_put(&b, PG_NEXT, 2);
	mem_read(b.m, SEG_DS, PG_CLEAN, 8, &v);
	box_put(&b, pt + PG_CLEAN / 512, PG_NEXT | 7);
	mem_read(b.m, SEG_DS, PG_CLEAN, 8, &v);
	tap_eq(v, 1, "a translation stays until it is invalidated");
	tlb_flush_page(b.m, PG_CLEAN + 5);
	mem_read(b.m, SEG_DS, PG_CLEAN, 8, &v);
	tap_eq(v, 2, "INVLPG drops it");
	box_put(&b, pt + PG_CLEAN / 512, PG_CLEAN | 7 | BIT64(8));
	model_cpu(b.m)->cr4 |= CR4_PGE;
	model_derive(b.m);
	mem_read(b.m, SEG_DS, PG_CLEAN, 8, &v);
	tap_eq(v, 1, "a change of CR4.PGE drops all");
	box_put(&b, pt + PG_CLEAN / 512, PG_NEXT | 7);
	tlb_flush_local(b.m);
	mem_read(b.m, SEG_DS, PG_CLEAN, 8, &v);
	tap_eq(v, 1, "MOV CR3 keeps a global page");
	tlb_flush(b.m);
	mem_read(b.m, SEG_DS, PG_CLEAN, 8, &v);
	tap_eq(v, 2, "what drops all does not");
	box_put(&b, pt + PG_CLEAN / 512, 0);
	tlb_flush(b.m);
	tap_eq(access_try(&b, SEG_DS, PG_CLEAN, 1, false), EXC_PF, "and then it is gone");
	box_close(&b);
}

/* A large page came in by several addresses: INVLPG of any drops them all. */
static void large_page_test(void)
{
	struct box b;
	u64 v;

	box_open(&b, 64);
	box_put(&b, 0x30000, 7);
	mem_read(b.m, SEG_DS, 0x30000, 8, &v);
	mem_read(b.m, SEG_DS, 0x31000, 8, &v);
	box_put(&b, BOX_TABLES + 0x2000, 0);
	tlb_flush_page(b.m, 0x31000);
	tap_eq(access_try(&b, SEG_DS, 0x30000, 1, false), EXC_PF,
	       "INVLPG drops a large page whole");
	box_close(&b);
}

/* ---- 32-bit paging and PAE
 * ------------------------------------------------------------------------ */

static void legacy_paging_test(void)
{
	struct cpu_state *c;
	struct box b;
	u64 v = 0;

	box_open(&b, 32);
	c = model_cpu(b.m);
	c->cr3 = BOX_TABLES;
	c->cr4 = CR4_PSE;
	c->cr0 |= CR0_PG;
	box_put(&b, BOX_TABLES,
		(BOX_TABLES + 0x1000) | 7 | 0x83ull << 32); /* a table; 4 MiB at 0 */
	box_put(&b, BOX_TABLES + 0x1000, 0x12007 | 0x13005ull << 32);
	box_put(&b, 0x12344, 0x11);
	model_changed(b.m);
	mem_read(b.m, SEG_DS, 0x344, 4, &v);
	tap_eq(v, 0x11, "32-bit paging: a page of 4 KiB");
	mem_read(b.m, SEG_DS, 0x412344, 4, &v);
	tap_eq(v, 0x11, "32-bit paging: a page of 4 MiB");
	tap_eq(box_get(&b, BOX_TABLES) >> 32 & 0x60, 0x20, "its entry is accessed");
	mem_write(b.m, SEG_DS, 0x412344, 4, 0x22);
	tap_eq(box_get(&b, BOX_TABLES) >> 32 & 0x60, 0x60, "and dirty");
	box_put(&b, BOX_TABLES + 8, (0x83 | BIT64(21)));
	tap_eq(access_try(&b, SEG_DS, 0x800000, 1, false), EXC_PF, "a reserved bit faults");
	tap_eq(b.m->event.error, 9, "and says so");

	box_put(&b, BOX_TABLES, (BOX_TABLES + 0x2000) | 1); /* PAE: PDPT, PD with a page of 2 MiB */
	box_put(&b, BOX_TABLES + 0x2000, 0x83);
	c->cr4 = CR4_PAE;
	model_derive(b.m);
	mem_read(b.m, SEG_DS, 0x12344, 4, &v);
	tap_eq(v, 0x22, "PAE: a page of 2 MiB");
	tap_eq(box_get(&b, BOX_TABLES) & 0x60, 0,
	       "the entries of its top table have no accessed bit");
	tap_eq(box_get(&b, BOX_TABLES + 0x2000) & 0x60, 0x20, "the others do");
	box_close(&b);
}

/* ---- PAE's top table: four registers */

enum { AT_CODE3 = 0x4000, GIB = 1 << 30, OTHER = BOX_TABLES + 0x4000 };

/* 2 MiB at 0 by the first entry, by the second the same with other data. */
static struct cpu_state *pae_open(struct box *b)
{
	struct cpu_state *c;

	box_open(b, 32);
	c = model_cpu(b->m);
	c->cr3 = BOX_TABLES;
	c->cr4 = CR4_PAE;
	c->cr0 |= CR0_PG;
	box_put(b, BOX_TABLES, (BOX_TABLES + 0x2000) | 1);
	box_put(b, BOX_TABLES + 8, (BOX_TABLES + 0x2000) | 1);
	box_put(b, BOX_TABLES + 0x2000, 0x83);
	memcpy(b->ram + OTHER, b->ram + BOX_TABLES, 32);
	model_changed(b->m);
	return c;
}

static enum ex code_run(struct box *b, const char *code, u64 eax)
{
	struct cpu_state *c = model_cpu(b->m);

	c->rip = AT_CODE3;
	c->gpr[GPR_RAX] = eax;
	box_code(b, AT_CODE3, code);
	return box_run(b);
}

#define CR0_LOAD "0f 22 c0"
#define CR3_LOAD "0f 22 d8"
#define CR4_LOAD "0f 22 e0"

/* Which of the two GiB are mapped, once the TLB has nothing of them. */
static unsigned mapped(struct box *b)
{
	tlb_flush(b->m);
	return (access_try(b, SEG_DS, 0x1000, 4, false) < 0) | (access_try(b, SEG_DS, GIB, 4, false) < 0) << 1;
}

static void pdptes_kept_test(void)
{
	struct cpu_state *c;
	struct box b;

	c = pae_open(&b);
	tap_eq(mapped(&b), 3, "PDPTEs: both are there");
	box_put(&b, BOX_TABLES + 8, 0);
	tap_eq(mapped(&b), 3, "one cleared in memory stays loaded, whatever the TLB");
	model_changed(b.m);
	tap_eq(mapped(&b), 3, "also when the debugger wrote something else");
	tap_eq(code_run(&b, CR4_LOAD, CR4_PAE | CR4_DE), EX_DONE, "MOV CR4 of another bit");
	tap_eq(mapped(&b), 3, "loads nothing");
	tap_eq(code_run(&b, CR4_LOAD, CR4_PAE | CR4_PGE), EX_DONE, "MOV CR4 that changes PGE");
	tap_eq(mapped(&b), 1, "loads them");
	box_put(&b, BOX_TABLES + 8, (BOX_TABLES + 0x2000) | 1);
	tap_eq(code_run(&b, CR3_LOAD, BOX_TABLES), EX_DONE, "MOV CR3 of the same value");
	tap_eq(mapped(&b), 3, "loads them");
	box_put(&b, BOX_TABLES + 8, 0);
	tap_eq(code_run(&b, CR0_LOAD, c->cr0 | CR0_WP), EX_DONE, "MOV CR0 that changes WP");
	tap_eq(mapped(&b), 3, "loads nothing");
	tap_eq(code_run(&b, CR0_LOAD, c->cr0 | CR0_CD), EX_DONE, "MOV CR0 that changes CD");
	tap_eq(mapped(&b), 1, "loads them");
	c->cr3 = OTHER;
	model_changed(b.m);
	tap_eq(mapped(&b), 3, "the debugger's CR3 loads them");
	box_close(&b);
}

/* SDM volume 3, "PDPTE Registers": #GP, and nothing is loaded. */
static void pdptes_reserved_test(void)
{
	static const u64 bad[] = { BIT64(1), BIT64(2), BIT64(5), BIT64(8), BIT64(52), BIT64(63) };
	struct cpu_state *c;
	struct box b;

	c = pae_open(&b);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		box_put(&b, OTHER + 8, (BOX_TABLES + 0x2000) | 1 | bad[i]);
		tap_ok(code_run(&b, CR3_LOAD, OTHER) == EX_EVENT && b.m->event.vector == EXC_GP,
		       "MOV CR3 with reserved bits %#llx in a PDPTE", (unsigned long long)bad[i]);
		tap_eq(c->cr3, BOX_TABLES, "CR3 stays");
		tap_eq(mapped(&b), 3, "and the PDPTEs that were loaded");
	}
	box_put(&b, OTHER + 8, BIT64(1));
	tap_eq(code_run(&b, CR3_LOAD, OTHER), EX_DONE, "reserved bits of one that is not present do not count");
	tap_eq(mapped(&b), 1, "it maps nothing");
	box_close(&b);
}

int main(void)
{
	pages_test();
	marks_test();
	tlb_test();
	large_page_test();
	legacy_paging_test();
	pdptes_kept_test();
	pdptes_reserved_test();
	return tap_done();
}
