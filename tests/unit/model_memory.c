/*
 * model_memory.c - accesses of the model, checks and their order, against the SDM's words (volume
 * 3, "Segment and Page Protection"); data breakpoints, fetching, and memory that is none. Pages are
 * model_paging.c's.
 */
#include "model_pages.h"

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
	alignment_test();
	points_test();
	fetch_test();
	bus_test();
	return tap_done();
}
