/*
 * why.c - `why`: the current stop in words. First what each cause is, then how this stop shows it,
 * then what vmstep did; a sentence about this stop is said only where its evidence holds it.
 */
#include <linux/kvm.h>
#include <vmstep/trace.h>
#include "text.h"

/* What may be said of the boundary before: that its instruction ran is only known where one
 * retired. */
static void before_words(struct session *s, const struct stop *st, struct strbuf *out)
{
	const bool ran = st->retired == 1 || st->event_rep;

	if (ran)
		strbuf_adds(out, "The instruction before, at ");
	else if (!st->retired)
		strbuf_adds(out, "No instruction has completed since the boundary before, ");
	else if (st->retired > 1)
		strbuf_addf(out, "%d instructions ran since the boundary ", st->retired);
	else
		strbuf_adds(out, "How many instructions ran is not known; the last boundary seen "
				 "before is ");
	teach_address(s, st->from_lin, out);
	strbuf_adds(out, ran ? ", is: " : ", with: ");
	teach_insn(st->from_mode, st->from_lin, st->from_bytes, st->n_from, out);
	strbuf_addc(out, '\n');
}

static void heading(struct session *s, const struct stop *st, struct strbuf *out)
{
	strbuf_addf(out, "Stop #%llu, ", (unsigned long long)st->n);
	stop_causes(st, out);
	strbuf_adds(out, ", at ");
	teach_address(s, st->lin, out);
	strbuf_adds(out, ".\n");
	if (st->n_from && st->first != CAUSE_START)
		before_words(s, st, out);
}

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

	strbuf_adds(out, "This is not the guest's doing: the shim, the small hypervisor that runs it, failed. ");
	switch ((enum shim_fault)s->what) {
	case SHIM_CORRUPTED:
		strbuf_adds(out, "The page it shares with vmstep is not as either side writes it.\n");
		break;
	case SHIM_EXCEPTION:
		strbuf_addf(out, "It took exception %llu at 0x%llx of its own code.\n",
			    (unsigned long long)s->vector, (unsigned long long)s->rip);
		break;
	case SHIM_VM_FAIL:
		strbuf_adds(out, "A VMX instruction of it failed (SDM \"VM Instruction Error Numbers\").\n");
		break;
	case SHIM_SILENT:
		strbuf_adds(out, "It did not come back for all the NMIs sent to it.\n");
		break;
	}
}

static void evidence_words(const struct stop *st, struct strbuf *out)
{
	if (st->ev.kind == EVIDENCE_KVM)
		kvm_words(st, out);
	else if (st->ev.kind == EVIDENCE_VMX || st->ev.kind == EVIDENCE_SOFT)
		vmx_words(st, out);
	else if (st->ev.kind == EVIDENCE_SHIM)
		shim_words(st, out);
	if (st->proof == PROOF_DEDUCED)
		strbuf_adds(out, "The cause is deduced from that, not read off it.\n");
}

static void event_words(struct session *s, const struct stop *st, struct strbuf *out)
{
	if (!st->has_event)
		return;
	if (st->event_rep) {
		strbuf_adds(out, "The instruction is a REP string instruction and not done: one "
				 "iteration, or some, ended "
				 "here, so nothing retired (SDM volume 2, "
				 "\"REP/REPE/REPZ/REPNE/REPNZ\").\n");
		return;
	}
	strbuf_addf(out, "The event is vector %u", st->event_vector);
	if (*exception_name(st->event_vector) && st->event_type != INTR_EXTERNAL &&
	    st->event_type != INTR_SOFT_INT)
		strbuf_addf(out, " (%s, %s)", exception_name(st->event_vector),
			    exception_long_name(st->event_vector));
	if (st->event_has_error)
		strbuf_addf(out, ", error code 0x%x", st->event_error);
	strbuf_adds(out, st->retired ? ".\n" : "; no instruction retired since the stop before.\n");
}

static void point_words(const struct stop *st, struct strbuf *out)
{
	static const char *const how[] = {
		[POINT_HOW_AUTO] = "by its address",
		[POINT_HOW_INT3] = "by an INT3 planted there",
		[POINT_HOW_DR] = "by a debug register",
		[POINT_HOW_ADDRESS] = "by its address, while stepping",
	};

	static const enum cause kinds[] = { CAUSE_UWATCH, CAUSE_BREAK };

	if (!st->point)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct stop_point p = stop_point(st, kinds[i]);

		if (st->causes & CAUSE_BIT(kinds[i]))
			strbuf_addf(out, "It is point %u, noticed %s.\n", p.number,
				    how[p.how < ARRAY_SIZE(how) ? p.how : 0]);
	}
	if (st->causes & CAUSE_BIT(CAUSE_UWATCH) && st->old_value != st->new_value)
		strbuf_addf(out, "The value at 0x%llx was 0x%llx and is 0x%llx.\n",
			    (unsigned long long)st->hit_addr, (unsigned long long)st->old_value,
			    (unsigned long long)st->new_value);
}

