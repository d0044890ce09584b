/*
 * model_fxsave.c - FXSAVE, FXRSTOR, LDMXCSR, STMXCSR, the XSAVE family and XCR0: layouts, what is
 * written and what is left alone, what faults. Sources: SDM volume 1, "FXSAVE Area", "Managing State
 * Using the XSAVE Feature Set"; volume 2, the instructions' exception tables.
 */
#include "model_box.h"
#include "model/fpu.h"

enum { XSAVE_AT = BOX_DATA, CR4_ALL = CR4_OSFXSR | CR4_OSXSAVE };

struct row {
	const char *name;
	unsigned mode;
	const char *code;
	u64 cr0, cr4, rbx, rax, rcx;
	u8 vector;
};

/* RBX is the address, RDX:RAX the mask, RCX the register's number. */
static const struct row rows[] = {
	{ "fxsave", 64, "0f ae 03", 0, 0, BOX_DATA, 0, 0, 0 },
	{ "fxsave not on 16 bytes", 64, "0f ae 03", 0, 0, BOX_DATA + 8, 0, 0, EXC_GP },
	{ "fxsave under EM", 64, "0f ae 03", CR0_EM, 0, BOX_DATA, 0, 0, EXC_NM },
	{ "fxsave under TS", 32, "0f ae 03", CR0_TS, 0, BOX_DATA, 0, 0, EXC_NM },
	{ "lock fxsave", 32, "f0 0f ae 03", 0, 0, BOX_DATA, 0, 0, EXC_UD },
	{ "fxrstor not on 16 bytes", 64, "0f ae 0b", 0, 0, BOX_DATA + 1, 0, 0, EXC_GP },
	{ "fxrstor under TS", 64, "0f ae 0b", CR0_TS, 0, BOX_DATA, 0, 0, EXC_NM },
	{ "xsave without OSXSAVE", 64, "0f ae 23", 0, 0, XSAVE_AT, 3, 0, EXC_UD },
	{ "xsave under TS", 64, "0f ae 23", CR0_TS, CR4_ALL, XSAVE_AT, 3, 0, EXC_NM },
	{ "xsave under EM", 64, "0f ae 23", CR0_EM, CR4_ALL, XSAVE_AT, 3, 0, 0 },
	{ "xsave not on 64 bytes", 64, "0f ae 23", 0, CR4_ALL, XSAVE_AT + 32, 3, 0, EXC_GP },
	{ "xrstor of zeros", 64, "0f ae 2b", 0, CR4_ALL, XSAVE_AT, 3, 0, 0 },
	{ "xrstor not on 64 bytes", 64, "0f ae 2b", 0, CR4_ALL, XSAVE_AT + 16, 3, 0, EXC_GP },
	{ "xsaves is hidden", 64, "0f c7 2b", 0, CR4_ALL, XSAVE_AT, 3, 0, EXC_UD },
	{ "xgetbv without OSXSAVE", 64, "0f 01 d0", 0, 0, 0, 0, 0, EXC_UD },
	{ "xgetbv 0", 64, "0f 01 d0", 0, CR4_ALL, 0, 0, 0, 0 },
	{ "xgetbv 1", 64, "0f 01 d0", 0, CR4_ALL, 0, 0, 1, 0 },
	{ "xgetbv 2", 64, "0f 01 d0", 0, CR4_ALL, 0, 0, 2, EXC_GP },
	{ "xsetbv without OSXSAVE", 64, "0f 01 d1", 0, 0, 0, 1, 0, EXC_UD },
	{ "xsetbv 3", 64, "0f 01 d1", 0, CR4_ALL, 0, 3, 0, 0 },
	{ "xsetbv without x87", 64, "0f 01 d1", 0, CR4_ALL, 0, 2, 0, EXC_GP },
	{ "xsetbv with AVX", 64, "0f 01 d1", 0, CR4_ALL, 0, 7, 0, EXC_GP },
	{ "xsetbv of register 1", 64, "0f 01 d1", 0, CR4_ALL, 0, 1, 1, EXC_GP },
	{ "stmxcsr", 32, "0f ae 1b", 0, CR4_ALL, BOX_DATA, 0, 0, 0 },
	{ "stmxcsr without OSFXSR", 32, "0f ae 1b", 0, 0, BOX_DATA, 0, 0, EXC_UD },
	{ "stmxcsr under EM and TS", 32, "0f ae 1b", CR0_EM | CR0_TS, CR4_ALL, BOX_DATA, 0, 0, EXC_UD },
	{ "ldmxcsr under TS", 32, "0f ae 13", CR0_TS, CR4_ALL, BOX_DATA, 0, 0, EXC_NM },
	{ "ldmxcsr of zero", 32, "0f ae 13", 0, CR4_ALL, BOX_DATA, 0, 0, 0 },
	{ "ldmxcsr of a reserved bit", 32, "0f ae 13", 0, CR4_ALL, BOX_DATA + 64, 0, 0, EXC_GP },
};

