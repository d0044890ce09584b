/*
 * lapic.c - the local APIC of the one CPU (SDM 3 "Advanced Programmable Interrupt Controller (APIC)"),
 * xAPIC registers only: CPUID hides x2APIC and the TSC deadline.
 */
#include "engine/soft/chips.h"

enum {
	REG_ID = 0x20, REG_VERSION = 0x30, REG_TPR = 0x80, REG_PPR = 0xa0, REG_EOI = 0xb0,
	REG_LDR = 0xd0, REG_DFR = 0xe0, REG_SVR = 0xf0, REG_ISR = 0x100, REG_TMR = 0x180, REG_IRR = 0x200,
	REG_ESR = 0x280, REG_ICR_LO = 0x300, REG_ICR_HI = 0x310, REG_LVT = 0x320, REG_LVT_END = 0x370,
	REG_TIMER_INITIAL = 0x380, REG_TIMER_CURRENT = 0x390, REG_TIMER_DIVIDE = 0x3e0,
	VERSION = 0x50014, /* six LVT entries, integrated APIC */
	SVR_ENABLED = 1 << 8,
	LVT_MASKED = 1 << 16, LVT_PERIODIC = 1 << 17,
	MODE_FIXED = 0, MODE_LOWEST = 1, MODE_NMI = 4, MODE_EXTINT = 7,
	ICR_LOGICAL = 1 << 11, ICR_BUSY = 1 << 12,
	ERROR_VECTOR = 1 << 6, /* received */
};

void lapic_reset(struct lapic *a)
{
	*a = (struct lapic){ .svr = 0xff, .dfr = 0xffffffff };
	for (unsigned i = 0; i < 6; i++)
		a->lvt[i] = LVT_MASKED;
	/* As KVM starts the boot processor: the 8259A's interrupts come through. */
	a->lvt[LVT_LINT0] = MODE_EXTINT << 8;
}

static bool is_set(const u32 *bits, u8 v)
{
	return bits[v >> 5] >> (v & 31) & 1;
}

static void set(u32 *bits, u8 v, bool on)
{
	if (on)
		bits[v >> 5] |= 1u << (v & 31);
	else
		bits[v >> 5] &= ~(1u << (v & 31));
}

static int highest(const u32 *bits)
{
	for (int i = 7; i >= 0; i--)
		if (bits[i])
			return 32 * i + 31 - __builtin_clz(bits[i]);
	return -1;
}

/* SDM 3 "Task and Processor Priorities". */
static u32 processor_priority(const struct lapic *a)
{
	int serving = highest(a->isr);

	if (serving >= 0 && (serving & 0xf0u) > (a->tpr & 0xf0))
		return serving & 0xf0;
	return a->tpr;
}

int lapic_pending(const struct lapic *a)
{
	int v = highest(a->irr);

	if (!(a->svr & SVR_ENABLED) || v < 0 || (v & 0xf0u) <= (processor_priority(a) & 0xf0))
		return -1;
	return v;
}

void lapic_ack(struct lapic *a, u8 vector)
{
	set(a->irr, vector, false);
	set(a->isr, vector, true);
}

bool lapic_takes_pic(const struct lapic *a)
{
	u32 v = a->lvt[LVT_LINT0];

	return !(v & LVT_MASKED) && (v >> 8 & 7) == MODE_EXTINT;
}

enum apic_out lapic_deliver(struct lapic *a, u8 vector, u8 mode, bool level)
{
	if (mode == MODE_NMI)
		return APIC_NMI;
	if ((mode != MODE_FIXED && mode != MODE_LOWEST) || !(a->svr & SVR_ENABLED))
		return APIC_NOTHING;
	if (vector < 16) {
		a->esr_new |= ERROR_VECTOR;
		return APIC_NOTHING;
	}
	set(a->irr, vector, true);
	set(a->tmr, vector, level);
	return APIC_NOTHING;
}

bool lapic_matches(const struct lapic *a, bool logical, u8 dest)
{
	u8 id = a->ldr >> 24;

	if (!logical)
		return dest == 0 || dest == 0xff;
	if (dest == 0xff)
		return true;
	if (a->dfr >> 28 == 0xf)
		return dest & id; /* flat model */
	return dest >> 4 == id >> 4 && (dest & id & 15);
}

/* ---- timer ---------------------------------------------------------------------------------------- */

static unsigned divisor(const struct lapic *a)
{
	unsigned n = (a->timer_divide & 3) | (a->timer_divide >> 1 & 4);

	return n == 7 ? 1 : 2u << n;
}

static u64 period(const struct lapic *a)
{
	return (u64)a->timer_initial * divisor(a);
}

static bool is_periodic(const struct lapic *a)
{
	return a->lvt[LVT_TIMER] & LVT_PERIODIC;
}

static u32 timer_count(const struct lapic *a, u64 now)
{
	u64 gone = now - a->timer_start;

	if (!a->timer_on || !a->timer_initial)
		return 0;
	if (gone >= period(a))
		return is_periodic(a) ? a->timer_initial - gone % period(a) / divisor(a) : 0;
	return a->timer_initial - gone / divisor(a);
}

