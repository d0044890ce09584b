/*
 * model_extension.c - the integer extensions by hand: which modes have them, what faults, FSGSBASE,
 * RDTSCP, RDRAND. Values are the native test's affair (tests/native). SDM volume 2, the instructions'
 * sections; VEX: "VEX Exception Type 13".
 */
#include "model_box.h"

enum { NONE = 0xff, V86 = 86 };

static struct cpu_state *open_in(struct box *b, unsigned mode)
{
	struct cpu_state *c;

	box_open(b, mode == V86 ? 32 : mode);
	c = model_cpu(b->m);
	if (mode == V86) {
		box_segments(c, 0xf3, 0xf3, 0xffff);
		c->rflags |= FL_VM;
		model_changed(b->m);
	}
	return c;
}

static u8 vector_of_run(struct box *b)
{
	return box_run(b) == EX_EVENT ? b->m->event.vector : NONE;
}

static void rules_test(void)
{
	static const struct {
		const char *name;
		unsigned mode;
		const char *code;
		u64 cr4;
		u8 vector;
	} rows[] = {
		{ "andn", 64, "c4 e2 78 f2 c0", 0, NONE },
		{ "andn in protected mode", 32, "c4 e2 78 f2 c0", 0, NONE },
		{ "andn in real mode", 16, "c4 e2 78 f2 c0", 0, EXC_UD },
		{ "andn in virtual-8086 mode", V86, "c4 e2 78 f2 c0", 0, EXC_UD },
		{ "66 before VEX", 64, "66 c4 e2 78 f2 c0", 0, EXC_UD },
		{ "F2 before VEX", 64, "f2 c4 e2 78 f2 c0", 0, EXC_UD },
		{ "F3 before VEX", 64, "f3 c4 e2 78 f2 c0", 0, EXC_UD },
		{ "LOCK before VEX", 64, "f0 c4 e2 78 f2 00", 0, EXC_UD },
		{ "REX before VEX", 64, "48 c4 e2 78 f2 c0", 0, EXC_UD },
		{ "andn with VEX.L 1", 64, "c4 e2 7c f2 c0", 0, EXC_UD },
		{ "rorx with vvvv", 64, "c4 e3 73 f0 c0 01", 0, EXC_UD },
		{ "group 17 /0", 64, "c4 e2 78 f3 c0", 0, EXC_UD },
		{ "group 17 /4", 64, "c4 e2 78 f3 e0", 0, EXC_UD },
		{ "LOCK before popcnt", 64, "f0 f3 0f b8 c0", 0, EXC_UD },
		{ "LOCK before adcx", 64, "f0 66 0f 38 f6 c0", 0, EXC_UD },
		{ "adcx in real mode", 16, "66 0f 38 f6 c0", 0, NONE },
		{ "popcnt in real mode", 16, "f3 0f b8 c0", 0, NONE },
		{ "tzcnt in virtual-8086 mode", V86, "f3 0f bc c0", 0, NONE },
		{ "stac", 32, "0f 01 cb", 0, NONE },
		{ "stac in virtual-8086 mode", V86, "0f 01 cb", 0, EXC_UD },
		{ "rdfsbase without CR4.FSGSBASE", 64, "f3 48 0f ae c0", 0, EXC_UD },
		{ "rdfsbase", 64, "f3 48 0f ae c0", CR4_FSGSBASE, NONE },
		{ "rdfsbase outside of 64-bit mode", 32, "f3 0f ae c0", CR4_FSGSBASE, EXC_UD },
		{ "rdrand", 16, "0f c7 f0", 0, NONE },
		{ "LOCK before rdrand", 64, "f0 0f c7 f0", 0, EXC_UD },
		{ "rdpid", 64, "f3 0f c7 f8", 0, NONE },
		{ "clwb of a register", 64, "66 0f ae f0", 0, EXC_UD },
		{ "movdiri is hidden", 64, "0f 38 f9 00", 0, EXC_UD },
		{ "a vector instruction is hidden", 64, "c5 f8 58 c0", 0, EXC_UD },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct box b;
		struct cpu_state *c = open_in(&b, rows[i].mode);

		c->cr4 |= rows[i].cr4;
		c->gpr[GPR_RAX] = BOX_DATA;
		model_changed(b.m);
		box_code(&b, BOX_CODE, rows[i].code);
		tap_eq(vector_of_run(&b), rows[i].vector, "%s", rows[i].name);
		box_close(&b);
	}
}

