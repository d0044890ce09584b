/*
 * model_segment.c - loading segment registers, and the questions about selectors: LAR, LSL, VERR,
 * VERW, ARPL. Sources: SDM volume 2, "MOV", "POP", "LDS/LES/LFS/LGS/LSS" and the sections of the other
 * names; volume 3, "Masking Exceptions and Interrupts When Switching Stacks".
 */
#include "model_ring.h"

struct load_row {
	const char *name;
	unsigned cpl;
	bool ss;
	u16 sel;
	u8 vector;
	u32 error;
};
static const struct load_row load_rows[] = {
	{ "DS: data", 0, false, DS0, 0, 0 },
	{ "DS: null", 0, false, 3, 0, 0 },
	{ "DS: readable code", 0, false, CS0, 0, 0 },
	{ "DS: execute-only code", 3, false, XONLY | 3, EXC_GP, XONLY },
	{ "DS: conforming code from an outer ring", 3, false, CONF | 3, 0, 0 },
	{ "DS: an inner ring's data", 3, false, DS0, EXC_GP, DS0 },
	{ "DS: RPL above the DPL", 0, false, DS0 | 3, EXC_GP, DS0 },
	{ "DS: absent", 0, false, ABSENT, EXC_NP, ABSENT },
	{ "DS: a TSS", 0, false, B_SEL, EXC_GP, B_SEL },
	{ "DS: beyond the table", 0, false, GDT_END, EXC_GP, GDT_END },
	{ "DS: the LDT without one", 0, false, 4, EXC_GP, 4 },
	{ "SS: data", 0, true, DS0, 0, 0 },
	{ "SS: null", 0, true, 0, EXC_GP, 0 },
	{ "SS: read-only", 3, true, RO | 3, EXC_GP, RO },
	{ "SS: code", 0, true, CS0, EXC_GP, CS0 },
	{ "SS: another ring's", 0, true, DS3, EXC_GP, DS3 },
	{ "SS: RPL that is not the ring", 0, true, DS0 | 3, EXC_GP, DS0 },
	{ "SS: absent", 0, true, ABSENT, EXC_SS, ABSENT },
};

static void test_loads(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(load_rows); i++) {
		const struct load_row *r = &load_rows[i];
		const struct segment *s;
		struct box b;
		enum ex ex;

		ring_open(&b, r->cpl);
		s = &b.m->c.seg[r->ss ? SEG_SS : SEG_DS];
		b.m->c.gpr[GPR_RAX] = r->sel;
		box_code(&b, BOX_CODE, r->ss ? "8e d0" : "8e d8");
		ex = box_run(&b);
		if (r->vector) {
			claim_event(&b, ex, r->vector, r->error, r->name);
		} else if (tap_eq(ex, EX_DONE, "%s: done", r->name)) {
			tap_eq(s->sel, r->sel, "%s: selector", r->name);
			tap_eq(s->attr ? s->attr & 1 : 1, 1, "%s: accessed", r->name);
			tap_eq(b.m->shadow_next, r->ss ? SHADOW_MOV_SS : 0, "%s: shadow", r->name);
		}
		box_close(&b);
	}
}

static void test_forms(void)
{
	struct cpu_state *c;
	struct box b;

	/* POP SS: ESP moves by the old stack's width, and only if the load succeeds. */
	ring_open(&b, 0);
	c = model_cpu(b.m);
	box_put4(&b, BOX_STACK, DS16);
	box_code(&b, BOX_CODE, "17");
	tap_eq(box_run(&b), EX_DONE, "pop ss");
	tap_eq(c->gpr[GPR_RSP], BOX_STACK + 4, "pop ss: ESP");
	tap_eq(c->seg[SEG_SS].limit, 0xffff, "pop ss: the new segment");
	tap_eq(b.m->shadow_next, SHADOW_MOV_SS, "pop ss: shadow");
	box_close(&b);

	ring_open(&b, 0);
	box_put4(&b, BOX_STACK, ABSENT);
	box_code(&b, BOX_CODE, "1f");
	claim_event(&b, box_run(&b), EXC_NP, ABSENT, "pop ds of an absent segment");
	tap_eq(b.m->c.gpr[GPR_RSP], BOX_STACK, "pop ds: ESP stays");
	box_close(&b);

	/* Of several in a row only the first opens a shadow. */
	ring_open(&b, 0);
	b.m->c.shadow = SHADOW_MOV_SS;
	b.m->c.gpr[GPR_RAX] = DS0;
	box_code(&b, BOX_CODE, "8e d0");
	tap_eq(box_run(&b), EX_DONE, "mov ss in a shadow");
	tap_eq(b.m->shadow_next, 0, "opens none");
	box_close(&b);

	ring_open(&b, 0);
	c = model_cpu(b.m);
	box_put4(&b, BOX_DATA, 0x12345678);
	box_put2(&b, BOX_DATA + 4, DS16);
	box_code(&b, BOX_CODE, "0f b2 25 00 00 01 00 c5 05 00 00 01 00");
	tap_eq(box_run(&b), EX_DONE, "lss esp, [m]");
	tap_eq(c->gpr[GPR_RSP], 0x12345678, "lss: ESP");
	tap_eq(c->seg[SEG_SS].sel, DS16, "lss: SS");
	tap_eq(b.m->shadow_next, 0, "lss: no shadow");
	tap_eq(box_run(&b), EX_DONE, "lds eax, [m]");
	tap_eq(c->seg[SEG_DS].sel, DS16, "lds: DS");
	box_close(&b);

	/* 64-bit mode: a null SS below ring 3; null FS has base 0. */
	ring_open64(&b, 0);
	c = model_cpu(b.m);
	c->seg[SEG_FS].base = 0x1234;
	box_code(&b, BOX_CODE, "8e d0 8e e0");
	tap_eq(box_run(&b), EX_DONE, "64-bit: null SS in ring 0");
	tap_eq(b.m->cpl, 0, "64-bit: ring 0 it stays");
	tap_eq(box_run(&b), EX_DONE, "64-bit: null FS");
	tap_eq(c->seg[SEG_FS].base, 0, "64-bit: base 0");
	box_close(&b);

	ring_open64(&b, 3);
	b.m->c.gpr[GPR_RAX] = 3;
	box_code(&b, BOX_CODE, "8e d0");
	claim_event(&b, box_run(&b), EXC_GP, 0, "64-bit: null SS in ring 3");
	box_close(&b);

	/* Real-address mode keeps a limit that was loaded before. */
	box_open(&b, 16);
	c = model_cpu(b.m);
	c->seg[SEG_DS].limit = 0xffffffff;
	c->gpr[GPR_RAX] = 0x1234;
	box_code(&b, BOX_CODE, "8e d8");
	tap_eq(box_run(&b), EX_DONE, "real: mov ds");
	tap_eq(c->seg[SEG_DS].base, 0x12340, "real: base");
	tap_eq(c->seg[SEG_DS].limit, 0xffffffff, "real: the limit stays");
	box_close(&b);
}

