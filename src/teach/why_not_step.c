/*
 * why_not_step.c - why no TF, MTF, ICEBP or INT3: the causes that a step and the instruction itself
 * make.
 */
#include "why_not.h"

#define STEP_SECTION  "SDM volume 3, \"Single-Step Exception Condition\""
#define MTF_SECTION   "SDM volume 3, \"Monitor Trap Flag\""
#define STACK_SECTION "SDM volume 3, \"Masking Exceptions and Interrupts When Switching Stacks\""

/* SDM volume 3, "VMX Basic Exit Reasons". */
enum { REASON_MTF = 37 };

/* ---- shared ------------------------------------------------------------------------------------
 */

static u64 pending_dbg(const struct why_not *w)
{
	const struct evidence *ev = &w->st->ev;

	return ev->kind == EVIDENCE_VMX || ev->kind == EVIDENCE_SOFT ? ev->vmx.pending_dbg : 0;
}

static bool is_icebp(const struct why_not *w)
{
	return w->st->causes & CAUSE_BIT(CAUSE_ICEBP);
}

/* Fault-like causes: nothing has run, and what was due for the instruction before was told before.
 */
static bool fault_like(const struct why_not *w)
{
	const u32 faults = CAUSE_BIT(CAUSE_HWBP) | CAUSE_BIT(CAUSE_GD);

	return w->st->causes & faults && !w->st->retired &&
	       reason_tell(w, "SDM volume 3, \"Priority Among Concurrent Events\"",
			   "%s is about the instruction that comes next and has not run. What the "
			   "instruction before it "
			   "owed was reported before: it ranks higher.",
			   cause_name(w->st->first));
}

static bool event_came(const struct why_not *w)
{
	return w->st->has_event && !w->st->event_rep && !w->st->retired &&
	       reason_tell(w, STEP_SECTION,
			   "An event was delivered, vector %u, and no instruction has completed "
			   "since. Delivery clears TF, so "
			   "that the handler's first instruction is not trapped either.",
			   w->st->event_vector);
}

/* ---- TF ----------------------------------------------------------------------------------------
 */

static bool tf_waits(const struct why_not *w)
{
	return pending_dbg(w) & PDBG_BS &&
	       reason_tell(
		       w,
		       "SDM volume 3, \"Priority Among Concurrent Events\"; \"Monitor Trap Flag\"",
		       "It is due, and waits: the pending debug exceptions of this exit are "
		       "0x%llx, with BS. %s",
		       (unsigned long long)pending_dbg(w),
		       w->st->causes & CAUSE_BIT(CAUSE_MTF)
			       ? "MTF ranks above the traps of the previous instruction and was "
				 "reported first."
			       : "They come with the next entry.");
}

static bool tf_icebp(const struct why_not *w)
{
	return is_icebp(w) && reason_tell(w, "SDM volume 2, \"INT n/INTO/INT3/INT1\"",
					  "The instruction is INT1, which raises its own #DB: no "
					  "single-step trap is due for it, whoever has TF "
					  "on, and BS is not set in DR6. The skip over it is the "
					  "inner one and raises none either.");
}

/* INT n and INT3 go to their handlers, and that clears TF before a trap is looked for. */
static bool tf_delivers(const struct why_not *w)
{
	char text[128];

	if (w->from.cls != INSN_INTN && w->from.cls != INSN_INT3)
		return false;
	from_text(w, text, sizeof(text));
	return w->st->retired > 0 &&
	       reason_tell(w, STEP_SECTION,
			   "The instruction before, %s, goes to a handler itself: that clears TF, and "
			   "no single-step trap comes behind it.",
			   text);
}

/* Who had TF: the debugger's steps are by MTF, or the run was free. */
static bool tf_off(const struct why_not *w)
{
	char text[128];

	from_text(w, text, sizeof(text));
	if (w->st->host_tf || w->st->guest_tf || !w->st->retired)
		return false;
	if (w->from.cls == INSN_POPF || w->from.cls == INSN_IRET)
		return reason_tell(w, STEP_SECTION,
				   "TF was off when %s started. Whether it has set TF does not "
				   "matter yet: TF before the "
				   "instruction decides, so the trap comes one instruction later.",
				   text);
	if (w->mtf)
		return reason_tell(w, MTF_SECTION,
				   "Nobody had TF on when %s ran: vmstep steps by the monitor trap "
				   "flag (set mtf), and the "
				   "guest's own TF was off.",
				   text);
	return reason_tell(w, STEP_SECTION,
			   "TF was off when %s ran: the guest ran free up to this stop.", text);
}

/* The last of a pair is the one that trapped; the question is about the boundary in between. */
static bool tf_shadow(const struct why_not *w)
{
	return w->from.cls == INSN_MOV_SS && w->st->retired == 1 &&
	       reason_tell(w, STACK_SECTION,
			   "The instruction before loads SS. It opens a shadow of one instruction, "
			   "and its own single-step trap is "
			   "dropped, not deferred.");
}

static bool tf_syscall(const struct why_not *w)
{
	return w->from.cls == INSN_SYSCALL && w->cpu && w->cpu->sfmask & FL_TF &&
	       reason_tell(w, "SDM volume 2, \"SYSCALL\"",
			   "SYSCALL is judged on its result, and IA32_FMASK clears TF: no trap "
			   "follows (K7).");
}

static bool tf_rep(const struct why_not *w)
{
	return !w->st->retired && (!w->st->has_event || w->st->event_rep) &&
	       reason_tell(w, STEP_SECTION,
			   "No instruction has completed since the boundary before, so there is "
			   "nothing to trap.");
}

reason_fn *const tf_reasons[] = { tf_waits, tf_icebp,   fault_like, event_came,  tf_shadow,
				  tf_off,   tf_syscall, tf_rep,     tf_delivers, NULL };

