/*
 * model_iret.c - IRET in every form: real-address mode, virtual-8086 mode to and from, the same and an
 * outer ring, 64-bit; which flags it loads; NMI unblocking. Source: SDM volume 2, "IRET/IRETD/IRETQ";
 * volume 3, "Handling Multiple NMIs", "Virtual-8086 Mode".
 */
#include "model_ring.h"

static void image_put(struct box *b, unsigned size, u64 rip, u16 cs, u64 flags)
{
	u64 at = BOX_STACK;

	memcpy(b->ram + at, &rip, size);
	memset(b->ram + at + size, 0, size);
	memcpy(b->ram + at + size, &cs, 2);
	memcpy(b->ram + at + 2 * size, &flags, size);
}

/* --- which flags --- */

#define ALL_FLAGS 0x3f7fd7ull

struct flag_row {
	const char *name;
	unsigned cpl, iopl;
	const char *code;
	u64 want; /* of an image with all set, onto flags with none but IOPL */
};
static const struct flag_row flag_rows[] = {
	/* VM would enter virtual-8086 mode in ring 0 of a 32-bit IRET: the image lacks it there. */
	{ "ring 0, 32 bits", 0, 0, "cf", ALL_FLAGS & ~FL_VM },
	{ "ring 3, IOPL 0: no IF, no IOPL", 3, 0, "cf",
	  ALL_FLAGS & ~(FL_VM | FL_IF | FL_IOPL | FL_VIF | FL_VIP) },
	{ "ring 3, IOPL 3: IF", 3, 3, "cf", ALL_FLAGS & ~(FL_VM | FL_VIF | FL_VIP) },
};

static void test_flags(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(flag_rows); i++) {
		const struct flag_row *r = &flag_rows[i];
		u16 cs = r->cpl ? CS3 | 3 : CS0;
		struct box b;

		ring_open(&b, r->cpl);
		b.m->c.rflags = FL_FIXED | (u64)r->iopl << 12;
		image_put(&b, 4, 0x1800, cs, r->cpl ? ALL_FLAGS : ALL_FLAGS & ~FL_VM);
		box_code(&b, BOX_CODE, r->code);
		tap_eq(box_run(&b), EX_DONE, "%s: done", r->name);
		tap_eq(b.m->c.rflags, r->want, "%s: flags", r->name);
		tap_eq(b.m->rf_next, true, "%s: RF holds for the next instruction", r->name);
		tap_eq(b.m->c.gpr[GPR_RSP], BOX_STACK + 12, "%s: three values popped", r->name);
		box_close(&b);
	}
}

/* --- rings --- */

static void test_outer(void)
{
	struct cpu_state *c;
	struct box b;

	ring_open(&b, 0);
	c = model_cpu(b.m);
	c->nmi_blocked = true;
	image_put(&b, 4, 0x1800, CS3 | 3, 0x3302);
	box_put4(&b, BOX_STACK + 12, 0x9000);
	box_put4(&b, BOX_STACK + 16, DS3 | 3);
	box_code(&b, BOX_CODE, "cf");
	tap_eq(box_run(&b), EX_DONE, "to ring 3");
	tap_eq(b.m->cpl, 3, "ring 3");
	tap_eq(c->gpr[GPR_RSP], 0x9000, "its stack");
	tap_eq(c->seg[SEG_DS].attr, 0, "DS of ring 0 is dropped");
	tap_eq(c->rflags, 0x3302, "flags by the ring it came from");
	tap_eq(c->nmi_blocked, false, "NMIs are unblocked");
	box_close(&b);

	ring_open(&b, 0);
	b.m->c.nmi_blocked = true;
	image_put(&b, 4, 0x1800, DS0, 2);
	box_code(&b, BOX_CODE, "cf");
	claim_event(&b, box_run(&b), EXC_GP, DS0, "to data");
	tap_eq(b.m->c.nmi_blocked, false, "an IRET that faults unblocks NMIs too");
	box_close(&b);

	/* A 16-bit stack segment takes SP only. */
	ring_open(&b, 0);
	b.m->c.gpr[GPR_RSP] = BOX_STACK;
	box_put(&b, GDT + DS3, desc_of(0, 0xffff, 0x00f2));
	image_put(&b, 4, 0x1800, CS3 | 3, 2);
	box_put4(&b, BOX_STACK + 12, 0x12349000);
	box_put4(&b, BOX_STACK + 16, DS3 | 3);
	box_code(&b, BOX_CODE, "cf");
	tap_eq(box_run(&b), EX_DONE, "to a 16-bit stack");
	tap_eq(b.m->c.gpr[GPR_RSP], 0x9000, "only SP is replaced");
	box_close(&b);
}

