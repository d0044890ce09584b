/* trace_evidence.c - the evidence field of the stop line, each form against the interface's text. */
#include <linux/kvm.h>
#include <vmstep/trace.h>
#include "tap.h"

static struct stop kvm_stop(u32 reason)
{
	struct stop st = { .causes = CAUSE_BIT(CAUSE_TF), .first = CAUSE_TF, .point_dr = -1 };

	st.ev.kind = EVIDENCE_KVM;
	st.ev.kvm.reason = reason;
	return st;
}

static void claim(const struct stop *st, const char *wanted, const char *name)
{
	struct strbuf out;

	strbuf_init(&out);
	stop_evidence(st, &out);
	tap_str(strbuf_str(&out), wanted, "%s", name);
	strbuf_deinit(&out);
}

static void kvm_forms(void)
{
	struct stop st = kvm_stop(KVM_EXIT_DEBUG);

	st.ev.kvm.exception = 1;
	st.ev.kvm.pc = 0x401005;
	st.ev.kvm.dr6 = 0xffff4ff0;
	claim(&st, "kvm: debug exc=1 pc=401005 dr6=ffff4ff0[BS]", "a TF stop as interface.md shows it");

	st.ev.kvm.dr6 = 0xffff0ff0;
	st.proof = PROOF_DEDUCED;
	stop_did(&st, DID_INNER_SKIP, 0, 0x401005, 0x401006);
	claim(&st, "kvm: debug exc=1 pc=401005 dr6=ffff0ff0[] (deduced); inner skip 401005 -> 401006",
	      "an ICEBP stop as interface.md shows it");

	st = kvm_stop(KVM_EXIT_DEBUG);
	st.ev.kvm.exception = 3;
	st.ev.kvm.pc = 0x7c00;
	claim(&st, "kvm: debug exc=3 pc=7c00", "an INT3 has no DR6");

	st = kvm_stop(KVM_EXIT_IO);
	st.ev.kvm.is_write = 1;
	st.ev.kvm.port = 0x3f8;
	st.ev.kvm.size = 1;
	st.ev.kvm.count = 1;
	st.ev.kvm.data = 0x41;
	st.ev.kvm.rip = 0x1002;
	st.ev.kvm.completed = 1;
	stop_did(&st, DID_COMPLETE_IO, 0, 0, 0);
	claim(&st, "kvm: io out port=3f8 size=1 data=41 rip=1002 then eintr; completed the access", "OUT");

	st = kvm_stop(KVM_EXIT_MMIO);
	st.ev.kvm.gpa = 0xfed00000;
	st.ev.kvm.size = 4;
	st.ev.kvm.rip = 0x1002;
	claim(&st, "kvm: mmio read gpa=fed00000 size=4 rip=1002", "an MMIO read has no data yet");

	st = kvm_stop(KVM_EXIT_INTERNAL_ERROR);
	st.ev.kvm.suberror = 1;
	st.ev.kvm.rip = 0x401005;
	st.ev.kvm.n_bytes = 2;
	st.ev.kvm.bytes[0] = 0xf1;
	st.ev.kvm.bytes[1] = 0x90;
	st.proof = PROOF_DEDUCED;
	claim(&st, "kvm: internal error suberror=1 rip=401005 bytes=f190 (deduced)", "the software flavour's ICEBP");

	st = kvm_stop(KVM_EXIT_HLT);
	st.ev.kvm.rip = 0x10;
	claim(&st, "kvm: exit 5[HLT] rip=10", "other exits by number and name");

	st = kvm_stop(KVM_EXIT_FAIL_ENTRY);
	st.ev.kvm.hw_reason = 0x80000021;
	claim(&st, "kvm: fail entry hw_reason=80000021 rip=0", "a refused entry");
}

