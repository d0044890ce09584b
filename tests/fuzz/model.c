/*
 * model.c - fuzz target: the processor model runs any bytes in any mode and state, a bounded number
 * of steps, stepped and free. Beside what the sanitizers see it must stay a processor: RFLAGS
 * whole, what is derived from the registers in step with them, the TLB's pages inside the memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/fpu.h"
#include "model/operand.h"

enum {
	RAM = 0x40000,
	AT_GDT = 0x1000,
	AT_IDT = 0x2000,
	AT_TSS = 0x1800,
	AT_CODE = 0x8000,
	AT_TABLES = 0x30000,
	STEPS = 16,
	STEPS_DEEP = 96
};

/* The head of an input; what follows are code bytes. */
struct head {
	u8 mode, flags; /* flags: of enum head_flag */
	u8 cr0, cr4;    /* bits of their own, see cpu_fill() */
	u8 dr7[4], rflags[4];
	u8 gpr[16], dr[4]; /* each picks a value */
	u8 rip;
};
enum head_flag {
	HEAD_MTF = 1,
	HEAD_TF = 2,
	HEAD_DB = 4,
	HEAD_BP = 8,
	HEAD_FREE = 16,
	HEAD_IRQ = 32,
	HEAD_USER = 64,
	HEAD_BTF = 128
};

static struct {
	struct model *m;
	u8 *ram;
	struct mem_region region[2];
	bool ignne;
	u8 rom[4096] __attribute__((aligned(4096)));
} g;

static void bus_data(void *arg, bool write, u64 addr, unsigned size, void *data)
{
	if (!write)
		memset(data, (int)addr, size);
}

static void bus_port(void *arg, bool write, u16 port, unsigned size, void *data)
{
	bus_data(arg, write, port, size, data);
}

/* IGNNE#: in half of the runs x87 goes on with exceptions that nobody has cleared. */
static bool bus_ferr(void *arg, bool on)
{
	return g.ignne;
}

static int bus_ack(void *arg)
{
	return 0x20;
}

static void wrong(const char *what)
{
	fprintf(stderr, "model fuzz: %s\n", what);
	abort();
}

static void put(u32 at, u64 v)
{
	memcpy(g.ram + at, &v, 8);
}

/* Descriptors of every kind; gates of every width to code that is anything. */
static void tables_fill(bool lng)
{
	static const u64 gdt[] = {
		0,
		0x00009b000000ffff,
		0x00cf9b000000ffff,
		0x00af9b000000ffff,
		0x00cf93000000ffff,
		0x00cffb000000ffff,
		0x00affb000000ffff,
		0x00cff3000000ffff,
		0x0000890018000067,
		0,
		0x0000e50000400000,
		0x0000ec0300100000,
		0x00008200000000ff,
		0,
		0x0000970000000fff,
		0x0000830018000067,
		0x00009f000000ffff,
		0x000011000000ffff,
	};

	memcpy(g.ram + AT_GDT, gdt, sizeof(gdt));
	for (unsigned v = 0; v < 48; v++) {
		u64 type = v % 7 == 6 ? 0x85 : v % 3 == 2 ? 0xef : 0x8e;

		put(AT_IDT + (lng ? 16 : 8) * v, (0x9000 + 16 * v) |
							 (v % 7 == 6 ? 0x40u
							  : lng      ? 0x18u
								     : 0x10u)
								 << 16 |
							 type << 40);
	}
	for (unsigned v = 0; v < 48; v++)
		memcpy(g.ram + 4 * v, (u16[]){ 0x9000 + 16 * v, 0 }, 4);
	put(AT_TABLES, (AT_TABLES + 0x1000) | 7);
	put(AT_TABLES + 0x1000, (AT_TABLES + 0x2000) | 7);
	put(AT_TABLES + 0x2000, (AT_TABLES + 0x3000) | 7);
	for (u32 at = 0; at < RAM; at += 4096)
		put(AT_TABLES + 0x3000 + at / 512, at | (at % 0x7000   ? 7
							 : at % 0x5000 ? 5
								       : 0x8000000000000003));
}

static u64 value_of(u8 pick)
{
	static const u64 wild[] = { 0,      ~0ull,   0x7fffffffffffffff, 0x8000000000000000,
				    0xffff, 0x10000, 0xfffffff8,         0x800000000000 };

	return pick < 0xc0 ? (u64)pick * 0x3f7 : pick < 0xe0 ? pick - 0xc0u : wild[pick & 7];
}