/* --- virtual-8086 mode --- */

static void v86_open(struct box *b, u64 flags)
{
	struct cpu_state *c;

	ring_open(b, 0);
	c = model_cpu(b->m);
	c->rflags = FL_FIXED | FL_VM | flags;
	for (unsigned s = 0; s < SEG_COUNT; s++)
		c->seg[s] = (struct segment){ 0, 0xffff, 0, 0xf3 };
	c->seg[SEG_CS].sel = 0x100;
	c->seg[SEG_CS].base = 0x1000;
	c->rip = 0;
	model_changed(b->m);
}

static void test_to_v86(void)
{
	static const u16 sels[] = { 0x800 /* SS */, 0x111, 0x222, 0x333, 0x444 };
	struct cpu_state *c;
	struct box b;

	ring_open(&b, 0);
	c = model_cpu(b.m);
	image_put(&b, 4, 0x234, 0x1000, 0x202 | FL_VM);
	box_put4(&b, BOX_STACK + 12, 0x5678);
	for (unsigned i = 0; i < ARRAY_SIZE(sels); i++)
		box_put4(&b, BOX_STACK + 16 + 4 * i, sels[i]);
	box_code(&b, BOX_CODE, "cf");
	tap_eq(box_run(&b), EX_DONE, "to v86");
	tap_eq(b.m->mode, MODE_V86, "the mode");
	tap_eq(b.m->cpl, 3, "its ring is 3");
	tap_eq(c->rip, 0x234, "IP");
	tap_eq(c->seg[SEG_CS].base, 0x10000, "CS");
	tap_eq(c->seg[SEG_SS].base, 0x8000, "SS");
	tap_eq(c->seg[SEG_ES].sel, 0x111, "ES");
	tap_eq(c->seg[SEG_DS].sel, 0x222, "DS");
	tap_eq(c->seg[SEG_FS].sel, 0x333, "FS");
	tap_eq(c->seg[SEG_GS].sel, 0x444, "GS");
	tap_eq(c->gpr[GPR_RSP], 0x5678, "ESP");
	box_close(&b);
}

static void test_in_v86(void)
{
	struct box b;

	/* IOPL 3: as in real-address mode, but IOPL stays. */
	v86_open(&b, FL_IOPL);
	image_put(&b, 2, 0x30, 0x200, FL_CF | FL_IF);
	box_code(&b, 0x1000, "cf");
	tap_eq(box_run(&b), EX_DONE, "in v86 with IOPL 3");
	tap_eq(b.m->c.rflags, FL_FIXED | FL_VM | FL_IOPL | FL_IF | FL_CF, "IOPL and VM stay");
	tap_eq(b.m->c.seg[SEG_CS].base, 0x2000, "CS");
	box_close(&b);

	v86_open(&b, 0);
	image_put(&b, 2, 0x30, 0x200, 0);
	box_code(&b, 0x1000, "cf");
	tap_eq(box_run(&b), EX_EVENT, "in v86 with IOPL 0");
	tap_eq(b.m->event.vector, EXC_GP, "is #GP");
	box_close(&b);

	/* SDM volume 3, "Software Interrupt Handling in Virtual-8086 Mode": VME gives IF to VIF. */
	v86_open(&b, 0);
	b.m->c.cr4 = CR4_VME;
	image_put(&b, 2, 0x30, 0x200, FL_IF | FL_ZF);
	box_code(&b, 0x1000, "cf");
	tap_eq(box_run(&b), EX_DONE, "with VME and IOPL 0");
	tap_eq(b.m->c.rflags, FL_FIXED | FL_VM | FL_VIF | FL_ZF, "IF went to VIF");
	box_close(&b);

	v86_open(&b, FL_VIP);
	b.m->c.cr4 = CR4_VME;
	image_put(&b, 2, 0x30, 0x200, FL_IF);
	box_code(&b, 0x1000, "cf");
	tap_eq(box_run(&b), EX_EVENT, "with VME and an interrupt pending: it faults");
	tap_eq(b.m->event.vector, EXC_GP, "with #GP");
	box_close(&b);
}

