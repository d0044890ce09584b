/*
 * why_not_dr.c - why none of the guest's own debug registers made this stop: HWBP, WATCH, IOBP, GD.
 * The registers are read now, at the stop.
 */
#include <string.h>
#include "why_not.h"

#define CODE_SECTION "SDM volume 3, \"Instruction-Breakpoint Exception Condition\""
#define DATA_SECTION "SDM volume 3, \"Data Memory and I/O Breakpoint Exception Conditions\""
#define DR7_SECTION  "SDM volume 3, \"Debug Control Register (DR7)\""

/* DR7's R/W field of a breakpoint: 0 execute, 1 write, 2 I/O, 3 read or write. */
enum { RW_EXEC, RW_WRITE, RW_IO, RW_ACCESS };

static unsigned kind_of(u64 dr7, unsigned i)
{
	return dr7 >> (16 + 4 * i) & 3;
}

static bool enabled(u64 dr7, unsigned i)
{
	return dr7 >> (2 * i) & 3;
}

static bool kind_asked(const struct why_not *w, unsigned kind)
{
	if (w->cause == CAUSE_HWBP)
		return kind == RW_EXEC;
	return w->cause == CAUSE_IOBP ? kind == RW_IO : kind == RW_WRITE || kind == RW_ACCESS;
}

/* Mask of DR0-3 enabled for what is asked. */
static unsigned slots(const struct why_not *w)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < 4; i++)
		if (enabled(w->cpu->dr7, i) && kind_asked(w, kind_of(w->cpu->dr7, i)))
			mask |= BIT(i);
	return mask;
}

static bool no_registers(const struct why_not *w)
{
	return !w->cpu && reason_tell(w, NULL,
				      "The guest's registers cannot be read now, so its debug "
				      "registers are not known.");
}

static bool none_enabled(const struct why_not *w)
{
	static const char *const kinds[] = {
		[CAUSE_HWBP] = "code", [CAUSE_WATCH] = "data", [CAUSE_IOBP] = "I/O"
	};

	return !slots(w) && reason_tell(w, DR7_SECTION,
					"The guest has no %s breakpoint: DR7 is 0x%llx, which "
					"enables none of that kind in DR0 to DR3. (Points of "
					"yours are BREAK/n and WATCH/n.)",
					kinds[w->cause], (unsigned long long)w->cpu->dr7);
}

/* The software flavour of /dev/kvm is told by its probe. */
static bool engine_blind(const struct why_not *w)
{
	const struct engine_ops *ops = engine_find(w->engine);
	struct engine_probe probe = { 0 };

	if (w->vmx_view || !ops)
		return false;
	ops->probe(&probe);
	return !probe.hardware && reason_tell(w, NULL,
					      "Engine kvm cannot show it here: without VMX or SVM, "
					      "KVM does not give a stepped guest its own "
					      "breakpoints (K11). Engine soft does.");
}

static u64 code_hits(const struct why_not *w)
{
	u64 hits = 0;

	for (unsigned i = 0; i < 4; i++)
		if (slots(w) & BIT(i) && w->cpu->dr[i] == w->st->lin)
			hits |= BIT(i);
	return hits;
}

static bool code_elsewhere(const struct why_not *w)
{
	return !code_hits(w) && reason_tell(w, CODE_SECTION,
					    "No enabled code breakpoint of the guest is at 0x%llx: "
					    "an address in DR0 to DR3 must be that "
					    "of the instruction's first byte.",
					    (unsigned long long)w->st->lin);
}

static bool code_rf(const struct why_not *w)
{
	return w->st->rflags & FL_RF &&
	       reason_tell(w, CODE_SECTION,
			   "RF is set: it holds code breakpoints back for one instruction.");
}

static bool code_shadow(const struct why_not *w)
{
	return w->st->shadow_known && w->st->shadow & SHADOW_MOV_SS &&
	       reason_tell(
		       w,
		       "SDM volume 3, \"Masking Exceptions and Interrupts When Switching Stacks\"",
		       "The boundary is in the shadow of a MOV SS, where code breakpoints are "
		       "suppressed.");
}

static bool code_behind(const struct why_not *w)
{
	return w->st->pending &&
	       reason_tell(w, "SDM volume 3, \"Priority Among Concurrent Events\"",
			   "It is due here, behind the event that waits, vector %u: where that is "
			   "delivered, the breakpoint comes when the handler has returned, unless "
			   "its IRET sets RF.",
			   w->st->pending_vector);
}

static bool code_later(const struct why_not *w)
{
	return reason_tell(w, "SDM volume 3, \"Priority Among Concurrent Events\"",
			   "It is due, and comes next: what is reported here is about the "
			   "instruction before, which ranks above a "
			   "breakpoint on the next one.");
}

