/*
 * nested.c - probes: what a hypervisor in the guest gets, through engine mtf's shim or the lab's own L1
 * (l2.c). "L1:debug+1[BS]" is its VM exit for a #DB, with the exit qualification.
 */
#include <vmstep/session.h>
#include <vmstep/x86.h>

#include "probe/l2.h"
#include "probe/probe.h"

GUEST(guest_none, 64, "hlt");
GUEST(guest_l2, 64, "nop\n nop\n hlt");
GUEST(guest_l2_int3, 64, "nop\n int3\n hlt");
GUEST(guest_l2_out, 64, "out %al, $0xe1\n nop\n hlt");
GUEST(guest_l2_mmio, 64, "mov %eax, 0x10000000\n nop\n hlt");

#define INTERCEPTS "SDM \"Exceptions or Non-Maskable Interrupt\""
#define NEVER_OF_L2 "engine mtf asks for nothing but BLOCKIRQ while L2 runs"

static bool has_vmx(int kvm)
{
	return has_cpuid_ecx(kvm, 1, 5);
}

static bool has_vmx_and_block_irq(int kvm)
{
	return has_vmx(kvm) && has_block_irq(kvm);
}

static void l1_put(const struct l2_exit *e, struct strbuf *out)
{
	const u32 reason = (u32)e->reason, vector = e->intr_info & 0xff;

	strbuf_adds(out, out->n ? " L1:" : "L1:");
	if (reason == 0 && vector == EXC_DB)
		strbuf_adds(out, "debug");
	else if (reason == 0)
		strbuf_adds(out, vector == EXC_BP ? "bp" : "exception");
	else if (reason == 12)
		strbuf_adds(out, "hlt");
	else
		strbuf_addf(out, "exit-%u", reason);
	place_put(e->rip, out);
	if (reason || vector != EXC_DB)
		return;
	strbuf_addc(out, '[');
	dr6_put(e->qualification, out);
	strbuf_addc(out, ']');
}

/* Until L1 halts, L2's accesses to devices apart. */
static void l2_run(struct lab *lab, u64 rflags, u32 exceptions, struct strbuf *out)
{
	struct l2_exit e;
	unsigned reason;

	l2_prepare(lab, rflags, exceptions);
	do {
		reason = lab_enter(lab);
		if (reason == KVM_EXIT_HLT && l2_exited(lab, &e))
			l1_put(&e, out);
		else
			stop_put(lab, reason, out);
	} while (reason == KVM_EXIT_IO || reason == KVM_EXIT_MMIO);
}

static void l2_tf_script(struct lab *lab, struct strbuf *out)
{
	l2_run(lab, 2 | FL_TF, BIT(EXC_DB), out);
}

static void l2_bp_script(struct lab *lab, struct strbuf *out)
{
	l2_run(lab, 2, BIT(EXC_BP), out);
}

static bool has_mtf(int kvm)
{
	struct engine_probe probe = { 0 };

	engine_find("mtf")->probe(&probe);
	return probe.works;
}

/* One step of engine mtf over OUT: KVM does the access for L2 and owes L1 the MTF exit. */
static void step_over_out(struct session *s, struct strbuf *out)
{
	const struct stop *st;

	if (session_start(s, NULL) || session_stepi(s, 1, NULL, NULL, NULL)) {
		strbuf_adds(out, "engine mtf does not start");
		return;
	}
	st = session_last_stop(s);
	if (st->ev.kind != EVIDENCE_VMX)
		strbuf_adds(out, "no VM exit");
	else if (st->ev.vmx.l0_mtf == L0_MTF_PENDING)
		strbuf_adds(out, "MTF pending");
	else
		strbuf_adds(out, st->ev.vmx.l0_mtf == L0_MTF_NONE ? "no MTF pending" : "not told");
}

static void mtf_script(struct lab *lab, struct strbuf *out)
{
	const struct session_config cfg = { .guest.hex = "e6 e1 90 f4", .guest.mode = "real",
					    .machine.serial = "null", .machine.debugcon = "null",
					    .machine.stdio_in = -1, .engine = "mtf" };
	struct session *s;

	if (session_create(&cfg, &s, NULL)) {
		strbuf_adds(out, "engine mtf does not start");
		return;
	}
	step_over_out(s, out);
	session_destroy(s);
}

const struct probe probes_nested[] = {
	{ .id = "mtf-out", .event = "nested: the MTF of an OUT that KVM did for L2",
	  .source = "SDM \"Monitor Trap Flag\"", .want = "MTF pending",
	  .vmstep = "engine mtf: the shim gives the MTF itself where KVM does not",
	  .known = { { "no MTF pending", "K14", "kernels before 5.6 (5ef8acbdd687) owe none" } },
	  PROBE_CODE(guest_none), .script = mtf_script, .possible = has_mtf },
	{ .id = "l2-db", .event = "nested: L2's own #DB that L1 intercepts, no guest debug", .source = INTERCEPTS,
	  .want = "L1:debug+1[BS]", .vmstep = "engine mtf: folds it into the stop",
	  PROBE_CODE(guest_l2), .script = l2_tf_script, .possible = has_vmx },
	{ .id = "l2-db-hw", .event = "nested: the same with USE_HW_BP", .source = INTERCEPTS, .want = "L1:debug+1[BS]",
	  .vmstep = NEVER_OF_L2, .known = { { "debug+1[BS]", "K10", "taken from L1" } },
	  PROBE_CODE(guest_l2), .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP, .script = l2_tf_script,
	  .possible = has_vmx },
	{ .id = "l2-db-held", .event = "nested: the same with BLOCKIRQ alone", .source = INTERCEPTS,
	  .want = "L1:debug+1[BS]", .vmstep = NEVER_OF_L2, .shows = "K10",
	  PROBE_CODE(guest_l2), .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_BLOCKIRQ, .script = l2_tf_script,
	  .possible = has_vmx_and_block_irq },
	{ .id = "l2-bp-sw", .event = "nested: L2's INT3 that L1 intercepts, with USE_SW_BP", .source = INTERCEPTS,
	  .want = "L1:bp+1", .vmstep = NEVER_OF_L2, .known = { { "bp+1", "K10", "taken from L1" } },
	  PROBE_CODE(guest_l2_int3), .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP, .script = l2_bp_script,
	  .possible = has_vmx },
	{ .id = "l2-tf-out", .event = "nested: an OUT of L2's under its own TF, L1 intercepting #DB",
	  .source = "SDM \"Single-Step Exception Condition\"", .want = "io L1:debug+2[BS]",
	  .vmstep = "engine mtf puts BS back", .known = { { "io L1:debug+3[BS]", "K19", "the trap is lost" } },
	  PROBE_CODE(guest_l2_out), .script = l2_tf_script, .possible = has_vmx },
	{ .id = "l2-tf-mmio", .event = "nested: an MMIO write of L2's under its own TF, L1 intercepting #DB",
	  .source = "SDM \"Single-Step Exception Condition\"", .want = "mmio L1:debug+7[BS]",
	  .vmstep = "engine mtf puts BS back",
	  .known = { { "mmio L1:debug+8[BS]", "K19", "the trap is lost" },
		     { "mmio L1:hlt+8", "K19", "the trap is lost, and TF with it" } },
	  PROBE_CODE(guest_l2_mmio), .script = l2_tf_script, .possible = has_vmx },
	{ .id = NULL },
};
