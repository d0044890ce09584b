/* event.c - probes: events delivered while the guest is stepped, held interrupts, events injected. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <vmstep/x86.h>

#include "probe/probe.h"

/* The event comes from the two-byte instruction at +2; handlers of faults step over it. */
GUEST(guest_int, 64, "nop\n nop\n int $0x40\n nop\n nop\n nop\n hlt");
GUEST(guest_int16, 16, "nop\n nop\n int $0x40\n nop\n nop\n nop\n hlt");
GUEST(guest_ud, 64, "nop\n nop\n ud2\n nop\n nop\n nop\n hlt");
GUEST(guest_gp, 64, "nop\n nop\n mov %eax, %ds\n nop\n nop\n nop\n hlt");
GUEST(guest_pf, 64, "nop\n nop\n mov (%rbx), %eax\n nop\n nop\n nop\n hlt");
GUEST(guest_irq, 64, "nop\n nop\n nop\n nop\n nop\n nop\n nop\n nop\n nop\n hlt");
GUEST(guest_halts, 64, "nop\n nop\n nop\n hlt");

#define DELIVERY "SDM \"Single-Step Exception Condition\": delivery clears TF"
#define AT_GATE	 "plants a point at the gate's target, so that the handler is seen (K17)"

/* Handlers of faults: [drop the error code;] add 2 to the saved RIP; iret. */
static void fault_setup(struct lab *lab)
{
	static const u8 coded[] = { 0x48, 0x83, 0xc4, 0x08, 0x48, 0x83, 0x04, 0x24, 0x02, 0x48, 0xcf };
	static const u8 plain[] = { 0x48, 0x83, 0x04, 0x24, 0x02, 0x48, 0xcf };
	struct kvm_regs r = lab_regs(lab);

	memcpy(lab->mem + LAB_HANDLER(EXC_UD), plain, sizeof(plain));
	memcpy(lab->mem + LAB_HANDLER(EXC_GP), coded, sizeof(coded));
	memcpy(lab->mem + LAB_HANDLER(EXC_PF), coded, sizeof(coded));
	r.rax = 0xfff8;
	r.rbx = 0x40000000; /* not mapped */
	lab_regs_set(lab, &r);
}

static void irq_setup(struct lab *lab)
{
	struct kvm_regs r = lab_regs(lab);

	r.rflags |= FL_IF;
	lab_regs_set(lab, &r);
}

static void irq_between(struct lab *lab, unsigned n)
{
	struct kvm_interrupt irq = { .irq = 0x50 };

	if (n == 2)
		ioctl(lab->vcpu, KVM_INTERRUPT, &irq);
}

/* PIC 0 with vectors from 20, all lines open: as a BIOS leaves it, without running one. */
static void pic_setup(struct lab *lab)
{
	struct kvm_irqchip chip = { .chip_id = KVM_IRQCHIP_PIC_MASTER };

	irq_setup(lab);
	ioctl(lab->vm, KVM_GET_IRQCHIP, &chip);
	chip.chip.pic.irq_base = 0x20;
	chip.chip.pic.imr = 0;
	chip.chip.pic.init_state = 0;
	ioctl(lab->vm, KVM_SET_IRQCHIP, &chip);
}

static void line_between(struct lab *lab, unsigned n)
{
	struct kvm_irq_level level = { .irq = 1, .level = 1 };

	if (n != 1)
		return;
	ioctl(lab->vm, KVM_IRQ_LINE, &level);
	level.level = 0;
	ioctl(lab->vm, KVM_IRQ_LINE, &level);
}

/* ---- injected by userspace ------------------------------------------------------------------- */

static void inject_script(struct lab *lab, struct strbuf *out)
{
	lab_debug(lab, DBG_STEP);
	lab_enter(lab);
	lab_debug(lab, DBG_STEP | KVM_GUESTDBG_INJECT_DB);
	stop_put(lab, lab_enter(lab), out);
	frame_more(lab, out);
}

