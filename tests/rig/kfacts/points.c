/* points.c - INT3 planted by userspace, hardware breakpoints, watchpoints, the guest's own DRs (K8). */
#include "kfacts.h"
#include "lab.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

GUEST(g_bp16, 16, "nop\n nop\n nop\n nop\n nop\n hlt");
GUEST(g_bp32, 32, "nop\n nop\n nop\n nop\n nop\n hlt");
GUEST(g_bp64, 64, "nop\n nop\n nop\n nop\n nop\n hlt");
GUEST(g_watch, 64,
      "mov $0x6000, %ebx\n mov %eax, (%rbx)\n .globl l_w1\n l_w1: nop\n mov (%rbx), %eax\n .globl l_w2\n l_w2: nop\n hlt");
GUEST(g_wss, 64,
      "mov $0x6000, %ebx\n mov %ss, %eax\n mov %eax, (%rbx)\n nop\n mov (%rbx), %ss\n nop\n nop\n nop\n hlt");
GUEST(g_gd, 64, "nop\n mov %dr0, %rax\n nop\n nop\n hlt");
extern const uint8_t l_w1[], l_w2[];

#define DR7_X0 0x402u     /* DR0: execute, 1 byte */
#define DR7_W0_4 0xd0402u /* DR0: write, 4 bytes */
#define DR7_RW0_4 0xf0402u

static void case_planted(const char *name, enum lab_mode mode, const uint8_t *code, size_t len, bool step)
{
	const uint32_t control = (step ? DBG_STEP : KVM_GUESTDBG_ENABLE) | KVM_GUESTDBG_USE_SW_BP;
	struct lab lab;
	unsigned n;

	say("INT3 planted at +2, %s, %s:", name, step ? "SINGLESTEP|USE_SW_BP" : "USE_SW_BP, free run");
	lab_init(&lab, mode, code, len, 0);
	lab.mem[LAB_CODE + 2] = 0xcc;
	lab_debug(&lab, control);
	for (n = 0; n < 3 && lab_run(&lab) == KVM_EXIT_DEBUG && lab.run->debug.arch.exception != 3; n++)
		;
	check_hex("planted INT3: exception 3", lab.run->debug.arch.exception, 3);
	check_hex("planted INT3: RIP on it", lab_at(&lab), 2);
	say("original byte back, run again:");
	lab.mem[LAB_CODE + 2] = 0x90;
	lab_run(&lab);
	if (step)
		check_hex("with the byte back the step is kept without a re-arm", lab_at(&lab), 3);
	lab_deinit(&lab);
}

static void case_execute(bool step)
{
	const uint64_t dr[4] = {LAB_CODE + 2};
	const uint32_t control = step ? DBG_STEP : KVM_GUESTDBG_ENABLE;
	struct lab lab;
	unsigned n;

	say("DR0 execute at +2, %s:", step ? "SINGLESTEP" : "free run");
	LAB_START(&lab, g_bp64, LAB_LONG, 0);
	lab_debug_hw(&lab, control, dr, DR7_X0);
	for (n = 0; n < 4; n++)
		lab_run(&lab);
	check_hex("an execute point is reported again and again on resume", lab_at(&lab), 2);
	say("RF=1 (and TF) written:");
	lab.run->s.regs.regs.rflags |= RF | (step ? TF : 0);
	lab.run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	lab_run(&lab);
	check_hex("RF gets past it", lab_at(&lab), step ? 3 : 6);
	lab_deinit(&lab);
}

static void case_watch(bool step, uint64_t dr7, const char *kind)
{
	const uint64_t dr[4] = {LAB_DATA};
	struct lab lab;
	unsigned n, hits = 0;

	say("DR0 %s 4 bytes at 6000, %s:", kind, step ? "SINGLESTEP" : "free run");
	LAB_START(&lab, g_watch, LAB_LONG, 0);
	lab_debug_hw(&lab, step ? DBG_STEP : KVM_GUESTDBG_ENABLE, dr, dr7);
	for (n = 0; n < 8 && lab_run(&lab) == KVM_EXIT_DEBUG; n++) {
		if (!(lab_dr6(&lab) & 1))
			continue;
		check_hex("watch hit: RIP behind the access", lab_at(&lab),
			  (uint64_t)((hits ? l_w2 : l_w1) - g_watch));
		check_hex("watch hit: B0, with BS when stepping", lab_dr6(&lab), step ? 0xffff4ff1 : 0xffff0ff1);
		hits++;
	}
	check_hex("watch hits", hits, dr7 == DR7_RW0_4 ? 2 : 1);
	lab_deinit(&lab);
}

