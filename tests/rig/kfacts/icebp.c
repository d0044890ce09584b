/* icebp.c - K1, K12, K15, K18: the event of F1 under guest debug, and events userspace injects. */
#include "kfacts.h"
#include "lab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

GUEST(g_ice64, 64, "nop\n .globl l_f1\n l_f1: .byte 0xf1\n .globl l_behind\n l_behind: nop\n nop\n nop\n hlt");
GUEST(g_ice16, 16, "nop\n .byte 0xf1\n nop\n nop\n nop\n hlt");
GUEST(g_ice66, 64, "nop\n .byte 0x66, 0xf1\n nop\n nop\n nop\n hlt");
extern const uint8_t l_f1[], l_behind[];

static void case_loop(const char *name, enum lab_mode mode, const uint8_t *code, size_t len, unsigned ilen)
{
	struct kvm_regs r;
	struct lab lab;
	unsigned i;

	say("%s, SINGLESTEP, no skip:", name);
	lab_init(&lab, mode, code, len, 0);
	lab_debug(&lab, DBG_STEP);
	lab_run(&lab);
	for (i = 0; i < 3; i++) {
		lab_run(&lab);
		check_hex("F1: pc stays on the instruction", lab.run->debug.arch.pc, LAB_CODE + 1);
		check_hex("F1: no cause bit in dr6", lab_dr6(&lab), 0xffff0ff0);
		check_hex("F1: exception", lab.run->debug.arch.exception, 1);
	}
	say("skipped by userspace (RIP+%u and TF=1 by SET_REGS):", ilen);
	r = lab_regs(&lab);
	r.rip += ilen;
	r.rflags |= TF;
	lab_regs_set(&lab, &r);
	lab_run(&lab);
	check_hex("behind the skip exactly one step", lab.run->debug.arch.pc, LAB_CODE + 2 + ilen);
	check_hex("behind the skip BS", lab_dr6(&lab), 0xffff4ff0);
	lab_deinit(&lab);
}

static void case_control(const char *name, uint32_t control, bool hw, bool exits)
{
	const uint64_t dr[4] = {0};
	struct lab lab;

	say("%s:", name);
	LAB_START(&lab, g_ice64, LAB_LONG, 0);
	if (hw)
		lab_debug_hw(&lab, control, dr, 0x400);
	else
		lab_debug(&lab, control);
	lab_run(&lab);
	check_hex(name, lab.run->exit_reason == KVM_EXIT_DEBUG, exits);
	if (exits)
		check_hex("pc on the F1, no cause bit", lab.run->debug.arch.pc << 32 | (uint32_t)lab_dr6(&lab),
			  (uint64_t)(LAB_CODE + 1) << 32 | 0xffff0ff0);
	lab_deinit(&lab);
}

static void debugreg6_say(struct lab *lab)
{
	struct kvm_debugregs d = lab_debugregs(lab);

	say("guest's dr6=%llx dr7=%llx", d.dr6, d.dr7);
}

/* What the guest's own #DB handler finds: stop on its first instruction by the handler's HLT. */
static void case_delivered(uint32_t control)
{
	struct lab lab;

	say("control=%x, the #DB handler begins with HLT:", control);
	LAB_START(&lab, g_ice64, LAB_LONG, 0);
	lab.mem[LAB_HANDLER(1)] = 0xf4;
	lab_debug(&lab, control);
	check_hex("F1 is delivered to the guest: HLT of its handler", lab_run(&lab), KVM_EXIT_HLT);
	say("frame: rip=%llx rflags=%llx", (unsigned long long)lab_mem64(&lab, lab_regs(&lab).rsp),
	    (unsigned long long)lab_mem64(&lab, lab_regs(&lab).rsp + 16));
	check_hex("the frame's RIP is behind the F1", lab_mem64(&lab, lab_regs(&lab).rsp),
		  LAB_CODE + (uint64_t)(l_behind - g_ice64));
	debugreg6_say(&lab);
	lab_deinit(&lab);
}

/* K12: KVM_GUESTDBG_INJECT_DB, with and without SINGLESTEP. */
static void case_inject(bool step)
{
	struct kvm_regs r;
	struct lab lab;

	say("KVM_GUESTDBG_INJECT_DB behind the F1, %s:", step ? "SINGLESTEP on" : "SINGLESTEP off");
	LAB_START(&lab, g_ice64, LAB_LONG, 0);
	lab.mem[LAB_HANDLER(1)] = 0xf4;
	lab_debug(&lab, DBG_STEP);
	lab_run(&lab);
	lab_run(&lab);
	r = lab_regs(&lab);
	r.rip++;
	lab_regs_set(&lab, &r);
	lab_debug(&lab, (step ? DBG_STEP : KVM_GUESTDBG_ENABLE) | KVM_GUESTDBG_INJECT_DB);
	lab_run(&lab);
	r = lab_regs(&lab);
	say("rip=%llx frame: rip=%llx rflags=%llx", r.rip, (unsigned long long)lab_mem64(&lab, r.rsp),
	    (unsigned long long)lab_mem64(&lab, r.rsp + 16));
	check_hex("injected #DB: the frame's TF", lab_mem64(&lab, r.rsp + 16) & TF, step ? TF : 0);
	check_hex("injected #DB: the handler's first instruction is not a stop (its HLT ran)", r.rip,
		  LAB_HANDLER(1) + 1);
	debugreg6_say(&lab);
	lab_deinit(&lab);
}