static void segments_fill(struct cpu_state *c, unsigned mode, bool user)
{
	u16 ring = user ? 0x60 : 0, data = 0xc093 | ring;

	for (unsigned i = 0; i < SEG_COUNT; i++)
		c->seg[i] = (struct segment){ .limit = 0xffffffff,
					      .sel = user ? 0x3b : 0x20,
					      .attr = data };
	c->seg[SEG_GS].limit = 0x1fff;
	c->seg[SEG_CS] =
		(struct segment){ .limit =
					  mode == 0 || mode == 1 || mode == 5 ? 0xffff : 0xffffffff,
				  .sel = user ? 0x2b : 0x10,
				  .attr = (mode == 4                ? 0xa09b
					   : mode == 2 || mode == 3 ? 0xc09b
								    : 0x009b) |
					  ring };
	if (mode == 0 || mode == 5) /* real, v86 */
		for (unsigned i = 0; i < SEG_COUNT; i++)
			c->seg[i] = (struct segment){ .limit = 0xffff, .attr = mode ? 0xf3 : 0x93 };
}

/* Values of every kind: what the picks make is spread over sign, exponent and significand. */
static void fpu_fill(const struct head *h)
{
	struct fpu *f = fpu_of(g.m);

	f->fcw = FCW_ONES | ((h->dr[0] | h->dr[1] << 8) & FCW_DEFINED);
	f->fsw = h->dr[2] | h->dr[3] << 8;
	f->ftw = h->gpr[0] ^ h->gpr[5];
	f->mxcsr = (h->dr7[0] | h->dr7[1] << 8) & MXCSR_MASK;
	for (unsigned i = 0; i < 8; i++) {
		f->st[i].significand = value_of(h->gpr[i]) ^ (h->gpr[i] & 1 ? 0 : BIT64(63));
		f->st[i].exponent = h->gpr[15 - i] & 1 ? 0x3fff + (s8)h->gpr[15 - i] : h->gpr[15 - i] << 8;
	}
	for (unsigned i = 0; i < 16; i++)
		for (unsigned k = 0; k < 2; k++)
			f->xmm[i].qword[k] = value_of(h->gpr[(i + k) & 15]) << 4 * (h->gpr[i] & 15);
	fpu_summary(f);
}

/* Modes: real, prot16, prot32, compat32, long, v86. */
static void cpu_fill(const struct head *h)
{
	struct cpu_state *c = model_cpu(g.m);
	unsigned mode = h->mode % 6;
	bool lng = mode == 3 || mode == 4, user = h->flags & HEAD_USER && mode;
	u32 v;

	memset(c, 0, sizeof(*c));
	c->known = REGS_ALL;
	segments_fill(c, mode, user);
	memcpy(&v, h->rflags, 4);
	c->rflags = FL_FIXED |
		    (v & (FL_ARITH | FL_TF | FL_IF | FL_DF | FL_IOPL | FL_NT | FL_RF | FL_AC)) |
		    (mode == 5 ? FL_VM : 0);
	c->cr0 = (mode ? CR0_PE : 0) | CR0_ET | (h->cr0 & 1 ? CR0_WP : 0) |
		 (h->cr0 & 2 ? CR0_AM : 0) | (h->cr0 & 4 ? CR0_TS : 0) |
		 (lng || (mode && h->cr0 & 8) ? CR0_PG : 0) | (h->cr0 & 16 ? CR0_NE : 0) |
		 (h->cr0 & 32 ? CR0_MP : 0) | (h->cr0 & 64 ? CR0_EM : 0);
	c->cr4 = (lng || h->cr4 & 1 ? CR4_PAE : 0) | (h->cr4 & 2 ? CR4_PSE : 0) |
		 (h->cr4 & 4 ? CR4_DE : 0) | (h->cr4 & 8 ? CR4_SMEP : 0) |
		 (h->cr4 & 16 ? CR4_SMAP : 0) | (h->cr4 & 32 ? CR4_VME : 0) |
		 (h->cr4 & 64 ? CR4_PGE : 0) |
		 (h->cr0 & 128 ? CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE | CR4_FSGSBASE : 0) |
		 (lng && h->cr0 & 128 && h->cr4 & 1 ? CR4_PCIDE : 0);
	c->efer = lng ? EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE : h->cr4 & 128 ? EFER_NXE : 0;
	c->cr3 = AT_TABLES;
	c->gdtr = (struct table_reg){ AT_GDT, 0x8f };
	c->idtr = mode ? (struct table_reg){ AT_IDT, 0x2ff } : (struct table_reg){ 0, 0xbf };
	c->tr = (struct segment){ AT_TSS, 0x67, 0x40, 0x8b };
	memcpy(&v, h->dr7, 4);
	c->dr6 = DR6_INIT;
	c->dr7 = (v & 0xffff03ff) | DR7_FIXED;
	c->debugctl = h->flags & HEAD_BTF ? DEBUGCTL_BTF : 0;
	c->lstar = c->sysenter_eip = 0x9000;
	c->star = 0x0028001000000000;
	c->sysenter_cs = 0x10;
	for (unsigned i = 0; i < GPR_COUNT; i++)
		c->gpr[i] = value_of(h->gpr[i]);
	for (unsigned i = 0; i < 4; i++)
		c->dr[i] = AT_CODE - 0x40 + h->dr[i];
	fpu_fill(h);
	c->rip = AT_CODE + h->rip;
}

