/*
 * model_box.h - a processor model in a box for the unit tests: 2 MiB of RAM, one mode, no paging
 * unless a test makes it (64-bit code has it: identity, 2-MiB page). Includes the model's inside.
 */
#ifndef MODEL_BOX_H
#define MODEL_BOX_H

#include <stdlib.h>
#include "model/operand.h"
#include "tap.h"

enum {
	BOX_RAM = 2 << 20,
	BOX_CODE = 0x1000,
	BOX_STACK = 0x8000,
	BOX_DATA = 0x10000,
	BOX_TABLES = 0x100000
};

struct box {
	u8 *ram;
	struct mem_region region;
	struct model *m;
};

static void box_segments(struct cpu_state *c, u16 code_attr, u16 data_attr, u32 limit)
{
	for (unsigned i = 0; i < SEG_COUNT; i++)
		c->seg[i] = (struct segment){ .limit = limit, .sel = 0x10, .attr = data_attr };
	c->seg[SEG_CS].attr = code_attr;
	c->seg[SEG_CS].sel = 8;
}

static void box_put(struct box *b, u64 at, u64 v)
{
	memcpy(b->ram + at, &v, 8);
}

static inline u64 box_get(const struct box *b, u64 at)
{
	u64 v;

	memcpy(&v, b->ram + at, 8);
	return v;
}

/* Identity: PML4, PDPT, one 2-MiB page for user and supervisor. */
static void box_long(struct box *b)
{
	struct cpu_state *c = model_cpu(b->m);

	box_put(b, BOX_TABLES, (BOX_TABLES + 0x1000) | 7);
	box_put(b, BOX_TABLES + 0x1000, (BOX_TABLES + 0x2000) | 7);
	box_put(b, BOX_TABLES + 0x2000, 0x87);
	c->cr3 = BOX_TABLES;
	c->cr4 = CR4_PAE;
	c->cr0 = CR0_PE | CR0_PG | CR0_WP;
	c->efer = EFER_LME | EFER_LMA | EFER_NXE;
	box_segments(c, 0xa09b, 0xc093, 0xffffffff);
}

/* `mode`: 16 (real), 32 (protected, flat), 64. */
static void box_open(struct box *b, unsigned mode)
{
	struct model_config cfg = { .regions = &b->region, .n_regions = 1 };
	struct cpu_state *c;

	b->ram = calloc(1, BOX_RAM);
	b->region = (struct mem_region){ .size = BOX_RAM, .hva = b->ram };
	if (!b->ram || model_create(&cfg, &b->m, NULL)) {
		puts("Bail out! no memory");
		exit(1);
	}
	c = model_cpu(b->m);
	c->cr0 = mode == 16 ? 0 : CR0_PE;
	box_segments(c, mode == 16 ? 0x009b : 0xc09b, mode == 16 ? 0x0093 : 0xc093,
		     mode == 16 ? 0xffff : 0xffffffff);
	if (mode == 64)
		box_long(b);
	c->rip = BOX_CODE;
	c->gpr[GPR_RSP] = BOX_STACK;
	model_changed(b->m);
}

static void box_close(struct box *b)
{
	model_destroy(b->m);
	free(b->ram);
}

/* "90 f1" to memory. */
static inline void box_code(struct box *b, u64 at, const char *hex)
{
	for (char *end; *hex; hex = end) {
		unsigned long v = strtoul(hex, &end, 16);

		if (end == hex)
			break;
		b->ram[at++] = v;
	}
}

static inline enum ex box_run(struct box *b)
{
	const struct op *o;

	return insn_run(b->m, &o);
}

/* One read or write through a segment: the vector it raises, -1: none. */
static inline int access_try(struct box *b, u8 seg, u64 off, unsigned size, bool write)
{
	u64 v = 0;
	enum ex r = write ? mem_write(b->m, seg, off, size, 0) : mem_read(b->m, seg, off, size, &v);

	return r == EX_DONE ? -1 : b->m->event.vector;
}

#endif
