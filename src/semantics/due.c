/*
 * due.c - the order of what is due at one boundary (SDM 3 "Priority Among Concurrent Events",
 * "Monitor Trap Flag") and what holds it back.
 */
#include <vmstep/semantics.h>

static const char *const due_names[DUE_COUNT] = {
	[DUE_RESET_MC] = "reset or machine check",
	[DUE_TBIT] = "task-switch trap",
	[DUE_SMI_INIT] = "SMI or INIT",
	[DUE_MTF] = "monitor trap flag",
	[DUE_TRAP] = "trap of the previous instruction",
	[DUE_PREEMPTION_TIMER] = "VMX-preemption timer",
	[DUE_NMI] = "NMI",
	[DUE_INTERRUPT] = "external interrupt",
	[DUE_CODE_BP] = "code breakpoint",
	[DUE_FETCH_FAULT] = "fault of the fetch",
	[DUE_DECODE_FAULT] = "fault of the decoding",
	[DUE_EXEC_FAULT] = "fault of the execution",
};

const char *due_name(enum due d)
{
	return (unsigned)d < DUE_COUNT ? due_names[d] : "nothing";
}

enum due due_first(u32 mask)
{
	for (unsigned d = 0; d < DUE_COUNT; d++)
		if (mask & DUE_BIT(d))
			return d;
	return DUE_NONE;
}

u32 due_held(u32 mask, const struct due_masks *m)
{
	u32 held = 0;

	/* SDM 3 "Masking Exceptions and Interrupts When Switching Stacks". */
	if (m->shadow & SHADOW_MOV_SS)
		held |= DUE_BIT(DUE_TRAP) | DUE_BIT(DUE_CODE_BP) | DUE_BIT(DUE_NMI) |
			DUE_BIT(DUE_INTERRUPT);
	if ((m->shadow & SHADOW_STI) || !m->if_flag)
		held |= DUE_BIT(DUE_INTERRUPT);
	if (m->nmi_blocked)
		held |= DUE_BIT(DUE_NMI);
	if (m->rf) /* SDM 3 "Instruction-Breakpoint Exception Condition" */
		held |= DUE_BIT(DUE_CODE_BP);
	return mask & held;
}