struct query_row {
	const char *name;
	unsigned cpl;
	const char *code; /* ecx: selector, eax: answer */
	u16 sel;
	bool zf;
	u32 answer; /* 0xffffffff: EAX stays */
};
#define KEPT 0xffffffffu
static const struct query_row query_rows[] = {
	{ "lar of code", 0, "0f 02 c1", CS0, true, 0x00c09a00 },
	{ "lar of a call gate", 3, "0f 02 c1", GATE3 | 3, true, 0x0000ec00 },
	{ "lar of a task gate", 3, "0f 02 c1", TASK_GATE | 3, true, 0x0000e500 },
	{ "lar of an inner ring's data", 3, "0f 02 c1", DS0, false, KEPT },
	{ "lar of conforming code from outside", 3, "0f 02 c1", CONF | 3, true, 0x00c09e00 },
	{ "lar of null", 0, "0f 02 c1", 0, false, KEPT },
	{ "lar beyond the table", 0, "0f 02 c1", GDT_END, false, KEPT },
	{ "lar of an absent segment", 0, "0f 02 c1", ABSENT, true, 0x00c01200 },
	{ "lar, 16 bits", 0, "66 0f 02 c1", CS0, true, 0xffff9a00 },
	{ "lsl of a big segment", 0, "0f 03 c1", CS0, true, 0xffffffff },
	{ "lsl of a short one", 0, "0f 03 c1", SHORT_CS, true, 0xfff },
	{ "lsl of a TSS", 0, "0f 03 c1", B_SEL, true, 0x67 },
	{ "lsl of a gate", 3, "0f 03 c1", GATE3 | 3, false, KEPT },
	{ "verr of data", 0, "0f 00 e1", DS0, true, KEPT },
	{ "verr of execute-only code", 3, "0f 00 e1", XONLY | 3, false, KEPT },
	{ "verr of readable code", 3, "0f 00 e1", CS3 | 3, true, KEPT },
	{ "verr with an RPL above the DPL", 0, "0f 00 e1", DS0 | 3, false, KEPT },
	{ "verr of a TSS", 0, "0f 00 e1", B_SEL, false, KEPT },
	{ "verw of data", 0, "0f 00 e9", DS0, true, KEPT },
	{ "verw of read-only data", 3, "0f 00 e9", RO | 3, false, KEPT },
	{ "verw of code", 0, "0f 00 e9", CS0, false, KEPT },
};

static void test_queries(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(query_rows); i++) {
		const struct query_row *r = &query_rows[i];
		struct box b;

		ring_open(&b, r->cpl);
		b.m->c.gpr[GPR_RAX] = KEPT;
		b.m->c.gpr[GPR_RCX] = r->sel;
		b.m->c.rflags |= r->zf ? 0 : FL_ZF;
		box_code(&b, BOX_CODE, r->code);
		tap_eq(box_run(&b), EX_DONE, "%s: done", r->name);
		tap_eq(!!(b.m->c.rflags & FL_ZF), r->zf, "%s: ZF", r->name);
		tap_eq(b.m->c.gpr[GPR_RAX], r->answer, "%s: EAX", r->name);
		box_close(&b);
	}
}

static void test_arpl(void)
{
	struct cpu_state *c;
	struct box b;

	ring_open(&b, 3);
	c = model_cpu(b.m);
	c->gpr[GPR_RAX] = 0x11110010;
	c->gpr[GPR_RCX] = 0x2;
	box_code(&b, BOX_CODE, "63 c8 63 c8"); /* arpl ax, cx */
	tap_eq(box_run(&b), EX_DONE, "arpl");
	tap_eq(c->gpr[GPR_RAX], 0x11110012, "arpl raises the RPL");
	tap_eq(c->rflags & FL_ZF, FL_ZF, "arpl: ZF");
	tap_eq(box_run(&b), EX_DONE, "arpl again");
	tap_eq(c->rflags & FL_ZF, 0, "arpl: nothing to raise");
	box_close(&b);

	box_open(&b, 16);
	box_code(&b, BOX_CODE, "63 c8");
	claim_event(&b, box_run(&b), EXC_UD, 0, "arpl in real-address mode");
	box_close(&b);
}

int main(void)
{
	test_loads();
	test_forms();
	test_queries();
	test_arpl();
	return tap_done();
}
