/* step.c - K3, K5, K6, K7: what keeps and what loses the single step. */
#include "kfacts.h"
#include "lab.h"

#include <stdio.h>
#include <string.h>
#include <x86intrin.h>

GUEST(g_nops, 64, ".rept 1024\n nop\n .endr\n hlt");

/* What userspace does between two steps. Each returns with the vCPU ready for KVM_RUN. */
static void between_nothing(struct lab *lab)
{
	(void)lab;
}

static void between_debug(struct lab *lab)
{
	lab_debug(lab, DBG_STEP);
}

static void between_set_regs(struct lab *lab)
{
	struct kvm_regs r = lab_regs(lab);

	lab_regs_set(lab, &r);
}

static void between_set_regs_debug(struct lab *lab)
{
	between_set_regs(lab);
	lab_debug(lab, DBG_STEP);
}

static void between_debug_set_regs(struct lab *lab)
{
	lab_debug(lab, DBG_STEP);
	between_set_regs(lab);
}

static void between_skip_debug(struct lab *lab)
{
	lab_rip_set(lab, lab_regs(lab).rip + 1);
	lab_debug(lab, DBG_STEP);
}

static void between_debug_skip(struct lab *lab)
{
	lab_debug(lab, DBG_STEP);
	lab_rip_set(lab, lab_regs(lab).rip + 1);
}

static void between_sync_regs(struct lab *lab)
{
	lab->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
}

static void between_debug_sync_regs(struct lab *lab)
{
	lab_debug(lab, DBG_STEP);
	between_sync_regs(lab);
}

static void between_sync_skip(struct lab *lab)
{
	lab->run->s.regs.regs.rip++;
	between_sync_regs(lab);
}

static void between_debug_sync_skip(struct lab *lab)
{
	lab_debug(lab, DBG_STEP);
	between_sync_skip(lab);
}

static void between_set_regs_tf(struct lab *lab)
{
	struct kvm_regs r = lab_regs(lab);

	r.rflags |= TF;
	lab_regs_set(lab, &r);
}

static void between_sync_regs_tf(struct lab *lab)
{
	lab->run->s.regs.regs.rflags |= TF;
	between_sync_regs(lab);
}

static void between_sync_skip_tf(struct lab *lab)
{
	lab->run->s.regs.regs.rip++;
	between_sync_regs_tf(lab);
}

static void between_sregs(struct lab *lab)
{
	struct kvm_sregs s = lab_sregs(lab);

	lab_sregs_set(lab, &s);
}

static void between_sync_sregs(struct lab *lab)
{
	lab->run->kvm_dirty_regs = KVM_SYNC_X86_SREGS;
}

static void between_sync_events(struct lab *lab)
{
	lab->run->kvm_dirty_regs = KVM_SYNC_X86_EVENTS;
}

static const struct sequence {
	const char *name;
	void (*between)(struct lab *lab);
	bool keeps; /* on kvm_intel */
} sequences[] = {
	{"nothing between two KVM_RUN", between_nothing, true},
	{"SET_GUEST_DEBUG each time", between_debug, true},
	{"SET_REGS, same RIP", between_set_regs, false},
	{"SET_REGS, then SET_GUEST_DEBUG", between_set_regs_debug, true},
	{"SET_GUEST_DEBUG, then SET_REGS, same RIP", between_debug_set_regs, true},
	{"SET_REGS with RIP+1, then SET_GUEST_DEBUG", between_skip_debug, true},
	{"SET_GUEST_DEBUG, then SET_REGS with RIP+1", between_debug_skip, false},
	{"dirty REGS, same RIP", between_sync_regs, false},
	{"SET_GUEST_DEBUG, then dirty REGS, same RIP", between_debug_sync_regs, true},
	{"dirty REGS with RIP+1", between_sync_skip, false},
	{"SET_GUEST_DEBUG, then dirty REGS with RIP+1", between_debug_sync_skip, false},
	{"SET_REGS with TF=1 in RFLAGS, same RIP", between_set_regs_tf, true},
	{"dirty REGS with TF=1 in RFLAGS, same RIP", between_sync_regs_tf, true},
	{"dirty REGS with TF=1 in RFLAGS, RIP+1", between_sync_skip_tf, true},
	{"SET_SREGS", between_sregs, true},
	{"dirty SREGS", between_sync_sregs, true},
	{"dirty EVENTS", between_sync_events, true},
};

