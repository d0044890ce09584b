/*
 * model_sse.c - what comes before an MMX or SSE instruction, and what an exception leaves behind: #UD, #NM,
 * #MF, #XM, alignment, in their order. Sources: SDM volume 2, exception tables of the instructions
 * ("Exception Conditions for Legacy SIMD/MMX Instructions"); volume 3, "Interrupt 19".
 */
#include "model_box.h"
#include "model/fpu.h"

enum { CR4_SSE = CR4_OSFXSR | CR4_OSXMMEXCPT };

struct row {
	const char *name, *code;
	u64 cr0, cr4;
	u32 mxcsr; /* 0: MXCSR_INIT */
	bool pending; /* an x87 exception waits */
	u8 vector;
};

/* RBX is BOX_DATA, RCX BOX_DATA + 8; XMM0 is 1.0 in each single, XMM1 0. */
static const struct row rows[] = {
	{ "addps", "0f 58 c1", 0, CR4_SSE, 0, false, 0 },
	{ "addps without OSFXSR", "0f 58 c1", 0, 0, 0, false, EXC_UD },
	{ "addps under EM", "0f 58 c1", CR0_EM, CR4_SSE, 0, false, EXC_UD },
	{ "addps under TS", "0f 58 c1", CR0_TS, CR4_SSE, 0, false, EXC_NM },
	{ "addps under EM and TS", "0f 58 c1", CR0_EM | CR0_TS, CR4_SSE, 0, false, EXC_UD },
	{ "lock addps", "f0 0f 58 c1", 0, CR4_SSE, 0, false, EXC_UD },
	{ "addps does not wait for x87", "0f 58 c1", CR0_NE, CR4_SSE, 0, true, 0 },
	{ "paddb mm", "0f fc c1", 0, 0, 0, false, 0 },
	{ "paddb mm under EM", "0f fc c1", CR0_EM, 0, 0, false, EXC_UD },
	{ "paddb mm under TS", "0f fc c1", CR0_TS, 0, 0, false, EXC_NM },
	{ "paddb mm waits for x87", "0f fc c1", CR0_NE, 0, 0, true, EXC_MF },
	{ "emms waits for x87", "0f 77", CR0_NE, 0, 0, true, EXC_MF },
	{ "cvtpi2ps of mm waits for x87", "0f 2a c1", CR0_NE, CR4_SSE, 0, true, EXC_MF },
	{ "cvtpi2ps needs OSFXSR", "0f 2a c1", 0, 0, 0, false, EXC_UD },
	{ "movnti needs nothing", "0f c3 03", CR0_EM | CR0_TS, 0, 0, false, 0 },
	{ "sfence needs nothing", "0f ae f8", CR0_EM | CR0_TS, 0, 0, false, 0 },
	{ "movaps", "0f 28 03", 0, CR4_SSE, 0, false, 0 },
	{ "movaps, not aligned", "0f 28 01", 0, CR4_SSE, 0, false, EXC_GP },
	{ "movaps to memory, not aligned", "0f 29 01", 0, CR4_SSE, 0, false, EXC_GP },
	{ "movups, not aligned", "0f 10 01", 0, CR4_SSE, 0, false, 0 },
	{ "paddb xmm, not aligned", "66 0f fc 01", 0, CR4_SSE, 0, false, EXC_GP },
	{ "paddb mm, not aligned", "0f fc 41 01", 0, 0, 0, false, 0 },
	{ "pcmpistri, not aligned", "66 0f 3a 63 01 00", 0, CR4_SSE, 0, false, 0 },
	{ "movntdq, not aligned", "66 0f e7 01", 0, CR4_SSE, 0, false, EXC_GP },
	{ "divps by 0", "0f 5e c1", 0, CR4_SSE, 0, false, 0 },
	{ "divps by 0, not masked", "0f 5e c1", 0, CR4_SSE, 0x1d80, false, EXC_XM },
	{ "divps by 0, not masked, no OSXMMEXCPT", "0f 5e c1", 0, CR4_OSFXSR, 0x1d80, false, EXC_UD },
	{ "divps, not aligned, before #XM", "0f 5e 01", 0, CR4_SSE, 0x1d80, false, EXC_GP },
	{ "sqrtps raises nothing", "0f 51 c0", 0, CR4_SSE, 0x0000, false, 0 },
	{ "an old flag raises nothing", "0f 58 c1", 0, CR4_SSE, 0x1d84, false, 0 },
	{ "aesenc is hidden", "66 0f 38 dc c1", 0, CR4_SSE, 0, false, EXC_UD },
	{ "pclmulqdq is hidden", "66 0f 3a 44 c1 00", 0, CR4_SSE, 0, false, EXC_UD },
	{ "vaddps is hidden", "c5 f8 58 c1", 0, CR4_SSE | CR4_OSXSAVE, 0, false, EXC_UD },
	{ "extrq is hidden", "66 0f 79 c1", 0, CR4_SSE, 0, false, EXC_UD },
	{ "femms is hidden", "0f 0e", 0, CR4_SSE, 0, false, EXC_UD },
};

