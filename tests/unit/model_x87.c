/*
 * model_x87.c - what surrounds x87's arithmetic, by hand from the SDM: when #NM and #MF come, what the
 * environment looks like in memory, the pointers to the last instruction, stores that fault. Values are
 * the native test's affair (tests/native).
 */
#include "model/fpu.h"
#include "model_box.h"

enum { NONE = 0xff, STOPS = 0xfe };

static u8 outcome(struct box *b)
{
	switch (box_run(b)) {
	case EX_EVENT:
		return b->m->event.vector;
	case EX_MISSING:
		return STOPS;
	default:
		return NONE;
	}
}

/* SDM volume 3, "Interrupt 7 - Device Not Available Exception (#NM)", "Control Registers". */
static void control_bits_test(void)
{
	static const struct {
		const char *name, *code;
		u64 cr0;
		u8 want;
	} rows[] = {
		{ "fld1", "d9 e8", 0, NONE },
		{ "fld1 under EM", "d9 e8", CR0_EM, EXC_NM },
		{ "fld1 under TS", "d9 e8", CR0_TS, EXC_NM },
		{ "fld1 under MP", "d9 e8", CR0_MP, NONE },
		{ "fninit under TS", "db e3", CR0_TS, EXC_NM },
		{ "fnstsw under EM", "df e0", CR0_EM, EXC_NM },
		{ "fwait under TS", "9b", CR0_TS, NONE },
		{ "fwait under MP", "9b", CR0_MP, NONE },
		{ "fwait under TS and MP", "9b", CR0_TS | CR0_MP, EXC_NM },
		{ "fwait under EM", "9b", CR0_EM, NONE },
		{ "LOCK before fld1", "f0 d9 e8", 0, EXC_UD },
		{ "LOCK comes before EM", "f0 d9 00", CR0_EM, EXC_UD },
		{ "d9 d1 is no instruction", "d9 d1", 0, EXC_UD },
		{ "d9 /1 on memory is none", "d9 08", 0, EXC_UD },
		{ "feni does nothing", "db e0", 0, NONE },
		{ "fsetpm under TS", "db e4", CR0_TS, EXC_NM },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct box b;

		box_open(&b, 32);
		model_cpu(b.m)->cr0 |= rows[i].cr0;
		model_cpu(b.m)->gpr[GPR_RAX] = BOX_DATA;
		model_changed(b.m);
		box_code(&b, BOX_CODE, rows[i].code);
		tap_eq(outcome(&b), rows[i].want, "%s", rows[i].name);
		box_close(&b);
	}
}

/* A division by zero that is not masked, then `code`. */
static u8 pending_then(struct box *b, u64 cr0, const char *code)
{
	struct fpu *f;

	box_open(b, 64);
	f = fpu_of(b->m);
	model_cpu(b->m)->cr0 |= cr0;
	model_cpu(b->m)->gpr[GPR_RBX] = BOX_DATA;
	model_changed(b->m);
	f->fcw = 0x37b;
	/* fld1; fldz; fdivp */
	box_code(b, BOX_CODE, "d9 e8 d9 ee de f9");
	box_code(b, BOX_CODE + 6, code);
	for (unsigned i = 0; i < 3; i++)
		tap_eq(outcome(b), NONE, "%s: the instruction that raises retires", code);
	tap_eq(f->fsw & 0x80ff, 0x8084, "%s: ZE, ES and B", code);
	tap_eq(fpu_top(f), 6, "%s: an unmasked division by zero pops nothing", code);
	return outcome(b);
}

/* SDM volume 3, "Interrupt 16 - x87 FPU Floating-Point Error (#MF)"; volume 1, "x87 FPU Exception
 * Synchronization". */
static void pending_test(void)
{
	static const struct {
		const char *name, *code;
		u64 cr0;
		u8 want;
	} rows[] = {
		{ "fwait", "9b", CR0_NE, EXC_MF },
		{ "fld1", "d9 e8", CR0_NE, EXC_MF },
		{ "fldcw", "d9 2b", CR0_NE, EXC_MF },
		{ "fnop", "d9 d0", CR0_NE, EXC_MF },
		{ "ffree", "dd c0", CR0_NE, EXC_MF },
		{ "fnstsw waits for nothing", "df e0", CR0_NE, NONE },
		{ "fnclex waits for nothing", "db e2", CR0_NE, NONE },
		{ "fninit waits for nothing", "db e3", CR0_NE, NONE },
		{ "fnstenv waits for nothing", "d9 33", CR0_NE, NONE },
		{ "fnsave waits for nothing", "dd 33", CR0_NE, NONE },
		{ "fxsave waits for nothing", "0f ae 03", CR0_NE, NONE },
		{ "feni waits for nothing", "db e0", CR0_NE, NONE },
		{ "without NE the run stops with a sentence", "9b", 0, STOPS },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct box b;

		tap_eq(pending_then(&b, rows[i].cr0, rows[i].code), rows[i].want, "pending, %s",
		       rows[i].name);
		tap_eq(model_cpu(b.m)->rip, BOX_CODE + 6 + (rows[i].want == NONE ? strlen(rows[i].code) / 3 + 1 : 0),
		       "pending, %s: RIP", rows[i].name);
		box_close(&b);
	}
}

