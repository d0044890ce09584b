/* why_evidence.c - the report of a stop in words: KVM's, a VM exit's, the shim's. */
#include <linux/kvm.h>
#include "why.h"

static void kvm_debug_words(const struct stop *st, struct strbuf *out)
{
	const struct kvm_evidence *k = &st->ev.kvm;

	if (st->causes & CAUSE_BIT(CAUSE_ICEBP)) {
		strbuf_addf(out,
			    "KVM reported exception %u at 0x%llx with no cause bit in DR6 "
			    "(0x%llx), and the bytes "
			    "there are INT1: that is how an ICEBP is deduced here, since KVM does "
			    "not pass on the "
			    "interruption type, which is 5 for INT1 and 3 for any other #DB.\n",
			    k->exception, (unsigned long long)k->pc, (unsigned long long)k->dr6);
		return;
	}
	strbuf_addf(out, "KVM ended the run with KVM_EXIT_DEBUG, exception %u%s, at 0x%llx",
		    k->exception,
		    k->exception == EXC_DB   ? " (#DB)"
		    : k->exception == EXC_BP ? " (#BP)"
					     : "",
		    (unsigned long long)k->pc);
	if (k->exception == EXC_DB) {
		char bits[80];

		dr6_format(k->dr6, bits, sizeof(bits));
		strbuf_addf(out, ", DR6 0x%llx %s", (unsigned long long)k->dr6, bits);
	}
	strbuf_adds(out, ".\n");
}

static void kvm_words(const struct stop *st, struct strbuf *out)
{
	const struct kvm_evidence *k = &st->ev.kvm;

	switch (k->reason) {
	case KVM_EXIT_DEBUG:
		kvm_debug_words(st, out);
		break;
	case KVM_EXIT_IO:
		strbuf_addf(out, "KVM left the guest for %s port 0x%x, %u byte%s.\n",
			    k->is_write ? "a write to" : "a read of", k->port, k->size,
			    k->size == 1 ? "" : "s");
		break;
	case KVM_EXIT_MMIO:
		strbuf_addf(out, "KVM left the guest for %s physical address 0x%llx, %u byte%s.\n",
			    k->is_write ? "a write to" : "a read of", (unsigned long long)k->gpa,
			    k->size, k->size == 1 ? "" : "s");
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		strbuf_addf(out, "KVM gave up with an internal error (suberror %u) at 0x%llx. ",
			    k->suberror, (unsigned long long)k->rip);
		if (!(st->causes & CAUSE_BIT(CAUSE_ERROR)))
			strbuf_adds(out,
				    "On the software flavour of /dev/kvm this is how INT1, INT3 "
				    "and INT n in ring 0 "
				    "show themselves; the instruction's bytes say which it was.");
		strbuf_addc(out, '\n');
		break;
	case KVM_EXIT_FAIL_ENTRY:
		strbuf_addf(out,
			    "The processor refused to enter the guest, hardware reason 0x%llx.\n",
			    (unsigned long long)k->hw_reason);
		break;
	case KVM_EXIT_INTR:
		strbuf_adds(out, "A signal brought KVM_RUN back.\n");
		break;
	default:
		strbuf_addf(out, "KVM left the guest with exit reason %u.\n", k->reason);
	}
}

static void vmx_words(const struct stop *st, struct strbuf *out)
{
	const struct vmx_evidence *v = &st->ev.vmx;

	if (st->ev.kind == EVIDENCE_SOFT)
		strbuf_adds(out,
			    "This is how a hypervisor would see it, from the processor model. ");
	strbuf_addf(out, "The VM exit has basic reason %u", v->reason & 0xffff);
	if (v->intr_info & BIT(31))
		strbuf_addf(out, ", interruption information 0x%x (vector %u, type %u)",
			    v->intr_info, v->intr_info & 0xff, v->intr_info >> 8 & 7);
	strbuf_addf(out, ", RIP 0x%llx", (unsigned long long)v->rip);
	if (v->pending_dbg)
		strbuf_addf(out, "; pending debug exceptions 0x%llx%s wait for the next entry",
			    (unsigned long long)v->pending_dbg,
			    v->pending_dbg & PDBG_BS ? " (BS)" : "");
	strbuf_adds(out, ".\n");
}

static void shim_words(const struct stop *st, struct strbuf *out)
{
	const struct shim_evidence *s = &st->ev.shim;

	strbuf_adds(out, "This is not the guest's doing: the shim, the small hypervisor that runs "
			 "it, failed. ");
	switch ((enum shim_fault)s->what) {
	case SHIM_CORRUPTED:
		strbuf_adds(out,
			    "The page it shares with vmstep is not as either side writes it.\n");
		break;
	case SHIM_EXCEPTION:
		strbuf_addf(out, "It took exception %llu at 0x%llx of its own code.\n",
			    (unsigned long long)s->vector, (unsigned long long)s->rip);
		break;
	case SHIM_VM_FAIL:
		strbuf_adds(
			out,
			"A VMX instruction of it failed (SDM \"VM Instruction Error Numbers\").\n");
		break;
	case SHIM_SILENT:
		strbuf_adds(out, "It did not come back for all the NMIs sent to it.\n");
		break;
	}
}

static void model_words(u8 lack, struct strbuf *out)
{
	strbuf_adds(out, lack == LACK_INSTRUCTION
				 ? "The processor model cannot go on: its CPUID shows this instruction and it has none.\n"
				 : "The processor model cannot go on. With CR0.NE clear an x87 exception is no #MF: it "
				   "goes out by the pin FERR#, and the next x87 instruction that waits stands "
				   "until the interrupt comes that a PC makes of it, IRQ13 (SDM \"MS-DOS "
				   "Compatibility Sub-mode\"). Here it cannot: ");
	if (lack == LACK_FERR)
		strbuf_adds(out, "FERR# is wired to nothing.\n");
	if (lack == LACK_IRQ13)
		strbuf_adds(out, "IF is clear, or the interrupt controllers mask it.\n");
}

void why_evidence(const struct stop *st, struct strbuf *out)
{
	if (st->ev.kind == EVIDENCE_KVM)
		kvm_words(st, out);
	else if (st->ev.kind == EVIDENCE_VMX || st->ev.kind == EVIDENCE_SOFT)
		vmx_words(st, out);
	else if (st->ev.kind == EVIDENCE_SHIM)
		shim_words(st, out);
	else if (st->ev.kind == EVIDENCE_MODEL)
		model_words(st->ev.lack, out);
	else if (st->first != CAUSE_START)
		strbuf_adds(out, "No report of a processor or of KVM stands behind this stop: it "
				 "is vmstep's own "
				 "book-keeping.\n");
	if (st->proof == PROOF_DEDUCED)
		strbuf_adds(out, "The cause is deduced, not read off a report.\n");
}
