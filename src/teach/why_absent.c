/*
 * why_absent.c - what a reader of a stop may miss in it: a boundary that a shadow hid, a trap that
 * waits, a step that an ICEBP or a fault owes nobody. Each sentence stands only where the stop
 * itself shows it.
 */
#include "why.h"

static u8 class_of(u8 mode, const u8 *bytes, size_t n)
{
	struct insn insn;

	if (!n)
		return INSN_OTHER;
	insn_decode(mode_bits(mode), bytes, n, &insn);
	return insn.facts.cls;
}

static bool is_vmx(const struct stop *st)
{
	return st->ev.kind == EVIDENCE_VMX || st->ev.kind == EVIDENCE_SOFT;
}

/* MOV SS and the instruction behind it, by a stepper that uses TF. */
static void hidden_words(const struct stop *st, u8 from, struct strbuf *out)
{
	if (st->retired == 2 && from == INSN_MOV_SS)
		strbuf_adds(out, "No stop came between the two: an instruction that loads SS drops "
				 "its own single-step trap, and opens "
				 "a shadow of one instruction (SDM volume 3, \"Masking Exceptions "
				 "and Interrupts When Switching "
				 "Stacks\"). The trap here is that of the second.\n");
	else if (st->retired == 1 && from == INSN_MOV_SS && st->causes & CAUSE_BIT(CAUSE_MTF))
		strbuf_adds(out, "A stepper by TF has no stop here, behind MOV SS; the monitor "
				 "trap flag is not held back by the "
				 "shadow (SDM volume 3, \"Monitor Trap Flag\").\n");
	else if (st->retired == 1 && from == INSN_MOV_SS && st->causes & CAUSE_BIT(CAUSE_TF) &&
		 st->ev.kind == EVIDENCE_KVM)
		strbuf_adds(out, "By the manual no trap follows an instruction that loads SS, unless the one "
			    "before it did, too; KVM that interprets the guest gives one all the same "
			    "(K16).\n");
}

/* MTF overtook a trap. */
static void waiting_words(const struct stop *st, struct strbuf *out)
{
	if (!is_vmx(st) || !st->ev.vmx.pending_dbg || !(st->causes & CAUSE_BIT(CAUSE_MTF)))
		return;
	strbuf_addf(out,
		    "MTF came before %s: it ranks above the traps of the previous instruction, and "
		    "what it overtakes is "
		    "kept in the pending debug exceptions (SDM volume 3, \"Priority Among "
		    "Concurrent Events\").\n",
		    st->ev.vmx.pending_dbg & PDBG_BS ? "the single-step trap, BS"
						     : "the data breakpoint");
	if (is_vmx(st) && st->shadow_known && st->shadow & SHADOW_MOV_SS)
		strbuf_adds(out, "The shadow of MOV SS holds it back for one more instruction.\n");
}

/* INT1 under a stepper. */
static void icebp_words(const struct stop *st, struct strbuf *out)
{
	if (!(st->causes & CAUSE_BIT(CAUSE_ICEBP)))
		return;
	if (is_vmx(st) && (st->ev.vmx.intr_info >> 8 & 7) == INTR_PRIV_SOFT_EXC &&
	    st->ev.vmx.intr_info & BIT(31))
		strbuf_adds(out, "The interruption type is 5, privileged software exception: that, "
				 "and not an empty DR6, is what "
				 "tells an ICEBP from any other #DB.\n");
	if (is_vmx(st) && !(st->ev.vmx.qualification & DR6_BS))
		strbuf_adds(out, "BS is not set in the exit qualification.\n");
}

/* What a fault-like stop did not do. */
static void fault_words(const struct stop *st, struct strbuf *out)
{
	if (st->causes & (CAUSE_BIT(CAUSE_HWBP) | CAUSE_BIT(CAUSE_GD)) && !st->retired)
		strbuf_adds(out, "No step is reported with it: the boundary before this "
				 "instruction was reported already.\n");
}

/* Stops whose handler's first instruction has not run. */
static void handler_words(const struct stop *st, struct strbuf *out)
{
	if (!(st->causes & CAUSE_BIT(CAUSE_EVENT)))
		return;
	if (st->causes & CAUSE_BIT(CAUSE_MTF))
		strbuf_adds(out,
			    "MTF is pending as soon as an event has been delivered: that is why "
			    "the stop is before the "
			    "handler's first instruction (SDM volume 3, \"Monitor Trap Flag\").\n");
	else
		strbuf_adds(out, "A trap flag does not stop here, since delivery clears it: vmstep "
				 "does so by other means (K17).\n");
}

void why_absent(struct session *s, const struct stop *st, struct strbuf *out)
{
	const u8 from = class_of(st->from_mode, st->from_bytes, st->n_from);

	hidden_words(st, from, out);
	waiting_words(st, out);
	icebp_words(st, out);
	fault_words(st, out);
	handler_words(st, out);
}