static void base_test(void)
{
	struct box b;
	struct cpu_state *c = open_in(&b, 64);

	c->cr4 |= CR4_FSGSBASE;
	c->gpr[GPR_RAX] = 0xffff800012345678;
	c->gpr[GPR_RCX] = 0x0000800000000000;
	model_changed(b.m);
	/* wrgsbase rax; rdgsbase ebx; wrfsbase ecx; wrfsbase rcx */
	box_code(&b, BOX_CODE, "f3 48 0f ae d8 f3 0f ae cb f3 0f ae d1 f3 48 0f ae d1");
	tap_eq(vector_of_run(&b), NONE, "wrgsbase");
	tap_eq(c->gs_base_msr, 0xffff800012345678, "wrgsbase: and the MSR");
	box_run(&b);
	tap_eq(c->gpr[GPR_RBX], 0x12345678, "rdgsbase of 32 bits");
	tap_eq(vector_of_run(&b), NONE, "wrfsbase of 32 bits takes the lower half");
	tap_eq(c->seg[SEG_FS].base, 0, "wrfsbase: zero-extended");
	tap_eq(vector_of_run(&b), EXC_GP, "wrfsbase of an address that is not canonical");
	box_close(&b);
}

static void rdtscp_test(void)
{
	struct box b;
	struct cpu_state *c = open_in(&b, 64);

	c->tsc = 0x1122334455667788;
	c->gpr[GPR_RCX] = 0xc0000103;
	c->gpr[GPR_RAX] = 0x99;
	/* wrmsr; rdtscp; rdpid rbx */
	box_code(&b, BOX_CODE, "0f 30 0f 01 f9 f3 0f c7 fb");
	tap_eq(vector_of_run(&b), NONE, "TSC_AUX is written");
	tap_eq(vector_of_run(&b), NONE, "rdtscp");
	tap_eq(c->gpr[GPR_RCX], 0x99, "rdtscp: TSC_AUX");
	tap_eq(c->gpr[GPR_RDX] << 32 | c->gpr[GPR_RAX], 0x1122334455667788, "rdtscp: the counter");
	box_run(&b);
	tap_eq(c->gpr[GPR_RBX], 0x99, "rdpid");
	c->rip = BOX_CODE + 2;
	c->cr4 |= CR4_TSD;
	c->seg[SEG_SS].attr |= 0x60;
	c->seg[SEG_CS].attr |= 0x60;
	model_changed(b.m);
	tap_eq(vector_of_run(&b), EXC_GP, "rdtscp in ring 3 under CR4.TSD");
	box_close(&b);
}

static u64 random_of_seed(u64 seed)
{
	struct box b;
	struct cpu_state *c = open_in(&b, 64);
	u64 v;

	model_seed(b.m, seed);
	c->rflags |= FL_ARITH;
	box_code(&b, BOX_CODE, "48 0f c7 f0 48 0f c7 fb");
	box_run(&b);
	tap_eq(c->rflags & FL_ARITH, FL_CF, "rdrand: CF alone");
	v = c->gpr[GPR_RAX];
	box_run(&b);
	tap_ok(c->gpr[GPR_RBX] != v, "rdseed goes on");
	box_close(&b);
	return v;
}

/* SDM volume 2, CLFLUSH: allowed where code only executes; the checks of a byte's load. */
static void flush_test(void)
{
	struct box b;
	struct cpu_state *c = open_in(&b, 32);

	c->seg[SEG_DS].attr = 0xc099;
	c->seg[SEG_DS].limit = BOX_DATA;
	c->gpr[GPR_RAX] = BOX_DATA;
	model_changed(b.m);
	box_code(&b, BOX_CODE, "0f ae 38 40 0f ae 38 8a 00");
	tap_eq(vector_of_run(&b), NONE, "clflush in a segment that only executes");
	box_run(&b);
	tap_eq(vector_of_run(&b), EXC_GP, "clflush beyond its limit");
	c->rip = BOX_CODE + 7;
	c->gpr[GPR_RAX] = BOX_DATA;
	tap_eq(vector_of_run(&b), EXC_GP, "a load from it");
	box_close(&b);
}

int main(void)
{
	rules_test();
	base_test();
	rdtscp_test();
	tap_eq(random_of_seed(1), random_of_seed(1), "the same seed, the same number");
	tap_ok(random_of_seed(1) != random_of_seed(2), "another seed, another");
	flush_test();
	return tap_done();
}
