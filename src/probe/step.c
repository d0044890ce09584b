/* step.c - probes: a single step over each kind of instruction. */
#include "probe/probe.h"

GUEST(guest_nops, 64, "nop\n nop\n nop\n hlt");
GUEST(guest_nops32, 32, "nop\n nop\n nop\n hlt");
GUEST(guest_nops16, 16, "nop\n nop\n nop\n hlt");
GUEST(guest_cpuid, 64, "nop\n cpuid\n nop\n nop\n hlt");
GUEST(guest_rdmsr, 64, "mov $0xc0000082, %ecx\n rdmsr\n nop\n nop\n hlt");
GUEST(guest_wrmsr, 64, "mov $0xc0000082, %ecx\n wrmsr\n nop\n nop\n hlt");
GUEST(guest_out, 64, "mov $0x41, %eax\n out %al, $0xe1\n nop\n nop\n hlt");
GUEST(guest_in, 64, "mov $0x41, %eax\n in $0xe1, %al\n nop\n nop\n hlt");
GUEST(guest_mmio_write, 64, "mov $0x10000000, %ebx\n mov %eax, (%rbx)\n nop\n nop\n hlt");
GUEST(guest_mmio_read, 64, "mov $0x10000000, %ebx\n mov (%rbx), %eax\n nop\n nop\n hlt");
GUEST(guest_movs, 64, "mov $3, %ecx\n mov $0x6000, %esi\n mov $0x6100, %edi\n rep movsb\n nop\n hlt");
GUEST(guest_hlt, 64, "nop\n hlt\n nop\n nop\n hlt");
GUEST(guest_apic, 64, "mov $0xfee000f0, %ebx\n movl $0x1ff, (%rbx)\n nop\n nop\n nop\n hlt");

#define SINGLE_STEP "SDM \"Single-Step Exception Condition\""
#define EACH_STEP   "one stop an instruction, nothing to repair"
#define COMPLETES   "re-enters with immediate_exit; the first of DEBUG and EINTR behind it is the stop"

/* The device's access is done by a re-entry that runs nothing, however KVM tells of it. */
static void complete_script(struct lab *lab, struct strbuf *out)
{
	unsigned reason = lab_enter(lab);

	if (reason == KVM_EXIT_DEBUG)
		reason = lab_enter(lab);
	stop_put(lab, reason, out);
	lab_debug(lab, DBG_STEP);
	lab_enter_immediate(lab);
	strbuf_adds(out, " at");
	place_put(lab_regs(lab).rip, out);
	lab_debug(lab, DBG_STEP);
	stop_put(lab, lab_enter(lab), out);
}