/* ---- MTF ---------------------------------------------------------------------------------------
 */

static bool mtf_engine(const struct why_not *w)
{
	if (w->vmx_view)
		return !w->mtf &&
		       reason_tell(
			       w, NULL,
			       "The monitor trap flag is off (set mtf off): vmstep steps by TF.");
	return reason_tell(w, "kvm/api.rst, \"KVM_SET_GUEST_DEBUG\"",
			   "Engine %s has none to use: KVM_SET_GUEST_DEBUG steps by TF, and the "
			   "monitor trap flag of VMX is KVM's "
			   "alone. Engines mtf and soft show it.",
			   w->engine);
}

static bool mtf_icebp(const struct why_not *w)
{
	return is_icebp(w) &&
	       reason_tell(w, MTF_SECTION,
			   "The instruction is INT1 and its #DB is intercepted: that exit (reason "
			   "0) came instead. MTF reports an "
			   "instruction that retired or an event that was delivered; here neither "
			   "happened, and the inner skip owes "
			   "no MTF.");
}

/* The exit was the MTF's, and the stop is named after what the instruction did. */
static bool mtf_reported(const struct why_not *w)
{
	const struct evidence *ev = &w->st->ev;

	return (ev->kind == EVIDENCE_VMX || ev->kind == EVIDENCE_SOFT) &&
	       (ev->vmx.reason & 0xffff) == REASON_MTF &&
	       reason_tell(w, MTF_SECTION,
			   "It did come: the VM exit has reason 37. The stop is named after what "
			   "the instruction did, %s.",
			   cause_name(w->st->first));
}

static bool mtf_int3(const struct why_not *w)
{
	return w->st->causes & CAUSE_BIT(CAUSE_INT3) &&
	       reason_tell(w, MTF_SECTION,
			   "The instruction is INT3 and its #BP is intercepted: that exit (reason 0) "
			   "came instead, before anything was delivered.");
}

static bool mtf_exits(const struct why_not *w)
{
	const u8 c = w->from.cls;
	const bool exits = c == INSN_CPUID || c == INSN_HLT || c == INSN_IN || c == INSN_OUT ||
			   c == INSN_VMX_EXIT;

	return exits && w->st->retired > 0 &&
	       reason_tell(w, MTF_SECTION,
			   "The instruction before caused a VM exit itself, and no MTF comes behind "
			   "such a one; who emulates it, here the hypervisor, owes the boundary.");
}

static bool mtf_free(const struct why_not *w)
{
	return w->st->retired != 1 && !w->st->has_event &&
	       reason_tell(w, NULL,
			   "The guest ran free up to this stop, without the control: only steps "
			   "set it.");
}

reason_fn *const mtf_reasons[] = { mtf_engine, mtf_reported, mtf_icebp, mtf_int3,
				   fault_like, mtf_exits,    mtf_free,  NULL };

/* ---- ICEBP and INT3 ----------------------------------------------------------------------------
 */

/* The stop before was the ICEBP, or the INT3: here is what it delivers. */
static bool delivered_now(const struct why_not *w)
{
	const u8 type = w->cause == CAUSE_ICEBP ? INTR_PRIV_SOFT_EXC : INTR_SOFT_EXC;

	return w->st->has_event && !w->st->retired && !w->st->event_rep &&
	       w->st->event_type == type &&
	       reason_tell(w, NULL,
			   "It was the stop before, shown behind its instruction. Here its event "
			   "is delivered, vector %u of type %u, "
			   "and nothing has run since.",
			   w->st->event_vector, w->st->event_type);
}

/* CD 01 and CD 03 look alike and are another thing. */
static bool is_int_n(const struct why_not *w)
{
	return w->from.cls == INSN_INTN &&
	       reason_tell(w, "SDM volume 2, \"INT n/INTO/INT3/INT1\"",
			   "The instruction before is INT n (opcode CD). It goes through the IDT "
			   "with its DPL check and is no "
			   "exception: neither the intercept of #DB nor that of #BP sees it.");
}

static bool other_insn(const struct why_not *w)
{
	char text[128];

	if (w->from.cls == INSN_ICEBP || w->from.cls == INSN_INT3 || !w->n_from)
		return false;
	from_text(w, text, sizeof(text));
	return reason_tell(w, cause_text(w->cause)->source,
			   "The instruction before this boundary is no %s but: %s",
			   cause_name(w->cause), text);
}

static bool not_intercepted(const struct why_not *w)
{
	const struct settings *set = session_settings(w->s);
	const bool db = w->cause == CAUSE_ICEBP;

	return w->vmx_view && !(db ? set->intercept_db : set->intercept_bp) &&
	       reason_tell(w, NULL,
			   "%s is not intercepted (set intercept %s off): it went through the "
			   "guest's IDT unseen.",
			   db ? "#DB" : "#BP", db ? "db" : "bp");
}

static bool other_of_both(const struct why_not *w)
{
	const bool icebp = w->cause == CAUSE_ICEBP;

	return (icebp ? w->from.cls == INSN_INT3 : w->from.cls == INSN_ICEBP) &&
	       reason_tell(
		       w, "SDM volume 2, \"INT n/INTO/INT3/INT1\"",
		       icebp ? "The instruction before is INT3 (CC), which raises #BP, vector 3."
			     : "The instruction before is INT1 (F1), which raises #DB, vector 1.");
}

reason_fn *const icebp_reasons[] = { delivered_now, nothing_retired, is_int_n, other_of_both,
				     other_insn,    not_intercepted, NULL };
reason_fn *const int3_reasons[] = { delivered_now, nothing_retired, is_int_n, other_of_both,
				    other_insn,    not_intercepted, NULL };
