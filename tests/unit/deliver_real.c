/*
 * deliver_real.c - through the interrupt vector table (SDM 2 "INT n", REAL-ADDRESS-MODE).
 */
#include "deliver_guest.h"

static struct guest g;

static void check_int_n(void)
{
	struct delivery d;

	guest_real(&g);
	ivt(&g, 0x21, 0x3000, 0x0456);
	g.c.rflags = 0x302 | FL_AC | FL_RF; /* TF, IF */
	g.c.shadow = SHADOW_STI;
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DONE, 0x21, "INT 21h");
	FRAME(&g, d, 0x2fff8, "INT 21h", 0x02, 0x01, 0x00, 0x10, 0x02, 0x03);
	tap_eq(d.return_rip, 0x102, "INT 21h: returns behind the instruction");
	tap_eq(d.handler_lin, 0x30456, "INT 21h: handler");
	tap_eq(g.c.rip, 0x456, "INT 21h: IP");
	tap_eq(g.c.seg[SEG_CS].sel, 0x3000, "INT 21h: CS");
	tap_eq(g.c.seg[SEG_CS].base, 0x30000, "INT 21h: CS base");
	tap_eq(g.c.seg[SEG_CS].limit, 0xffff, "INT 21h: CS limit stays");
	tap_eq(g.c.rflags, 0x2, "INT 21h: IF, TF, AC, RF cleared");
	tap_eq(g.c.gpr[GPR_RSP], 0xfff8, "INT 21h: SP");
	tap_eq(g.c.shadow, SHADOW_NONE, "INT 21h: shadow cleared");
}

static void check_wrap(void)
{
	struct delivery d;

	guest_real(&g);
	ivt(&g, 0x21, 0x3000, 0x0456);
	g.c.gpr[GPR_RSP] = 0xabcd0002;
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DONE, 0x21, "SP=2");
	tap_mem(g.ram + 0x20000, "\x02\x02", 2, "SP=2: FLAGS at 0");
	tap_mem(g.ram + 0x2fffe, "\x00\x10", 2, "SP=2: CS at fffe");
	tap_mem(g.ram + 0x2fffc, "\x02\x01", 2, "SP=2: IP at fffc");
	tap_eq(g.c.gpr[GPR_RSP], 0xabcdfffc, "SP=2: wraps, the upper half stays");

	guest_real(&g);
	ivt(&g, 0x21, 0x3000, 0x0456);
	g.c.rip = 0xffff;
	d = deliver(&g, INT_N(0x21));
	tap_eq(d.return_rip, 1, "IP wraps at 64 KiB");
}

/* SDM 3 "Shutdown": SP odd and below 6, no way to push anything. */
static void check_no_stack(void)
{
	static const u16 sp[] = { 1, 3, 5 };

	for (unsigned i = 0; i < ARRAY_SIZE(sp); i++) {
		struct guest before;
		struct delivery d;

		guest_real(&g);
		for (unsigned v = 0; v < 256; v++)
			ivt(&g, v, 0x3000, v);
		g.c.gpr[GPR_RSP] = sp[i];
		before = g;
		d = deliver(&g, INT_N(0x21));
		wants(d, DELIVERY_SHUTDOWN, 8, "odd SP");
		tap_eq(g.c.activity, ACT_SHUTDOWN, "SP=%u: shutdown", sp[i]);
		tap_eq(g.c.rip, 0x100, "SP=%u: IP stays", sp[i]);
		tap_eq(g.c.gpr[GPR_RSP], sp[i], "SP=%u: SP stays", sp[i]);
		tap_mem(g.ram, before.ram, 16, "SP=%u: IVT untouched", sp[i]);
		tap_ok(!memcmp(g.ram, before.ram, RAM), "SP=%u: nothing is written", sp[i]);
	}
}

static void check_limit(void)
{
	struct delivery d;

	guest_real(&g);
	ivt(&g, 13, 0x3000, 0x0d00);
	ivt(&g, 8, 0x3000, 0x0800);
	g.c.idtr.limit = 0x83; /* vector 21h would end at 87h */
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DONE, 13, "IVT limit");
	FRAME(&g, d, 0x2fff8, "IVT limit: on the INT, no error code", 0x00, 0x01, 0x00, 0x10, 0x02, 0x02);

	guest_real(&g);
	ivt(&g, 8, 0x3000, 0x0800);
	g.c.idtr.limit = 0x36; /* #GP's entry ends at 37h */
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DOUBLE_FAULT, 8, "IVT without #GP");
	FRAME(&g, d, 0x2fff8, "IVT without #GP: no error code", 0x00, 0x01, 0x00, 0x10, 0x02, 0x02);

	guest_real(&g);
	g.c.idtr.limit = 0x22;
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_SHUTDOWN, 8, "IVT without #DF");

	guest_real(&g);
	ivt(&g, 0x21, 0x3000, 0x0456);
	g.c.idtr.limit = 0x87;
	wants(deliver(&g, INT_N(0x21)), DELIVERY_DONE, 0x21, "IVT: the last entry counts");
}

static void check_events(void)
{
	struct delivery d;

	guest_real(&g);
	ivt(&g, 13, 0x3000, 0x0d00);
	d = deliver(&g, FAULT_E(13, 0x1234));
	FRAME(&g, d, 0x2fff8, "#GP: on the instruction, no error code", 0x00, 0x01, 0x00, 0x10, 0x02, 0x02);

	guest_real(&g);
	ivt(&g, 1, 0x3000, 0x0100);
	d = deliver(&g, ICEBP_);
	FRAME(&g, d, 0x2fff8, "ICEBP: behind the F1", 0x01, 0x01, 0x00, 0x10, 0x02, 0x02);
	tap_eq(g.c.dr6, DR6_INIT, "ICEBP: DR6 gains no bit");

	guest_real(&g);
	ivt(&g, 2, 0x3000, 0x0200);
	g.c.activity = ACT_HLT;
	d = deliver(&g, (struct guest_event){ .vector = 2, .type = INTR_NMI });
	wants(d, DELIVERY_DONE, 2, "NMI");
	tap_ok(g.c.nmi_blocked, "NMI: blocks the next");
	tap_eq(g.c.activity, ACT_ACTIVE, "NMI: ends HLT");

	guest_real(&g);
	ivt(&g, 2, 0x3000, 0x0200);
	deliver(&g, INT_N(2));
	tap_ok(!g.c.nmi_blocked, "INT 2 is no NMI");
}

static void check_usable(void)
{
	struct phys_ops mem = guest_mem(&g);

	guest_real(&g);
	tap_ok(!gate_usable(&g.c, &mem, 1), "usable: 0:0 is not");
	ivt(&g, 1, 0, 1);
	tap_ok(gate_usable(&g.c, &mem, 1), "usable: 0:1 is");
	ivt(&g, 1, 0xf000, 0);
	tap_ok(gate_usable(&g.c, &mem, 1), "usable: f000:0 is");
	g.c.idtr.limit = 6;
	tap_ok(!gate_usable(&g.c, &mem, 1), "usable: beyond the limit is not");
}

int main(void)
{
	check_int_n();
	check_wrap();
	check_no_stack();
	check_limit();
	check_events();
	check_usable();
	return tap_done();
}