static void vmx_forms(void)
{
	struct stop st = { .causes = CAUSE_BIT(CAUSE_MTF), .first = CAUSE_MTF };

	st.ev.kind = EVIDENCE_VMX;
	st.ev.vmx.reason = 37;
	st.ev.vmx.rip = 0x401005;
	claim(&st, "vmx: exit 37 rip=401005 intr=0 pdbg=0 shadow=-", "an MTF stop as interface.md shows it");
	st.ev.vmx.l0_mtf = L0_MTF_PENDING;
	claim(&st, "vmx: exit 37 rip=401005 intr=0 pdbg=0 shadow=- l0=mtf-pending", "the MTF that KVM owed for an access");
	st.ev.vmx.l0_mtf = L0_MTF_NONE;
	claim(&st, "vmx: exit 37 rip=401005 intr=0 pdbg=0 shadow=- l0=no-mtf", "one that it did not owe");
	st.ev.vmx.l0_mtf = L0_MTF_UNKNOWN;

	st.ev.vmx.reason = 0;
	st.ev.vmx.intr_info = 0x80000501;
	st.ev.vmx.insn_len = 1;
	stop_did(&st, DID_INNER_SKIP, 0, 0x401005, 0x401006);
	claim(&st, "vmx: exit 0 rip=401005 intr=80000501[type 5] len=1 pdbg=0 shadow=-; inner skip 401005 -> 401006",
	      "ICEBP as interface.md shows it on mtf");

	st = (struct stop){ .first = CAUSE_MTF };
	st.ev.kind = EVIDENCE_SOFT;
	st.ev.vmx.reason = 37;
	st.ev.vmx.pending_dbg = PDBG_BS;
	st.ev.vmx.interruptibility = 2;
	claim(&st, "soft: exit 37 rip=0 intr=0 pdbg=4000 shadow=movss", "the model, in a MOV-SS shadow with BS pending");
}

static void model_forms(void)
{
	struct stop st = { .causes = CAUSE_BIT(CAUSE_ERROR), .first = CAUSE_ERROR };

	st.ev = (struct evidence){ .kind = EVIDENCE_MODEL, .lack = LACK_INSTRUCTION };
	claim(&st, "soft: CPUID shows this instruction and the model lacks it", "an instruction that is not there");
	st.ev.lack = LACK_FERR;
	claim(&st, "soft: an x87 exception with CR0.NE=0, and FERR# is wired to nothing", "FERR# without a wire");
	st.ev.lack = LACK_IRQ13;
	claim(&st, "soft: an x87 exception with CR0.NE=0 waits for IRQ13, which cannot come", "FERR# in vain");
}

static void shim_forms(void)
{
	struct stop st = { .causes = CAUSE_BIT(CAUSE_ERROR), .first = CAUSE_ERROR };

	st.ev = (struct evidence){
		.kind = EVIDENCE_SHIM,
		.shim = { .what = SHIM_EXCEPTION, .vector = 6, .rip = 0xf00001234 },
	};
	claim(&st, "shim: exception 6 rip=f00001234 error=0 cr2=0", "an exception of the shim");
	st.ev.shim = (struct shim_evidence){ .what = SHIM_CORRUPTED, .magic = 1, .version = 2, .size = 3,
					     .status = 4, .seq = 5, .seq_wanted = 6 };
	claim(&st, "shim: page corrupted magic=1 version=2 size=3 status=4 seq=5 wanted=6", "its page corrupted");
	st.ev.shim = (struct shim_evidence){ .what = SHIM_VM_FAIL, .vm_error = 4 };
	claim(&st, "shim: VM-instruction error 4", "an entry that fails");
	st.ev.shim = (struct shim_evidence){ .what = SHIM_VM_FAIL, .field = 0x681e };
	claim(&st, "shim: VMWRITE failed field=681e", "a VMWRITE that fails");
	st.ev.shim = (struct shim_evidence){ .what = SHIM_SILENT, .kicks = 80 };
	claim(&st, "shim: silent after 80 NMIs", "a shim that is silent");
}

static void occasions(void)
{
	struct stop st = kvm_stop(KVM_EXIT_DEBUG);

	st.ev.kvm.exception = 1;
	st.ev.kvm.pc = 0x1000;
	st.ev.kvm.dr6 = 0xffff0ff2;
	st.causes = CAUSE_BIT(CAUSE_UWATCH);
	st.first = CAUSE_UWATCH;
	st.point = 2;
	st.point_how = POINT_HOW_DR;
	st.point_dr = 1;
	st.hit_addr = 0x5000;
	st.new_value = 7;
	claim(&st, "kvm: debug exc=1 pc=1000 dr6=ffff0ff2[B1], point 2 by dr1 at 5000: 0 -> 7", "a watchpoint by DR1");

	st.causes = CAUSE_BIT(CAUSE_BREAK);
	st.point_how = POINT_HOW_ADDRESS;
	st.ev.kvm.dr6 = 0xffff4ff0;
	claim(&st, "kvm: debug exc=1 pc=1000 dr6=ffff4ff0[BS], point 2 by address", "a breakpoint stepped onto");

	st = kvm_stop(KVM_EXIT_DEBUG);
	st.ev.kvm.exception = 1;
	st.ev.kvm.dr6 = 0xffff4ff0;
	st.has_event = true;
	st.event_vector = 14;
	st.event_type = INTR_HARD_EXC;
	st.event_has_error = true;
	st.event_error = 2;
	stop_did(&st, DID_DELIVER, 14, 0x2000, 0x3000);
	claim(&st,
	      "kvm: debug exc=1 pc=0 dr6=ffff4ff0[BS], event vector 14 type 3 error=2; delivered vector 14 to 3000, return to 2000",
	      "a delivery with its error code");
	st.event_rep = true;
	st.n_did = 0;
	claim(&st, "kvm: debug exc=1 pc=0 dr6=ffff4ff0[BS], rep iteration", "a REP iteration");
}

