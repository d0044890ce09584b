/*
 * pit.c - the 8254 timer, computed from virtual time: nothing counts, every read works out where the
 * count must be (Intel 8254 data sheet).
 */
#include "engine/soft/chips.h"

/* Timer clocks in `ticks`, and the first tick at which so many clocks have passed. */
static u64 clocks_of(u64 ticks)
{
	return ticks / TICKS_PER_S * PIT_HZ + ticks % TICKS_PER_S * PIT_HZ / TICKS_PER_S;
}

static u64 ticks_of(u64 clocks)
{
	return clocks / PIT_HZ * TICKS_PER_S + (clocks % PIT_HZ * TICKS_PER_S + PIT_HZ - 1) / PIT_HZ;
}

/* A low gate holds the count (in modes 2 and 3 it starts over); the one-shots only look at its edge. */
static u64 elapsed(const struct pit_channel *c, u64 now)
{
	bool held = !c->gate && c->mode != 1 && c->mode != 5;

	return clocks_of((held ? c->stopped : now) - c->start);
}

static bool is_periodic(const struct pit_channel *c)
{
	return c->mode == 2 || c->mode == 3;
}

static u16 to_bcd(unsigned v)
{
	return v % 10 | v / 10 % 10 << 4 | v / 100 % 10 << 8 | v / 1000 % 10 << 12;
}

static u16 count_now(const struct pit_channel *c, u64 now)
{
	u64 d = elapsed(c, now), v;

	if (!c->loaded)
		return 0;
	if (c->mode == 3)
		v = c->count - 2 * d % c->count;
	else if (c->mode == 2)
		v = c->count - d % c->count;
	else
		v = (c->count - d) & 0xffff;
	return c->bcd ? to_bcd(v % 10000) : v;
}

static bool output_now(const struct pit_channel *c, u64 now)
{
	u64 d = elapsed(c, now);

	if (!c->loaded)
		return c->mode != 0;
	switch (c->mode) {
	case 0:
	case 1:
		return d >= c->count;
	case 2:
		return d % c->count != c->count - 1;
	case 3:
		return d % c->count < (c->count + 1) / 2;
	default:
		return d != c->count;
	}
}

/* Rising edges of the output since the count was loaded. */
static u64 edges_of(const struct pit_channel *c, u64 now)
{
	u64 d = elapsed(c, now);

	if (!c->loaded)
		return 0;
	if (is_periodic(c))
		return d / c->count;
	return d >= c->count + (c->mode >= 4);
}

static void load(struct pit *p, struct pit_channel *c, u32 count, u64 now)
{
	c->count = count ? count : c->bcd ? 10000 : 0x10000;
	if (c->mode == 3 && c->count == 1)
		c->count = 2; /* no square wave of one clock */
	c->start = c->stopped = now;
	c->loaded = c->mode != 1 && c->mode != 5; /* those wait for the gate */
	if (c == &p->ch[0])
		p->edges_seen = 0;
}

static unsigned from_bcd(u16 v)
{
	return (v & 15) + (v >> 4 & 15) * 10 + (v >> 8 & 15) * 100 + (v >> 12) * 1000;
}

static void write_count(struct pit *p, struct pit_channel *c, u8 v, u64 now)
{
	u16 count = c->access == 1 ? v : c->access == 2 ? v << 8 : c->low | v << 8;

	if (c->access == 3 && !c->high_next_write) {
		c->low = v;
		c->high_next_write = true;
		if (c->mode == 0)
			c->loaded = false; /* the first byte stops the count */
		return;
	}
	c->high_next_write = false;
	load(p, c, c->bcd ? from_bcd(count) : count, now);
}

static void latch_count(struct pit_channel *c, u64 now)
{
	if (c->latched)
		return;
	c->latch = count_now(c, now);
	c->latched = c->access == 3 ? 2 : 1;
}

