/*
 * model_ring.h - a box (model_box.h) with a GDT, an LDT, TSSs and gates, for the tests of far
 * transfers, tasks and system registers. Descriptors are written by hand as in SDM volume 3, "Segment
 * Descriptors", without the accessed bit, so that setting it shows.
 *
 *	02000  IDT        03000  GDT       03800  LDT      04000  TSS A (current)   05000  TSS B
 *	06000  TSS 16     07000  top of the ring-0 stack   07800  of ring 1          08000  of the current one
 */
#ifndef MODEL_RING_H
#define MODEL_RING_H

#include "model_box.h"
#include "model/system.h"

enum { IDT = 0x2000, GDT = 0x3000, LDT = 0x3800, TSS_A = 0x4000, TSS_B = 0x5000, TSS_16 = 0x6000,
       RING0_STACK = 0x7000, RING1_STACK = 0x7800 };

enum {
	CS0 = 0x08, DS0 = 0x10, CS3 = 0x18, DS3 = 0x20, CS16 = 0x28, DS16 = 0x30, CONF = 0x38,
	A_SEL = 0x40, B_SEL = 0x48, T16_SEL = 0x50, LDT_SEL = 0x58, GATE3 = 0x60, GATE_PARAMS = 0x68,
	TASK_GATE = 0x70, ABSENT = 0x78, CS1 = 0x80, DS1 = 0x88, SHORT_CS = 0x90, RO = 0x98, DOWN = 0xa0,
	GATE16 = 0xa8, GATE_DPL0 = 0xb0, CS64 = 0xb8, CS64_3 = 0xc0, XONLY = 0xc8, BUSY_SEL = 0xd0,
	GATE_SAME = 0xd8, WIDE_TSS = 0xe0, WIDE_GATE = 0xf0, GDT_END = 0x100,
};

static u64 desc_of(u64 base, u32 limit, u16 attr)
{
	return (limit & 0xffff) | (base & 0xffffff) << 16 | (u64)(attr & 0xff) << 40 |
	       (u64)(limit >> 16 & 15) << 48 | (u64)(attr >> 12) << 52 | (base >> 24) << 56;
}

static inline u64 gate_of(u16 sel, u32 off, u16 attr, u8 count)
{
	return (off & 0xffff) | (u64)sel << 16 | (u64)count << 32 | (u64)attr << 40 |
	       (u64)(off >> 16) << 48;
}