static void sequence_show(const struct sequence *s)
{
	struct lab lab;
	unsigned i, reason = 0;

	LAB_START(&lab, g_nops, LAB_LONG, 0);
	lab_debug(&lab, DBG_STEP);
	say("%s:", s->name);
	lab_run(&lab);
	for (i = 0; i < 3; i++) {
		s->between(&lab);
		reason = lab_run(&lab);
		if (reason != KVM_EXIT_DEBUG)
			break;
	}
	check_hex(s->name, reason == KVM_EXIT_DEBUG, s->keeps);
	lab_deinit(&lab);
}

/* TSC per step: under Bochs it counts emulated instructions, so it is a cost without a clock. */
static void sequence_cost(const struct sequence *s)
{
	const unsigned steps = 200;
	unsigned i, reason = KVM_EXIT_DEBUG;
	struct lab lab;
	uint64_t t;

	if (!s->keeps)
		return;
	LAB_START(&lab, g_nops, LAB_LONG, 0);
	lab_debug(&lab, DBG_STEP);
	lab_run_quiet(&lab);
	t = __rdtsc();
	for (i = 0; i < steps && reason == KVM_EXIT_DEBUG; i++) {
		s->between(&lab);
		reason = lab_run_quiet(&lab);
	}
	say("%-48s %6llu TSC ticks a step", s->name, (unsigned long long)(__rdtsc() - t) / steps);
	lab_deinit(&lab);
}

static void case_sequences(void)
{
	size_t i, n = sizeof(sequences) / sizeof(sequences[0]);

	case_begin("K3", "which sequence between two KVM_RUN keeps the single step");
	for (i = 0; i < n; i++)
		sequence_show(&sequences[i]);
	say("cost, %u steps each:", 200);
	for (i = 0; i < n; i++)
		sequence_cost(&sequences[i]);
}

/* Step on until the exit is no longer a debug stop at or before `end`; returns the offset reached. */
static uint64_t steps_take(struct lab *lab, unsigned n, bool rearm)
{
	while (n--) {
		if (rearm)
			lab_debug(lab, DBG_STEP);
		if (lab_run(lab) != KVM_EXIT_DEBUG)
			break;
	}
	return lab_at(lab);
}

GUEST(g_popf, 64, "pushf\n .globl l_popf\n l_popf: popf\n .globl l_popf1\n l_popf1: nop\n nop\n nop\n hlt");
extern const uint8_t l_popf[], l_popf1[];

/* PUSHF shows the debugger's TF (K6); POPF of a clean image takes the debugger's TF away. */
static void case_popf(bool repair, bool rearm)
{
	struct lab lab;
	uint64_t image;

	say("pushf; popf; nop, image %s, %s:", repair ? "repaired to TF=0" : "as pushed",
	    rearm ? "SET_GUEST_DEBUG before each run" : "no re-arm");
	LAB_START(&lab, g_popf, LAB_LONG, 0);
	lab_debug(&lab, DBG_STEP);
	lab_run(&lab);
	image = lab_mem64(&lab, lab_regs(&lab).rsp);
	say("image pushed: %llx", (unsigned long long)image);
	check_hex("PUSHF under SINGLESTEP pushes TF=1 (K6)", image & TF, TF);
	if (repair) {
		image &= ~(uint64_t)TF;
		memcpy(lab.mem + lab_regs(&lab).rsp, &image, 8);
	}
	steps_take(&lab, 3, rearm);
	check_hex("three steps from POPF end two NOPs behind it", lab_at(&lab) == (uint64_t)(l_popf1 - g_popf) + 2,
		  !repair || rearm);
	lab_deinit(&lab);
}

GUEST(g_iret, 64,
      "mov %ss, %eax\n push %rax\n push $0x7000\n push $2\n push $0x10\n push $0x1000 + l_iret1 - g_iret\n"
      ".globl l_iret0\n l_iret0: iretq\n nop\n .globl l_iret1\n l_iret1: nop\n nop\n nop\n hlt");
extern const uint8_t l_iret0[], l_iret1[];

static void case_iret(bool rearm)
{
	struct lab lab;

	say("iretq to an image with TF=0, %s:", rearm ? "SET_GUEST_DEBUG before each run" : "no re-arm");
	LAB_START(&lab, g_iret, LAB_LONG, 0);
	lab_rip_set(&lab, LAB_CODE);
	lab_debug(&lab, DBG_STEP);
	steps_take(&lab, 6, false);
	check_hex("six steps end on the IRETQ", lab_at(&lab), (uint64_t)(l_iret0 - g_iret));
	steps_take(&lab, 3, rearm);
	check_hex("IRETQ to TF=0: three more steps are seen", lab_at(&lab) == (uint64_t)(l_iret1 - g_iret) + 2, rearm);
	lab_deinit(&lab);
}