/* --- 64-bit and real-address mode --- */

static void test_long(void)
{
	struct cpu_state *c;
	struct box b;

	/* SDM volume 3, "IRET in IA-32e Mode": SS:RSP are popped in any case; a null SS is fine. */
	ring_open64(&b, 0);
	c = model_cpu(b.m);
	image_put(&b, 8, 0x1800, CS64, 0x202);
	box_put(&b, BOX_STACK + 24, 0x9000);
	box_put(&b, BOX_STACK + 32, 0);
	box_code(&b, BOX_CODE, "48 cf");
	tap_eq(box_run(&b), EX_DONE, "64-bit, same ring");
	tap_eq(c->gpr[GPR_RSP], 0x9000, "RSP is popped");
	tap_eq(c->seg[SEG_SS].sel, 0, "SS is null");
	tap_eq(b.m->cpl, 0, "ring 0");
	box_close(&b);

	ring_open64(&b, 0);
	image_put(&b, 8, 0x1800, CS64_3 | 3, 0x202);
	box_put(&b, BOX_STACK + 24, 0x9000);
	box_put(&b, BOX_STACK + 32, 3);
	box_code(&b, BOX_CODE, "48 cf");
	claim_event(&b, box_run(&b), EXC_GP, 0, "64-bit to ring 3 with a null SS");
	box_close(&b);

	/* To compatibility mode. */
	ring_open64(&b, 0);
	c = model_cpu(b.m);
	image_put(&b, 8, 0x1800, CS3 | 3, 0x202);
	box_put(&b, BOX_STACK + 24, 0x9000);
	box_put(&b, BOX_STACK + 32, DS3 | 3);
	box_code(&b, BOX_CODE, "48 cf");
	tap_eq(box_run(&b), EX_DONE, "64-bit to compatibility mode");
	tap_eq(b.m->mode, MODE_COMPAT32, "the mode");
	tap_eq(c->gpr[GPR_RSP], 0x9000, "its stack");
	/* From there, the same ring: three values only. */
	box_put4(&b, 0x9000, 0x1900);
	box_put4(&b, 0x9004, CS3 | 3);
	box_put4(&b, 0x9008, 0x202);
	box_code(&b, 0x1800, "cf");
	tap_eq(box_run(&b), EX_DONE, "compatibility mode, same ring");
	tap_eq(c->gpr[GPR_RSP], 0x900c, "three values popped");
	box_close(&b);

	ring_open64(&b, 0);
	b.m->c.rflags |= FL_NT;
	image_put(&b, 8, 0x1800, CS64, 0x202);
	box_code(&b, BOX_CODE, "48 cf");
	claim_event(&b, box_run(&b), EXC_GP, 0, "NT in IA-32e mode");
	box_close(&b);

	ring_open64(&b, 0);
	image_put(&b, 8, 0x0000800000000000, CS64, 0x202);
	box_put(&b, BOX_STACK + 24, 0x9000);
	box_code(&b, BOX_CODE, "48 cf");
	claim_event(&b, box_run(&b), EXC_GP, 0, "to a non-canonical RIP");
	box_close(&b);
}

static void test_real(void)
{
	struct box b;

	box_open(&b, 16);
	b.m->c.rflags = FL_FIXED | FL_RF;
	image_put(&b, 2, 0x30, 0x200, 0xffff);
	box_code(&b, BOX_CODE, "cf");
	tap_eq(box_run(&b), EX_DONE, "real, 16 bits");
	tap_eq(b.m->c.rflags & 0xffff, 0x7fd7, "flags");
	tap_eq(b.m->c.seg[SEG_CS].base, 0x2000, "CS");
	tap_eq(b.m->c.rip, 0x30, "IP");
	box_close(&b);

	box_open(&b, 16);
	image_put(&b, 4, 0x30, 0x200, 0x3fffff);
	box_code(&b, BOX_CODE, "66 cf");
	tap_eq(box_run(&b), EX_DONE, "real, 32 bits");
	tap_eq(b.m->c.rflags, ALL_FLAGS & ~(FL_VM | FL_VIF | FL_VIP), "VM, VIF, VIP are not loaded");
	box_close(&b);
}

int main(void)
{
	test_flags();
	test_outer();
	test_to_v86();
	test_in_v86();
	test_long();
	test_real();
	return tap_done();
}
