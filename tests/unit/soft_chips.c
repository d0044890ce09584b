/*
 * soft_chips.c - the platform chips of engine soft against their data sheets: 8259A, 8254, local and I/O
 * APIC, and the four together.
 */
#include "engine/soft/chips.h"
#include "tap.h"

/* ---- 8259A ---------------------------------------------------------------------------------------- */

static void pics_start(struct pics *p)
{
	static const u16 words[][2] = {
		{ 0x20, 0x11 }, { 0x21, 0x20 }, { 0x21, 4 }, { 0x21, 1 }, { 0xa0, 0x11 }, { 0xa1, 0x28 },
		{ 0xa1, 2 }, { 0xa1, 1 }, { 0x21, 0 }, { 0xa1, 0 },
	};

	pics_reset(p);
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		pics_write(p, words[i][0], words[i][1]);
}

static void test_pic(void)
{
	struct pics p;

	pics_reset(&p);
	pics_line(&p, 0, true);
	tap_ok(!pics_wants(&p), "pic: nothing comes before it is set up");
	pics_start(&p);
	pics_line(&p, 0, false);
	pics_line(&p, 3, true);
	pics_line(&p, 0, true);
	tap_eq(pics_ack(&p), 0x20, "pic: the lowest line first");
	tap_ok(!pics_wants(&p), "pic: a lower priority waits for the EOI");
	pics_write(&p, 0x20, 0x20);
	tap_eq(pics_ack(&p), 0x23, "pic: then the next");
	pics_write(&p, 0x20, 0x0b);
	tap_eq(pics_read(&p, 0x20), 8, "pic: in service");
	pics_write(&p, 0x20, 0x63);
	tap_eq(pics_read(&p, 0x20), 0, "pic: specific EOI");
	tap_ok(!pics_wants(&p), "pic: an edge is taken once though the line stays up");
	pics_line(&p, 12, true);
	tap_eq(pics_ack(&p), 0x2c, "pic: through the slave");
	pics_line(&p, 9, true);
	tap_ok(!pics_wants(&p), "pic: the slave's next waits for both EOIs");
	pics_write(&p, 0xa0, 0x20);
	tap_ok(!pics_wants(&p), "pic: ... both");
	pics_write(&p, 0x20, 0x20);
	tap_eq(pics_ack(&p), 0x29, "pic: and comes then");
	pics_write(&p, 0xa0, 0x20);
	pics_write(&p, 0x20, 0x20);
	pics_write(&p, 0x21, 0xff);
	pics_line(&p, 5, true);
	tap_ok(!pics_wants(&p), "pic: masked");
	tap_eq(pics_ack(&p), 0x27, "pic: spurious");
	pics_write(&p, 0x21, 0);
	pics_write(&p, 0x4d0, 0x20);
	pics_ack(&p);
	pics_write(&p, 0x20, 0x20);
	tap_ok(pics_wants(&p), "pic: a level comes again while the line is up");
	pics_line(&p, 5, false);
	tap_ok(!pics_wants(&p), "pic: and not when it is down");
}

/* ---- 8254 ----------------------------------------------------------------------------------------- */

static u64 ticks(u64 clocks)
{
	return (clocks * TICKS_PER_S + PIT_HZ - 1) / PIT_HZ;
}

static void program(struct pit *p, u8 control, u16 count, u64 now)
{
	pit_write(p, 0x43, control, now);
	pit_write(p, 0x40 + (control >> 6), count, now);
	pit_write(p, 0x40 + (control >> 6), count >> 8, now);
}

static u16 count_read(struct pit *p, u8 ch, u64 now)
{
	u8 low;

	pit_write(p, 0x43, ch << 6, now);
	low = pit_read(p, 0x40 + ch, now + 1000);
	return low | pit_read(p, 0x40 + ch, now + 2000) << 8;
}

