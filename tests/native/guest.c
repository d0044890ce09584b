/* guest.c - one instruction on the model, in 64-bit ring 3, its pages at the arena's addresses. */
#include <stdlib.h>
#include <string.h>

#include "native.h"

enum { RAM = 0x10000, AT_TABLES = 0x1000, ARENA = CODE_AREA + DATA_SIZE };

static struct {
	struct model *m;
	u8 *ram, *arena;
	struct mem_region region[2];
	struct cpu_state clean;
} g;

static void put(u32 at, u64 v)
{
	memcpy(g.ram + at, &v, 8);
}

/* Identity for the arena alone; the page behind it is not there. */
static void tables_fill(void)
{
	put(AT_TABLES, (AT_TABLES + 0x1000) | 7);
	put(AT_TABLES + 0x1000, (AT_TABLES + 0x2000) | 7);
	put(AT_TABLES + 0x2000 + 8 * (AT_CODE >> 21), (AT_TABLES + 0x3000) | 7);
	for (u32 at = AT_CODE; at < AT_HOLE; at += 0x1000)
		put(AT_TABLES + 0x3000 + 8 * (at >> 12 & 511), at | 7);
}

static void state_fill(struct cpu_state *c)
{
	c->cr0 = CR0_PE | CR0_PG | CR0_WP | CR0_ET | CR0_NE | CR0_MP | CR0_AM;
	c->cr3 = AT_TABLES;
	c->cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_FSGSBASE;
	c->efer = EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE;
	for (unsigned i = 0; i < SEG_COUNT; i++)
		c->seg[i] = (struct segment){ .limit = 0xffffffff, .sel = 0x2b, .attr = 0xc0f3 };
	c->seg[SEG_CS] = (struct segment){ .limit = 0xffffffff, .sel = 0x33, .attr = 0xa0fb };
}

bool guest_open(void)
{
	struct model_config cfg = { .regions = g.region, .n_regions = 2 };

	g.ram = aligned_alloc(0x1000, RAM);
	g.arena = aligned_alloc(0x1000, ARENA);
	if (!g.ram || !g.arena)
		return false;
	memset(g.ram, 0, RAM);
	memset(g.arena, 0, ARENA);
	g.region[0] = (struct mem_region){ .size = RAM, .hva = g.ram };
	g.region[1] = (struct mem_region){ .gpa = AT_CODE, .size = ARENA, .hva = g.arena };
	if (model_create(&cfg, &g.m, NULL))
		return false;
	tables_fill();
	state_fill(model_cpu(g.m));
	model_changed(g.m);
	g.clean = *model_cpu(g.m);
	return true;
}

u8 *guest_data(void)
{
	return g.arena + (AT_DATA - AT_CODE);
}

static void state_load(const struct native_case *c)
{
	struct cpu_state *s = model_cpu(g.m);

	*s = g.clean;
	memcpy(s->gpr, c->before.gpr, sizeof(s->gpr));
	memcpy(s->fxsave, c->before.fx, sizeof(s->fxsave));
	s->rflags = c->before.rflags;
	s->rip = AT_CODE;
	memcpy(g.arena, c->code, sizeof(c->code));
}

bool guest_decode(const struct native_case *c, struct op *ret)
{
	const struct op *o;

	state_load(c);
	if (op_fetch(g.m, &o) != EX_DONE)
		return false;
	*ret = *o;
	return o->len;
}

u64 guest_address(const struct native_case *c, const struct op *o, unsigned i)
{
	state_load(c);
	g.m->next = AT_CODE + o->len;
	return op_address(g.m, o, &o->opnd[i]);
}

bool data_put(u64 lin, const void *p, unsigned n)
{
	if (lin < AT_DATA || lin > AT_HOLE - n)
		return false;
	memcpy((void *)lin, p, n);
	memcpy(guest_data() + (lin - AT_DATA), p, n);
	return true;
}

void guest_run(const struct native_case *c, struct native_state *ret)
{
	struct cpu_state *s = model_cpu(g.m);
	const struct op *o;
	enum ex r;

	state_load(c);
	s->cr2 = 0;
	r = insn_run(g.m, &o);
	memcpy(ret->gpr, s->gpr, sizeof(ret->gpr));
	memcpy(ret->fx, s->fxsave, sizeof(ret->fx));
	ret->rflags = s->rflags;
	ret->rip = s->rip;
	ret->vector = r == EX_EVENT ? g.m->event.vector : NATIVE_NONE;
	ret->cr2 = ret->vector == EXC_PF ? g.m->event.cr2 : 0;
}
