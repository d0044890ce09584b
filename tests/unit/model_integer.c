/*
 * model_integer.c - the integer instructions of the model against values worked out by hand from
 * the SDM's pseudo code (volume 2): first those that KVM on a machine of ours cannot show.
 */
#include "model_box.h"

struct row {
	const char *name;
	unsigned mode;
	const char *code;
	u64 rax, rcx, rdx, flags; /* before */
	u64 want_rax, want_rdx;
	u64 want_flags; /* of those in `mask` */
	u64 mask;
};

#define ALL FL_ARITH
static const struct row rows[] = {
	/* SDM volume 2, AAA, AAS, AAM, AAD, DAA, DAS. */
	{ "aaa adjusts", 32, "37", 0x000b, 0, 0, 0, 0x0101, 0, FL_AF | FL_CF, FL_AF | FL_CF },
	{ "aaa by AF", 32, "37", 0x02f5, 0, 0, FL_AF, 0x030b, 0, FL_AF | FL_CF, FL_AF | FL_CF },
	{ "aaa leaves", 32, "37", 0x0375, 0, 0, FL_CF, 0x0305, 0, 0, FL_AF | FL_CF },
	{ "aas adjusts", 32, "3f", 0x020c, 0, 0, 0, 0x0106, 0, FL_AF | FL_CF, FL_AF | FL_CF },
	{ "aas borrows from AH", 32, "3f", 0x0103, 0, 0, FL_AF, 0xff0d, 0, FL_AF | FL_CF,
	  FL_AF | FL_CF },
	{ "aam", 32, "d4 0a", 0xff4f, 0, 0, 0, 0x0709, 0, FL_PF, FL_SF | FL_ZF | FL_PF },
	{ "aam of base 7", 32, "d4 07", 0x0031, 0, 0, 0, 0x0700, 0, FL_ZF | FL_PF,
	  FL_SF | FL_ZF | FL_PF },
	{ "aad", 32, "d5 0a", 0x0709, 0, 0, 0, 0x004f, 0, 0, FL_SF | FL_ZF | FL_PF },
	{ "daa of 79+35", 32, "27", 0xae, 0, 0, 0, 0x14, 0, FL_PF | FL_AF | FL_CF, ALL & ~FL_OF },
	{ "daa by CF", 32, "27", 0x10, 0, 0, FL_CF, 0x70, 0, FL_CF, ALL & ~FL_OF },
	{ "das of 35-47", 32, "2f", 0xee, 0, 0, FL_CF | FL_AF, 0x88, 0,
	  FL_SF | FL_PF | FL_AF | FL_CF, ALL & ~FL_OF },
	{ "das borrows in its first step", 32, "2f", 0x02, 0, 0, FL_AF, 0xfc, 0,
	  FL_SF | FL_PF | FL_AF | FL_CF, ALL & ~FL_OF },
	/* SDM volume 2, RCL, RCR: a ring of one bit more. */
	{ "rcl al,9 is nothing", 32, "c0 d0 09", 0x5a, 0, 0, FL_CF, 0x5a, 0, FL_CF, FL_CF },
	{ "rcl al,1", 32, "d0 d0", 0x80, 0, 0, FL_CF, 0x01, 0, FL_CF | FL_OF, FL_CF | FL_OF },
	{ "rcr al,1", 32, "d0 d8", 0x01, 0, 0, FL_CF, 0x80, 0, FL_CF | FL_OF, FL_CF | FL_OF },
	{ "rcl ax,17 is nothing", 32, "66 c1 d0 11", 0x1234, 0, 0, 0, 0x1234, 0, 0, FL_CF },
	{ "rcr rax,cl", 64, "48 d3 d8", 3, 2, 0, 0, 0x8000000000000000, 0, FL_CF, FL_CF },
	{ "a count of 32 is 0", 32, "c1 e0 20", 0x1234, 0, 0, ALL, 0x1234, 0, ALL, ALL },
	{ "shl al,8: CF is bit 0", 32, "c0 e0 08", 0x01, 0, 0, 0, 0, 0, FL_CF | FL_ZF | FL_PF,
	  FL_CF | FL_ZF | FL_PF },
	{ "shl al,9: CF is 0", 32, "c0 e0 09", 0xff, 0, 0, FL_CF, 0, 0, 0, FL_CF },
	{ "sar eax,1 has no OF", 32, "d1 f8", 0x80000001, 0, 0, FL_OF, 0xc0000000, 0,
	  FL_CF | FL_SF | FL_PF, FL_CF | FL_OF | FL_SF | FL_ZF | FL_PF },
	{ "shld", 32, "0f a4 d0 04", 0x12345678, 0, 0xabcdef01, 0, 0x2345678a, 0xabcdef01, FL_CF,
	  FL_CF },
	{ "shrd", 32, "0f ac d0 04", 0x12345678, 0, 0xabcdef01, 0, 0x11234567, 0xabcdef01, FL_CF,
	  FL_CF },
	/* SDM volume 2, MUL, IMUL, DIV, IDIV. */
	{ "mul cl", 32, "f6 e1", 0xff, 0xff, 0, 0, 0xfe01, 0, FL_CF | FL_OF, FL_CF | FL_OF },
	{ "imul cl fits", 32, "f6 e9", 0xff, 0xff, 0, FL_CF, 1, 0, 0, FL_CF | FL_OF },
	{ "mul rcx", 64, "48 f7 e1", ~0ull, ~0ull, 0, 0, 1, ~1ull, FL_CF | FL_OF, FL_CF | FL_OF },
	{ "imul eax,ecx,-2 clears the upper half", 64, "6b c1 fe", ~0ull, 3, 0, 0, 0xfffffffa, 0, 0,
	  FL_CF | FL_OF },
	{ "div ecx", 32, "f7 f1", 7, 2, 0, 0, 3, 1, 0, 0 },
	{ "idiv rcx", 64, "48 f7 f9", -7ull, 2, ~0ull, 0, -3ull, ~0ull, 0, 0 },
	/* SDM volume 2, CBW and its kin, BSWAP, MOVSXD, LAHF, CMOVcc. */
	{ "cbw", 64, "66 98", 0x1180, 0, 0, 0, 0xff80, 0, 0, 0 },
	{ "cdqe", 64, "48 98", 0x80000000, 0, 0, 0, 0xffffffff80000000, 0, 0, 0 },
	{ "cwd", 64, "66 99", 0x8000, 0, 0x5555000011112222, 0, 0x8000, 0x555500001111ffff, 0, 0 },
	{ "bswap", 64, "48 0f c8", 0x0102030405060708, 0, 0, 0, 0x0807060504030201, 0, 0, 0 },
	{ "lahf", 64, "9f", 0, 0, 0, FL_SF | FL_CF, 0x8300, 0, 0, 0 },
	{ "cmov not taken clears the upper half", 64, "0f 44 c1", ~0ull, 1, 0, 0, 0xffffffff, 0, 0,
	  0 },
	{ "adc with carry over the top", 32, "11 c8", 0xffffffff, 0, 0, FL_CF, 0, 0,
	  FL_CF | FL_ZF | FL_AF | FL_PF, ALL },
	{ "sbb with borrow", 32, "19 c8", 0, 0xffffffff, 0, FL_CF, 0, 0,
	  FL_CF | FL_ZF | FL_AF | FL_PF, ALL },
	{ "neg of the most negative", 32, "f6 d8", 0x80, 0, 0, 0, 0x80, 0, FL_CF | FL_SF | FL_OF,
	  ALL },
	{ "inc leaves CF", 32, "40", 0x7fffffff, 0, 0, FL_CF, 0x80000000, 0,
	  FL_CF | FL_SF | FL_OF | FL_AF | FL_PF, ALL },
	{ "xadd of a register with itself", 32, "0f c1 c0", 3, 0, 0, 0, 6, 0, FL_PF, ALL },
	{ "cmpxchg that differs loads", 32, "0f b1 d1", 1, 2, 9, 0, 2, 9,
	  FL_CF | FL_SF | FL_AF | FL_PF, ALL },
	{ "cmpxchg that differs leaves a register whole", 64, "0f b1 ca", 1, 0, 0xffffffff00000002,
	  0, 2, 0xffffffff00000002, FL_CF | FL_SF | FL_AF | FL_PF, ALL },
	{ "f3 90 with REX.B is xchg", 64, "f3 41 90", ~0ull, 0, 0, 0, 0, 0, 0, 0 },
	{ "pause", 64, "f3 90", 5, 0, 0, 0, 5, 0, 0, 0 },
	{ "a SIB base of 5 with mod 0 is none, R13D neither", 64, "67 41 8d 04 25 78 56 34 12", 0,
	  0, 0, 0, 0x12345678, 0, 0, 0 },
	{ "salc", 32, "d6", 0, 0, 0, FL_CF, 0xff, 0, FL_CF, FL_CF },
};