static void ring_gdt(struct box *b)
{
	static const struct {
		u16 sel, attr;
		u32 base, limit;
	} segs[] = {
		{ CS0, 0xc09a, 0, 0xfffff },     { DS0, 0xc092, 0, 0xfffff },
		{ CS3, 0xc0fa, 0, 0xfffff },     { DS3, 0xc0f2, 0, 0xfffff },
		{ CS16, 0x009a, 0, 0xffff },     { DS16, 0x0092, 0, 0xffff },
		{ CONF, 0xc09e, 0, 0xfffff },    { A_SEL, 0x008b, TSS_A, 0x67 },
		{ B_SEL, 0x0089, TSS_B, 0x67 },  { T16_SEL, 0x0081, TSS_16, 0x2b },
		{ LDT_SEL, 0x0082, LDT, 0x1f },  { ABSENT, 0xc012, 0, 0xfffff },
		{ CS1, 0xc0ba, 0, 0xfffff },     { DS1, 0xc0b2, 0, 0xfffff },
		{ SHORT_CS, 0x409a, 0, 0xfff },  { RO, 0xc0f0, 0, 0xfffff },
		{ DOWN, 0xc096, 0, 0x3 },        { CS64, 0x209a, 0, 0 },
		{ CS64_3, 0x20fa, 0, 0 },        { XONLY, 0xc0f8, 0, 0xfffff },
		{ BUSY_SEL, 0x008b, TSS_B, 0x67 }, { WIDE_TSS, 0x0089, TSS_A, 0x67 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(segs); i++)
		box_put(b, GDT + segs[i].sel, desc_of(segs[i].base, segs[i].limit, segs[i].attr));
	box_put(b, GDT + GATE3, gate_of(CS0, 0x1800, 0xec, 0));
	box_put(b, GDT + GATE_PARAMS, gate_of(CS1, 0x1900, 0xec, 3));
	box_put(b, GDT + TASK_GATE, gate_of(B_SEL, 0, 0xe5, 0));
	box_put(b, GDT + GATE16, gate_of(CS1, 0x1a00, 0xe4, 1));
	box_put(b, GDT + GATE_DPL0, gate_of(CS0, 0x1800, 0x8c, 0));
	box_put(b, GDT + GATE_SAME, gate_of(CS3, 0x1b00, 0xec, 0));
	box_put(b, GDT + WIDE_GATE, gate_of(CS64, 0x1800, 0xec, 0));
}

static void box_put4(struct box *b, u64 at, u32 v)
{
	memcpy(b->ram + at, &v, 4);
}

static inline void box_put2(struct box *b, u64 at, u16 v)
{
	memcpy(b->ram + at, &v, 2);
}

static inline u32 box_get4(const struct box *b, u64 at)
{
	return box_get(b, at);
}

/* TSS B: a task of ring 0 at 1c00 with registers that can be told apart. */
static void ring_tasks(struct box *b)
{
	static const u32 segs[] = { DS0, CS0, DS0, DS0, 0, 0 };

	box_put4(b, TSS_A + 4, RING0_STACK);
	box_put4(b, TSS_A + 8, DS0);
	box_put4(b, TSS_A + 12, RING1_STACK);
	box_put4(b, TSS_A + 16, DS1 | 1);
	box_put4(b, TSS_B + 28, BOX_TABLES);
	box_put4(b, TSS_B + 32, 0x1c00);
	box_put4(b, TSS_B + 36, 0x202);
	for (unsigned i = 0; i < 8; i++)
		box_put4(b, TSS_B + 40 + 4 * i, 0xb0000000 + i);
	box_put4(b, TSS_B + 56, 0x9000); /* ESP */
	for (unsigned i = 0; i < ARRAY_SIZE(segs); i++)
		box_put4(b, TSS_B + 72 + 4 * i, segs[i]);
}

static void ring_seg(struct cpu_state *c, enum seg s, u16 sel, u16 attr)
{
	c->seg[s] = (struct segment){ 0, 0xffffffff, sel, attr };
}

/* The ring the code runs in: 0, 1 or 3, with flat segments of it. */
static void ring_set(struct box *b, unsigned cpl)
{
	static const u16 cs[] = { CS0, CS1, 0, CS3 }, ds[] = { DS0, DS1, 0, DS3 };
	struct cpu_state *c = model_cpu(b->m);

	for (unsigned s = 0; s < SEG_COUNT; s++)
		ring_seg(c, s, ds[cpl] | cpl, 0xc093 | cpl << 5);
	ring_seg(c, SEG_CS, cs[cpl] | cpl, 0xc09b | cpl << 5);
	model_changed(b->m);
}

/* Protected mode, 32 bits, no paging. */
static void ring_open(struct box *b, unsigned cpl)
{
	struct cpu_state *c;

	box_open(b, 32);
	c = model_cpu(b->m);
	c->gdtr = (struct table_reg){ GDT, GDT_END - 1 };
	c->idtr = (struct table_reg){ IDT, 0x7ff };
	c->tr = (struct segment){ TSS_A, 0x67, A_SEL, 0x8b };
	ring_gdt(b);
	ring_tasks(b);
	ring_set(b, cpl);
}

/* 64-bit mode with the same tables; system descriptors take two entries there. */
static inline void ring_open64(struct box *b, unsigned cpl)
{
	struct cpu_state *c;

	box_open(b, 64);
	c = model_cpu(b->m);
	c->gdtr = (struct table_reg){ GDT, GDT_END - 1 };
	c->idtr = (struct table_reg){ IDT, 0xfff };
	c->tr = (struct segment){ TSS_A, 0x67, WIDE_TSS, 0x8b };
	ring_gdt(b);
	box_put(b, TSS_A + 4, RING0_STACK);
	for (unsigned s = 0; s < SEG_COUNT; s++)
		ring_seg(c, s, (cpl ? DS3 : DS0) | cpl, 0xc093 | cpl << 5);
	ring_seg(c, SEG_CS, (cpl ? CS64_3 : CS64) | cpl, 0xa09b | cpl << 5);
	model_changed(b->m);
}

/* What one instruction gave: done, or which exception. */
static inline void claim_event(struct box *b, enum ex r, u8 vector, u32 error, const char *name)
{
	if (!tap_eq(r, EX_EVENT, "%s: it faults", name))
		return;
	tap_eq(b->m->event.vector, vector, "%s: vector", name);
	tap_eq(b->m->event.error, error, "%s: error code", name);
	tap_eq(b->m->c.rip, BOX_CODE, "%s: RIP stays", name);
}

#endif
