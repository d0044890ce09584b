/* flow.c - probes: TF and shadows where flags, stacks and privilege change. */
#include <string.h>
#include <sys/ioctl.h>
#include <vmstep/x86.h>

#include "probe/probe.h"

GUEST(guest_pushf, 64, "pushf\n nop\n nop\n hlt");
GUEST(guest_popf, 64, "push $2\n popf\n nop\n nop\n nop\n hlt");
GUEST(guest_iret, 64,
      "mov %ss, %eax\n push %rax\n push $0x7000\n push $2\n push $0x10\n push $0x1014\n iretq\n nop\n nop\n nop\n nop\n hlt");
GUEST(guest_set_tf, 64, "push $0x102\n popf\n nop\n nop\n nop\n hlt");
GUEST(guest_tf_sti, 64, "push $0x102\n popf\n sti\n nop\n nop\n hlt");
GUEST(guest_syscall, 64, "syscall\n nop\n nop\n nop\n hlt");
GUEST(guest_sti, 64, "cli\n sti\n nop\n nop\n nop\n hlt");
/* Eight bytes, and two cache lines of data. */
GUEST(guest_bus_lock, 64, "lock incl 0x603e\n nop\n hlt");
GUEST(guest_movss, 64, "mov %ss, %eax\n mov %eax, %ss\n nop\n nop\n nop\n hlt");

#define SINGLE_STEP "SDM \"Single-Step Exception Condition\""

static void pushed_more(struct lab *lab, struct strbuf *out)
{
	strbuf_addf(out, " image tf=%d", !!(lab_mem64(lab, lab_regs(lab).rsp) & FL_TF));
}

static void tf_more(struct lab *lab, struct strbuf *out)
{
	strbuf_addf(out, " tf=%d", !!(lab_regs(lab).rflags & FL_TF));
}

static void shadow_more(struct lab *lab, struct strbuf *out)
{
	const u8 shadow = lab_events(lab).interrupt.shadow;

	strbuf_addf(out, " shadow=%s", shadow == KVM_X86_SHADOW_INT_STI	     ? "sti"
				       : shadow == KVM_X86_SHADOW_INT_MOV_SS ? "movss"
				       : shadow				     ? "both"
									     : "none");
}

/* Bus lock traps are for rings above 0, where DEBUGCTL asks for them (SDM "Bus-Lock Debug Exceptions"). */
static void bus_lock_setup(struct lab *lab)
{
	lab_msr_set(lab, MSR_DEBUGCTL, BIT(2));
}

static void bus_lock_more(struct lab *lab, struct strbuf *out)
{
	strbuf_addf(out, " bld=%d", !(lab_dr6(lab) & DR6_BLD));
}

static bool has_bus_lock(int kvm)
{
	return has_cpuid_ecx(kvm, 7, 24);
}

/* SYSCALL's entry, where vector 255's handler is: NOP, SYSRETQ. */
static void syscall_setup(struct lab *lab)
{
	static const u8 entry[] = { 0x90, 0x48, 0x0f, 0x07 };

	memcpy(lab->mem + LAB_HANDLER(255), entry, sizeof(entry));
	lab_msr_set(lab, MSR_STAR, (u64)LAB_CS << 32 | (u64)(LAB_SS + 3) << 48);
	lab_msr_set(lab, MSR_LSTAR, LAB_HANDLER(255));
}

static void syscall_fmask_setup(struct lab *lab)
{
	syscall_setup(lab);
	lab_msr_set(lab, MSR_SFMASK, FL_TF);
}

static void r11_more(struct lab *lab, struct strbuf *out)
{
	strbuf_addf(out, " r11 tf=%d", !!(lab_regs(lab).r11 & FL_TF));
}

/* An interrupt that waits at the stop behind STI: where the frame says it came. */
static void sti_irq_script(struct lab *lab, struct strbuf *out)
{
	struct kvm_interrupt irq = { .irq = 0x21 };
	unsigned reason;

	lab_enter(lab);
	lab_enter(lab);
	ioctl(lab->vcpu, KVM_INTERRUPT, &irq);
	for (unsigned n = 0; n < 4; n++) {
		reason = lab_enter(lab);
		if (reason != KVM_EXIT_DEBUG || lab_regs(lab).rip - LAB_HANDLER(0x21) < 16)
			break;
	}
	strbuf_adds(out, "frame=");
	place_put(lab_mem64(lab, lab_regs(lab).rsp), out);
}