static void row_run(const struct row *r)
{
	struct box b;
	struct cpu_state *c;

	box_open(&b, r->mode);
	c = model_cpu(b.m);
	box_code(&b, BOX_CODE, r->code);
	c->gpr[GPR_RAX] = r->rax;
	c->gpr[GPR_RCX] = r->rcx;
	c->gpr[GPR_RDX] = r->rdx;
	c->rflags = FL_FIXED | r->flags;
	if (tap_eq(box_run(&b), EX_DONE, "%s: runs", r->name)) {
		tap_eq(c->gpr[GPR_RAX], r->want_rax, "%s: rax", r->name);
		tap_eq(c->gpr[GPR_RDX], r->want_rdx, "%s: rdx", r->name);
		tap_eq(c->rflags & r->mask, r->want_flags, "%s: flags", r->name);
	}
	box_close(&b);
}

/* SDM volume 2, REP: a fault restores the flags of before, RCX and the indexes stay where it came.
 */
static void compare_fault_test(void)
{
	struct cpu_state *c;
	struct box b;

	box_open(&b, 32);
	c = model_cpu(b.m);
	box_code(&b, BOX_CODE, "f3 a6");
	c->seg[SEG_ES].limit = BOX_DATA + 1;
	c->gpr[GPR_RSI] = c->gpr[GPR_RDI] = BOX_DATA;
	c->gpr[GPR_RCX] = 5;
	c->rflags = FL_FIXED | FL_CF | FL_OF;
	model_changed(b.m);
	tap_eq(box_run(&b), EX_REPEAT, "repe cmpsb: an iteration");
	tap_eq(c->rflags & FL_ARITH, FL_ZF | FL_PF, "leaves its flags");
	tap_eq(box_run(&b), EX_REPEAT, "and another");
	tap_eq(box_run(&b), EX_EVENT, "the third faults");
	tap_eq(b.m->event.vector, EXC_GP, "by the limit of ES");
	tap_eq(c->rflags & FL_ARITH, FL_CF | FL_OF,
	       "the flags are those of before the instruction");
	tap_eq(c->gpr[GPR_RCX], 3, "two iterations are counted");
	tap_eq(c->gpr[GPR_RDI], BOX_DATA + 2, "and passed");
	box_close(&b);
}