static void busy_script(struct lab *lab, struct strbuf *out)
{
	struct kvm_guest_debug d = { .control = DBG_STEP | KVM_GUESTDBG_INJECT_DB };
	struct kvm_vcpu_events e = lab_events(lab);

	e.flags |= KVM_VCPUEVENT_VALID_PAYLOAD;
	e.exception.pending = 1;
	e.exception.injected = 0;
	e.exception.nr = EXC_UD;
	if (ioctl(lab->vcpu, KVM_SET_VCPU_EVENTS, &e))
		strbuf_adds(out, "no pending exception can be set");
	else if (!ioctl(lab->vcpu, KVM_SET_GUEST_DEBUG, &d))
		strbuf_adds(out, "accepted");
	else
		strbuf_adds(out, errno == EBUSY ? "EBUSY" : strerror(errno));
}

static void db_inject(struct lab *lab, bool payload, struct strbuf *out)
{
	struct kvm_vcpu_events e = lab_events(lab);

	e.flags = payload ? KVM_VCPUEVENT_VALID_PAYLOAD : 0;
	e.exception.nr = EXC_DB;
	e.exception.injected = !payload;
	e.exception.pending = payload;
	e.exception_has_payload = payload;
	e.exception_payload = payload ? DR6_BS : 0;
	if (ioctl(lab->vcpu, KVM_SET_VCPU_EVENTS, &e))
		strbuf_adds(out, "refused");
	else
		stop_put(lab, lab_enter(lab), out);
	dr6_more(lab, out);
}

static void payload_script(struct lab *lab, struct strbuf *out)
{
	db_inject(lab, true, out);
}

static void no_payload_script(struct lab *lab, struct strbuf *out)
{
	db_inject(lab, false, out);
}

static bool has_payload(int kvm)
{
	return ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_EXCEPTION_PAYLOAD) > 0;
}