/* What vmstep did, and why it had to. */
static void did_words(struct session *s, const struct did *d, struct strbuf *out)
{
	switch ((enum did_kind)d->kind) {
	case DID_INNER_SKIP:
		strbuf_addf(out,
			    "vmstep did the inner skip, 0x%llx to 0x%llx: RIP moves over the "
			    "instruction, shadow and RF "
			    "are cleared, and no single-step trap or MTF is raised, since the "
			    "instruction's own event "
			    "was the trap.\n",
			    (unsigned long long)d->a, (unsigned long long)d->b);
		break;
	case DID_OUTER_SKIP:
		strbuf_addf(out,
			    "vmstep did the outer skip, 0x%llx to 0x%llx: as if the instruction "
			    "had retired, with a "
			    "single-step trap or MTF due where one is armed.\n",
			    (unsigned long long)d->a, (unsigned long long)d->b);
		break;
	case DID_NO_SKIP:
	case DID_WRONG_SKIP:
		strbuf_adds(out, "The skip policy in force is wrong on purpose (set skip): what "
				 "follows is what a hypervisor "
				 "with that bug shows.\n");
		break;
	case DID_DELIVER:
		strbuf_addf(out, "vmstep delivered vector %u to the guest's handler at ", d->arg);
		teach_address(s, d->b, out);
		strbuf_addf(out, "; its frame returns to 0x%llx.\n", (unsigned long long)d->a);
		break;
	case DID_SWALLOW:
		strbuf_addf(out, "Vector %u was not delivered%s.\n", d->arg,
			    d->a ? ": the guest has no usable gate for it"
				 : ", as the policy says");
		break;
	case DID_REPAIR_TF:
		strbuf_adds(out, "The trap flag was vmstep's, and the instruction had copied it to "
				 "where the guest can read "
				 "it: vmstep took it out again (set tf-hygiene).\n");
		break;
	case DID_COMPLETE_IO:
		strbuf_adds(out, "vmstep answered the access and re-entered with immediate_exit to "
				 "complete it; a step can "
				 "be lost there, and was not.\n");
		break;
	case DID_EMULATE:
		strbuf_addf(out,
			    "This KVM does not run INT %u here; vmstep did it through the guest's "
			    "IDT.\n",
			    d->arg);
		break;
	case DID_GUEST_DB:
		strbuf_adds(out, "The trap belongs to the guest too: it gets its own #DB at the "
				 "next resume.\n");
		break;
	case DID_WAIT_HLT:
		strbuf_adds(out, "The guest waited in HLT until an interrupt came.\n");
		break;
	case DID_LEAKED:
		strbuf_adds(out,
			    "On this KVM ring-3 code runs unstepped and the trap flag reached the "
			    "guest's own #DB "
			    "handler: what the guest saw is not what it sees when it runs free.\n");
		break;
	case DID_EMULATE_IRET:
		strbuf_adds(out, "This KVM loses the step of an IRET here, so vmstep did the "
				 "return itself.\n");
		break;
	case DID_EMULATE_HLT:
		strbuf_adds(out, "KVMs differ in what a step over HLT does, so vmstep put the CPU to sleep itself.\n");
		break;
	case DID_EMULATE_SYSCALL:
		strbuf_adds(out, "This KVM loses the step of a SYSCALL or SYSRET between rings, so "
				 "vmstep did it itself.\n");
		break;
	case DID_TOOK_BACK:
		strbuf_addf(out,
			    "On this KVM the trap flag leaks into ring 3 and its #DB goes to the "
			    "guest's gate at 0x%llx. "
			    "vmstep stopped the guest before that handler's first instruction and "
			    "returned through "
			    "the frame, so that the handler did not run.\n",
			    (unsigned long long)d->a);
		break;
	case DID_KIND_COUNT:
		break;
	}
}

static void pending_words(const struct stop *st, struct strbuf *out)
{
	if (!st->pending)
		return;
	strbuf_addf(out,
		    "The next resume delivers vector %u to the guest or swallows it: see set %s, "
		    "deliver, swallow.\n",
		    st->pending_vector, st->pending_vector == EXC_BP ? "int3" : "icebp");
}

static void shadow_words(const struct stop *st, struct strbuf *out)
{
	if (!st->shadow_known || !st->shadow)
		return;
	strbuf_addf(out,
		    "A shadow is active here (%s): it lasts one instruction and holds back %s "
		    "(SDM volume 2, \"STI\"; volume 3, \"Masking Exceptions and Interrupts When "
		    "Switching Stacks\").\n",
		    st->shadow & SHADOW_MOV_SS ? "MOV SS" : "STI",
		    st->shadow & SHADOW_MOV_SS
			    ? "interrupts, NMIs, code breakpoints and debug traps"
			    : "interrupts");
}

static void sources(const struct stop *st, struct strbuf *out)
{
	const char *before = "See: ";

	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		if (!(st->causes & CAUSE_BIT(c)) || !cause_text(c)->source)
			continue;
		strbuf_addf(out, "%s%s", before, cause_text(c)->source);
		before = "; ";
	}
	if (__builtin_popcount(st->causes) > 1) {
		strbuf_addf(out, "%sSDM volume 3, \"Priority Among Concurrent Events\"", before);
		before = "; ";
	}
	if (*before == ';')
		strbuf_addc(out, '\n');
}

void why_explain(struct session *s, const struct stop *st, struct strbuf *out)
{
	size_t from = out->n;

	heading(s, st, out);
	strbuf_addf(out, "%s\n", cause_text(st->first)->what);
	for (unsigned c = 0; c < CAUSE_COUNT; c++)
		if (c != st->first && (st->causes & CAUSE_BIT(c)))
			strbuf_addf(out, "At the same boundary, %s: %s\n", cause_name(c),
				    cause_text(c)->what);
	evidence_words(st, out);
	event_words(s, st, out);
	point_words(st, out);
	for (unsigned i = 0; i < st->n_did; i++)
		did_words(s, &st->did[i], out);
	shadow_words(st, out);
	pending_words(st, out);
	sources(st, out);
	teach_wrap(out, from);
}
