/*
 * model_memory.c - accesses of the model, checks and their order, against the SDM's words (volume
 * 3, "Segment and Page Protection", "Paging", "Access Rights", "Page-Fault Exceptions").
 */
#include "model_box.h"

/* ---- segments: one read or write of `size` at `off`
 * ---------------------------------------------- */

static const struct seg_row {
	const char *name;
	unsigned mode;
	u16 attr;
	u32 limit;
	u64 off;
	u8 seg, size;
	bool write;
	int vector; /* -1: goes through */
} seg_rows[] = {
	{ "last byte of the segment", 32, 0x4093, 0xfff, 0xfff, SEG_DS, 1, false, -1 },
	{ "a word across the limit", 32, 0x4093, 0xfff, 0xfff, SEG_DS, 2, false, EXC_GP },
	{ "a stack access across the limit", 32, 0x4093, 0xfff, 0xffd, SEG_SS, 4, true, EXC_SS },
	{ "a segment of 4 GiB wraps", 32, 0xc093, 0xffffffff, 0xffffffff, SEG_DS, 4, false, -1 },
	{ "expand-down: at the limit", 32, 0x4097, 0xfff, 0xfff, SEG_DS, 1, false, EXC_GP },
	{ "expand-down: above the limit", 32, 0x4097, 0xfff, 0x1000, SEG_DS, 4, false, -1 },
	{ "expand-down of 16 bits: its top", 32, 0x0097, 0xfff, 0xffff, SEG_DS, 1, false, -1 },
	{ "expand-down of 16 bits: beyond its top", 32, 0x0097, 0xfff, 0xffff, SEG_DS, 2, false,
	  EXC_GP },
	{ "write to read-only data", 32, 0x4091, 0xffff, 0, SEG_DS, 1, true, EXC_GP },
	{ "read of execute-only code", 32, 0x4099, 0xffff, 0, SEG_DS, 1, false, EXC_GP },
	{ "read of readable code", 32, 0x409b, 0xffff, 0, SEG_DS, 1, false, -1 },
	{ "write to code", 32, 0x409b, 0xffff, 0, SEG_DS, 1, true, EXC_GP },
	{ "null selector", 32, 0, 0, 0, SEG_ES, 1, false, EXC_GP },
	{ "real mode: a word at ffff", 16, 0x93, 0xffff, 0xffff, SEG_DS, 2, false, EXC_GP },
	{ "real mode: a stack word at ffff", 16, 0x93, 0xffff, 0xffff, SEG_SS, 2, true, EXC_SS },
	{ "real mode: types do not count", 16, 0x91, 0xffff, 0, SEG_DS, 1, true, -1 },
	{ "64-bit: not canonical", 64, 0xc093, 0, 0x800000000000, SEG_DS, 1, false, EXC_GP },
	{ "64-bit: not canonical, stack", 64, 0xc093, 0, 0x800000000000, SEG_SS, 1, false, EXC_SS },
	{ "64-bit: into the hole", 64, 0xc093, 0, 0x7fffffffffff, SEG_DS, 2, false, EXC_GP },
	{ "64-bit: limits do not count", 64, 0xc093, 0, 0x10000, SEG_DS, 8, true, -1 },
	{ "64-bit: a null selector is no fault", 64, 0, 0, 0x10000, SEG_DS, 8, true, -1 },
};

static int access_try(struct box *b, u8 seg, u64 off, unsigned size, bool write)
{
	u64 v = 0;
	enum ex r = write ? mem_write(b->m, seg, off, size, 0) : mem_read(b->m, seg, off, size, &v);

	return r == EX_DONE ? -1 : b->m->event.vector;
}

static void segments_test(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(seg_rows); i++) {
		const struct seg_row *r = &seg_rows[i];
		struct cpu_state *c;
		struct box b;

		box_open(&b, r->mode);
		c = model_cpu(b.m);
		c->seg[r->seg].attr = r->attr;
		c->seg[r->seg].limit = r->limit;
		model_changed(b.m);
		tap_eq((u64)(s64)access_try(&b, r->seg, r->off, r->size, r->write),
		       (u64)(s64)r->vector, "%s", r->name);
		box_close(&b);
	}
}

/* ---- pages: 4 KiB each, rights by address
 * --------------------------------------------------------- */