static void fnstenv_masks_test(void)
{
	struct box b;

	pending_then(&b, CR0_NE, "d9 33 9b");
	tap_eq(fpu_of(b.m)->fcw & 0x3f, 0x3f, "fnstenv masks all exceptions behind it");
	tap_eq(fpu_of(b.m)->fsw & 0x8080, 0, "and so none is pending");
	tap_eq((u16)box_get(&b, BOX_DATA), 0x37b, "the image has the masks of before");
	tap_eq(outcome(&b), NONE, "fwait passes");
	box_close(&b);
}

/* What FLDCW unmasks was met before it: the next that waits raises it. */
static void fldcw_unmasks_test(void)
{
	struct box b;

	box_open(&b, 64);
	model_cpu(b.m)->cr0 |= CR0_NE;
	model_cpu(b.m)->gpr[GPR_RBX] = BOX_DATA;
	model_changed(b.m);
	fpu_of(b.m)->fsw = 1;
	box_put(&b, BOX_DATA, 0xff7e);
	box_code(&b, BOX_CODE, "d9 2b d9 e8");
	tap_eq(outcome(&b), NONE, "fldcw that unmasks an invalid operation");
	tap_eq(fpu_of(b.m)->fcw, 0x1f7e, "bits that do not exist are not kept");
	tap_eq(fpu_of(b.m)->fsw, 0x8081, "ES and B follow");
	tap_eq(outcome(&b), EXC_MF, "the next one meets it");
	box_close(&b);
}

/* SDM volume 1, the figures "Protected Mode x87 FPU State Image in Memory" and "Real Mode ...", of both
 * sizes. */
static void layout_test(void)
{
	static const struct {
		const char *name;
		unsigned mode;
		const char *store, *load;
		u8 n;
		u8 image[28];
	} rows[] = {
		{ "16 bits, real", 16, "d9 37", "d9 27", 14,
		  { 0x7f, 0x03, 0x00, 0x38, 0xff, 0xbf, 0x45, 0x23, 0x23, 0x11, 0x89, 0x67, 0x00, 0x50 } },
		{ "32 bits, real", 16, "66 d9 37", "66 d9 27", 28,
		  { 0x7f, 0x03, 0xff, 0xff, 0x00, 0x38, 0xff, 0xff, 0xff, 0xbf, 0xff, 0xff, 0x45, 0x23,
		    0xff, 0xff, 0x23, 0x11, 0x00, 0x00, 0x89, 0x67, 0xff, 0xff, 0x00, 0x50, 0x00, 0x00 } },
		{ "16 bits, protected", 32, "66 d9 33", "66 d9 23", 14,
		  { 0x7f, 0x03, 0x00, 0x38, 0xff, 0xbf, 0x45, 0x23, 0x00, 0x00, 0x89, 0x67, 0x00, 0x00 } },
		{ "32 bits, protected", 32, "d9 33", "d9 23", 28,
		  { 0x7f, 0x03, 0xff, 0xff, 0x00, 0x38, 0xff, 0xff, 0xff, 0xbf, 0xff, 0xff, 0x45, 0x23,
		    0x01, 0x00, 0x00, 0x00, 0x23, 0x01, 0x89, 0x67, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff } },
		{ "64-bit mode", 64, "d9 33", "d9 23", 28,
		  { 0x7f, 0x03, 0xff, 0xff, 0x00, 0x38, 0xff, 0xff, 0xff, 0xbf, 0xff, 0xff, 0x45, 0x23,
		    0x01, 0x00, 0x00, 0x00, 0x23, 0x01, 0x89, 0x67, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff } },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const unsigned at = 0x6000; /* what 16 bits reach */
		struct fpu before, *f;
		struct box b;

		box_open(&b, rows[i].mode);
		f = fpu_of(b.m);
		model_cpu(b.m)->gpr[GPR_RBX] = at;
		f->fsw = 7 << 11;
		f->ftw = 0x80; /* R7 is ST(0): 1.0 with a significand that is not normal: special, 2 */
		f->st[0].significand = 1;
		f->st[0].exponent = 0x3fff;
		f->fip = 0x12345;
		f->fdp = 0x56789;
		f->fop = 0x123;
		memset(b.ram + at, 0xcc, 32);
		box_code(&b, BOX_CODE, rows[i].store);
		tap_eq(outcome(&b), NONE, "%s: fnstenv", rows[i].name);
		if (rows[i].mode == 16)
			tap_eq(model_cpu(b.m)->gpr[GPR_RBX], at, "%s: BX", rows[i].name);
		tap_mem(b.ram + at, rows[i].image, rows[i].n, "%s: the image", rows[i].name);
		tap_eq(b.ram[at + rows[i].n], 0xcc, "%s: and nothing behind it", rows[i].name);
		before = *f;
		fpu_init(f);
		box_code(&b, model_cpu(b.m)->rip, rows[i].load);
		tap_eq(outcome(&b), NONE, "%s: fldenv", rows[i].name);
		if (rows[i].mode != 32 || rows[i].n != 14) {
			before.fip &= rows[i].n == 14 ? 0xfffff : ~0ull;
			tap_ok(f->fip == before.fip && f->fdp == before.fdp && f->fop == before.fop,
			       "%s: the pointers come back", rows[i].name);
		}
		tap_ok(f->ftw == before.ftw && f->fsw == before.fsw, "%s: status and tags come back",
		       rows[i].name);
		tap_ok(!memcmp(f->st, before.st, sizeof(f->st)), "%s: the registers stay where they are",
		       rows[i].name);
		box_close(&b);
	}
}

