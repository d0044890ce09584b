/*
 * tf.c - whose trap flag it is: what an instruction does to the guest's own TF, and where the
 * debugger's would show (K5, K6, K7).
 */
#include <vmstep/semantics.h>

/*
 * One row a class that matters; a class without a row keeps TF and shows it nowhere.
 *
 * rearm: the processor or KVM rewrites RFLAGS, so that the debugger's TF is gone afterwards (K3).
 * may_lose: no single-step trap need follow this instruction: SYSCALL is judged on the resulting TF
 * (K7), SYSRET restores it from R11, and the delivery of an event clears it (K17; SDM 3
 * "Single-Step Exception Condition").
 */
static const struct tf_plan plans[INSN_CLASS_COUNT] = {
	[INSN_ICEBP] = { TF_CLEAR, TF_IMAGE_FRAME, true, true },
	[INSN_INT3] = { TF_CLEAR, TF_IMAGE_FRAME, true, true },
	[INSN_INTN] = { TF_CLEAR, TF_IMAGE_FRAME, true, true },
	[INSN_INTO] = { TF_CLEAR, TF_IMAGE_FRAME, true, true },
	[INSN_INVALID] = { TF_CLEAR, TF_IMAGE_FRAME, true, true },
	[INSN_UD] = { TF_CLEAR, TF_IMAGE_FRAME, true, true },
	[INSN_PUSHF] = { TF_KEEP, TF_IMAGE_PUSHF, false, false },
	[INSN_POPF] = { TF_FROM_IMAGE, TF_IMAGE_NONE, true, false },
	[INSN_IRET] = { TF_FROM_IMAGE, TF_IMAGE_NONE, true, false },
	[INSN_SYSCALL] = { TF_FROM_FMASK, TF_IMAGE_R11, true, true },
	[INSN_SYSRET] = { TF_FROM_R11, TF_IMAGE_NONE, true, true },
	/* K3, K4: done by KVM's emulator or after an exit to userspace. */
	[INSN_IN] = { TF_KEEP, TF_IMAGE_NONE, true, false },
	[INSN_OUT] = { TF_KEEP, TF_IMAGE_NONE, true, false },
	[INSN_HLT] = { TF_KEEP, TF_IMAGE_NONE, true, false },
};

void tf_plan_for(const struct insn_facts *insn, struct tf_plan *ret)
{
	*ret = insn->cls < INSN_CLASS_COUNT ? plans[insn->cls] : plans[INSN_OTHER];
	if (insn->flags & INSNF_FAR)
		ret->rearm = true; /* a task switch loads RFLAGS from the new TSS */
}

bool tf_guest_after(enum tf_after after, bool before, u64 image)
{
	switch (after) {
	case TF_CLEAR:
		return false;
	case TF_FROM_IMAGE:
	case TF_FROM_R11:
		return image & FL_TF;
	case TF_FROM_FMASK:
		return before && !(image & FL_TF);
	default:
		return before;
	}
}