static void case_inject_busy(void)
{
	struct kvm_guest_debug d = {.control = DBG_STEP | KVM_GUESTDBG_INJECT_DB};
	struct kvm_vcpu_events e;
	struct lab lab;
	int rc;

	say("KVM_GUESTDBG_INJECT_DB with an exception pending:");
	LAB_START(&lab, g_ice64, LAB_LONG, 0);
	e = lab_events(&lab);
	e.flags |= KVM_VCPUEVENT_VALID_PAYLOAD;
	e.exception.pending = 1;
	e.exception.injected = 0;
	e.exception.nr = 6;
	if (ioctl(lab.vcpu, KVM_SET_VCPU_EVENTS, &e))
		say("KVM_SET_VCPU_EVENTS: %s", strerror(errno));
	rc = ioctl(lab.vcpu, KVM_SET_GUEST_DEBUG, &d) ? errno : 0;
	say("errno=%d (EBUSY is %d)", rc, EBUSY);
	check_hex("INJECT_DB with an exception pending: EBUSY", (uint64_t)rc, EBUSY);
	lab_deinit(&lab);
}

/* K15: #DB through KVM_SET_VCPU_EVENTS, with and without a payload. */
static void case_payload(bool payload)
{
	struct kvm_debugregs d;
	struct kvm_vcpu_events e;
	struct lab lab;

	say("#DB by KVM_SET_VCPU_EVENTS, %s:", payload ? "pending with payload 4000" : "injected, no payload");
	LAB_START(&lab, g_ice64, LAB_LONG, 0);
	lab.mem[LAB_HANDLER(1)] = 0xf4;
	e = lab_events(&lab);
	e.flags = payload ? KVM_VCPUEVENT_VALID_PAYLOAD : 0;
	e.exception.nr = 1;
	e.exception.injected = !payload;
	e.exception.pending = payload;
	e.exception_has_payload = payload;
	e.exception_payload = payload ? 0x4000 : 0;
	if (ioctl(lab.vcpu, KVM_SET_VCPU_EVENTS, &e))
		say("KVM_SET_VCPU_EVENTS: %s", strerror(errno));
	lab_run(&lab);
	ioctl(lab.vcpu, KVM_GET_DEBUGREGS, &d);
	say("guest's dr6=%llx, frame: rip=%llx rflags=%llx", d.dr6,
	    (unsigned long long)lab_mem64(&lab, lab_regs(&lab).rsp),
	    (unsigned long long)lab_mem64(&lab, lab_regs(&lab).rsp + 16));
	check_hex("DR6.BS in the handler", d.dr6 & 0x4000, payload ? 0x4000 : 0);
	lab_deinit(&lab);
}

GUEST(g_watch_ice, 64, "mov $0x6000, %ebx\n mov %eax, (%rbx)\n .byte 0xf1\n nop\n hlt");

/* A trap whose next byte is an F1: the same pc as the ICEBP that follows, told apart by dr6 only. */
static void case_next_is_f1(void)
{
	const uint64_t dr[4] = {LAB_DATA};
	struct lab lab;

	say("write watch hit right before an F1, USE_HW_BP:");
	LAB_START(&lab, g_watch_ice, LAB_LONG, 0);
	lab_debug_hw(&lab, KVM_GUESTDBG_ENABLE, dr, 0xd0402);
	lab_run(&lab);
	check_hex("the trap: pc on the F1 that has not run", lab.run->debug.arch.pc, LAB_CODE + 7);
	check_hex("the trap: qualification 1 OR'ed with ffff0ff0", lab_dr6(&lab), 0xffff0ff1);
	lab_run(&lab);
	check_hex("the ICEBP: the same pc", lab.run->debug.arch.pc, LAB_CODE + 7);
	check_hex("the ICEBP: qualification 0 OR'ed with ffff0ff0", lab_dr6(&lab), 0xffff0ff0);
	lab_deinit(&lab);
}

void cases_icebp(void)
{
	case_begin("K1", "ICEBP under guest debug");
	case_loop("long mode", LAB_LONG, g_ice64, (size_t)(g_ice64_end - g_ice64), 1);
	case_loop("long mode, 66 F1", LAB_LONG, g_ice66, (size_t)(g_ice66_end - g_ice66), 2);
	case_loop("real mode", LAB_REAL, g_ice16, (size_t)(g_ice16_end - g_ice16), 1);
	case_control("USE_HW_BP with no breakpoint set: F1 exits", KVM_GUESTDBG_ENABLE, true, true);
	case_control("ENABLE only: F1 does not exit", KVM_GUESTDBG_ENABLE, false, false);
	case_control("USE_SW_BP only: F1 does not exit", KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP, false, false);
	case_delivered(KVM_GUESTDBG_ENABLE);
	case_delivered(0);
	case_begin("K12", "delivering through KVM");
	case_inject(true);
	case_inject(false);
	case_inject_busy();
	case_begin("K15", "DR6 of a #DB that userspace injects");
	case_payload(false);
	case_payload(true);
	case_begin("K18", "BLD and RTM in kvm_run's dr6");
	case_next_is_f1();
	check_skip("bus lock and RTM traps look empty", "the emulated model has neither bus lock detection nor RTM");
}
