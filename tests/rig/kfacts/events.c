/* events.c - K17: events delivered under TF stepping, and a point at the gate's target. */
#include "kfacts.h"
#include "lab.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* Each event comes from a two-byte instruction at ev_at; the handlers of faults step over it. */
GUEST(g_ud, 64, "mov $0x40000000, %ebx\n mov $0xfff8, %eax\n nop\n ud2\n nop\n nop\n nop\n nop\n hlt");
GUEST(g_gp, 64, "mov $0x40000000, %ebx\n mov $0xfff8, %eax\n nop\n mov %eax, %ds\n nop\n nop\n nop\n nop\n hlt");
GUEST(g_pf, 64, "mov $0x40000000, %ebx\n mov $0xfff8, %eax\n nop\n mov (%rbx), %eax\n nop\n nop\n nop\n nop\n hlt");
GUEST(g_int, 64, "mov $0x40000000, %ebx\n mov $0xfff8, %eax\n nop\n int $0x40\n nop\n nop\n nop\n nop\n hlt");
GUEST(g_int3, 64, "mov $0x40000000, %ebx\n mov $0xfff8, %eax\n nop\n int3\n nop\n nop\n nop\n nop\n nop\n hlt");
GUEST(g_irq, 64, "mov $0x40000000, %ebx\n mov $0xfff8, %eax\n sti\n nop\n nop\n nop\n nop\n nop\n nop\n nop\n hlt");
GUEST(g_int16, 16, "mov $0x4000, %ebx\n nop\n nop\n nop\n nop\n nop\n int $0x40\n nop\n nop\n nop\n nop\n hlt");
GUEST(g_ud16, 16, "mov $0x4000, %ebx\n nop\n nop\n nop\n nop\n nop\n ud2\n nop\n nop\n nop\n nop\n hlt");

#define EV_AT 11u /* offset of the instruction */

static const struct event {
	const char *name;
	const uint8_t *code, *end;
	enum lab_mode mode;
	unsigned vector;
	bool fault, code_pushed;
	unsigned irq; /* vector to queue with KVM_INTERRUPT when the instruction is reached */
} events[] = {
	{"#UD", g_ud, g_ud_end, LAB_LONG, 6, true, false, 0},
	{"#GP", g_gp, g_gp_end, LAB_LONG, 13, true, true, 0},
	{"#PF", g_pf, g_pf_end, LAB_LONG, 14, true, true, 0},
	{"INT 40", g_int, g_int_end, LAB_LONG, 0x40, false, false, 0},
	{"INT3", g_int3, g_int3_end, LAB_LONG, 3, false, false, 0},
	{"external interrupt", g_irq, g_irq_end, LAB_LONG, 0x50, false, false, 0x50},
	{"INT 40, real mode", g_int16, g_int16_end, LAB_REAL, 0x40, false, false, 0},
	{"#UD, real mode", g_ud16, g_ud16_end, LAB_REAL, 6, true, false, 0},
};

/* A fault's handler: nop; [drop the error code;] add the length 2 to the saved RIP; iret. */
static void handler_fault_write(struct lab *lab, const struct event *e)
{
	static const uint8_t long_code[] = {0x90, 0x48, 0x83, 0xc4, 0x08, 0x48, 0x83, 0x04, 0x24, 0x02, 0x48, 0xcf};
	static const uint8_t long_plain[] = {0x90, 0x48, 0x83, 0x04, 0x24, 0x02, 0x48, 0xcf};
	static const uint8_t real[] = {0x90, 0x89, 0xe5, 0x83, 0x46, 0x00, 0x02, 0xcf}; /* bp = sp */
	uint8_t *at = lab->mem + LAB_HANDLER(e->vector);

	if (e->mode == LAB_REAL)
		memcpy(at, real, sizeof(real));
	else if (e->code_pushed)
		memcpy(at, long_code, sizeof(long_code));
	else
		memcpy(at, long_plain, sizeof(long_plain));
}