u64 lapic_next(const struct lapic *a)
{
	return a->timer_on && a->timer_initial ? a->timer_start + period(a) : NEVER;
}

void lapic_timer(struct lapic *a, u64 now)
{
	if (lapic_next(a) > now)
		return;
	if (is_periodic(a))
		a->timer_start = now - (now - a->timer_start) % period(a);
	else
		a->timer_on = false;
	if (!(a->lvt[LVT_TIMER] & LVT_MASKED))
		lapic_deliver(a, a->lvt[LVT_TIMER], MODE_FIXED, false);
}

/* ---- registers ------------------------------------------------------------------------------------ */

u32 lapic_read(const struct lapic *a, u32 off, u64 now)
{
	if (off >= REG_ISR && off < REG_ESR) {
		const u32 *bits = off < REG_TMR ? a->isr : off < REG_IRR ? a->tmr : a->irr;

		return bits[off >> 4 & 7];
	}
	if (off >= REG_LVT && off < REG_LVT_END)
		return a->lvt[(off - REG_LVT) >> 4];
	switch (off) {
	case REG_VERSION:
		return VERSION;
	case REG_TPR:
		return a->tpr;
	case REG_PPR:
		return processor_priority(a);
	case REG_LDR:
		return a->ldr;
	case REG_DFR:
		return a->dfr;
	case REG_SVR:
		return a->svr;
	case REG_ESR:
		return a->esr;
	case REG_ICR_LO:
		return a->icr_lo;
	case REG_ICR_HI:
		return a->icr_hi;
	case REG_TIMER_INITIAL:
		return a->timer_initial;
	case REG_TIMER_CURRENT:
		return timer_count(a, now);
	case REG_TIMER_DIVIDE:
		return a->timer_divide;
	default: /* the ID is 0 */
		return 0;
	}
}

static enum apic_out end_of_interrupt(struct lapic *a, u8 *ret_vector)
{
	int v = highest(a->isr);

	if (v < 0)
		return APIC_NOTHING;
	set(a->isr, v, false);
	*ret_vector = v;
	return is_set(a->tmr, v) ? APIC_EOI : APIC_NOTHING;
}

/* An IPI that reaches this CPU, which is the only one. INIT and start-up messages to oneself do
 * nothing here. */
static enum apic_out ipi(struct lapic *a)
{
	unsigned shorthand = a->icr_lo >> 18 & 3;
	bool here = shorthand == 1 || shorthand == 2 ||
		    (!shorthand && lapic_matches(a, a->icr_lo & ICR_LOGICAL, a->icr_hi >> 24));

	if (here)
		return lapic_deliver(a, a->icr_lo, a->icr_lo >> 8 & 7, false);
	return APIC_NOTHING;
}

static void write_svr(struct lapic *a, u32 v)
{
	a->svr = v & 0x3ff;
	if (a->svr & SVR_ENABLED)
		return;
	for (unsigned i = 0; i < 6; i++) /* SDM 3 "Local APIC State After It Has Been Software Disabled" */
		a->lvt[i] |= LVT_MASKED;
}

static void write_lvt(struct lapic *a, unsigned i, u32 v, u64 now)
{
	static const u32 writable[6] = { 0x300ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff };
	bool was = is_periodic(a);

	a->lvt[i] = v & writable[i];
	if (!(a->svr & SVR_ENABLED))
		a->lvt[i] |= LVT_MASKED;
	if (i == LVT_TIMER && was != is_periodic(a))
		a->timer_start = now;
}

enum apic_out lapic_write(struct lapic *a, u32 off, u32 v, u64 now, u8 *ret_vector)
{
	if (off >= REG_LVT && off < REG_LVT_END) {
		write_lvt(a, (off - REG_LVT) >> 4, v, now);
		return APIC_NOTHING;
	}
	switch (off) {
	case REG_TPR:
		a->tpr = v & 0xff;
		break;
	case REG_EOI:
		return end_of_interrupt(a, ret_vector);
	case REG_LDR:
		a->ldr = v & 0xff000000;
		break;
	case REG_DFR:
		a->dfr = v | 0x0fffffff;
		break;
	case REG_SVR:
		write_svr(a, v);
		break;
	case REG_ESR: /* a write shows what has come since the last one */
		a->esr = a->esr_new;
		a->esr_new = 0;
		break;
	case REG_ICR_LO:
		a->icr_lo = v & ~(u32)ICR_BUSY;
		return ipi(a);
	case REG_ICR_HI:
		a->icr_hi = v & 0xff000000;
		break;
	case REG_TIMER_INITIAL:
		a->timer_initial = v;
		a->timer_start = now;
		a->timer_on = v;
		break;
	case REG_TIMER_DIVIDE:
		a->timer_divide = v & 0xb;
		a->timer_start = now;
		break;
	}
	return APIC_NOTHING;
}