static void what_was_done(void)
{
	static const struct {
		u8 kind, arg;
		u64 a, b;
		const char *wanted;
	} rows[] = {
		{ DID_OUTER_SKIP, 0, 1, 3, "no report; outer skip 1 -> 3" },
		{ DID_NO_SKIP, 0, 1, 0, "no report; no skip, stays at 1" },
		{ DID_SWALLOW, 1, 0, 0, "no report; swallowed vector 1" },
		{ DID_SWALLOW, 3, 1, 0, "no report; swallowed vector 3, the guest has no usable gate for it" },
		{ DID_REPAIR_TF, 0, 0x7ff8, 0, "no report; took TF out of PUSHF image at 7ff8" },
		{ DID_REPAIR_TF, 1, 0x7ff0, 0, "no report; took TF out of frame at 7ff0" },
		{ DID_REPAIR_TF, 2, 0, 0, "no report; took TF out of R11" },
		{ DID_EMULATE, 1, 0, 0, "no report; did int 1 itself" },
		{ DID_GUEST_DB, 0, 0x4000, 0, "no report; owes the guest a #DB, dr6 bits 4000" },
		{ DID_WAIT_HLT, 0, 0, 0, "no report; waited in HLT for an interrupt" },
		{ DID_WRONG_SKIP, SKIP_WRONG_OUTER, 0, 0, "no report; WARNING: wrong skip on purpose (outer)" },
		{ DID_LEAKED, 0, 0, 0, "no report; WARNING: TF leaked to the guest" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct stop st = { .first = CAUSE_TF };

		stop_did(&st, rows[i].kind, rows[i].arg, rows[i].a, rows[i].b);
		claim(&st, rows[i].wanted, rows[i].wanted + strlen("no report; "));
	}
}

static void cause_sets(void)
{
	static const struct {
		u8 first;
		u32 causes, point;
		const char *wanted;
	} rows[] = {
		{ CAUSE_TF, CAUSE_BIT(CAUSE_TF), 0, "TF" },
		{ CAUSE_MTF, CAUSE_BIT(CAUSE_MTF) | CAUSE_BIT(CAUSE_TF), 0, "MTF+TF" },
		{ CAUSE_TF, CAUSE_BIT(CAUSE_TF) | CAUSE_BIT(CAUSE_BREAK), 2, "TF+BREAK/2" },
		{ CAUSE_UWATCH, CAUSE_BIT(CAUSE_TF) | CAUSE_BIT(CAUSE_UWATCH), 3, "WATCH/3+TF" },
		{ CAUSE_CATCH, CAUSE_BIT(CAUSE_CATCH) | CAUSE_BIT(CAUSE_ICEBP), 1, "CATCH/1+ICEBP" },
		{ CAUSE_WATCH, CAUSE_BIT(CAUSE_WATCH), 0, "WATCH" },
		{ CAUSE_UWATCH, CAUSE_BIT(CAUSE_BREAK) | CAUSE_BIT(CAUSE_UWATCH), 9, "WATCH/4+BREAK/9" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct stop st = { .first = rows[i].first, .causes = rows[i].causes, .point = rows[i].point };
		struct strbuf out;

		if (rows[i].point == 9) /* two of them at one boundary */
			stop_point_set(&st, CAUSE_UWATCH, 4, POINT_HOW_ADDRESS, -1);

		strbuf_init(&out);
		stop_causes(&st, &out);
		tap_str(strbuf_str(&out), rows[i].wanted, "causes %s", rows[i].wanted);
		strbuf_deinit(&out);
	}
}

int main(void)
{
	kvm_forms();
	vmx_forms();
	shim_forms();
	model_forms();
	occasions();
	what_was_done();
	cause_sets();
	return tap_done();
}
