/* shadow.c - K2: the STI and MOV SS shadows under SINGLESTEP. */
#include "kfacts.h"
#include "lab.h"

#include <stdio.h>
#include <sys/ioctl.h>

GUEST(g_sti, 64, "cli\n sti\n nop\n nop\n nop\n hlt");
GUEST(g_ss, 64, "mov %ss, %eax\n mov %eax, %ss\n nop\n nop\n nop\n hlt");
GUEST(g_ssice, 64, "mov %ss, %eax\n mov %eax, %ss\n .byte 0xf1\n nop\n nop\n hlt");
GUEST(g_stiice, 64, "nop\n sti\n .byte 0xf1\n nop\n nop\n hlt");

static void case_sti(void)
{
	struct lab lab;

	say("cli; sti; nop:");
	LAB_START(&lab, g_sti, LAB_LONG, 0);
	lab_debug(&lab, DBG_STEP);
	lab_run(&lab);
	lab_run(&lab);
	say("KVM_GET_VCPU_EVENTS: shadow=%u", lab_events(&lab).interrupt.shadow);
	check_hex("STI: the shadow is readable at the stop", lab_events(&lab).interrupt.shadow,
		  KVM_X86_SHADOW_INT_STI);
	lab_run(&lab);
	check_hex("NOP behind it: no shadow", lab_events(&lab).interrupt.shadow, 0);
	lab_deinit(&lab);
}

/* The shadow is destroyed by the next entry: an interrupt pending at the STI's stop comes at once. */
static void case_sti_irq(bool step)
{
	struct kvm_interrupt irq = {.irq = 0x21};
	struct lab lab;
	uint64_t rip;

	say("interrupt queued at the stop behind STI, %s:", step ? "stepping on" : "SINGLESTEP off");
	LAB_START(&lab, g_sti, LAB_LONG, 0);
	lab.mem[LAB_HANDLER(0x21)] = 0xf4;
	lab_debug(&lab, DBG_STEP);
	lab_run(&lab);
	lab_run(&lab);
	ioctl(lab.vcpu, KVM_INTERRUPT, &irq);
	if (!step)
		lab_debug(&lab, 0);
	lab_run(&lab);
	rip = lab_mem64(&lab, lab_regs(&lab).rsp);
	say("frame: rip=%llx", (unsigned long long)rip);
	lab_deinit(&lab);
}

static void case_ss(void)
{
	struct lab lab;

	say("mov %%ss, %%eax; mov %%eax, %%ss; nop:");
	LAB_START(&lab, g_ss, LAB_LONG, 0);
	lab_debug(&lab, DBG_STEP);
	lab_run(&lab);
	lab_run(&lab);
	check_hex("MOV SS: no stop in its shadow, the next is behind the NOP", lab_at(&lab), 5);
	check_hex("MOV SS: no shadow is ever shown", lab_events(&lab).interrupt.shadow, 0);
	lab_deinit(&lab);
}

static void case_icebp(const char *name, const uint8_t *code, size_t len, unsigned runs, unsigned at)
{
	struct lab lab;

	say("%s:", name);
	lab_init(&lab, LAB_LONG, code, len, 0);
	lab_debug(&lab, DBG_STEP);
	while (runs--)
		lab_run(&lab);
	check_hex(name, lab_at(&lab), at);
	say("KVM_GET_VCPU_EVENTS: shadow=%u", lab_events(&lab).interrupt.shadow);
	lab_deinit(&lab);
}

void cases_shadow(void)
{
	case_begin("K2", "shadows under SINGLESTEP");
	case_sti();
	case_sti_irq(true);
	case_sti_irq(false);
	case_ss();
	case_icebp("ICEBP in a MOV SS shadow: stop on the F1", g_ssice, (size_t)(g_ssice_end - g_ssice), 2, 4);
	case_icebp("ICEBP in a STI shadow: stop on the F1", g_stiice, (size_t)(g_stiice_end - g_stiice), 3, 2);
}