static void row_run(const struct row *r)
{
	struct cpu_state *c;
	struct box b;
	enum ex ex;

	box_open(&b, r->mode);
	c = model_cpu(b.m);
	c->cr0 |= r->cr0;
	c->cr4 |= r->cr4;
	c->gpr[GPR_RBX] = r->rbx;
	c->gpr[GPR_RAX] = r->rax;
	c->gpr[GPR_RCX] = r->rcx;
	b.m->xcr0 = XCR0_DEFINED;
	model_changed(b.m);
	box_put(&b, BOX_DATA + 64, 0x10000);
	box_code(&b, BOX_CODE, r->code);
	ex = box_run(&b);
	tap_eq(ex == EX_EVENT ? b.m->event.vector : ex == EX_DONE ? 0 : 0xff, r->vector, "%s", r->name);
	box_close(&b);
}

/* Every byte of the state another. */
static void state_fill(struct fpu *f)
{
	for (unsigned i = 0; i < sizeof(*f); i++)
		((u8 *)f)[i] = i * 7 + 1;
	f->fcw = 0x27f;
	f->fsw = 5 << FSW_TOP_SHIFT | 0x4100;
	f->fop = 0x123;
	f->mxcsr = 0x9fc0;
	f->mxcsr_mask = MXCSR_MASK;
	for (unsigned i = 0; i < 8; i++)
		memset(f->st[i].byte + 10, 0, 6);
}

static void open_with_state(struct box *b, unsigned mode)
{
	box_open(b, mode);
	b->m->c.cr4 |= CR4_ALL;
	b->m->c.gpr[GPR_RBX] = BOX_DATA;
	b->m->xcr0 = XCR0_DEFINED;
	state_fill(fpu_of(b->m));
	model_changed(b->m);
	memset(b->ram + BOX_DATA, 0xee, 1024);
}

static void fxsave_test(void)
{
	struct fpu was;
	struct box b;
	u8 *p;

	open_with_state(&b, 64);
	p = b.ram + BOX_DATA;
	was = *fpu_of(b.m);
	box_code(&b, BOX_CODE, "48 0f ae 03 48 0f ae 0b");
	tap_eq(box_run(&b), EX_DONE, "fxsave64");
	tap_eq(box_get(&b, BOX_DATA + 8), was.fip, "FIP has 64 bits");
	tap_eq(box_get(&b, BOX_DATA + 16), was.fdp, "FDP has 64 bits");
	tap_eq(p[5], 0, "the reserved byte is 0");
	tap_eq(box_get(&b, BOX_DATA + 24), 0x9fc0 | (u64)MXCSR_MASK << 32, "MXCSR and its mask");
	tap_ok(!memcmp(p + 160, was.xmm, 256), "16 XMM registers");
	tap_eq(p[416], 0xee, "nothing is written behind them");
	memset(fpu_of(b.m), 0, 416);
	tap_eq(box_run(&b), EX_DONE, "fxrstor64");
	was.reserved = 0;
	fpu_of(b.m)->mxcsr_mask = MXCSR_MASK; /* not loaded */
	tap_ok(!memcmp(fpu_of(b.m), &was, 416), "brings all of it back");
	box_close(&b);

	open_with_state(&b, 32);
	p = b.ram + BOX_DATA;
	was = *fpu_of(b.m);
	box_code(&b, BOX_CODE, "0f ae 03 0f ae 0b");
	tap_eq(box_run(&b), EX_DONE, "fxsave in 32-bit mode");
	tap_eq(box_get(&b, BOX_DATA + 8), (u32)was.fip, "FIP has 32 bits, no CS");
	tap_eq(p[287], was.xmm[7].byte[15], "XMM7 is there");
	tap_eq(p[288], 0xee, "XMM8 is not");
	memset(fpu_of(b.m)->xmm, 0, 256);
	tap_eq(box_run(&b), EX_DONE, "fxrstor in 32-bit mode");
	tap_ok(!memcmp(fpu_of(b.m)->xmm, was.xmm, 128), "loads XMM0-7");
	tap_eq(fpu_of(b.m)->xmm[8].qword[0], 0, "and not XMM8");
	box_close(&b);
}

static u64 header(const struct box *b, unsigned i)
{
	return box_get(b, BOX_DATA + 512 + 8 * i);
}

static void run_with(struct box *b, u64 mask, const char *code, const char *name)
{
	b->m->c.gpr[GPR_RAX] = mask;
	b->m->c.rip = BOX_CODE;
	box_code(b, BOX_CODE, code);
	tap_eq(box_run(b), EX_DONE, "%s", name);
}