const struct probe probes_flow[] = {
	{ .id = "pushf", .event = "the image that PUSHF leaves under a single step", .source = SINGLE_STEP,
	  .want = "debug+1[BS] image tf=0", .vmstep = "repairs the image and notes it (set tf-hygiene)",
	  .known = { { "debug+1[BS] image tf=1", "K6", "the debugger's TF is in it" } },
	  PROBE_CODE(guest_pushf), .control = DBG_STEP, .runs = 1, .more = pushed_more },
	{ .id = "popf-clear", .event = "POPF of an image without TF, then three steps", .source = SINGLE_STEP,
	  .want = "debug+3[BS] debug+4[BS] debug+5[BS]", .vmstep = "arms the step again behind POPF",
	  .known = { { "debug+3[BS] debug+4[BS] hlt+7", "K3", "POPF takes the debugger's TF away" },
		     { "debug+3[BS] hlt+7", "K3", "POPF takes the debugger's TF away" },
		     { "debug+4[BS] hlt+7", "K3", "POPF takes the debugger's TF away" } },
	  PROBE_CODE(guest_popf), .control = DBG_STEP, .lead = 1, .runs = 3 },
	{ .id = "iret-clear", .event = "IRET to an image without TF, then two steps", .source = SINGLE_STEP,
	  .want = "debug+20[BS] debug+21[BS] debug+22[BS]", .vmstep = "arms the step again behind IRET",
	  .known = { { "debug+20[BS] hlt+24", "K3", "IRET takes the debugger's TF away" },
		     { "debug+21[BS] debug+22[BS] debug+23[BS]", "section 11", "no stop straight behind IRET" } },
	  PROBE_CODE(guest_iret), .control = DBG_STEP, .lead = 6, .runs = 3 },
	{ .id = "guest-tf", .event = "the guest's own TF, no guest debug: its #DB handler", .source = SINGLE_STEP,
	  .want = "hlt v1+1 frame=+7 tf dr6=BS", .vmstep = "nothing: the guest runs by itself",
	  PROBE_CODE(guest_set_tf), .halt = 1, .runs = 1, .more = frame_dr6_more },
	{ .id = "guest-tf-sti", .event = "the guest's own TF with the trap in a STI shadow",
	  .source = "SDM \"Checks on Guest Non-Register State\"", .want = "hlt v1+1 frame=+7 tf dr6=BS",
	  .vmstep = "nothing: the guest runs by itself",
	  .known = { { "fail-entry+7", "b9bed78e2fa9", "kernels before 5.17 re-inject without BS" } },
	  PROBE_CODE(guest_tf_sti), .halt = 1, .runs = 1, .more = frame_dr6_more },
	{ .id = "guest-tf-hidden", .event = "the guest's own TF as KVM_GET_REGS shows it under a single step",
	  .source = "kvm/api.rst \"KVM_GET_REGS\"", .want = "debug+6[BS] tf=1",
	  .vmstep = "keeps the guest's TF by itself and gives the guest its #DBs",
	  .known = { { "debug+6[BS] tf=0", "K5", "TF is taken out while SINGLESTEP is on" } },
	  PROBE_CODE(guest_set_tf), .control = DBG_STEP, .lead = 1, .runs = 1, .more = tf_more },
	{ .id = "syscall", .event = "SYSCALL under a single step, and R11", .source = "SDM volume 2, SYSCALL",
	  .want = "debug v255+0[BS] r11 tf=0", .vmstep = "takes TF out of R11 and notes it",
	  .known = { { "debug v255+0[BS] r11 tf=1", "K6", "the debugger's TF is in it" },
		     { "debug v1+1[BS] r11 tf=1", "section 11", "TF leaks and the guest's #DB handler is entered" } },
	  PROBE_CODE(guest_syscall), .flags = LAB_USER, .control = DBG_STEP, .setup = syscall_setup, .runs = 1,
	  .more = r11_more },
	{ .id = "syscall-fmask", .event = "SYSCALL with FMASK.TF=1 under a single step",
	  .source = "SDM volume 2, SYSCALL; SDM \"Single-Step Exception Condition\"", .want = "debug+2[BS]",
	  .vmstep = "plants a temporary point at the entry (K7): the processor loses the step, and so does KVM's emulator since c8401dda2f0a and 5cc244a20b86",
	  .shows = "K7",
	  .known = { { "debug v255+0[BS]", "rig", "the emulated processor judges TF before the SYSCALL" },
		     { "debug v13+4[BS]", "section 11", "ring 3 is not stepped until it faults on HLT" } },
	  PROBE_CODE(guest_syscall), .flags = LAB_USER, .control = DBG_STEP, .setup = syscall_fmask_setup,
	  .runs = 1 },
	{ .id = "sti-shadow", .event = "the STI shadow as a stop shows it",
	  .source = "kvm/api.rst \"KVM_GET_VCPU_EVENTS\"", .want = "debug+2[BS] shadow=sti",
	  .vmstep = "shows it; engine mtf shows both shadows",
	  .known = { { "debug+2[BS] shadow=none", "rig", "the emulated AMD forgets the shadow at the exit of a #DB" } },
	  PROBE_CODE(guest_sti), .control = DBG_STEP, .lead = 1, .runs = 1, .more = shadow_more },
	{ .id = "sti-shadow-irq", .event = "an interrupt that waits in the STI shadow, stepping on",
	  .source = "SDM volume 2, STI", .want = "frame=+3",
	  .vmstep = "says that the shadow is gone with the next entry; engine mtf keeps it",
	  .known = { { "frame=+2", "K2", "the shadow is cleared before the entry" } },
	  PROBE_CODE(guest_sti), .control = DBG_STEP, .halt = 0x21, .script = sti_irq_script },
	{ .id = "movss-step", .event = "single step over MOV SS: the trap is dropped",
	  .source = "SDM \"Masking Exceptions and Interrupts When Switching Stacks\"", .want = "debug+5[BS]",
	  .vmstep = "shows the two instructions as a pair; engine mtf stops between them",
	  .known = { { "debug+4[BS]", "section 11", "a stop straight behind it" } },
	  PROBE_CODE(guest_movss), .control = DBG_STEP, .lead = 1, .runs = 1 },
	{ .id = "bus-lock", .event = "a bus lock in ring 3 with DEBUGCTL.BLD, USE_HW_BP",
	  .source = "SDM \"Bus-Lock Debug Exceptions\"", .want = "debug+8[] bld=1",
	  .vmstep = "shows a #DB without a cause; takes it for no ICEBP, since RIP has moved",
	  .known = { { "debug+8[] bld=0", "K18", "kvm_run's dr6 has the bit as if there was none" } },
	  PROBE_CODE(guest_bus_lock), .flags = LAB_USER, .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP,
	  .setup = bus_lock_setup, .runs = 1, .more = bus_lock_more, .possible = has_bus_lock },
	{ .id = NULL },
};