GUEST(g_syscall, 64, "syscall\n .globl l_sys1\n l_sys1: nop\n nop\n nop\n hlt");
extern const uint8_t l_sys1[];

/* SYSCALL at CPL 3; the entry, at the handler page of vector 255, is NOP, SYSRETQ. */
static void case_syscall(uint64_t fmask, bool repair, bool rearm)
{
	static const uint8_t entry[] = {0x90, 0x48, 0x0f, 0x07};
	struct lab lab;
	struct kvm_regs r;
	unsigned i;

	say("syscall; entry: nop, sysretq; FMASK=%llx, R11 %s, %s:", (unsigned long long)fmask,
	    repair ? "repaired to TF=0 at the entry" : "untouched", rearm ? "re-armed" : "no re-arm");
	LAB_START(&lab, g_syscall, LAB_LONG, LAB_USER);
	memcpy(lab.mem + LAB_HANDLER(255), entry, sizeof(entry));
	lab_msr_set(&lab, 0xc0000081, (uint64_t)LAB_CS << 32 | (uint64_t)(LAB_SS + 3) << 48);
	lab_msr_set(&lab, 0xc0000082, LAB_HANDLER(255));
	lab_msr_set(&lab, 0xc0000084, fmask);
	lab_debug(&lab, DBG_STEP);
	lab_run(&lab);
	r = lab_regs(&lab);
	say("after the step: rip=%llx r11=%llx", r.rip, r.r11);
	if (!fmask)
		check_hex("SYSCALL with FMASK.TF=0 stops at the entry", r.rip, LAB_HANDLER(255));
	if (fmask) {
		/* Silicon loses the step (K7); Bochs judges TF before the SYSCALL and stops. */
		check_skip("SYSCALL with FMASK.TF=1 loses the step", "the emulator judges TF before the instruction");
		lab_deinit(&lab);
		return;
	}
	check_hex("R11 shows TF (K6)", r.r11 & TF, TF);
	if (repair) {
		r.r11 &= ~(uint64_t)TF;
		lab_regs_set(&lab, &r);
		lab_debug(&lab, DBG_STEP);
	}
	for (i = 0; i < 4; i++) {
		if (rearm)
			lab_debug(&lab, DBG_STEP);
		if (lab_run(&lab) != KVM_EXIT_DEBUG)
			break;
	}
	check_hex("SYSRET: the steps up to two NOPs behind the SYSCALL are all seen",
		  i == 4 && lab_at(&lab) == (uint64_t)(l_sys1 - g_syscall) + 2, !repair || rearm);
	lab_deinit(&lab);
}

GUEST(g_tf, 64, "push $0x102\n popf\n nop\n .globl l_tf1\n l_tf1: nop\n nop\n hlt");

/* K5: the guest sets its own TF while we step. */
static void case_guest_tf(void)
{
	struct lab lab;
	unsigned i;

	case_begin("K5", "the guest's own TF under SINGLESTEP");
	LAB_START(&lab, g_tf, LAB_LONG, 0);
	for (i = 0; i < 5; i++) {
		lab_debug(&lab, DBG_STEP);
		if (lab_run(&lab) != KVM_EXIT_DEBUG)
			break;
		check_hex("KVM_GET_REGS hides TF while SINGLESTEP is on", lab_regs(&lab).rflags & TF, 0);
	}
	say("SINGLESTEP off at this point:");
	LAB_START(&lab, g_tf, LAB_LONG, 0);
	lab_debug(&lab, DBG_STEP);
	lab_run(&lab);
	lab_run(&lab);
	lab_debug(&lab, 0);
	say("rflags read with SINGLESTEP off: %llx (the guest's POPF set TF)", lab_regs(&lab).rflags);
	check_hex("SET_GUEST_DEBUG(0) behind POPF: the guest's TF is still there", lab_regs(&lab).rflags & TF, 0);
	lab_run(&lab);
	lab_deinit(&lab);
}

void cases_step(void)
{
	case_sequences();
	case_begin("K6", "PUSHF and POPF under SINGLESTEP");
	case_popf(false, false);
	case_popf(true, false);
	case_popf(true, true);
	case_begin("K3", "IRET that loads TF=0");
	case_iret(false);
	case_iret(true);
	case_begin("K7", "SYSCALL and SYSRET");
	case_syscall(0, false, false);
	case_syscall(0, true, false);
	case_syscall(0, true, true);
	case_syscall(TF, false, false);
	case_guest_tf();
}
