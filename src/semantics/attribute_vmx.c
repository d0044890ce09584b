/*
 * attribute_vmx.c - what a VM exit means (SDM 3 "VM Exits", "Basic VM-Exit Information", appendix
 * "VMX Basic Exit Reasons"). The soft model reports in the same fields.
 */
#include "semantics/attribute.h"

enum vmx_reason {
	EXIT_EXCEPTION = 0,
	EXIT_EXTERNAL_INTERRUPT = 1,
	EXIT_TRIPLE_FAULT = 2,
	EXIT_INTERRUPT_WINDOW = 7,
	EXIT_NMI_WINDOW = 8,
	EXIT_TASK_SWITCH = 9,
	EXIT_CPUID = 10,
	EXIT_GETSEC = 11,
	EXIT_HLT = 12,
	EXIT_INVD = 13,
	EXIT_INVLPG = 14,
	EXIT_RDPMC = 15,
	EXIT_RDTSC = 16,
	EXIT_VMCALL = 18,
	EXIT_VMCLEAR = 19,
	EXIT_VMXON = 27,
	EXIT_CR = 28,
	EXIT_DR = 29,
	EXIT_IO = 30,
	EXIT_RDMSR = 31,
	EXIT_WRMSR = 32,
	EXIT_MWAIT = 36,
	EXIT_MTF = 37,
	EXIT_MONITOR = 39,
	EXIT_PAUSE = 40,
	EXIT_TPR = 43,
	EXIT_APIC_ACCESS = 44,
	EXIT_GDTR = 46,
	EXIT_LDTR = 47,
	EXIT_EPT_VIOLATION = 48,
	EXIT_INVEPT = 50,
	EXIT_RDTSCP = 51,
	EXIT_PREEMPTION_TIMER = 52,
	EXIT_INVVPID = 53,
	EXIT_WBINVD = 54,
	EXIT_XSETBV = 55,
	EXIT_RDRAND = 57,
	EXIT_INVPCID = 58,
	EXIT_VMFUNC = 59,
	EXIT_RDSEED = 61,
};
enum { REASON_ENTRY_FAILURE = 1u << 31, INTR_VALID = 1u << 31 };

/*
 * The next boundary, told by the processor itself. Nothing retired if an event came first: then RIP
 * is not behind the instruction though that cannot branch, or its class says that it faults.
 */
static s8 retired_mtf(const struct report *r)
{
	struct insn_event ev;
	s8 n = report_retired_step(r);

	if (insn_event(r->before, r->armed, &ev))
		return ev.fault ? 0 : 1;
	return n == 1; /* a MOV SS that is 2 under TF did not complete here: MTF knows no shadow */
}

/* At an MTF exit a trap of the same boundary stays in pending debug exceptions: a report to come.
 */
static void attribute_mtf(const struct report *r, struct verdict *v)
{
	verdict_add(v, CAUSE_MTF);
	v->retired = retired_mtf(r);
}

/* The exit qualification has DR6's layout, every bit positive. No BT: task switches always exit. */
static void attribute_db(const struct report *r, u64 qualification, struct verdict *v)
{
	const u64 mask = DR6_BN | DR6_BLD | DR6_BD | DR6_BS | DR6_RTM;

	if (!attribute_db_bits(r, qualification & mask, 0, v))
		attribute_db_unknown(r, v);
}

/* Type 5 says ICEBP, nothing else does (CVE-2018-1087). Never BS; a Bn is one a MOV SS deferred. */
static void attribute_type5(const struct report *r, u64 qualification, struct verdict *v)
{
	attribute_db_bits(r, qualification & DR6_BN, 0, v);
	attribute_icebp(r, PROOF_SEEN, v);
}

static void attribute_exception(const struct report *r, const struct vmx_evidence *ev,
				struct verdict *v)
{
	u8 vector = ev->intr_info, type = ev->intr_info >> 8 & 7;

	if (!(ev->intr_info & INTR_VALID)) {
		verdict_add(v, CAUSE_ERROR);
	} else if (type == INTR_NMI) {
		verdict_add(v, CAUSE_INTERRUPT); /* how the shim's attention is called for */
		v->retired = report_retired_fault(r);
	} else if (type == INTR_PRIV_SOFT_EXC && vector == EXC_DB) {
		attribute_type5(r, ev->qualification, v);
	} else if (type == INTR_HARD_EXC && vector == EXC_DB) {
		attribute_db(r, ev->qualification, v);
	} else if (type == INTR_SOFT_EXC && vector == EXC_BP) {
		attribute_int3(r, PROOF_SEEN, v);
	} else {
		verdict_add(v, CAUSE_EXCEPTION);
		v->retired = report_retired_fault(r);
		verdict_owe(v, vector, type, 0);
	}
}

/* Instructions somebody has to emulate: the exit is no stop, the boundary behind it is owed. */
static bool is_instruction_exit(u32 reason)
{
	switch (reason) {
	case EXIT_CPUID:
	case EXIT_INVD:
	case EXIT_INVLPG:
	case EXIT_RDPMC:
	case EXIT_RDTSC:
	case EXIT_VMCALL:
	case EXIT_CR:
	case EXIT_DR:
	case EXIT_IO:
	case EXIT_RDMSR:
	case EXIT_WRMSR:
	case EXIT_MWAIT:
	case EXIT_MONITOR:
	case EXIT_PAUSE:
	case EXIT_RDTSCP:
	case EXIT_WBINVD:
	case EXIT_XSETBV:
	case EXIT_RDRAND:
	case EXIT_INVPCID:
	case EXIT_RDSEED:
	case EXIT_HLT:
	case EXIT_GDTR:
	case EXIT_LDTR:
		return true;
	default:
		return false;
	}
}

/* VMX instructions exit always; a guest without VMX gets #UD for them, not a skip. */
static bool is_vmx_instruction(u32 reason)
{
	return (reason >= EXIT_VMCLEAR && reason <= EXIT_VMXON) || reason == EXIT_GETSEC ||
	       reason == EXIT_INVEPT || reason == EXIT_INVVPID || reason == EXIT_VMFUNC;
}

/* No stop: served, then resumed. */
static bool is_service_exit(u32 reason)
{
	switch (reason) {
	case EXIT_EXTERNAL_INTERRUPT:
	case EXIT_INTERRUPT_WINDOW:
	case EXIT_NMI_WINDOW:
	case EXIT_TASK_SWITCH:
	case EXIT_TPR:
	case EXIT_APIC_ACCESS:
	case EXIT_EPT_VIOLATION:
	case EXIT_PREEMPTION_TIMER:
		return true;
	default:
		return is_vmx_instruction(reason);
	}
}

void attribute_vmx(const struct boundary *before, const struct armed *armed,
		   const struct vmx_evidence *ev, const struct landing *after, struct verdict *ret)
{
	const struct report r = { before, armed, after };

	verdict_begin(ret);
	ret->retired = report_stepping(&r) && report_same_rip(&r) ? 0 : -1;
	if (ev->reason == EXIT_EXCEPTION) {
		attribute_exception(&r, ev, ret);
	} else if (ev->reason == EXIT_MTF) {
		attribute_mtf(&r, ret);
	} else if (is_instruction_exit(ev->reason)) {
		if (ev->reason == EXIT_HLT)
			verdict_add(ret, CAUSE_HLT);
		ret->skip = SKIP_KIND_OUTER;
	} else if (!is_service_exit(ev->reason)) {
		verdict_add(ret, ev->reason == EXIT_TRIPLE_FAULT ? CAUSE_SHUTDOWN : CAUSE_ERROR);
	}
	verdict_end(ret);
}
