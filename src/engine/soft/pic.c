/*
 * pic.c - two 8259A, as in a PC: the slave's output is the master's input 2 (Intel 8259A data sheet).
 */
#include "engine/soft/chips.h"

enum { CASCADE = 2, SPURIOUS = 7 };

static void chip_reset(struct pic *p)
{
	*p = (struct pic){ .lowest = 7, .level = p->level, .lines = p->lines };
}

void pics_reset(struct pics *p)
{
	*p = (struct pics){ 0 };
	chip_reset(&p->chip[0]);
	chip_reset(&p->chip[1]);
	p->chip[0].imr = p->chip[1].imr = 0xff; /* nobody has asked for interrupts yet */
}

static void chip_line(struct pic *p, unsigned n, bool on)
{
	u8 bit = 1u << n;

	if (p->level & bit)
		p->irr = on ? p->irr | bit : p->irr & ~bit;
	else if (on && !(p->lines & bit))
		p->irr |= bit;
	p->lines = on ? p->lines | bit : p->lines & ~bit;
}

/* How many inputs have a higher priority; 8 for an empty mask. */
static unsigned rank_of(const struct pic *p, u8 mask)
{
	unsigned n = 0;

	while (n < 8 && !(mask & 1u << ((p->lowest + 1 + n) & 7)))
		n++;
	return n;
}

/* The input that would be acknowledged, -1. */
static int chip_input(const struct pic *p, bool master)
{
	u8 serving = p->special_mask ? p->isr & ~p->imr : p->isr;
	unsigned want = rank_of(p, p->irr & ~p->imr);

	if (p->fully_nested && master)
		serving &= ~(1u << CASCADE);
	return want < rank_of(p, serving) ? (int)((p->lowest + 1 + want) & 7) : -1;
}

/* The cascade follows the slave's output. */
static void cascade(struct pics *p)
{
	chip_line(&p->chip[0], CASCADE, chip_input(&p->chip[1], false) >= 0);
}

void pics_line(struct pics *p, unsigned line, bool level)
{
	if (line >= 16 || line == CASCADE)
		return;
	chip_line(&p->chip[line >> 3], line & 7, level);
	cascade(p);
}

bool pics_wants(const struct pics *p)
{
	return chip_input(&p->chip[0], true) >= 0;
}

static void chip_ack(struct pic *p, unsigned n)
{
	u8 bit = 1u << n;

	if (p->auto_eoi) {
		if (p->rotate_aeoi)
			p->lowest = n;
	} else {
		p->isr |= bit;
	}
	if (!(p->level & bit))
		p->irr &= ~bit;
}

u8 pics_ack(struct pics *p)
{
	struct pic *master = &p->chip[0], *slave = &p->chip[1];
	int n = chip_input(master, true);
	u8 vector;

	if (n < 0)
		return master->base + SPURIOUS;
	vector = master->base + n;
	chip_ack(master, n);
	if (n == CASCADE) {
		int m = chip_input(slave, false);

		vector = slave->base + (m < 0 ? SPURIOUS : m);
		if (m >= 0)
			chip_ack(slave, m);
	}
	/* The slave may want more: its output falls and rises again. */
	chip_line(master, CASCADE, false);
	cascade(p);
	return vector;
}

/* ---- command words -------------------------------------------------------------------------------- */

static void icw1(struct pic *p, u8 v)
{
	chip_reset(p);
	p->irr = p->lines & p->level;
	p->single = v & 2;
	p->wants_icw4 = v & 1;
	p->expect = 2;
}

static void end_of_interrupt(struct pic *p, u8 v)
{
	bool specific = v & 0x40, rotate = v & 0x80;
	unsigned rank = rank_of(p, p->special_mask ? p->isr & ~p->imr : p->isr), n;

	if (!specific && rank == 8)
		return;
	n = specific ? v & 7 : (p->lowest + 1 + rank) & 7;
	p->isr &= ~(1u << n);
	if (rotate)
		p->lowest = n;
}

static void ocw2(struct pic *p, u8 v)
{
	switch (v >> 5) {
	case 0:
	case 4:
		p->rotate_aeoi = v & 0x80;
		break;
	case 6:
		p->lowest = v & 7;
		break;
	case 2:
		break;
	default:
		end_of_interrupt(p, v);
	}
}

static void ocw3(struct pic *p, u8 v)
{
	if (v & 0x40)
		p->special_mask = v & 0x20;
	p->poll = v & 4;
	if (v & 2)
		p->read_isr = v & 1;
}

static void icw_next(struct pic *p, u8 v)
{
	switch (p->expect) {
	case 2:
		p->base = v & 0xf8;
		p->expect = !p->single ? 3 : p->wants_icw4 ? 4 : 0;
		break;
	case 3: /* who is wired where: a PC's is fixed */
		p->expect = p->wants_icw4 ? 4 : 0;
		break;
	default:
		p->auto_eoi = v & 2;
		p->fully_nested = v & 0x10;
		p->expect = 0;
	}
}

static void chip_write(struct pic *p, bool a0, u8 v)
{
	if (!a0 && (v & 0x10))
		icw1(p, v);
	else if (!a0 && (v & 8))
		ocw3(p, v);
	else if (!a0)
		ocw2(p, v);
	else if (p->expect)
		icw_next(p, v);
	else
		p->imr = v;
}

void pics_write(struct pics *p, u16 port, u8 v)
{
	if (port == 0x4d0)
		p->chip[0].level = v & 0xf8; /* inputs 0, 1, 2, 8 and 13 are edges in a PC */
	else if (port == 0x4d1)
		p->chip[1].level = v & 0xde;
	else
		chip_write(&p->chip[port >= 0xa0], port & 1, v);
	cascade(p);
}

static u8 chip_poll(struct pic *p, bool master)
{
	int n = chip_input(p, master);

	p->poll = false;
	if (n < 0)
		return 0;
	chip_ack(p, n);
	return 0x80 | n;
}

u8 pics_read(struct pics *p, u16 port)
{
	struct pic *c = &p->chip[port >= 0xa0];
	u8 v;

	if (port == 0x4d0 || port == 0x4d1)
		return p->chip[port & 1].level;
	if (c->poll) {
		v = chip_poll(c, c == &p->chip[0]);
		cascade(p);
		return v;
	}
	return port & 1 ? c->imr : c->read_isr ? c->isr : c->irr;
}