/* SDM volume 2, ENTER: frame pointers of the enclosing levels are copied. */
static void enter_test(void)
{
	struct cpu_state *c;
	struct box b;

	box_open(&b, 32);
	c = model_cpu(b.m);
	box_code(&b, BOX_CODE, "c8 10 00 03");
	c->gpr[GPR_RBP] = 0x9000;
	box_put(&b, 0x9000 - 8, 0x2222222211111111);
	tap_eq(box_run(&b), EX_DONE, "enter 16, 3");
	tap_eq(c->gpr[GPR_RBP], BOX_STACK - 4, "enter: the new frame");
	tap_eq(c->gpr[GPR_RSP], BOX_STACK - 4 - 12 - 16,
	       "enter: room for three pointers and 16 bytes");
	tap_eq((u32)box_get(&b, BOX_STACK - 4), 0x9000, "enter: the old frame pointer");
	tap_eq((u32)box_get(&b, BOX_STACK - 8), 0x22222222, "enter: the first level's");
	tap_eq((u32)box_get(&b, BOX_STACK - 12), 0x11111111, "enter: the second's");
	tap_eq((u32)box_get(&b, BOX_STACK - 16), BOX_STACK - 4, "enter: its own");
	box_code(&b, BOX_CODE + 4, "c9");
	tap_eq(box_run(&b), EX_DONE, "leave");
	tap_ok(c->gpr[GPR_RBP] == 0x9000 && c->gpr[GPR_RSP] == BOX_STACK, "leave undoes it");
	box_close(&b);
}