/* K8: the guest's own write watch on 6000; its #DB handler is HLT. */
static void case_guest_watch(const char *name, uint32_t control, bool fires, bool ours)
{
	const uint64_t none[4] = {0};
	struct lab lab;
	unsigned n, hits = 0, reason = 0;

	say("the guest's own DR0 write watch, control=%x (%s):", control, name);
	LAB_START(&lab, g_watch, LAB_LONG, 0);
	lab.mem[LAB_HANDLER(1)] = 0xf4;
	lab_debugregs_set(&lab, LAB_DATA, DR7_W0_4);
	if (control & KVM_GUESTDBG_USE_HW_BP)
		lab_debug_hw(&lab, control, none, 0x400);
	else
		lab_debug(&lab, control);
	for (n = 0; n < 8; n++) {
		reason = lab_run(&lab);
		if (reason != KVM_EXIT_DEBUG)
			break;
		hits += lab_dr6(&lab) & 1;
	}
	say("hits seen by us: %u; ended %s", hits,
	    lab_regs(&lab).rip == LAB_HANDLER(1) + 1 ? "in the guest's handler" : "at the guest's HLT");
	check_hex("the guest's watch: exit to us", hits, fires && ours);
	check_hex("the guest's watch: its own handler ran", lab_regs(&lab).rip == LAB_HANDLER(1) + 1, fires && !ours);
	lab_deinit(&lab);
}

/* With USE_HW_BP the processor runs on our DR7: a guest's GD counts only if we pass it on. */
static void case_gd(bool hw, uint64_t our_dr7)
{
	const uint64_t none[4] = {0};
	struct lab lab;

	say("DR7.GD set by the guest, mov %%dr0, %%rax, %s, our DR7=%llx:", hw ? "USE_HW_BP" : "no guest debug",
	    (unsigned long long)our_dr7);
	LAB_START(&lab, g_gd, LAB_LONG, 0);
	lab.mem[LAB_HANDLER(1)] = 0xf4;
	lab_debugregs_set(&lab, 0, 0x2400);
	if (hw)
		lab_debug_hw(&lab, KVM_GUESTDBG_ENABLE, none, our_dr7);
	lab_run(&lab);
	if (our_dr7 & 0x2000) {
		check_hex("GD in our DR7: exit to us with BD", lab_dr6(&lab), 0xffff2ff0);
		check_hex("GD in our DR7: RIP on the MOV DR", lab_at(&lab), 1);
	} else if (hw) {
		check_hex("GD not in our DR7: never seen, the guest reaches its HLT", lab_at(&lab), 7);
	} else {
		check_hex("GD without guest debug: the guest's handler", lab_regs(&lab).rip, LAB_HANDLER(1) + 1);
	}
	lab_deinit(&lab);
}

/* A watch deferred by MOV SS comes behind the next instruction. */
static void case_watch_ss(bool step)
{
	const uint64_t dr[4] = {LAB_DATA};
	struct lab lab;
	unsigned n;

	say("DR0 read-write watch hit by mov (%%rbx), %%ss, %s:", step ? "SINGLESTEP" : "free run");
	LAB_START(&lab, g_wss, LAB_LONG, 0);
	lab_debug_hw(&lab, step ? DBG_STEP : KVM_GUESTDBG_ENABLE, dr, DR7_RW0_4);
	for (n = 0; n < 8 && lab_run(&lab) == KVM_EXIT_DEBUG; n++)
		;
	lab_deinit(&lab);
}

void cases_points(void)
{
	case_begin("K16", "INT3 planted by userspace");
	case_planted("real mode", LAB_REAL, g_bp16, (size_t)(g_bp16_end - g_bp16), false);
	case_planted("protected mode", LAB_PROT, g_bp32, (size_t)(g_bp32_end - g_bp32), false);
	case_planted("long mode", LAB_LONG, g_bp64, (size_t)(g_bp64_end - g_bp64), false);
	case_planted("real mode", LAB_REAL, g_bp16, (size_t)(g_bp16_end - g_bp16), true);
	case_planted("protected mode", LAB_PROT, g_bp32, (size_t)(g_bp32_end - g_bp32), true);
	case_planted("long mode", LAB_LONG, g_bp64, (size_t)(g_bp64_end - g_bp64), true);
	case_begin("HWBP", "host hardware breakpoints and watchpoints");
	case_execute(false);
	case_execute(true);
	case_watch(false, DR7_W0_4, "write");
	case_watch(false, DR7_RW0_4, "read-write");
	case_watch(true, DR7_W0_4, "write");
	case_watch(true, DR7_RW0_4, "read-write");
	case_watch_ss(false);
	case_watch_ss(true);
	case_begin("K8", "the guest's own debug registers");
	case_guest_watch("none", 0, true, false);
	case_guest_watch("ENABLE", KVM_GUESTDBG_ENABLE, true, false);
	case_guest_watch("USE_SW_BP", KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP, true, false);
	case_guest_watch("SINGLESTEP", DBG_STEP, true, true);
	case_guest_watch("USE_HW_BP", KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP, false, true);
	case_gd(false, 0);
	case_gd(true, 0x400);
	case_gd(true, 0x2400);
}
