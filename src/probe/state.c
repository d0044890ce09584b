/* state.c - probes: what userspace may do between two steps without losing the second. */
#include <vmstep/x86.h>

#include "probe/probe.h"

GUEST(guest_long_nops, 64, "nop\n nop\n nop\n nop\n nop\n nop\n hlt");

#define API	"kvm/api.rst \"KVM_SET_GUEST_DEBUG\""
#define REARMS	"calls KVM_SET_GUEST_DEBUG behind every write of registers"
#define KEPT	"debug+2[BS] debug+3[BS]"
#define LOST	"TF is put back only where RIP is the one that KVM_SET_GUEST_DEBUG saw"

static void write_regs(struct lab *lab, unsigned n)
{
	struct kvm_regs r = lab_regs(lab);

	lab_regs_set(lab, &r);
}

static void write_regs_arm(struct lab *lab, unsigned n)
{
	write_regs(lab, n);
	lab_debug(lab, DBG_STEP);
}

static void skip_arm(struct lab *lab, unsigned n)
{
	lab_rip_set(lab, lab_regs(lab).rip + 1);
	lab_debug(lab, DBG_STEP);
}

static void arm_skip(struct lab *lab, unsigned n)
{
	lab_debug(lab, DBG_STEP);
	lab_rip_set(lab, lab_regs(lab).rip + 1);
}

static void dirty_regs(struct lab *lab, unsigned n)
{
	lab->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
}

static void dirty_tf(struct lab *lab, unsigned n)
{
	lab->run->s.regs.regs.rflags |= FL_TF;
	dirty_regs(lab, n);
}

static void dirty_sregs(struct lab *lab, unsigned n)
{
	lab->run->kvm_dirty_regs = KVM_SYNC_X86_SREGS;
}

static void sync_more(struct lab *lab, struct strbuf *out)
{
	const struct kvm_sync_regs *s = &lab->run->s.regs;

	strbuf_addf(out, " sync %s", s->regs.rip == lab_regs(lab).rip ? "fresh" : "stale");
}

const struct probe probes_state[] = {
	{ .id = "regs-set", .event = "KVM_SET_REGS of the same registers between two steps", .source = API,
	  .want = KEPT, .vmstep = REARMS, .known = { { "hlt+7", "K3", LOST } },
	  PROBE_CODE(guest_long_nops), .control = DBG_STEP, .between = write_regs, .lead = 1, .runs = 2 },
	{ .id = "regs-set-armed", .event = "KVM_SET_REGS, then KVM_SET_GUEST_DEBUG between two steps", .source = API,
	  .want = KEPT, .vmstep = REARMS,
	  PROBE_CODE(guest_long_nops), .control = DBG_STEP, .between = write_regs_arm, .lead = 1, .runs = 2 },
	{ .id = "rip-set", .event = "RIP moved by one behind KVM_SET_GUEST_DEBUG", .source = API,
	  .want = "debug+3[BS] debug+5[BS]", .vmstep = REARMS, .known = { { "hlt+7", "K3", LOST } },
	  PROBE_CODE(guest_long_nops), .control = DBG_STEP, .between = arm_skip, .lead = 1, .runs = 2 },
	{ .id = "rip-set-armed", .event = "RIP moved by one, then KVM_SET_GUEST_DEBUG", .source = API,
	  .want = "debug+3[BS] debug+5[BS]", .vmstep = REARMS,
	  PROBE_CODE(guest_long_nops), .control = DBG_STEP, .between = skip_arm, .lead = 1, .runs = 2 },
	{ .id = "regs-dirty", .event = "registers written back through kvm_run between two steps",
	  .source = "kvm/api.rst \"KVM_CAP_SYNC_REGS\"", .want = KEPT, .vmstep = "writes TF=1 with them",
	  .known = { { "hlt+7", "K3", LOST } },
	  PROBE_CODE(guest_long_nops), .control = DBG_STEP, .between = dirty_regs, .lead = 1, .runs = 2 },
	{ .id = "regs-dirty-tf", .event = "the same with TF=1 in RFLAGS", .source = "kvm/api.rst \"KVM_CAP_SYNC_REGS\"",
	  .want = KEPT, .vmstep = "writes TF=1 with them",
	  PROBE_CODE(guest_long_nops), .control = DBG_STEP, .between = dirty_tf, .lead = 1, .runs = 2 },
	{ .id = "sregs-dirty", .event = "system registers written back through kvm_run between two steps",
	  .source = "kvm/api.rst \"KVM_CAP_SYNC_REGS\"", .want = KEPT, .vmstep = "nothing to repair",
	  PROBE_CODE(guest_long_nops), .control = DBG_STEP, .between = dirty_sregs, .lead = 1, .runs = 2 },
	{ .id = "regs-sync", .event = "registers in kvm_run at a stop", .source = "kvm/api.rst \"KVM_CAP_SYNC_REGS\"",
	  .want = "debug+2[BS] sync fresh", .vmstep = "reads them there, without an ioctl",
	  PROBE_CODE(guest_long_nops), .control = DBG_STEP, .lead = 1, .runs = 1, .more = sync_more },
	{ .id = NULL },
};