/* SDM volume 2, PUSH: a segment register is 16 bits of a 32-bit place. */
static void push_segment_test(void)
{
	struct cpu_state *c;
	struct box b;

	box_open(&b, 32);
	c = model_cpu(b.m);
	box_code(&b, BOX_CODE, "0e");
	box_put(&b, BOX_STACK - 4, 0xdddddddd);
	box_run(&b);
	tap_eq((u32)box_get(&b, BOX_STACK - 4), 0xdddd0008,
	       "push cs leaves the upper half of its place");
	tap_eq(c->gpr[GPR_RSP], BOX_STACK - 4, "and takes it whole");
	box_close(&b);
}

/* The stack pointer as a base: PUSH reads with the old, POP writes with the new (SDM volume 2). */
static void stack_base_test(void)
{
	struct cpu_state *c;
	struct box b;

	box_open(&b, 32);
	c = model_cpu(b.m);
	box_code(&b, BOX_CODE, "ff 34 24 8f 44 24 08 54 5c");
	box_put(&b, BOX_STACK, 0x77);
	box_run(&b);
	tap_eq((u32)box_get(&b, BOX_STACK - 4), 0x77, "push [esp]");
	box_run(&b);
	tap_eq((u32)box_get(&b, BOX_STACK + 8), 0x77, "pop [esp+8] counts from behind the pop");
	box_run(&b);
	tap_eq((u32)box_get(&b, BOX_STACK - 4), BOX_STACK, "push esp stores the value before");
	box_run(&b);
	tap_eq(c->gpr[GPR_RSP], BOX_STACK, "pop esp");
	box_close(&b);
}

/* What is not there, and what comes before it. */
static void absent_test(void)
{
	static const struct {
		const char *name, *code;
		u64 cr0;
		u8 vector;
	} rows[] = {
		{ "ud2", "0f 0b", 0, EXC_UD },
		{ "lock with a register", "f0 01 c0", 0, EXC_UD },
		{ "lock before mov cr", "f0 0f 20 c0", 0, EXC_UD },
		{ "fwait under TS and MP", "9b", CR0_TS | CR0_MP, EXC_NM },
		{ "bound outside", "62 06", 0, EXC_BR },
		{ "div by 0", "f7 f1", 0, EXC_DE },
		{ "idiv of the most negative", "f6 f9", 0, EXC_DE },
		{ "aam 0", "d4 00", 0, EXC_DE },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct box b;

		box_open(&b, 32);
		model_cpu(b.m)->cr0 |= rows[i].cr0;
		model_cpu(b.m)->gpr[GPR_RAX] = 0x8000;
		model_cpu(b.m)->gpr[GPR_RSI] = BOX_DATA;
		if (!strcmp(rows[i].code, "f6 f9"))
			model_cpu(b.m)->gpr[GPR_RCX] = 0xff;
		model_changed(b.m);
		box_code(&b, BOX_CODE, rows[i].code);
		tap_eq(box_run(&b) == EX_EVENT ? b.m->event.vector : 0xff, rows[i].vector, "%s",
		       rows[i].name);
		box_close(&b);
	}
}

int main(void)
{
	compare_fault_test();
	enter_test();
	push_segment_test();
	stack_base_test();
	absent_test();
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		row_run(&rows[i]);
	return tap_done();
}