static void latch_status(struct pit_channel *c, u64 now)
{
	if (c->has_status)
		return;
	c->status = output_now(c, now) << 7 | !c->loaded << 6 | c->access << 4 | c->mode << 1 | c->bcd;
	c->has_status = true;
}

static void read_back(struct pit *p, u8 v, u64 now)
{
	for (unsigned i = 0; i < 3; i++) {
		if (!(v & 2u << i))
			continue;
		if (!(v & 0x20))
			latch_count(&p->ch[i], now);
		if (!(v & 0x10))
			latch_status(&p->ch[i], now);
	}
}

static void write_control(struct pit *p, u8 v, u64 now)
{
	struct pit_channel *c = &p->ch[v >> 6 & 3];

	if (v >> 6 == 3) {
		read_back(p, v, now);
		return;
	}
	if (!(v & 0x30)) {
		latch_count(c, now);
		return;
	}
	*c = (struct pit_channel){ .access = v >> 4 & 3, .mode = v >> 1 & 7, .bcd = v & 1,
				   .gate = c->gate, .count = c->count };
	if (c->mode > 5)
		c->mode -= 4; /* bit 2 does not count in modes 2 and 3 */
	if (c == &p->ch[0])
		p->edges_seen = 0;
}

void pit_write(struct pit *p, u16 port, u8 v, u64 now)
{
	if (port == 0x43)
		write_control(p, v, now);
	else
		write_count(p, &p->ch[port & 3], v, now);
}

static u8 read_latch(struct pit_channel *c)
{
	bool high = c->access == 2 || (c->access == 3 && c->latched == 1);

	c->latched--;
	return high ? c->latch >> 8 : c->latch;
}

u8 pit_read(struct pit *p, u16 port, u64 now)
{
	struct pit_channel *c = &p->ch[port & 3];
	bool high;

	if (port == 0x43)
		return 0xff;
	if (c->has_status) {
		c->has_status = false;
		return c->status;
	}
	if (c->latched)
		return read_latch(c);
	high = c->access == 2 || (c->access == 3 && c->high_next_read);
	c->high_next_read = c->access == 3 && !high;
	return high ? count_now(c, now) >> 8 : count_now(c, now);
}

/* ---- port 61 -------------------------------------------------------------------------------------- */

u8 pit_port61_read(const struct pit *p, u64 now)
{
	u64 half = clocks_of(now) / 18; /* memory refresh, some 15 us a request */

	return p->port61 | (half & 1 ? 0x10 : 0) | (output_now(&p->ch[2], now) ? 0x20 : 0);
}

/* A rising gate starts the one-shots and restarts the periodic modes. */
void pit_port61_write(struct pit *p, u8 v, u64 now)
{
	struct pit_channel *c = &p->ch[2];
	bool gate = v & 1;

	if (gate && !c->gate && c->count) {
		if (c->mode == 0 || c->mode == 4) {
			c->start += now - c->stopped;
		} else {
			c->start = now;
			c->loaded = true;
		}
	}
	if (!gate && c->gate)
		c->stopped = now;
	c->gate = gate;
	p->port61 = v & 3;
}

/* ---- channel 0 ------------------------------------------------------------------------------------ */

bool pit_edge(struct pit *p, u64 now)
{
	u64 n = edges_of(&p->ch[0], now);
	bool risen = n > p->edges_seen;

	p->edges_seen = n;
	return risen;
}

u64 pit_next_edge(const struct pit *p, u64 now)
{
	const struct pit_channel *c = &p->ch[0];
	u64 n = edges_of(c, now);

	if (!c->loaded)
		return NEVER;
	if (is_periodic(c))
		return c->start + ticks_of((n + 1) * c->count);
	return n ? NEVER : c->start + ticks_of(c->count + (c->mode >= 4));
}

void pit_reset(struct pit *p)
{
	*p = (struct pit){ 0 };
	for (unsigned i = 0; i < 3; i++)
		p->ch[i] = (struct pit_channel){ .access = 3, .mode = 3, .gate = i != 2 };
}