static void test_pit(void)
{
	struct pit p;

	pit_reset(&p);
	tap_eq(pit_next_edge(&p, 0), NEVER, "pit: no edge before a count");
	program(&p, 0x34, 1000, 0);
	tap_eq(pit_next_edge(&p, 0), ticks(1000), "pit: mode 2, the first edge");
	tap_eq(count_read(&p, 0, ticks(10)), 990, "pit: mode 2, latched count");
	tap_ok(!pit_edge(&p, ticks(999)), "pit: mode 2, not yet");
	tap_ok(pit_edge(&p, ticks(1000)), "pit: mode 2, edge");
	tap_ok(!pit_edge(&p, ticks(1001)), "pit: mode 2, once");
	tap_ok(pit_edge(&p, ticks(5000)), "pit: missed edges are one");
	tap_eq(pit_next_edge(&p, ticks(5000)), ticks(6000), "pit: mode 2, periodic");
	program(&p, 0x36, 0, 0);
	tap_eq(count_read(&p, 0, ticks(100)), 0x10000 - 200, "pit: mode 3 counts by two, 0 is 65536");
	program(&p, 0x30, 50, 0);
	tap_ok(pit_edge(&p, ticks(50)), "pit: mode 0, at the end");
	tap_eq(pit_next_edge(&p, ticks(50)), NEVER, "pit: mode 0, never again");
	pit_write(&p, 0x43, 0xe2, ticks(60));
	tap_eq(pit_read(&p, 0x40, ticks(60)), 0xb0, "pit: read-back of the status: output high, both bytes, mode 0");
	program(&p, 0x31, 0x1234, 0);
	tap_eq(count_read(&p, 0, ticks(34)), 0x1200, "pit: BCD");
	pit_port61_write(&p, 0, 0);
	program(&p, 0xb0, 100, 0);
	tap_ok(!(pit_port61_read(&p, ticks(500)) & 0x20), "pit: channel 2 waits for its gate");
	pit_port61_write(&p, 1, ticks(500));
	tap_ok(!(pit_port61_read(&p, ticks(599)) & 0x20), "pit: port 61, counting");
	tap_ok(pit_port61_read(&p, ticks(601)) & 0x20, "pit: port 61, output");
}

/* ---- local APIC ----------------------------------------------------------------------------------- */

static void test_lapic(void)
{
	struct lapic a;
	u8 v = 0;

	lapic_reset(&a);
	tap_ok(lapic_takes_pic(&a), "lapic: LINT0 lets the 8259A through at reset");
	lapic_deliver(&a, 0x40, 0, false);
	tap_eq(lapic_pending(&a), -1, "lapic: switched off by SVR");
	lapic_write(&a, 0xf0, 0x1ff, 0, &v);
	lapic_write(&a, 0x300, 0x44000 | 0x41, 0, &v);
	lapic_write(&a, 0x300, 0x44000 | 0x52, 0, &v);
	tap_eq(lapic_pending(&a), 0x52, "lapic: self-IPIs, the higher first");
	lapic_ack(&a, 0x52);
	tap_eq(lapic_pending(&a), -1, "lapic: a lower class waits");
	tap_eq(lapic_read(&a, 0xa0, 0), 0x50, "lapic: PPR");
	tap_eq(lapic_read(&a, 0x120, 0), 1u << 0x12, "lapic: ISR");
	lapic_write(&a, 0xb0, 0, 0, &v);
	tap_eq(lapic_pending(&a), 0x41, "lapic: EOI");
	lapic_write(&a, 0x80, 0x40, 0, &v);
	tap_eq(lapic_pending(&a), -1, "lapic: held by TPR");
	lapic_write(&a, 0x80, 0, 0, &v);
	lapic_ack(&a, 0x41);
	lapic_write(&a, 0xb0, 0, 0, &v);
	tap_eq(lapic_deliver(&a, 0, 4, false), APIC_NMI, "lapic: NMI");
	lapic_deliver(&a, 5, 0, false);
	lapic_write(&a, 0x280, 0, 0, &v);
	tap_eq(lapic_read(&a, 0x280, 0), 0x40, "lapic: ESR, illegal vector received");
	lapic_write(&a, 0x3e0, 0xb, 0, &v);
	lapic_write(&a, 0x320, 0x20060, 0, &v);
	lapic_write(&a, 0x380, 100, 1000, &v);
	tap_eq(lapic_next(&a), 1100, "lapic: timer, divided by 1");
	tap_eq(lapic_read(&a, 0x390, 1030), 70, "lapic: timer, current count");
	lapic_timer(&a, 1250);
	tap_eq(lapic_pending(&a), 0x60, "lapic: timer, interrupt");
	tap_eq(lapic_next(&a), 1300, "lapic: timer, periodic, late");
	lapic_write(&a, 0x3e0, 2, 2000, &v);
	lapic_write(&a, 0x320, 0x60, 2000, &v);
	lapic_write(&a, 0x380, 10, 2000, &v);
	tap_eq(lapic_next(&a), 2080, "lapic: timer, divided by 8");
	lapic_timer(&a, 2080);
	tap_eq(lapic_next(&a), NEVER, "lapic: timer, one-shot");
	lapic_write(&a, 0xd0, 0x04000000, 0, &v);
	tap_ok(lapic_matches(&a, true, 6) && !lapic_matches(&a, true, 2), "lapic: logical destination, flat");
}