enum {
	PG_RO = 0x20000,
	PG_SUPER = 0x21000,
	PG_NONE = 0x22000,
	PG_NX = 0x23000,
	PG_CLEAN = 0x25000,
	PG_NEXT = 0x26000
};

/* The 2-MiB page becomes a table of its own, A and D clear. */
static void pages_split(struct box *b)
{
	u32 pt = BOX_TABLES + 0x3000;

	box_put(b, BOX_TABLES + 0x2000, pt | 7);
	for (u64 at = 0; at < BOX_RAM; at += 4096)
		box_put(b, pt + at / 512, at | 7);
	box_put(b, pt + PG_RO / 512, PG_RO | 5);
	box_put(b, pt + PG_SUPER / 512, PG_SUPER | 3);
	box_put(b, pt + PG_NONE / 512, 0);
	box_put(b, pt + PG_NX / 512, PG_NX | 7 | BIT64(63));
	model_changed(b->m);
}

static u64 pte(const struct box *b, u64 at)
{
	return box_get(b, BOX_TABLES + 0x3000 + at / 512);
}

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

/* ---- alignment, breakpoints, fetching
 * ------------------------------------------------------------- */

static void alignment_test(void)
{
	struct cpu_state *c;
	struct box b;

	box_open(&b, 64);
	c = model_cpu(b.m);
	c->cr0 |= CR0_AM;
	c->rflags |= FL_AC;
	model_changed(b.m);
	tap_eq((u64)(s64)access_try(&b, SEG_DS, BOX_DATA + 1, 4, false), ~0ull,
	       "ring 0 may be misaligned");
	c->seg[SEG_SS].attr |= 0x60;
	model_changed(b.m);
	tap_eq(access_try(&b, SEG_DS, BOX_DATA + 1, 4, false), EXC_AC,
	       "ring 3 under AM and AC may not");
	tap_eq(b.m->event.error, 0, "#AC has the error code 0");
	tap_eq((u64)(s64)access_try(&b, SEG_DS, BOX_DATA + 4, 4, false), ~0ull, "aligned it may");
	c->cr0 &= ~CR0_AM;
	model_changed(b.m);
	tap_eq((u64)(s64)access_try(&b, SEG_DS, BOX_DATA + 1, 4, false), ~0ull, "nor without AM");
	box_close(&b);
}

static const struct point_row {
	const char *name;
	u64 dr, at;
	u8 rw, len, size;
	bool write, hit;
} point_rows[] = {
	{ "write meets a write point", BOX_DATA, BOX_DATA, DR_RW_WRITE, DR_LEN_4, 4, true, true },
	{ "read does not meet a write point", BOX_DATA, BOX_DATA, DR_RW_WRITE, DR_LEN_4, 4, false,
	  false },
	{ "read meets a read-write point", BOX_DATA, BOX_DATA, DR_RW_RW, DR_LEN_4, 4, false, true },
	{ "the last byte of the point", BOX_DATA, BOX_DATA + 3, DR_RW_WRITE, DR_LEN_4, 1, true,
	  true },
	{ "the byte behind it", BOX_DATA, BOX_DATA + 4, DR_RW_WRITE, DR_LEN_4, 1, true, false },
	{ "an access that ends in it", BOX_DATA + 8, BOX_DATA + 1, DR_RW_WRITE, DR_LEN_1, 8, true,
	  true },
	{ "an access that ends before it", BOX_DATA + 8, BOX_DATA, DR_RW_WRITE, DR_LEN_1, 8, true,
	  false },
	{ "a point's low address bits are ignored", BOX_DATA + 3, BOX_DATA, DR_RW_WRITE, DR_LEN_4,
	  1, true, true },
	{ "8 bytes", BOX_DATA, BOX_DATA + 7, DR_RW_RW, DR_LEN_8, 1, false, true },
	{ "an execution point is not met", BOX_DATA, BOX_DATA, DR_RW_EXEC, DR_LEN_1, 1, true,
	  false },
};