static void pointers_test(void)
{
	struct fpu *f;
	struct box b;

	box_open(&b, 64);
	f = fpu_of(b.m);
	model_cpu(b.m)->gpr[GPR_RBX] = BOX_DATA;
	model_cpu(b.m)->seg[SEG_FS].base = 0x100;
	/* fld1; fadd dword fs:[rbx+8]; fnstsw ax; fxch */
	box_code(&b, BOX_CODE, "d9 e8 64 d8 43 08 df e0 d9 c9");
	box_run(&b);
	tap_eq(f->fop, 0x1e8, "the opcode's 11 bits");
	tap_eq(f->fip, BOX_CODE, "and where it was");
	box_run(&b);
	tap_eq(f->fip, BOX_CODE + 2, "a prefix belongs to it");
	tap_eq(f->fdp, BOX_DATA + 8, "the operand's offset, without its segment's base");
	tap_eq(f->fop, 0x043, "d8 43");
	box_run(&b);
	tap_eq(f->fip, BOX_CODE + 2, "control instructions do not count");
	box_run(&b);
	tap_eq(f->fop, 0x1c9, "fxch does");
	box_close(&b);
}

/* A store that faults: registers, stack and flags as they were. */
static void store_fault_test(void)
{
	struct fpu before, *f;
	struct box b;

	box_open(&b, 32);
	f = fpu_of(b.m);
	model_cpu(b.m)->seg[SEG_DS].limit = BOX_DATA + 3;
	model_cpu(b.m)->gpr[GPR_RBX] = BOX_DATA;
	model_changed(b.m);
	box_code(&b, BOX_CODE, "d9 eb dd 1b db 3b d9 1b");
	box_run(&b);
	before = *f;
	tap_eq(outcome(&b), EXC_GP, "fstp qword beyond the limit");
	tap_mem(f, &before, sizeof(before), "nothing has changed");
	model_cpu(b.m)->rip += 2;
	tap_eq(outcome(&b), EXC_GP, "fstp of ten bytes beyond it");
	tap_eq((u32)box_get(&b, BOX_DATA), 0, "not a byte is stored");
	model_cpu(b.m)->rip += 2;
	tap_eq(outcome(&b), NONE, "fstp dword inside");
	tap_eq((u32)box_get(&b, BOX_DATA), 0x40490fdb, "pi as a float");
	tap_eq(f->fsw & 0x3f, 0x20, "is not exact");
	box_close(&b);
}

static void save_test(void)
{
	struct fpu before, *f;
	struct box b;

	box_open(&b, 64);
	f = fpu_of(b.m);
	model_cpu(b.m)->gpr[GPR_RBX] = BOX_DATA;
	/* fldpi; fld1; fnsave [rbx]; frstor [rbx] */
	box_code(&b, BOX_CODE, "d9 eb d9 e8 dd 33 dd 23");
	box_run(&b);
	box_run(&b);
	before = *f;
	tap_eq(outcome(&b), NONE, "fnsave");
	tap_ok(f->fcw == 0x37f && !f->fsw && !f->ftw && !f->fip && !f->fdp && !f->fop,
	       "fnsave leaves what fninit does");
	tap_eq(box_get(&b, BOX_DATA + 28), 0x8000000000000000, "ST(0) comes first");
	tap_eq(outcome(&b), NONE, "frstor");
	tap_mem(f, &before, 32 + 32, "all is back");
	box_close(&b);
}

/* SDM volume 2, FCOMI: OF, SF and AF are cleared; the others are the comparison. */
static void fcomi_test(void)
{
	struct box b;

	box_open(&b, 64);
	model_cpu(b.m)->rflags |= FL_ARITH | FL_DF;
	/* fldz; fld1; fcomi; fucomip st(7): empty */
	box_code(&b, BOX_CODE, "d9 ee d9 e8 db f1 df ef");
	for (unsigned i = 0; i < 3; i++)
		box_run(&b);
	tap_eq(model_cpu(b.m)->rflags, FL_FIXED | FL_DF, "fcomi of the greater");
	box_run(&b);
	tap_eq(model_cpu(b.m)->rflags & FL_ARITH, FL_ZF | FL_PF | FL_CF, "of an empty register: unordered");
	tap_eq(fpu_of(b.m)->fsw & 0x41, 0x41, "an invalid operation and a stack fault");
	box_close(&b);
}

int main(void)
{
	control_bits_test();
	pending_test();
	fnstenv_masks_test();
	fldcw_unmasks_test();
	layout_test();
	pointers_test();
	store_fault_test();
	save_test();
	fcomi_test();
	return tap_done();
}