static void xsave_test(void)
{
	struct box b;
	u8 *p;

	open_with_state(&b, 64);
	p = b.ram + BOX_DATA;
	run_with(&b, XCR0_SSE | 4, "48 0f ae 23", "xsave64 of SSE, and AVX that XCR0 has not");
	tap_eq(header(&b, 0), 0xeeeeeeeeeeeeeeecull | XCR0_SSE, "XSTATE_BV: bits not asked for stay");
	tap_eq(p[0], 0xee, "x87 is not written");
	tap_eq((u32)box_get(&b, BOX_DATA + 24), 0x9fc0, "MXCSR is");
	tap_eq(p[160], fpu_of(b.m)->xmm[0].byte[0], "XMM0 is");
	memset(fpu_of(b.m)->xmm, 0, 256);
	memset(p, 0xee, 1024);
	run_with(&b, XCR0_DEFINED, "48 0f ae 33", "xsaveopt64 with XMM all zero");
	tap_eq(header(&b, 0), (0xeeeeeeeeeeeeeeeeull & ~3ull) | XCR0_X87, "XSTATE_BV: x87 alone");
	tap_eq(p[160], 0xee, "the registers are not written");
	tap_eq((u32)box_get(&b, BOX_DATA + 24), 0x9fc0, "MXCSR is");
	memset(p, 0xee, 1024);
	run_with(&b, XCR0_DEFINED, "48 0f c7 23", "xsavec64");
	tap_eq(header(&b, 0), XCR0_DEFINED, "XSTATE_BV: SSE is in use by its MXCSR");
	tap_eq(header(&b, 1), BIT64(63) | XCR0_DEFINED, "XCOMP_BV");
	tap_eq(header(&b, 2), 0xeeeeeeeeeeeeeeeeull, "the rest of the header stays");
	box_close(&b);
}

static void xrstor_test(void)
{
	struct box b;

	open_with_state(&b, 64);
	memset(b.ram + BOX_DATA, 0, 1024);
	box_put(&b, BOX_DATA + 24, 0x1fa0);
	run_with(&b, XCR0_SSE, "0f ae 2b", "xrstor of SSE, whose bit is clear");
	tap_eq(fpu_of(b.m)->xmm[3].qword[0], 0, "registers are initialized");
	tap_eq(fpu_of(b.m)->mxcsr, 0x1fa0, "the standard form loads MXCSR");
	tap_eq(fpu_of(b.m)->fcw, 0x27f, "x87 was not asked for");
	box_put(&b, BOX_DATA + 520, BIT64(63) | XCR0_DEFINED);
	run_with(&b, XCR0_DEFINED, "0f ae 2b", "xrstor of the compacted form");
	tap_eq(fpu_of(b.m)->mxcsr, MXCSR_INIT, "initializes MXCSR");
	tap_eq(fpu_of(b.m)->fcw, FCW_INIT, "and x87");
	b.m->c.rip = BOX_CODE;
	box_put(&b, BOX_DATA + 512, 4);
	tap_eq(box_run(&b), EX_EVENT, "a component that XCOMP_BV has not");
	box_put(&b, BOX_DATA + 512, 0);
	box_put(&b, BOX_DATA + 528, 1);
	tap_eq(box_run(&b), EX_EVENT, "a reserved byte of the header");
	box_put(&b, BOX_DATA + 528, 0);
	box_put(&b, BOX_DATA + 520, 0);
	box_put(&b, BOX_DATA + 24, 0x10000);
	tap_eq(box_run(&b), EX_EVENT, "a reserved bit of MXCSR");
	tap_eq(b.m->event.vector, EXC_GP, "is #GP");
	box_close(&b);
}

/* CPUID shows the area, and CR4.OSXSAVE to programs. */
static void cpuid_test(void)
{
	struct box b;

	open_with_state(&b, 64);
	run_with(&b, 1, "0f a2", "cpuid 1");
	tap_eq(b.m->c.gpr[GPR_RCX] & (BIT(26) | BIT(27)), BIT(26) | BIT(27), "XSAVE, OSXSAVE");
	b.m->c.gpr[GPR_RCX] = 0;
	run_with(&b, 0xd, "0f a2", "cpuid d");
	tap_eq(b.m->c.gpr[GPR_RAX], XCR0_DEFINED, "x87 and SSE");
	tap_eq(b.m->c.gpr[GPR_RCX], XSAVE_SIZE, "bytes of the area");
	box_close(&b);
}

int main(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		row_run(&rows[i]);
	fxsave_test();
	xsave_test();
	xrstor_test();
	cpuid_test();
	return tap_done();
}