static void frame_say(struct lab *lab, const struct event *e)
{
	uint64_t sp = lab_regs(lab).rsp;
	uint16_t f[3];

	if (e->mode == LAB_REAL) {
		memcpy(f, lab->mem + sp, sizeof(f));
		say("frame: ip=%x cs=%x flags=%x", f[0], f[1], f[2]);
		return;
	}
	if (e->code_pushed)
		sp += 8;
	say("frame: rip=%llx cs=%llx rflags=%llx", (unsigned long long)lab_mem64(lab, sp),
	    (unsigned long long)lab_mem64(lab, sp + 8), (unsigned long long)lab_mem64(lab, sp + 16));
}

/* Step up to the instruction that causes the event. */
static void event_reach(struct lab *lab, const struct event *e, uint32_t control, const uint64_t dr[4],
			uint64_t dr7)
{
	struct kvm_interrupt irq = {.irq = e->irq};

	lab_init(lab, e->mode, e->code, (size_t)(e->end - e->code), 0);
	if (e->fault)
		handler_fault_write(lab, e);
	if (dr7)
		lab_debug_hw(lab, control, dr, dr7);
	else
		lab_debug(lab, control);
	while (lab_at(lab) < EV_AT && lab_run(lab) == KVM_EXIT_DEBUG)
		;
	if (e->irq) {
		lab_run(lab); /* one more, out of the shadow of STI */
		ioctl(lab->vcpu, KVM_INTERRUPT, &irq);
	}
}

/*
 * Without a point. KVM intercepts #UD and injects it again by way of its own copy of RFLAGS, which
 * has TF only where SET_GUEST_DEBUG was called at this very RIP: the step is lost or kept by that.
 */
enum arming { NOT_ARMED, ARMED_BY_DEBUG, ARMED_BY_TF };

static const char *const arming_name[] = {"no re-arm", "SET_GUEST_DEBUG just before it",
					  "TF=1 by dirty REGS just before it"};

static void event_unseen(const struct event *e, enum arming how)
{
	const bool kept = e->vector != 6 || how == ARMED_BY_DEBUG;
	struct lab lab;
	char what[128];

	say("%s, SINGLESTEP only, %s:", e->name, arming_name[how]);
	event_reach(&lab, e, DBG_STEP, NULL, 0);
	if (how == ARMED_BY_DEBUG)
		lab_debug(&lab, DBG_STEP);
	if (how == ARMED_BY_TF) {
		lab.run->s.regs.regs.rflags |= TF;
		lab.run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	}
	lab_run(&lab);
	snprintf(what, sizeof(what), "%s: the handler is not seen, and the step is %s (%s)", e->name,
		 kept ? "kept" : "lost", arming_name[how]);
	check_hex(what, lab.run->exit_reason, kept ? KVM_EXIT_DEBUG : KVM_EXIT_HLT);
	check_hex("not in the handler", lab_at(&lab) < 64, 1);
	lab_deinit(&lab);
}

static void event_at_gate(const struct event *e)
{
	const uint64_t h = LAB_HANDLER(e->vector), dr[4] = {h};
	struct lab lab;
	char what[96];

	say("%s, SINGLESTEP|USE_HW_BP, DR0 = handler, DR7 = 2:", e->name);
	event_reach(&lab, e, DBG_STEP, dr, 0x402);
	lab_run(&lab);
	snprintf(what, sizeof(what), "%s: stop at the handler's first instruction", e->name);
	check_hex(what, lab_regs(&lab).rip, h);
	frame_say(&lab, e);
	say("resumed as it is:");
	lab_run(&lab);
	snprintf(what, sizeof(what), "%s: the execute point is reported again on resume", e->name);
	check_hex(what, lab_regs(&lab).rip, h);
	say("resumed with RF=1 and TF=1 in RFLAGS (dirty REGS):");
	lab.run->s.regs.regs.rflags |= RF | TF;
	lab.run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	lab_run(&lab);
	snprintf(what, sizeof(what), "%s: with RF|TF written the next stop is one instruction on", e->name);
	check_hex(what, lab_regs(&lab).rip, h + 1);
	lab_deinit(&lab);
}

void cases_events(void)
{
	size_t i;

	case_begin("K17", "events under TF stepping");
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		event_unseen(&events[i], NOT_ARMED);
		event_unseen(&events[i], ARMED_BY_DEBUG);
		event_unseen(&events[i], ARMED_BY_TF);
		event_at_gate(&events[i]);
	}
}