reason_fn *const hwbp_reasons[] = { no_registers, none_enabled, engine_blind, code_elsewhere,
				    code_rf,      code_shadow,  code_behind,  code_later,
				    NULL };

/* ---- WATCH and IOBP ----------------------------------------------------------------------------
 */

static bool watch_waits(const struct why_not *w)
{
	const struct evidence *ev = &w->st->ev;
	const bool vmx = ev->kind == EVIDENCE_VMX || ev->kind == EVIDENCE_SOFT;

	return vmx && ev->vmx.pending_dbg & 15 && w->st->shadow_known &&
	       w->st->shadow & SHADOW_MOV_SS &&
	       reason_tell(
		       w,
		       "SDM volume 3, \"Masking Exceptions and Interrupts When Switching Stacks\"",
		       "It waits: the pending debug exceptions are 0x%llx, and the shadow of MOV "
		       "SS defers data breakpoints across "
		       "the next instruction.",
		       (unsigned long long)ev->vmx.pending_dbg);
}

static bool no_access(const struct why_not *w)
{
	char text[128];

	if (!w->n_from || w->st->retired != 1 ||
	    w->from.flags & (INSNF_MEM_READ | INSNF_MEM_WRITE))
		return false;
	from_text(w, text, sizeof(text));
	return reason_tell(
		w, DATA_SECTION,
		"As far as its operands tell, the instruction before does not access memory: %s",
		text);
}

static bool not_covered(const struct why_not *w)
{
	char text[128];

	from_text(w, text, sizeof(text));
	return reason_tell(w, DATA_SECTION,
			   "A data breakpoint is enabled (DR7 0x%llx), but the report does not say "
			   "that %s touched what it "
			   "covers. It has a length and an alignment, and one of kind write does "
			   "not see reads.",
			   (unsigned long long)w->cpu->dr7, text);
}

reason_fn *const watch_reasons[] = { no_registers,    none_enabled, engine_blind, watch_waits,
				     nothing_retired, no_access,    not_covered,  NULL };

static bool io_without_de(const struct why_not *w)
{
	return !(w->cpu->cr4 & CR4_DE) &&
	       reason_tell(w, DATA_SECTION,
			   "CR4.DE is clear: I/O breakpoints need it; without it their encoding in "
			   "DR7 is undefined.");
}

static bool no_port(const struct why_not *w)
{
	char text[128];

	if (!w->n_from || w->from.cls == INSN_IN || w->from.cls == INSN_OUT)
		return false;
	from_text(w, text, sizeof(text));
	return reason_tell(w, DATA_SECTION, "The instruction before accesses no port: %s", text);
}

static bool io_emulated(const struct why_not *w)
{
	return !w->vmx_view &&
	       reason_tell(
		       w, NULL,
		       "KVM does port accesses itself and looks at no I/O breakpoint there (K11).");
}

static bool port_not_covered(const struct why_not *w)
{
	char text[128];

	from_text(w, text, sizeof(text));
	return reason_tell(w, DATA_SECTION,
			   "An I/O breakpoint is enabled (DR7 0x%llx), but the report does not say "
			   "that %s used a port that it covers.",
			   (unsigned long long)w->cpu->dr7, text);
}

reason_fn *const iobp_reasons[] = { no_registers, io_without_de, none_enabled, nothing_retired,
				    no_port,      io_emulated,   port_not_covered, NULL };

/* ---- GD ----------------------------------------------------------------------------------------
 */

static bool gd_clear(const struct why_not *w)
{
	return !(w->cpu->dr7 & DR7_GD) &&
	       reason_tell(w, "SDM volume 3, \"General-Detect Exception Condition\"",
			   "DR7 is 0x%llx now: GD is clear. (The processor clears it, too, when it "
			   "enters a #DB handler.)",
			   (unsigned long long)w->cpu->dr7);
}

static bool gd_next(const struct why_not *w)
{
	return w->at.cls == INSN_MOV_DR &&
	       reason_tell(w, "SDM volume 3, \"General-Detect Exception Condition\"",
			   "It is still to come: the instruction here is a MOV to or from a debug "
			   "register and has not been started.");
}

static bool gd_other(const struct why_not *w)
{
	return reason_tell(w, "SDM volume 3, \"General-Detect Exception Condition\"",
			   "GD is set, and waits for a MOV to or from a debug register; the next "
			   "instruction is none.");
}

reason_fn *const gd_reasons[] = { no_registers, gd_clear, gd_next, gd_other, NULL };