static void points_test(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(point_rows); i++) {
		const struct point_row *r = &point_rows[i];
		struct cpu_state *c;
		struct box b;

		box_open(&b, 64);
		c = model_cpu(b.m);
		c->dr[2] = r->dr;
		c->dr7 = DR7_FIXED | DR7_L(2) | (u64)r->rw << DR7_RW_SHIFT(2) |
			 (u64)r->len << DR7_LEN_SHIFT(2);
		model_changed(b.m);
		b.m->hits = 0;
		access_try(&b, SEG_DS, r->at, r->size, r->write);
		tap_eq(b.m->hits, r->hit ? BIT(2) : 0, "%s", r->name);
		box_close(&b);
	}
}

static void fetch_test(void)
{
	const struct op *o;
	struct cpu_state *c;
	struct box b;

	box_open(&b, 32);
	c = model_cpu(b.m);
	box_code(&b, 0x1000, "66 66 66 66 66 66 66 66 66 66 66 66 66 66 90 90");
	tap_eq(op_fetch(b.m, &o), EX_DONE, "15 bytes are an instruction");
	box_code(&b, 0x1000, "66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90");
	tap_eq(op_fetch(b.m, &o) == EX_DONE ? ~0u : b.m->event.vector, EXC_GP, "16 are #GP");
	box_code(&b, 0x1000, "b8 01 00 00 00");
	c->seg[SEG_CS].limit = 0x1003;
	model_changed(b.m);
	tap_eq(op_fetch(b.m, &o) == EX_DONE ? ~0u : b.m->event.vector, EXC_GP,
	       "beyond the limit of CS is #GP");
	c->seg[SEG_CS].limit = 0x1004;
	tap_eq(op_fetch(b.m, &o), EX_DONE, "up to it is not");
	box_code(&b, 0x1000, "40");
	op_fetch(b.m, &o);
	tap_eq(o->len, 1, "other bytes at the same address are another instruction");
	box_close(&b);

	box_open(&b, 64);
	pages_split(&b);
	c = model_cpu(b.m);
	box_code(&b, PG_NONE - 2, "66 90");
	c->rip = PG_NONE - 2;
	tap_eq(op_fetch(b.m, &o), EX_DONE, "up to the end of a page the next is not asked for");
	box_code(&b, PG_NONE - 2, "66 b8");
	tap_eq(op_fetch(b.m, &o) == EX_DONE ? ~0u : b.m->event.vector, EXC_PF,
	       "an instruction across pages faults");
	tap_eq(b.m->event.cr2, PG_NONE, "at the second page");
	box_close(&b);
}

/* ---- memory that is none
 * --------------------------------------------------------------------------- */

static struct {
	u64 gpa[4];
	u8 size[4], n;
	bool write;
} seen;

static void bus_mmio(void *arg, bool write, u64 gpa, unsigned size, void *data)
{
	if (seen.n < 4) {
		seen.gpa[seen.n] = gpa;
		seen.size[seen.n++] = size;
	}
	seen.write = write;
	if (!write)
		memset(data, 0x5a, size);
}

static void bus_test(void)
{
	struct box b;
	u64 v = 0;

	box_open(&b, 32);
	b.m->cfg.bus.mmio = bus_mmio;
	b.region.readonly = true;
	model_changed(b.m);
	mem_read(b.m, SEG_DS, 0xfee00020, 4, &v);
	tap_eq(v, 0x5a5a5a5a, "what is no memory is read from the bus");
	seen.n = 0;
	mem_write(b.m, SEG_DS, 0xfee00ffe, 4, 1);
	tap_ok(seen.n == 2 && seen.size[0] == 2 && seen.size[1] == 2 && seen.gpa[1] == 0xfee01000,
	       "across pages in two accesses");
	seen.n = 0;
	box_put(&b, BOX_DATA, 0x77);
	mem_write(b.m, SEG_DS, BOX_DATA, 1, 1);
	tap_ok(seen.n == 1 && seen.write && seen.gpa[0] == BOX_DATA,
	       "a write to ROM goes to the bus");
	mem_read(b.m, SEG_DS, BOX_DATA, 1, &v);
	tap_eq(v, 0x77, "and ROM keeps what it had");
	box_close(&b);
}

int main(void)
{
	segments_test();
	pages_test();
	marks_test();
	tlb_test();
	large_page_test();
	legacy_paging_test();
	alignment_test();
	points_test();
	fetch_test();
	bus_test();
	return tap_done();
}
