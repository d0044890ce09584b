/*
 * deliver_random.c - whatever state a guest is in, a delivery ends, says how, and keeps its promises:
 * nothing changed where it is not supported, registers left alone on shutdown. The numbers come from
 * a fixed seed, so that a failure comes back.
 */
#include "deliver_guest.h"

static struct guest g, before;
static u64 state = 0x9e3779b97f4a7c15;

/* xorshift64: any generator does, it only has to be the same every time. */
static u64 rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static u64 rnd_address(void)
{
	switch (rnd() % 6) {
	case 0:
		return rnd();
	case 1:
		return (u32)rnd();
	case 2:
		return ~0ull - rnd() % 32;
	case 3:
		return 0x7fffffffffe0 + rnd() % 64;
	default:
		return rnd() % RAM;
	}
}

static void guest_any(void)
{
	static void (*const make[])(struct guest *) = {
		guest_real, guest_prot, guest_user32, guest_v86, guest_long, guest_user64,
	};
	unsigned mode = rnd() % ARRAY_SIZE(make);

	make[mode](&g);
	if (mode == 1 || mode == 2 || mode == 3)
		if (rnd() % 2)
			paging_32(&g);
}

/* Damage: bytes of the tables, and registers. */
static void guest_spoil(void)
{
	static const u32 places[] = { 0, IDT, GDT, TSS, TABLES, TABLES + 0x1000, TABLES + 0x2000, PT_LONG };

	for (unsigned n = rnd() % 24; n; n--)
		g.ram[places[rnd() % ARRAY_SIZE(places)] + rnd() % 0x200] = rnd();
	if (rnd() % 2)
		g.c.gpr[GPR_RSP] = rnd_address();
	if (rnd() % 4 == 0)
		g.c.rip = rnd_address();
	if (rnd() % 4 == 0)
		g.c.idtr.limit = rnd();
	if (rnd() % 4 == 0)
		g.c.gdtr.limit = rnd();
	if (rnd() % 8 == 0)
		g.c.idtr.base = rnd_address();
	if (rnd() % 8 == 0)
		g.c.tr.base = rnd_address();
	if (rnd() % 8 == 0)
		g.c.seg[SEG_SS].attr = rnd();
	if (rnd() % 8 == 0)
		g.c.cr3 = rnd_address();
	if (rnd() % 8 == 0)
		g.c.cr4 ^= rnd();
	for (unsigned v = rnd() % 16 ? 32 : 0; v < 32; v++)
		g.ram[IDT + v * 8 + 5] = 0x85; /* task gates */
	g.c.rflags ^= rnd() & (FL_IOPL | FL_TF | FL_IF | FL_NT | FL_RF | FL_AC);
}

static struct guest_event event_any(void)
{
	static const u8 types[] = { 0, 2, 3, 4, 5, 6 };
	struct guest_event ev = {
		.vector = rnd() % 2 ? rnd() % 32 : rnd(),
		.type = types[rnd() % ARRAY_SIZE(types)],
		.has_error = rnd() % 2,
		.error = rnd(),
		.insn_len = rnd() % 16,
		.fault = rnd() % 2,
		.dr6 = rnd() & 0x1e80f,
	};

	return ev;
}

static unsigned long broken_promise(int r, const struct delivery *d)
{
	if (r)
		return r != -ENOSYS || memcmp(&g, &before, sizeof(g));
	if (d->outcome == DELIVERY_SHUTDOWN)
		return g.c.activity != ACT_SHUTDOWN || g.c.rip != before.c.rip ||
		       memcmp(g.c.gpr, before.c.gpr, sizeof(g.c.gpr)) ||
		       memcmp(g.c.seg, before.c.seg, sizeof(g.c.seg)) || g.c.rflags != before.c.rflags;
	if (d->outcome != DELIVERY_DONE && d->outcome != DELIVERY_DOUBLE_FAULT)
		return 1;
	return (g.c.rflags & (FL_TF | FL_RF)) || g.c.shadow || g.c.activity != ACT_ACTIVE ||
	       d->handler_lin != cpu_linear_rip(&g.c);
}

int main(void)
{
	enum { TIMES = 20000 };
	unsigned long broken = 0, count[4] = { 0 };
	struct phys_ops mem = guest_mem(&g);

	for (unsigned i = 0; i < TIMES; i++) {
		struct delivery d = { .outcome = 0xff };
		struct guest_event ev = event_any();
		int r;

		guest_any();
		guest_spoil();
		before = g;
		gate_usable(&g.c, &mem, ev.vector);
		r = event_deliver(&g.c, &mem, &ev, &d);
		broken += broken_promise(r, &d);
		count[r ? 3 : d.outcome & 3]++;
	}
	tap_eq(broken, 0, "%u random guests: no promise broken", TIMES);
	tap_ok(count[DELIVERY_DONE] > TIMES / 10, "enough were delivered");
	tap_ok(count[DELIVERY_DOUBLE_FAULT] > 20, "enough made a double fault");
	tap_ok(count[DELIVERY_SHUTDOWN] > TIMES / 20, "enough ended in shutdown");
	tap_ok(count[3] > 20, "enough were not supported");
	return tap_done();
}
