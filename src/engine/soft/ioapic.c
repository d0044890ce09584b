/*
 * ioapic.c - the I/O APIC at fec00000 (Intel 82093AA data sheet): 24 redirection entries.
 */
#include "engine/soft/chips.h"

#define ENTRY_REMOTE_IRR BIT64(14)
#define ENTRY_LEVEL      BIT64(15)
#define ENTRY_MASKED     BIT64(16)
#define ENTRY_READ_ONLY  (ENTRY_REMOTE_IRR | BIT64(12))
enum { REG_ID = 0, REG_VERSION = 1, REG_ARBITRATION = 2, REG_ENTRY = 0x10, VERSION = 0x170011 };

void ioapic_reset(struct ioapic *i)
{
	*i = (struct ioapic){ 0 };
	for (unsigned n = 0; n < IOAPIC_LINES; n++)
		i->entry[n] = ENTRY_MASKED;
}

/* A level-triggered line that is up is sent again until the CPU's EOI finds it down. */
static u32 send_level(struct ioapic *i, unsigned n)
{
	u64 *e = &i->entry[n];

	if (!(*e & ENTRY_LEVEL) || (*e & (ENTRY_MASKED | ENTRY_REMOTE_IRR)) || !(i->lines & BIT(n)))
		return 0;
	*e |= ENTRY_REMOTE_IRR;
	return BIT(n);
}

u32 ioapic_line(struct ioapic *i, unsigned line, bool level)
{
	bool was = line < IOAPIC_LINES && (i->lines & BIT(line));

	if (line >= IOAPIC_LINES)
		return 0;
	i->lines = level ? i->lines | BIT(line) : i->lines & ~BIT(line);
	if (i->entry[line] & ENTRY_LEVEL)
		return send_level(i, line);
	return level && !was && !(i->entry[line] & ENTRY_MASKED) ? BIT(line) : 0;
}

u32 ioapic_eoi(struct ioapic *i, u8 vector)
{
	u32 out = 0;

	for (unsigned n = 0; n < IOAPIC_LINES; n++) {
		if ((u8)i->entry[n] != vector || !(i->entry[n] & ENTRY_LEVEL))
			continue;
		i->entry[n] &= ~ENTRY_REMOTE_IRR;
		out |= send_level(i, n);
	}
	return out;
}

static u32 write_entry(struct ioapic *i, unsigned n, bool high, u32 v)
{
	u64 *e = &i->entry[n];

	if (high)
		*e = (*e & 0xffffffff) | (u64)(v & 0xff000000) << 32;
	else
		*e = (*e & ~0x1ffffull) | (*e & ENTRY_READ_ONLY) | (v & 0x1ffff & ~ENTRY_READ_ONLY);
	if (!(*e & ENTRY_LEVEL))
		*e &= ~ENTRY_REMOTE_IRR;
	return send_level(i, n);
}

u32 ioapic_write(struct ioapic *i, u32 off, u32 v)
{
	unsigned n = (i->select - REG_ENTRY) >> 1;

	if (off == 0)
		i->select = v;
	else if (off == 0x10 && i->select == REG_ID)
		i->id = v >> 24 & 15;
	else if (off == 0x10 && i->select >= REG_ENTRY && n < IOAPIC_LINES)
		return write_entry(i, n, i->select & 1, v);
	return 0;
}

u32 ioapic_read(const struct ioapic *i, u32 off)
{
	unsigned n = (i->select - REG_ENTRY) >> 1;

	if (off == 0)
		return i->select;
	if (off != 0x10)
		return 0;
	if (i->select >= REG_ENTRY && n < IOAPIC_LINES)
		return i->select & 1 ? i->entry[n] >> 32 : i->entry[n];
	return i->select == REG_VERSION ? VERSION :
	       i->select == REG_ID || i->select == REG_ARBITRATION ? (u32)i->id << 24 : 0;
}
