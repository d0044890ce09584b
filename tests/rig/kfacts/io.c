/* io.c - K4: instructions whose emulation leaves to userspace, under SINGLESTEP. */
#include "kfacts.h"
#include "lab.h"

#include <stdio.h>
#include <string.h>

GUEST(g_out, 64, "mov $0x41, %eax\n out %al, $0xe1\n nop\n nop\n hlt");
GUEST(g_in, 64, "mov $0x41, %eax\n in $0xe1, %al\n nop\n nop\n hlt");
GUEST(g_outs, 64, "mov $0x6000, %esi\n mov $0xe1, %edx\n mov $3, %ecx\n rep outsb\n nop\n nop\n hlt");
GUEST(g_ins, 64, "mov $0x6000, %edi\n mov $0xe1, %edx\n mov $3, %ecx\n rep insb\n nop\n nop\n hlt");
GUEST(g_mmiow, 64, "mov $0x10000000, %ebx\n mov %eax, (%rbx)\n nop\n nop\n hlt");
GUEST(g_mmior, 64, "mov $0x10000000, %ebx\n mov (%rbx), %eax\n nop\n nop\n hlt");
GUEST(g_mmiorw, 64, "mov $0x10000000, %ebx\n add %eax, (%rbx)\n nop\n nop\n hlt");
GUEST(g_outss, 64, "mov %ss, %ecx\n mov $0x41, %eax\n mov %ecx, %ss\n out %al, $0xe1\n nop\n nop\n hlt");
GUEST(g_cpuid, 64, "nop\n cpuid\n nop\n nop\n hlt");
GUEST(g_wrmsr, 64, "mov $0xc0000082, %ecx\n xor %eax, %eax\n xor %edx, %edx\n wrmsr\n nop\n nop\n hlt");

static const struct io_case {
	const char *name;
	const uint8_t *code, *end;
	unsigned at, len; /* offset and length of the instruction */
	bool exits;
	bool iterates; /* re-entered with immediate_exit it stops between iterations, RIP still on it */
} cases[] = {
	{"OUT", g_out, g_out_end, 5, 2, true, false},
	{"IN", g_in, g_in_end, 5, 2, true, false},
	{"REP OUTSB 3", g_outs, g_outs_end, 15, 2, true, true},
	{"REP INSB 3", g_ins, g_ins_end, 15, 2, true, true},
	{"MMIO write", g_mmiow, g_mmiow_end, 5, 2, true, false},
	{"MMIO read", g_mmior, g_mmior_end, 5, 2, true, false},
	{"MMIO read-modify-write", g_mmiorw, g_mmiorw_end, 5, 2, true, false},
	{"OUT in a MOV SS shadow", g_outss, g_outss_end, 9, 2, true, false},
	{"CPUID", g_cpuid, g_cpuid_end, 1, 2, false, false},
	{"WRMSR", g_wrmsr, g_wrmsr_end, 9, 2, false, false},
};

enum reentry { PLAIN, IMMEDIATE, IMMEDIATE_REARMED };

static const char *const reentry_name[] = {"plain re-entry", "immediate_exit re-entry",
					   "SET_GUEST_DEBUG, then immediate_exit re-entry"};

static bool userspace_exit(unsigned reason)
{
	return reason == KVM_EXIT_IO || reason == KVM_EXIT_MMIO;
}

/* Step over the instruction; report where the first stop behind it is. */
static void io_case_show(const struct io_case *c, enum reentry how)
{
	struct lab lab;
	unsigned reason, n;
	char what[96];

	say("%s at +%x, %s:", c->name, c->at, reentry_name[how]);
	lab_init(&lab, LAB_LONG, c->code, (size_t)(c->end - c->code), 0);
	lab_debug(&lab, DBG_STEP);
	reason = lab_run(&lab);
	while (reason == KVM_EXIT_DEBUG && lab_at(&lab) < c->at)
		reason = lab_run(&lab);
	if (reason == KVM_EXIT_DEBUG)
		reason = lab_run(&lab);
	for (n = 0; n < 8 && userspace_exit(reason); n++) {
		if (how == IMMEDIATE_REARMED)
			lab_debug(&lab, DBG_STEP);
		reason = how == PLAIN ? lab_run(&lab) : lab_run_immediate(&lab);
	}
	snprintf(what, sizeof(what), "%s: %s ends at the %s", c->name, reentry_name[how],
		 c->iterates ? "REP, one iteration or all done" : "next boundary");
	if (how != PLAIN || !c->exits)
		check_hex(what, lab_at(&lab), c->iterates ? c->at : c->at + c->len);
	say("two more runs (re-armed):");
	lab_debug(&lab, DBG_STEP);
	lab_run(&lab);
	lab_run(&lab);
	lab_deinit(&lab);
}

GUEST(g_apic, 64, "mov $0xfee000f0, %ebx\n movl $0x1ff, (%rbx)\n nop\n nop\n nop\n hlt");

/*
 * MMIO that KVM itself answers: no exit to userspace, the emulator reports the step, and TF is off
 * from then on. Nothing at the exit tells.
 */
static void case_kernel_mmio(bool rearm)
{
	struct lab lab;

	say("write to the in-kernel local APIC at +5, then NOPs, %s:", rearm ? "TF=1 by dirty REGS" : "no re-arm");
	LAB_START(&lab, g_apic, LAB_LONG, LAB_IRQCHIP);
	lab_debug(&lab, DBG_STEP);
	lab_run(&lab);
	lab_run(&lab);
	check_hex("APIC write: DEBUG at the next boundary", lab.run->debug.arch.pc, LAB_CODE + 11);
	if (rearm) {
		lab.run->s.regs.regs.rflags |= TF;
		lab.run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	}
	lab_run(&lab);
	check_hex(rearm ? "APIC write, TF=1 written: the step behind it is kept"
			: "APIC write, nothing written: the step behind it is lost",
		  lab.run->debug.arch.pc == LAB_CODE + 12, rearm);
	lab_deinit(&lab);
}

void cases_io(void)
{
	size_t i;

	case_begin("K4", "I/O and MMIO under SINGLESTEP");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		io_case_show(&cases[i], PLAIN);
		if (!cases[i].exits)
			continue;
		io_case_show(&cases[i], IMMEDIATE);
		io_case_show(&cases[i], IMMEDIATE_REARMED);
	}
	case_kernel_mmio(false);
	case_kernel_mmio(true);
}
