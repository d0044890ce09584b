/* irq.c - K9 and HLT: interrupts held and not held while stepping, and the sleeping vCPU. */
#include "kfacts.h"
#include "lab.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define DBG_HELD (DBG_STEP | KVM_GUESTDBG_BLOCKIRQ)

GUEST(g_run, 64, "sti\n nop\n nop\n nop\n nop\n nop\n nop\n hlt");
GUEST(g_hlt, 64, "sti\n nop\n hlt\n nop\n nop\n nop\n hlt");

/* PIC 0 with vectors from 20, all lines open: as a BIOS leaves it, without running one. */
static void pic_init(struct lab *lab)
{
	struct kvm_irqchip chip = {.chip_id = KVM_IRQCHIP_PIC_MASTER};

	ioctl(lab->vm, KVM_GET_IRQCHIP, &chip);
	chip.chip.pic.irq_base = 0x20;
	chip.chip.pic.imr = 0;
	chip.chip.pic.init_state = 0;
	ioctl(lab->vm, KVM_SET_IRQCHIP, &chip);
}

static void irq_raise(struct lab *lab, unsigned line)
{
	struct kvm_irq_level level = {.irq = line, .level = 1};

	ioctl(lab->vm, KVM_IRQ_LINE, &level);
	level.level = 0;
	ioctl(lab->vm, KVM_IRQ_LINE, &level);
}

static bool handler_ran(struct lab *lab, unsigned vector)
{
	return lab->mem[LAB_DATA] == (uint8_t)vector;
}

/* The handler leaves its mark: movb $v, 0x6000; iretq. */
static void handler_mark(struct lab *lab, unsigned vector)
{
	const uint8_t code[] = {0xc6, 0x04, 0x25, 0x00, 0x60, 0, 0, (uint8_t)vector, 0x48, 0xcf};

	memcpy(lab->mem + LAB_HANDLER(vector), code, sizeof(code));
}

static void case_pending(uint32_t control, bool chip)
{
	const bool held = control & KVM_GUESTDBG_BLOCKIRQ;
	struct kvm_interrupt irq = {.irq = 0x21};
	struct lab lab;
	unsigned i;

	say("interrupt pending, IF=1, %s, %s:", held ? "BLOCKIRQ" : "not held", chip ? "irqchip" : "KVM_INTERRUPT");
	LAB_START(&lab, g_run, LAB_LONG, chip ? LAB_IRQCHIP : 0);
	handler_mark(&lab, 0x21);
	lab_debug(&lab, control);
	if (chip)
		pic_init(&lab);
	lab_run(&lab);
	lab_run(&lab);
	if (chip)
		irq_raise(&lab, 1);
	else
		ioctl(lab.vcpu, KVM_INTERRUPT, &irq);
	for (i = 0; i < 3; i++)
		lab_run(&lab);
	if (chip)
		check_hex(held ? "held: the handler did not run in three steps" : "not held: the handler ran",
			  handler_ran(&lab, 0x21), !held);
	else
		say("handler ran: %d", handler_ran(&lab, 0x21));
	say("hold lifted:");
	lab_debug(&lab, DBG_STEP);
	lab_run(&lab);
	lab_run(&lab);
	check_hex("with the hold lifted the handler ran", handler_ran(&lab, 0x21), 1);
	lab_deinit(&lab);
}

static void case_hlt(uint32_t control, bool chip)
{
	struct kvm_interrupt irq = {.irq = 0x21};
	struct lab lab;

	say("HLT at +2, %s, %s:", control & KVM_GUESTDBG_BLOCKIRQ ? "BLOCKIRQ" : "not held",
	    chip ? "irqchip" : "no irqchip");
	LAB_START(&lab, g_hlt, LAB_LONG, chip ? LAB_IRQCHIP : 0);
	handler_mark(&lab, 0x21);
	if (chip)
		pic_init(&lab);
	lab_debug(&lab, control);
	lab_run(&lab);
	lab_run(&lab);
	say("the step over HLT:");
	lab_run(&lab);
	check_hex("RIP is behind the HLT", lab_at(&lab), 3);
	check_hex(chip ? "HLT with irqchip: DEBUG" : "HLT without irqchip: KVM_EXIT_HLT, no DEBUG",
		  lab.run->exit_reason, chip ? KVM_EXIT_DEBUG : KVM_EXIT_HLT);
	say("KVM_RUN again, nothing pending:");
	lab_run(&lab);
	say("with an interrupt:");
	if (chip)
		irq_raise(&lab, 1);
	else
		ioctl(lab.vcpu, KVM_INTERRUPT, &irq);
	lab_run(&lab);
	lab_run(&lab);
	say("handler ran: %d", handler_ran(&lab, 0x21));
	say("SET_GUEST_DEBUG(SINGLESTEP), run:");
	lab_debug(&lab, DBG_STEP);
	lab_run(&lab);
	say("handler ran: %d", handler_ran(&lab, 0x21));
	lab_deinit(&lab);
}

/* Without irqchip: what completes the HLT and keeps the step. */
static void case_hlt_rearm(void)
{
	struct lab lab;

	say("HLT without irqchip, then SET_GUEST_DEBUG and KVM_RUN with immediate_exit, then KVM_RUN:");
	LAB_START(&lab, g_hlt, LAB_LONG, 0);
	lab_debug(&lab, DBG_STEP);
	lab_run(&lab);
	lab_run(&lab);
	lab_run(&lab);
	lab_debug(&lab, DBG_STEP);
	lab_run_immediate(&lab);
	check_hex("EINTR behind the HLT", lab_at(&lab), 3);
	lab_run(&lab);
	check_hex("the next step is one instruction on", lab_at(&lab), 4);
	lab_deinit(&lab);
}

void cases_irq(void)
{
	case_begin("K9", "interrupts while stepping, held and not held");
	case_pending(DBG_STEP, false);
	case_pending(DBG_HELD, false);
	case_pending(DBG_STEP, true);
	case_pending(DBG_HELD, true);
	case_begin("K4", "HLT under SINGLESTEP");
	case_hlt(DBG_STEP, true);
	case_hlt(DBG_HELD, true);
	case_hlt(DBG_STEP, false);
	case_hlt(DBG_HELD, false);
	case_hlt_rearm();
}