/* ---- I/O APIC and all together -------------------------------------------------------------------- */

static u32 ioapic_entry(struct chips *c, unsigned n, u32 low)
{
	u32 select = 0x10 + 2 * n;

	chips_mmio(c, true, 0xfec00000, 0xfee00000, &select, 0);
	chips_mmio(c, true, 0xfec00010, 0xfee00000, &low, 0);
	chips_mmio(c, false, 0xfec00010, 0xfee00000, &low, 0);
	return low;
}

static void apic_set(struct chips *c, u32 off, u32 v)
{
	chips_mmio(c, true, 0xfee00000 + off, 0xfee00000, &v, 0);
}

static void test_together(void)
{
	struct chips c;
	u8 byte = 0x34, zero = 0, ten = 10;

	chips_reset(&c);
	pics_start(&c.pics);
	chips_port(&c, true, 0x43, &byte, 0);
	chips_port(&c, true, 0x40, &ten, 0);
	chips_port(&c, true, 0x40, &zero, 0);
	tap_eq(c.deadline, ticks(10), "chips: the 8254's edge is the deadline");
	chips_advance(&c, c.deadline);
	tap_ok(chips_wants(&c, true), "chips: and an interrupt then");
	tap_eq(chips_ack(&c, true), 0x20, "chips: of the 8259A");
	tap_eq(c.deadline, ticks(20), "chips: the next deadline");

	pics_write(&c.pics, 0x20, 0x20);
	apic_set(&c, 0xf0, 0x1ff);
	apic_set(&c, 0x350, 0x10000);
	tap_eq(ioapic_entry(&c, 4, 0x8031), 0x8031, "chips: a redirection entry reads back");
	chips_line(&c, 4, true);
	tap_eq(chips_ack(&c, true), 0x31, "chips: a level through the I/O APIC");
	tap_eq(ioapic_entry(&c, 4, 0x8031) & 0x4000, 0x4000, "chips: remote IRR");
	apic_set(&c, 0xb0, 0);
	tap_eq(chips_ack(&c, true), 0x31, "chips: still up after the EOI: again");
	chips_line(&c, 4, false);
	apic_set(&c, 0xb0, 0);
	tap_eq(chips_ack(&c, true), (u64)-1, "chips: down: no more");
	chips_line(&c, 5, true);
	tap_ok(!chips_wants(&c, true), "chips: a masked entry");
	tap_ok(chips_wants(&c, false), "chips: with the APIC off the 8259A is the CPU's");
}

int main(void)
{
	test_pic();
	test_pit();
	test_lapic();
	test_together();
	return tap_done();
}
