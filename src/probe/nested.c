/* nested.c - probes: what a hypervisor in the guest gets, through engine mtf's shim. */
#include <vmstep/session.h>

#include "probe/probe.h"

GUEST(guest_none, 64, "hlt");

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
	{ .id = NULL },
};