static void fpu_fill(struct box *b, const struct row *r)
{
	struct fpu *f = fpu_of(b->m);

	for (unsigned i = 0; i < 4; i++)
		f->xmm[0].f32[i] = 1;
	if (r->mxcsr)
		f->mxcsr = r->mxcsr;
	if (r->pending) {
		f->fcw &= ~1;
		f->fsw |= 1;
		fpu_summary(f);
	}
}

static void row_run(const struct row *r)
{
	struct cpu_state *c;
	union xmm was;
	struct box b;
	enum ex ex;

	box_open(&b, 64);
	c = model_cpu(b.m);
	c->cr0 |= r->cr0;
	c->cr4 |= r->cr4;
	c->gpr[GPR_RBX] = BOX_DATA;
	c->gpr[GPR_RCX] = BOX_DATA + 8;
	fpu_fill(&b, r);
	model_changed(b.m);
	box_code(&b, BOX_CODE, r->code);
	was = fpu_of(b.m)->xmm[0];
	ex = box_run(&b);
	tap_eq(ex == EX_EVENT ? b.m->event.vector : ex == EX_DONE ? 0 : 0xff, r->vector, "%s", r->name);
	if (r->vector)
		tap_ok(!memcmp(&was, &fpu_of(b.m)->xmm[0], 16), "%s: the destination stays", r->name);
	box_close(&b);
}

/* The flags are set though the exception comes. */
static void flags_test(void)
{
	struct box b;

	box_open(&b, 64);
	b.m->c.cr4 |= CR4_SSE;
	fpu_of(b.m)->mxcsr = 0x1d80;
	fpu_of(b.m)->xmm[0].f32[0] = 1;
	fpu_of(b.m)->xmm[0].f32[1] = 3;
	fpu_of(b.m)->xmm[1].f32[1] = 7;
	box_code(&b, BOX_CODE, "0f 5e c1");
	box_run(&b);
	tap_eq(fpu_of(b.m)->mxcsr, 0x1d80 | MXCSR_IE | MXCSR_ZE,
	       "1/0, 3/7, 0/0: a zero divisor not masked leaves no inexact quotient");
	fpu_of(b.m)->mxcsr = MXCSR_INIT;
	tap_eq(box_run(&b), EX_DONE, "masked");
	tap_eq(fpu_of(b.m)->mxcsr, MXCSR_INIT | MXCSR_IE | MXCSR_ZE | MXCSR_PE, "all flags");
	box_close(&b);
}

/* MMX's hold on the x87 registers. */
static void mmx_test(void)
{
	struct fpu *f;
	struct box b;

	box_open(&b, 64);
	f = fpu_of(b.m);
	f->fsw = 3 << FSW_TOP_SHIFT;
	f->ftw = BIT(3);
	f->st[0].mantissa = 0x1122334455667788; /* R3 */
	f->st[7].mantissa = 2;                  /* R2 */
	box_code(&b, BOX_CODE, "0f 6f d3 0f 77"); /* movq mm2, mm3; emms */
	box_run(&b);
	tap_eq(fpu_top(f), 0, "TOP is 0");
	tap_eq(f->ftw, 0xff, "all registers are valid");
	tap_eq(f->st[2].mantissa, 0x1122334455667788, "mm2 is R2");
	tap_eq(f->st[2].exponent, 0xffff, "with an exponent of ones");
	tap_eq(f->st[3].exponent, 0, "that of mm3 stays");
	box_run(&b);
	tap_eq(f->ftw, 0, "emms: all are empty");
	box_close(&b);
}

int main(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		row_run(&rows[i]);
	flags_test();
	mmx_test();
	return tap_done();
}
