/* names.c - names of exits, shadows and policies, one table each. */
#include <linux/kvm.h>
#include "put.h"

/* kvm/api.rst, "The kvm_run structure". Those that x86 can give. */
static const struct {
	u32 reason;
	const char *name;
} kvm_exits[] = {
	{ KVM_EXIT_UNKNOWN, "KVM_EXIT_UNKNOWN" },
	{ KVM_EXIT_EXCEPTION, "KVM_EXIT_EXCEPTION" },
	{ KVM_EXIT_IO, "KVM_EXIT_IO" },
	{ KVM_EXIT_HYPERCALL, "KVM_EXIT_HYPERCALL" },
	{ KVM_EXIT_DEBUG, "KVM_EXIT_DEBUG" },
	{ KVM_EXIT_HLT, "KVM_EXIT_HLT" },
	{ KVM_EXIT_MMIO, "KVM_EXIT_MMIO" },
	{ KVM_EXIT_IRQ_WINDOW_OPEN, "KVM_EXIT_IRQ_WINDOW_OPEN" },
	{ KVM_EXIT_SHUTDOWN, "KVM_EXIT_SHUTDOWN" },
	{ KVM_EXIT_FAIL_ENTRY, "KVM_EXIT_FAIL_ENTRY" },
	{ KVM_EXIT_INTR, "KVM_EXIT_INTR" },
	{ KVM_EXIT_SET_TPR, "KVM_EXIT_SET_TPR" },
	{ KVM_EXIT_TPR_ACCESS, "KVM_EXIT_TPR_ACCESS" },
	{ KVM_EXIT_NMI, "KVM_EXIT_NMI" },
	{ KVM_EXIT_INTERNAL_ERROR, "KVM_EXIT_INTERNAL_ERROR" },
	{ KVM_EXIT_SYSTEM_EVENT, "KVM_EXIT_SYSTEM_EVENT" },
	{ KVM_EXIT_IOAPIC_EOI, "KVM_EXIT_IOAPIC_EOI" },
	{ KVM_EXIT_HYPERV, "KVM_EXIT_HYPERV" },
	{ KVM_EXIT_X86_RDMSR, "KVM_EXIT_X86_RDMSR" },
	{ KVM_EXIT_X86_WRMSR, "KVM_EXIT_X86_WRMSR" },
	{ KVM_EXIT_X86_BUS_LOCK, "KVM_EXIT_X86_BUS_LOCK" },
};

const char *kvm_exit_name(u32 reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(kvm_exits); i++)
		if (kvm_exits[i].reason == reason)
			return kvm_exits[i].name;
	return "KVM_EXIT_?";
}

const char *shadow_text(u8 shadow)
{
	static const char *const names[] = { "none", "mov-ss", "sti", "sti+mov-ss" };

	return names[shadow & (SHADOW_MOV_SS | SHADOW_STI)];
}

/* SDM "Format of the VM-Exit Interruption-Information Field". */
const char *intr_type_text(u8 type)
{
	static const char *const names[] = {
		[INTR_EXTERNAL] = "external",   [INTR_NMI] = "nmi",
		[INTR_HARD_EXC] = "exception",  [INTR_SOFT_INT] = "int n",
		[INTR_PRIV_SOFT_EXC] = "icebp", [INTR_SOFT_EXC] = "int3",
		[INTR_OTHER] = "other",
	};

	return type < ARRAY_SIZE(names) && names[type] ? names[type] : "?";
}

const char *event_policy_text(u8 policy)
{
	static const char *const names[] = {
		[EVENT_AUTO] = "auto",
		[EVENT_DELIVER] = "deliver",
		[EVENT_SWALLOW] = "swallow",
	};

	return policy < ARRAY_SIZE(names) ? names[policy] : "?";
}