const struct probe probes_event[] = {
	{ .id = "intn-step", .event = "single step over INT n: the handler runs, then one instruction more",
	  .source = DELIVERY, .want = "debug+5[BS] debug+6[BS]", .vmstep = AT_GATE,
	  .known = { { "error+2", "K16", "the software flavour does not run it at CPL 0" } },
	  PROBE_CODE(guest_int), .control = DBG_STEP, .lead = 2, .runs = 2 },
	{ .id = "intn-step-real", .event = "single step over INT n, real mode", .source = DELIVERY,
	  .want = "debug+5[BS] debug+6[BS]", .vmstep = AT_GATE,
	  .known = { { "debug v64+0[BS] debug v64+1[BS]", "section 11", "stops in the handler" } },
	  PROBE_CODE(guest_int16), .mode = LAB_REAL, .control = DBG_STEP, .lead = 2, .runs = 2 },
	{ .id = "ud-step", .event = "single step over UD2 with a handler", .source = DELIVERY,
	  .want = "debug+5[BS] debug+6[BS]", .vmstep = AT_GATE,
	  .known = { { "hlt+8", "K17", "KVM intercepts #UD and injects it with its own flags: the step is lost" },
		     { "debug v6+5[BS] debug+5[BS]", "section 11", "a stop behind the handler's first instruction" } },
	  PROBE_CODE(guest_ud), .control = DBG_STEP, .setup = fault_setup, .lead = 2, .runs = 2 },
	{ .id = "gp-step", .event = "single step over an instruction that gives #GP, with a handler",
	  .source = DELIVERY, .want = "debug+5[BS] debug+6[BS]", .vmstep = AT_GATE,
	  .known = { { "debug v13+4[BS] debug v13+9[BS]", "section 11", "a stop behind the handler's first instruction" } },
	  PROBE_CODE(guest_gp), .control = DBG_STEP, .setup = fault_setup, .lead = 2, .runs = 2 },
	{ .id = "pf-step", .event = "single step over an instruction that gives #PF, with a handler",
	  .source = DELIVERY, .want = "debug+5[BS] debug+6[BS]", .vmstep = AT_GATE,
	  .known = { { "hlt+8", "K17", "without EPT or NPT KVM injects the #PF itself: the step is lost" },
		     { "debug v14+4[BS] debug v14+9[BS]", "section 11", "a stop behind the handler's first instruction" } },
	  PROBE_CODE(guest_pf), .control = DBG_STEP, .setup = fault_setup, .lead = 2, .runs = 2 },
	{ .id = "irq-step", .event = "an external interrupt while stepping", .source = DELIVERY,
	  .want = "debug+3[BS] debug+4[BS]", .vmstep = AT_GATE,
	  .known = { { "debug v80+1[BS] debug+3[BS]", "section 11", "a stop behind the handler's first instruction" } },
	  PROBE_CODE(guest_irq), .control = DBG_STEP, .setup = irq_setup, .between = irq_between, .lead = 2,
	  .runs = 2 },
	{ .id = "irq-taken", .event = "an interrupt line raised while stepping, not held",
	  .source = "SDM \"Priority Among Concurrent Events\"", .want = "debug+2[BS] debug+3[BS]",
	  .shows = "K9", .vmstep = "holds interrupts while the user steps by hand (set step-irq)",
	  .known = { { "debug v33+1[BS] debug+2[BS]", "section 11", "a stop behind the handler's first instruction" } },
	  PROBE_CODE(guest_irq), .flags = LAB_IRQCHIP, .control = DBG_STEP, .setup = pic_setup,
	  .between = line_between, .lead = 1, .runs = 2 },
	{ .id = "irq-held", .event = "the same with KVM_GUESTDBG_BLOCKIRQ",
	  .source = "kvm/api.rst \"KVM_SET_GUEST_DEBUG\"", .want = "debug+2[BS] debug+3[BS]",
	  .shows = "K9", .vmstep = "holds interrupts while the user steps by hand (set step-irq)",
	  .known = { { "debug v33+1[BS] debug v33+3[BS]", "61e5f69ef083", "not held" } },
	  PROBE_CODE(guest_irq), .flags = LAB_IRQCHIP, .control = DBG_STEP | KVM_GUESTDBG_BLOCKIRQ,
	  .setup = pic_setup, .between = line_between, .lead = 1, .runs = 2, .possible = has_block_irq },
	{ .id = "inject-step", .event = "KVM_GUESTDBG_INJECT_DB while stepping: the frame",
	  .source = "kvm/api.rst \"KVM_SET_GUEST_DEBUG\"", .want = "debug v1+0[] frame=+1",
	  .vmstep = "delivers with a routine of its own while stepping",
	  .known = { { "hlt v1+1 frame=+1 tf", "K12", "TF is in the frame and the handler is lost" },
		     { "debug v1+1[BS] frame=+1 tf", "K12", "TF is in the frame; the stop is behind the HLT" } },
	  PROBE_CODE(guest_halts), .halt = 1, .script = inject_script },
	{ .id = "inject-busy", .event = "KVM_GUESTDBG_INJECT_DB with an exception pending",
	  .source = "kvm/api.rst \"KVM_SET_GUEST_DEBUG\"", .want = "accepted",
	  .vmstep = "never injects that way", .known = { { "EBUSY", "K12", "refused" } },
	  PROBE_CODE(guest_halts), .script = busy_script, .possible = has_payload },
	{ .id = "inject-plain", .event = "#DB put in by KVM_SET_VCPU_EVENTS without a payload: DR6.BS",
	  .source = "kvm/api.rst \"KVM_SET_VCPU_EVENTS\"", .want = "hlt v1+1 dr6=",
	  .shows = "K15", .vmstep = "writes DR6 by itself, or gives the payload (K15)",
	  PROBE_CODE(guest_halts), .halt = 1, .script = no_payload_script },
	{ .id = "inject-payload", .event = "#DB put in by KVM_SET_VCPU_EVENTS with a payload: DR6.BS",
	  .source = "kvm/api.rst \"KVM_CAP_EXCEPTION_PAYLOAD\"", .want = "hlt v1+1 dr6=BS",
	  .shows = "K15", .vmstep = "gives the payload",
	  PROBE_CODE(guest_halts), .halt = 1, .script = payload_script, .possible = has_payload },
	{ .id = NULL },
};
