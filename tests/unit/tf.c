/*
 * tf.c - what each class of instruction does to the guest's TF, where the debugger's would show, and
 * who has to arm it again (section 5; K3, K6, K7, K17).
 */
#include "tap.h"
#include <vmstep/semantics.h>

struct plan_row {
	const char *cite;
	u8 cls, after, image;
	bool rearm, may_lose;
};

/* One row a class, all of them. */
static const struct plan_row rows[] = {
	{ "plain", INSN_OTHER, TF_KEEP, TF_IMAGE_NONE, false, false },
	{ "K17: #UD, its handler without TF", INSN_INVALID, TF_CLEAR, TF_IMAGE_FRAME, true, true },
	{ "section 5: delivery clears TF; K6: frame", INSN_ICEBP, TF_CLEAR, TF_IMAGE_FRAME, true, true },
	{ "section 5: delivery clears TF; K6: frame", INSN_INT3, TF_CLEAR, TF_IMAGE_FRAME, true, true },
	{ "section 5: delivery clears TF; K6: frame", INSN_INTN, TF_CLEAR, TF_IMAGE_FRAME, true, true },
	{ "section 5: delivery clears TF; K6: frame", INSN_INTO, TF_CLEAR, TF_IMAGE_FRAME, true, true },
	{ "section 5: IRET loads TF, traps by the old one", INSN_IRET, TF_FROM_IMAGE, TF_IMAGE_NONE, true, false },
	{ "K6: PUSHF's image", INSN_PUSHF, TF_KEEP, TF_IMAGE_PUSHF, false, false },
	{ "section 5: POPF loads TF, traps by the old one", INSN_POPF, TF_FROM_IMAGE, TF_IMAGE_NONE, true, false },
	{ "discarded, not lost: the stop is one later", INSN_MOV_SS, TF_KEEP, TF_IMAGE_NONE, false, false },
	{ "section 5: STI suppresses nothing", INSN_STI, TF_KEEP, TF_IMAGE_NONE, false, false },
	{ "plain", INSN_CLI, TF_KEEP, TF_IMAGE_NONE, false, false },
	{ "K4: HLT", INSN_HLT, TF_KEEP, TF_IMAGE_NONE, true, false },
	{ "K3: emulator", INSN_IN, TF_KEEP, TF_IMAGE_NONE, true, false },
	{ "K3: emulator", INSN_OUT, TF_KEEP, TF_IMAGE_NONE, true, false },
	{ "plain", INSN_MOV_DR, TF_KEEP, TF_IMAGE_NONE, false, false },
	{ "plain", INSN_MOV_CR, TF_KEEP, TF_IMAGE_NONE, false, false },
	{ "K6: R11; K7: lost if FMASK has TF", INSN_SYSCALL, TF_FROM_FMASK, TF_IMAGE_R11, true, true },
	{ "section 5: TF from R11; section 11: SYSRET loses it", INSN_SYSRET, TF_FROM_R11, TF_IMAGE_NONE, true, true },
	{ "SDM 2 SYSENTER: TF stays", INSN_SYSENTER, TF_KEEP, TF_IMAGE_NONE, false, false },
	{ "SDM 2 SYSEXIT: TF stays", INSN_SYSEXIT, TF_KEEP, TF_IMAGE_NONE, false, false },
	{ "plain", INSN_RDMSR, TF_KEEP, TF_IMAGE_NONE, false, false },
	{ "plain", INSN_WRMSR, TF_KEEP, TF_IMAGE_NONE, false, false },
	{ "plain", INSN_CPUID, TF_KEEP, TF_IMAGE_NONE, false, false },
	{ "plain", INSN_VMX_EXIT, TF_KEEP, TF_IMAGE_NONE, false, false },
	{ "K17: #UD, its handler without TF", INSN_UD, TF_CLEAR, TF_IMAGE_FRAME, true, true },
};

static void check_plans(void)
{
	u32 seen = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct insn_facts f = { rows[i].cls, 1, 0 };
		struct tf_plan p;

		tf_plan_for(&f, &p);
		tap_ok(!(seen & BIT(rows[i].cls)), "class %u: has one row", rows[i].cls);
		seen |= BIT(rows[i].cls);
		tap_eq(p.after, rows[i].after, "class %u (%s): TF after", rows[i].cls, rows[i].cite);
		tap_eq(p.image, rows[i].image, "class %u (%s): image", rows[i].cls, rows[i].cite);
		tap_eq(p.rearm, rows[i].rearm, "class %u (%s): arm again", rows[i].cls, rows[i].cite);
		tap_eq(p.may_lose, rows[i].may_lose, "class %u (%s): step lost", rows[i].cls, rows[i].cite);
	}
	tap_eq(seen, BIT(INSN_CLASS_COUNT) - 1, "every class has a row");
}

static void check_far(void)
{
	struct insn_facts f = { INSN_OTHER, 5, INSNF_FAR | INSNF_BRANCH };
	struct tf_plan p;

	tf_plan_for(&f, &p);
	tap_ok(p.rearm, "SDM Task Switching: a far transfer may load RFLAGS");
	f.cls = INSN_CLASS_COUNT;
	f.flags = 0;
	tf_plan_for(&f, &p);
	tap_ok(!p.rearm && p.after == TF_KEEP, "a class that is none is plain");
}

/* before and image: all four, for each way TF comes about. */
static void check_after(void)
{
	static const struct {
		const char *cite;
		u8 after;
		bool want[4]; /* before=0 image=0, before=1 image=0, before=0 image=1, before=1 image=1 */
	} after[] = {
		{ "keep", TF_KEEP, { 0, 1, 0, 1 } },
		{ "section 5: delivery", TF_CLEAR, { 0, 0, 0, 0 } },
		{ "section 5: POPF, IRET", TF_FROM_IMAGE, { 0, 0, 1, 1 } },
		{ "SDM 2 SYSRET", TF_FROM_R11, { 0, 0, 1, 1 } },
		{ "SDM 2 SYSCALL: RFLAGS and not FMASK", TF_FROM_FMASK, { 0, 1, 0, 0 } },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(after); i++)
		for (unsigned c = 0; c < 4; c++)
			tap_eq(tf_guest_after(after[i].after, c & 1, c & 2 ? 0x3f7 | FL_TF : ~FL_TF),
			       after[i].want[c], "%s: before=%u image=%u", after[i].cite, c & 1, c >> 1);
}

int main(void)
{
	check_plans();
	check_far();
	check_after();
	return tap_done();
}