const struct probe probes_step[] = {
	{ .id = "tf-long", .event = "single step over NOP, long mode", .source = SINGLE_STEP,
	  .want = "debug+1[BS] debug+2[BS]", .vmstep = EACH_STEP,
	  PROBE_CODE(guest_nops), .control = DBG_STEP, .runs = 2 },
	{ .id = "tf-protected", .event = "single step over NOP, protected mode", .source = SINGLE_STEP,
	  .want = "debug+1[BS] debug+2[BS]", .vmstep = EACH_STEP,
	  PROBE_CODE(guest_nops32), .mode = LAB_PROT, .control = DBG_STEP, .runs = 2 },
	{ .id = "tf-real", .event = "single step over NOP, real mode", .source = SINGLE_STEP,
	  .want = "debug+1[BS] debug+2[BS]", .vmstep = EACH_STEP,
	  PROBE_CODE(guest_nops16), .mode = LAB_REAL, .control = DBG_STEP, .runs = 2 },
	{ .id = "tf-cpuid", .event = "single step over CPUID, which KVM emulates", .source = SINGLE_STEP,
	  .want = "debug+3[BS] debug+4[BS]", .vmstep = "shows the stop behind it",
	  .known = { { "debug+4[BS] hlt+6", "6affcbedcac7", "kernels before 4.10 lose the step" } },
	  PROBE_CODE(guest_cpuid), .control = DBG_STEP, .lead = 1, .runs = 2 },
	{ .id = "tf-rdmsr", .event = "single step over RDMSR, which KVM emulates", .source = SINGLE_STEP,
	  .want = "debug+7[BS] debug+8[BS]", .vmstep = "shows the stop behind it",
	  PROBE_CODE(guest_rdmsr), .control = DBG_STEP, .lead = 1, .runs = 2 },
	{ .id = "tf-wrmsr", .event = "single step over WRMSR, which KVM emulates", .source = SINGLE_STEP,
	  .want = "debug+7[BS] debug+8[BS]", .vmstep = "shows the stop behind it",
	  .known = { { "debug+8[BS] debug+9[BS]", "f7f39c50edb9", "a fast path lost the step before 6.12" } },
	  PROBE_CODE(guest_wrmsr), .control = DBG_STEP, .lead = 1, .runs = 2 },
	{ .id = "tf-out", .event = "single step over OUT to userspace", .source = SINGLE_STEP,
	  .want = "io debug+7[BS] debug+8[BS]", .vmstep = COMPLETES,
	  .known = { { "io debug+8[BS] debug+9[BS]", "K4", "no stop behind the OUT" } },
	  PROBE_CODE(guest_out), .control = DBG_STEP, .lead = 1, .runs = 3 },
	{ .id = "tf-out-complete", .event = "OUT completed by a KVM_RUN with immediate_exit",
	  .source = "kvm/api.rst \"The kvm_run structure\"", .want = "io at+7 debug+8[BS]", .vmstep = COMPLETES,
	  PROBE_CODE(guest_out), .control = DBG_STEP, .script = complete_script },
	{ .id = "tf-in", .event = "single step over IN from userspace", .source = SINGLE_STEP,
	  .want = "io debug+7[BS] debug+8[BS]", .vmstep = COMPLETES,
	  .known = { { "io debug+8[BS] debug+9[BS]", "K4", "no stop behind the IN" } },
	  PROBE_CODE(guest_in), .control = DBG_STEP, .lead = 1, .runs = 3 },
	{ .id = "tf-mmio-write", .event = "single step over an MMIO write", .source = SINGLE_STEP,
	  .want = "mmio debug+7[BS] debug+8[BS]", .vmstep = COMPLETES,
	  .known = { { "mmio debug+8[BS] debug+9[BS]", "K4", "no stop behind the write" },
		     { "mmio hlt+10", "K4", "the step is lost" } },
	  PROBE_CODE(guest_mmio_write), .control = DBG_STEP, .lead = 1, .runs = 3 },
	{ .id = "tf-mmio-complete", .event = "MMIO write completed by a KVM_RUN with immediate_exit",
	  .source = "kvm/api.rst \"The kvm_run structure\"", .want = "mmio at+7 debug+8[BS]", .vmstep = COMPLETES,
	  PROBE_CODE(guest_mmio_write), .control = DBG_STEP, .script = complete_script },
	{ .id = "tf-mmio-read", .event = "single step over an MMIO read", .source = SINGLE_STEP,
	  .want = "mmio debug+7[BS] debug+8[BS]", .vmstep = COMPLETES,
	  .known = { { "mmio debug+7[BS] hlt+10", "K3", "the emulator's write-back takes TF away" } },
	  PROBE_CODE(guest_mmio_read), .control = DBG_STEP, .lead = 1, .runs = 3 },
	{ .id = "tf-mmio-kernel", .event = "a write to the in-kernel local APIC, and the step behind it",
	  .source = SINGLE_STEP, .want = "debug+11[BS] debug+12[BS]",
	  .vmstep = "arms the step again after each stop that the emulator may have made",
	  .known = { { "debug+11[BS] eintr+15", "K3", "the emulator's write-back takes TF away" } },
	  PROBE_CODE(guest_apic), .flags = LAB_IRQCHIP, .control = DBG_STEP, .lead = 1, .runs = 2 },
	{ .id = "tf-rep", .event = "single step over REP MOVSB of three bytes", .source = SINGLE_STEP,
	  .want = "debug+15[BS] debug+15[BS] debug+17[BS]", .vmstep = "a stop for each iteration it is told of",
	  .known = { { "debug+15[BS] debug+17[BS] debug+18[BS]", "section 11", "tells of the first and of the last" } },
	  PROBE_CODE(guest_movs), .control = DBG_STEP, .lead = 3, .runs = 3 },
	{ .id = "tf-hlt", .event = "single step over HLT, no in-kernel irqchip", .source = SINGLE_STEP,
	  .want = "debug+2[BS] debug+3[BS]",
	  .vmstep = "completes the HLT with immediate_exit and shows the boundary behind it",
	  .known = { { "hlt+2 debug+3[BS]", "K4", "the exit squashes the DEBUG" },
		     { "hlt+2 hlt+5", "K4", "the exit squashes the DEBUG and loses the step" } },
	  PROBE_CODE(guest_hlt), .control = DBG_STEP, .lead = 1, .runs = 2 },
	{ .id = "tf-hlt-irqchip", .event = "single step over HLT, in-kernel irqchip", .source = SINGLE_STEP,
	  .want = "debug+2[BS]", .vmstep = "waits for the interrupt that wakes it",
	  PROBE_CODE(guest_hlt), .flags = LAB_IRQCHIP, .control = DBG_STEP, .lead = 1, .runs = 1 },
	{ .id = NULL },
};
