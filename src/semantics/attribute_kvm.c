/*
 * attribute_kvm.c - what a return of KVM_RUN means (Linux Documentation/virt/kvm/api.rst,
 * KVM_SET_GUEST_DEBUG and "The kvm_run structure").
 */
#include "semantics/attribute.h"

/* kvm_run.exit_reason. linux/kvm.h is no freestanding header; the unit test compares. */
enum kvm_reason {
	REASON_IO = 2,
	REASON_HYPERCALL = 3,
	REASON_DEBUG = 4,
	REASON_HLT = 5,
	REASON_MMIO = 6,
	REASON_IRQ_WINDOW_OPEN = 7,
	REASON_SHUTDOWN = 8,
	REASON_FAIL_ENTRY = 9,
	REASON_INTR = 10,
	REASON_SET_TPR = 11,
	REASON_INTERNAL_ERROR = 17,
	REASON_IOAPIC_EOI = 26,
	REASON_X86_RDMSR = 29,
	REASON_X86_WRMSR = 30,
};
enum { SUBERROR_EMULATION = 1 };
enum { COMPLETED_INTR = 1, COMPLETED_DEBUG = 2 };

/* An ICEBP that comes with a watchpoint and nothing else: RIP has not left the F1, which touches no
 * memory, so that the watchpoint can only be one that a MOV SS deferred to here. */
static bool icebp_with_watch(const struct report *r, const struct verdict *v)
{
	const u32 data = CAUSE_BIT(CAUSE_WATCH) | CAUSE_BIT(CAUSE_UWATCH);

	return (v->causes & data) && !(v->causes & ~data) && report_same_rip(r) &&
	       !report_trap_held(r) && r->before->insn.cls == INSN_ICEBP;
}

/*
 * K1: an intercepted ICEBP looks like a #DB without a cause, RIP on the F1. K18: so does a bus lock
 * or RTM #DB whose next instruction is an F1, but then RIP has moved; while stepping that is told
 * apart, in a free run it is not.
 */
static void attribute_db(const struct report *r, const struct kvm_evidence *ev, struct verdict *v)
{
	bool counted = attribute_db_bits(r, ev->dr6 & DR6_CAUSE, ev->dr7, v);

	if (r->after->insn.cls == INSN_ICEBP) {
		bool bare = !counted && (!report_stepping(r) || report_same_rip(r));

		if (bare || (counted && icebp_with_watch(r, v))) {
			attribute_icebp(r, PROOF_DEDUCED, v);
			return;
		}
	}
	if (!counted)
		attribute_db_unknown(r, v);
}

static void attribute_debug(const struct report *r, const struct kvm_evidence *ev,
			    struct verdict *v)
{
	if (ev->exception == EXC_DB) {
		attribute_db(r, ev, v);
	} else if (ev->exception == EXC_BP) {
		attribute_int3(r, PROOF_SEEN, v);
	} else {
		verdict_add(v, CAUSE_EXCEPTION);
		v->retired = report_retired_fault(r);
	}
}

/* The instruction is done and the debugger's step with it; what KVM lost of the guest's own TF trap
 * on the way (K4, K5) is owed. */
static void attribute_emulated(const struct report *r, enum cause c, struct verdict *v)
{
	bool rep = (r->before->insn.flags & INSNF_REP) && report_same_rip(r);

	verdict_add(v, c);
	v->retired = !report_stepping(r) ? -1 : rep ? 0 : 1;
	if (!report_stepping(r) || !report_guest_tf(r))
		return;
	v->guest_tf_trap = true;
	verdict_owe(v, EXC_DB, INTR_HARD_EXC, DR6_BS);
}

/* K4: a device access is no stop; that it completed a step is. */
static void attribute_io(const struct report *r, const struct kvm_evidence *ev, enum cause c,
			 struct verdict *v)
{
	if (ev->completed == COMPLETED_DEBUG)
		attribute_db(r, ev, v);
	else if (ev->completed == COMPLETED_INTR && report_stepping(r))
		attribute_emulated(r, c, v);
}

/* Not an event of the guest's: how much ran before it is known only if nothing moved. */
static void attribute_plain(const struct report *r, enum cause c, struct verdict *v)
{
	verdict_add(v, c);
	v->retired = report_stepping(r) && report_same_rip(r) ? 0 : -1;
}

/* K16: what this flavour cannot emulate at CPL 0 is the stop itself. */
static void attribute_internal_error(const struct report *r, const struct kvm_evidence *ev,
				     struct verdict *v)
{
	bool ours = ev->suberror == SUBERROR_EMULATION && r->after->armed_emulated;

	if (ours && r->after->insn.cls == INSN_ICEBP) {
		attribute_icebp(r, PROOF_DEDUCED, v);
	} else if (ours && r->after->insn.cls == INSN_INT3) {
		attribute_int3(r, PROOF_DEDUCED, v);
	} else if (ours && r->after->insn.cls == INSN_INTN) {
		v->proof = PROOF_DEDUCED;
		v->retired = report_retired_fault(r);
		verdict_owe(v, r->after->vector, INTR_SOFT_INT, 0);
	} else {
		attribute_plain(r, CAUSE_ERROR, v);
	}
}

void attribute_kvm(const struct boundary *before, const struct armed *armed,
		   const struct kvm_evidence *ev, const struct landing *after, struct verdict *ret)
{
	const struct report r = { before, armed, after };

	verdict_begin(ret);
	switch (ev->reason) {
	case REASON_DEBUG:
		attribute_debug(&r, ev, ret);
		break;
	case REASON_IO:
		attribute_io(&r, ev, CAUSE_IO, ret);
		break;
	case REASON_MMIO:
		attribute_io(&r, ev, CAUSE_MMIO, ret);
		break;
	case REASON_HLT:
		attribute_emulated(&r, CAUSE_HLT, ret);
		break;
	case REASON_SHUTDOWN:
		attribute_plain(&r, CAUSE_SHUTDOWN, ret);
		break;
	case REASON_INTR:
		attribute_plain(&r, CAUSE_INTERRUPT, ret);
		break;
	case REASON_INTERNAL_ERROR:
		attribute_internal_error(&r, ev, ret);
		break;
	case REASON_HYPERCALL:
	case REASON_IRQ_WINDOW_OPEN:
	case REASON_SET_TPR:
	case REASON_IOAPIC_EOI:
	case REASON_X86_RDMSR:
	case REASON_X86_WRMSR:
		break;
	default:
		attribute_plain(&r, CAUSE_ERROR, ret);
	}
	verdict_end(ret);
}
