/*
 * irq.c - the lines of the interrupt controllers, which are KVM's, and what waits in them.
 */
#include "engine/vcpu/vcpu.h"

#include <string.h>
#include <sys/ioctl.h>

enum {
	LOOK_EVERY = 128, /* two ioctls each time: 1% of the steps' time */
	APIC_TPR = 0x80, APIC_PPR = 0xa0, APIC_SVR = 0xf0, APIC_IRR = 0x200, APIC_LVT0 = 0x350,
};
#define APIC_BASE_ENABLE BIT64(11)
#define SVR_ENABLED      BIT(8)
#define LVT_MASKED       BIT(16)
#define LVT_MODE         (7u << 8)
#define LVT_EXTINT       (7u << 8)

void vcpu_irq_line(void *arg, unsigned gsi, bool level)
{
	struct vcpu *k = arg;
	struct kvm_irq_level l = { .irq = gsi, .level = level };

	ioctl(k->vm_fd, KVM_IRQ_LINE, &l); /* a line KVM does not have is a line nobody listens to */
}

static u32 apic_reg(const struct kvm_lapic_state *l, unsigned off)
{
	u32 v;

	memcpy(&v, l->regs + off, sizeof(v));
	return v;
}

static int apic_vector(const struct kvm_lapic_state *l)
{
	u32 ppr = apic_reg(l, APIC_PPR) & 0xf0;

	if (!(apic_reg(l, APIC_SVR) & SVR_ENABLED))
		return -1;
	for (int i = 7; i >= 0; i--) {
		u32 irr = apic_reg(l, APIC_IRR + 16 * i);
		int v;

		if (!irr)
			continue;
		v = 32 * i + 31 - __builtin_clz(irr);
		return (v & 0xf0u) > ppr ? v : -1;
	}
	return -1;
}

static bool apic_takes_pic(const struct kvm_lapic_state *l, u64 apic_base)
{
	u32 lvt0 = apic_reg(l, APIC_LVT0);

	return !(apic_base & APIC_BASE_ENABLE) ||
	       (!(lvt0 & LVT_MASKED) && (lvt0 & LVT_MODE) == LVT_EXTINT);
}

/* The level (0 highest) of the strongest request in `mask`, 8 if none; priorities rotate. */
static unsigned pic_level(const struct kvm_pic_state *p, u8 mask)
{
	unsigned n = 0;

	while (n < 8 && !(mask & (1u << ((n + p->priority_add) & 7))))
		n++;
	return n;
}

/* 8259A: the line it would present, -1 if none. Special mask and nested modes as data sheet. */
static int pic_line(const struct kvm_pic_state *p, bool master)
{
	unsigned want = pic_level(p, p->irr & ~p->imr), serving;
	u8 isr = p->isr;

	if (want == 8)
		return -1;
	if (p->special_mask)
		isr &= ~p->imr;
	if (p->special_fully_nested_mode && master)
		isr &= ~(1u << 2);
	serving = pic_level(p, isr);
	return want < serving ? (int)((want + p->priority_add) & 7) : -1;
}

static int pic_vector(struct vcpu *k)
{
	struct kvm_irqchip master = { .chip_id = KVM_IRQCHIP_PIC_MASTER };
	struct kvm_irqchip slave = { .chip_id = KVM_IRQCHIP_PIC_SLAVE };
	int line;

	if (ioctl(k->vm_fd, KVM_GET_IRQCHIP, &master) < 0)
		return -1;
	line = pic_line(&master.chip.pic, true);
	if (line != 2)
		return line < 0 ? -1 : master.chip.pic.irq_base + line;
	if (ioctl(k->vm_fd, KVM_GET_IRQCHIP, &slave) < 0)
		return -1;
	line = pic_line(&slave.chip.pic, false);
	return slave.chip.pic.irq_base + (line < 0 ? 7 : line); /* 7: spurious */
}

unsigned irq_pending(struct vcpu *k, u8 ret[2])
{
	struct kvm_lapic_state l;
	unsigned n = 0;
	int v;

	if (ioctl(k->cpu_fd, KVM_GET_LAPIC, &l) < 0)
		return 0;
	v = apic_takes_pic(&l, k->s->sregs.apic_base) ? pic_vector(k) : -1;
	if (v >= 0)
		ret[n++] = v;
	v = k->s->sregs.apic_base & APIC_BASE_ENABLE ? apic_vector(&l) : -1;
	if (v >= 0)
		ret[n++] = v;
	return n;
}

bool irq_due(struct vcpu *k)
{
	/* Not now: what waits comes in at the first boundary where it can. */
	if (!(k->s->regs.rflags & FL_IF) || k->at.shadow || !k->caps.block_irq) {
		k->irq_countdown = 0;
		return false;
	}
	if (k->irq_countdown) {
		k->irq_countdown--;
		return false;
	}
	k->irq_countdown = LOOK_EVERY;
	return true;
}