static void invariants_check(void)
{
	const struct cpu_state *c = model_cpu(g.m);
	const struct fpu *f = fpu_of(g.m);
	u64 rflags = FL_ARITH | FL_FIXED | FL_TF | FL_IF | FL_DF | FL_IOPL | FL_NT | FL_RF | FL_VM |
		     FL_AC | FL_VIF | FL_VIP | FL_ID;

	if (!(c->rflags & FL_FIXED) || c->rflags & ~rflags)
		wrong("RFLAGS has bits that do not exist");
	if (g.m->mode != cpu_mode(c) || g.m->bits != mode_bits(cpu_mode(c)) ||
	    g.m->cpl != cpu_cpl(c))
		wrong("mode, width or CPL are not what the registers say");
	if (c->cr0 & CR0_PG && !(c->cr0 & CR0_PE))
		wrong("paging without protection");
	if (!(c->efer & EFER_LMA) != !(c->efer & EFER_LME && c->cr0 & CR0_PG))
		wrong("LMA is not LME and PG");
	if (!(f->fsw & FSW_ES) != !(f->fsw & ~f->fcw & X87_EXCEPTIONS) || !(f->fsw & FSW_B) != !(f->fsw & FSW_ES))
		wrong("x87's ES and B are not the unmasked exceptions");
	if (f->fcw & ~(FCW_DEFINED | FCW_ONES) || f->mxcsr & ~MXCSR_MASK)
		wrong("FCW or MXCSR has bits that do not exist");
}

static void tlb_check(void)
{
	for (unsigned i = 0; i < TLB_SIZE; i++)
		if (g.m->tlb[i].page && g.m->tlb[i].hva &&
		    !(g.m->tlb[i].hva >= g.ram && g.m->tlb[i].hva < g.ram + RAM) &&
		    g.m->tlb[i].hva != g.rom)
			wrong("the TLB points outside of the memory");
}

static void machine_open(void)
{
	struct model_config cfg = {
		.regions = g.region,
		.n_regions = 2,
		.bus = { .port = bus_port, .mmio = bus_data, .intr_ack = bus_ack, .ferr = bus_ferr }
	};

	g.ram = aligned_alloc(4096, RAM);
	g.region[0] = (struct mem_region){ .size = RAM, .hva = g.ram };
	g.region[1] = (struct mem_region){
		.gpa = 0xfffff000, .size = 4096, .hva = g.rom, .readonly = true
	};
	if (!g.ram || model_create(&cfg, &g.m, NULL))
		wrong("no memory");
}

static void steps_run(const struct head *h)
{
	struct model_controls ctl = { .mtf = h->flags & HEAD_MTF,
				      .tf = h->flags & HEAD_TF,
				      .db_exiting = h->flags & HEAD_DB,
				      .bp_exiting = h->flags & HEAD_BP };
	/* Many short runs meet more than a few long ones; one in eight is long. */
	unsigned steps = (h->rip ^ h->gpr[0] ^ h->dr7[0] ^ h->rflags[0]) & 7 ? STEPS : STEPS_DEEP;
	struct model_report r = { 0 };

	for (unsigned i = 0; i < steps && r.end != MODEL_HALTED && r.end != MODEL_SHUTDOWN; i++) {
		model_step(g.m, &ctl, &r);
		invariants_check();
		if (r.end == MODEL_MISSING || r.end == MODEL_EXIT)
			break;
	}
	if (h->flags & HEAD_FREE && r.end == MODEL_BOUNDARY) {
		struct model_run run = { .until = model_clock(g.m) + 20 * steps };

		ctl = (struct model_controls){ 0 };
		model_free_run(g.m, &ctl, &run, &r);
		invariants_check();
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t n);
int LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	struct head h;
	u32 at;

	if (n < sizeof(h))
		return 0;
	if (!g.m)
		machine_open();
	memcpy(&h, data, sizeof(h));
	data += sizeof(h);
	n -= sizeof(h);
	memset(g.ram, 0, RAM);
	tables_fill(h.mode % 6 == 3 || h.mode % 6 == 4);
	at = AT_CODE + h.rip;
	memcpy(g.ram + at, data, n < 0x4000 ? n : 0x4000);
	cpu_fill(&h);
	g.ignne = h.rip & 1;
	*model_pending_dbg(g.m) = 0;
	model_intr_line(g.m, h.flags & HEAD_IRQ);
	model_changed(g.m);
	steps_run(&h);
	tlb_check();
	return 0;
}
