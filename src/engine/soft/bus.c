/*
 * bus.c - the chips together: ports and addresses, lines, and what falls due next.
 */
#include "engine/soft/chips.h"

enum { LINE_PIT = 0, LINE_X87 = 13, PORT_X87 = 0xf0 };
#define IOAPIC_BASE 0xfec00000ull

void chips_reset(struct chips *c)
{
	*c = (struct chips){ .deadline = NEVER };
	pics_reset(&c->pics);
	pit_reset(&c->pit);
	lapic_reset(&c->lapic);
	ioapic_reset(&c->ioapic);
}

static void deadline_find(struct chips *c, u64 now)
{
	u64 pit = pit_next_edge(&c->pit, now), apic = lapic_next(&c->lapic);

	c->deadline = pit < apic ? pit : apic;
}

/* ---- lines ---------------------------------------------------------------------------------------- */

static void apic_send(struct chips *c, u8 vector, u8 mode, bool level)
{
	if (lapic_deliver(&c->lapic, vector, mode, level) == APIC_NMI)
		c->nmi = true;
}

static void ioapic_send(struct chips *c, u32 lines)
{
	for (; lines; lines &= lines - 1) {
		u64 e = c->ioapic.entry[__builtin_ctz(lines)];

		if (lapic_matches(&c->lapic, e & BIT64(11), e >> 56))
			apic_send(c, e, e >> 8 & 7, e & BIT64(15));
	}
}

void chips_line(struct chips *c, unsigned gsi, bool level)
{
	pics_line(&c->pics, gsi, level);
	ioapic_send(c, ioapic_line(&c->ioapic, gsi, level));
}

/* As a PC/AT has it (SDM volume 1, "MS-DOS Compatibility Sub-mode", and the figure of its external logic). */
bool chips_ferr(struct chips *c, bool on)
{
	if (on && !c->x87.ferr)
		chips_line(c, LINE_X87, true);
	if (!on)
		c->x87.ignne = false;
	c->x87.ferr = on;
	return c->x87.ignne;
}

static void x87_error_clear(struct chips *c)
{
	chips_line(c, LINE_X87, false);
	c->x87.ignne = c->x87.ferr;
}

void chips_advance(struct chips *c, u64 now)
{
	if (now < c->deadline)
		return;
	if (pit_edge(&c->pit, now)) {
		chips_line(c, LINE_PIT, false);
		chips_line(c, LINE_PIT, true);
	}
	lapic_timer(&c->lapic, now);
	deadline_find(c, now);
}

/* ---- the CPU's side ------------------------------------------------------------------------------- */

static bool pics_reach(const struct chips *c, bool apic_on)
{
	return !apic_on || lapic_takes_pic(&c->lapic);
}

bool chips_wants(const struct chips *c, bool apic_on)
{
	return (pics_reach(c, apic_on) && pics_wants(&c->pics)) ||
	       (apic_on && lapic_pending(&c->lapic) >= 0);
}

int chips_ack(struct chips *c, bool apic_on)
{
	int v;

	if (pics_reach(c, apic_on) && pics_wants(&c->pics))
		return pics_ack(&c->pics);
	v = apic_on ? lapic_pending(&c->lapic) : -1;
	if (v >= 0)
		lapic_ack(&c->lapic, v);
	return v;
}

unsigned chips_pending(const struct chips *c, bool apic_on, u8 ret[2])
{
	struct pics copy = c->pics;
	unsigned n = 0;
	int v = apic_on ? lapic_pending(&c->lapic) : -1;

	if (pics_reach(c, apic_on) && pics_wants(&copy))
		ret[n++] = pics_ack(&copy);
	if (v >= 0)
		ret[n++] = v;
	return n;
}

/* ---- addresses ------------------------------------------------------------------------------------ */

static bool is_pic(u16 port)
{
	return port == 0x20 || port == 0x21 || port == 0xa0 || port == 0xa1 || port == 0x4d0 || port == 0x4d1;
}

bool chips_port(struct chips *c, bool write, u16 port, u8 *data, u64 now)
{
	if (is_pic(port)) {
		if (write)
			pics_write(&c->pics, port, *data);
		else
			*data = pics_read(&c->pics, port);
		return true;
	}
	if (port == PORT_X87 && write) {
		x87_error_clear(c);
		return true;
	}
	if ((port & ~3) != 0x40 && port != 0x61)
		return false;
	if (!write) {
		*data = port == 0x61 ? pit_port61_read(&c->pit, now) : pit_read(&c->pit, port, now);
		return true;
	}
	if (port == 0x61)
		pit_port61_write(&c->pit, *data, now);
	else
		pit_write(&c->pit, port, *data, now);
	deadline_find(c, now);
	return true;
}

static void lapic_access(struct chips *c, bool write, u32 off, u32 *data, u64 now)
{
	enum apic_out out;
	u8 vector;

	if (!write) {
		*data = lapic_read(&c->lapic, off, now);
		return;
	}
	out = lapic_write(&c->lapic, off, *data, now, &vector);
	if (out == APIC_NMI)
		c->nmi = true;
	if (out == APIC_EOI)
		ioapic_send(c, ioapic_eoi(&c->ioapic, vector));
	deadline_find(c, now);
}

bool chips_mmio(struct chips *c, bool write, u64 gpa, u64 base, u32 *data, u64 now)
{
	if (base && (gpa & ~0xfffull) == base) {
		if (gpa & 15) {
			*data = 0; /* between the registers is nothing */
			return true;
		}
		lapic_access(c, write, gpa & 0xfff, data, now);
		return true;
	}
	if ((gpa & ~0xfffull) != IOAPIC_BASE)
		return false;
	if (write)
		ioapic_send(c, ioapic_write(&c->ioapic, gpa & 0xff, *data));
	else
		*data = ioapic_read(&c->ioapic, gpa & 0xff);
	return true;
}
