/*
 * deliver_stacks.c - the stack a 32-bit gate goes to (SDM 3 "Stack Switching"): the switch, the one of the
 * TSS, the current one.
 */
#include "deliver_guest.h"

static struct guest g;

static void check_switch(void)
{
	struct delivery d;

	guest_user32(&g);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, 0x30, "CPL 3 to 0");
	FRAME(&g, d, 0x4fec, "CPL 3 to 0", LE32(0x1234), LE32(0x23), LE32(0x202), LE32(0x8fc0), LE32(0x2b));
	tap_eq(g.c.gpr[GPR_RSP], 0x4fec, "CPL 3 to 0: ESP0");
	tap_eq(g.c.seg[SEG_SS].sel, DS0, "CPL 3 to 0: SS0");
	tap_eq(g.c.seg[SEG_SS].attr, 0xc093, "CPL 3 to 0: SS rights, accessed");
	tap_eq(g.ram[GDT + DS0 + 5], 0x93, "CPL 3 to 0: accessed bit of SS in the GDT");
	tap_eq(g.c.seg[SEG_CS].sel, CS32, "CPL 3 to 0: CS");
	tap_eq(cpu_cpl(&g.c), 0, "CPL 3 to 0: CPL");
	tap_eq(g.c.seg[SEG_DS].sel, DS3 | 3, "CPL 3 to 0: DS stays");

	guest_user32(&g);
	d = deliver(&g, FAULT_E(14, 4));
	FRAME(&g, d, 0x4fe8, "CPL 3 to 0 with error code", LE32(4), LE32(0x1234), LE32(0x23), LE32(0x10202),
	      LE32(0x8fc0), LE32(0x2b));

	guest_user32(&g);
	gate32(&g, 0x30, CS32, 0xa300, 0x86);
	d = deliver(&g, EXTERNAL(0x30));
	FRAME(&g, d, 0x4ff6, "CPL 3 to 0, 16-bit gate", LE16(0x1234), LE16(0x23), LE16(0x202), LE16(0x8fc0), LE16(0x2b));

	guest_user32(&g);
	g.c.tr.attr = 0x83; /* 16-bit TSS: SP0 at 2, SS0 at 4 */
	put(&g, TSS + 2, 0x4800, 2);
	put(&g, TSS + 4, DS0, 2);
	d = deliver(&g, EXTERNAL(0x30));
	FRAME(&g, d, 0x47ec, "16-bit TSS", LE32(0x1234), LE32(0x23), LE32(0x202), LE32(0x8fc0), LE32(0x2b));

	guest_user32(&g);
	put(&g, TSS + 4, 0x77774000, 4);
	put(&g, TSS + 8, DS16, 2);
	d = deliver(&g, EXTERNAL(0x30));
	FRAME(&g, d, 0x3fec, "16-bit SS0", LE32(0x1234), LE32(0x23), LE32(0x202), LE32(0x8fc0), LE32(0x2b));
	tap_eq(g.c.gpr[GPR_RSP], 0x77773fec, "16-bit SS0: ESP0's upper half is loaded");
}

static void check_conforming(void)
{
	struct delivery d;

	guest_user32(&g);
	gate32(&g, 0x30, CS32_CONF, 0xa300, 0x8e);
	d = deliver(&g, EXTERNAL(0x30));
	FRAME(&g, d, 0x8fb4, "conforming: no stack switch", LE32(0x1234), LE32(0x23), LE32(0x202));
	tap_eq(g.c.seg[SEG_CS].sel, CS32_CONF | 3, "conforming: RPL is the CPL");
	tap_eq(cpu_cpl(&g.c), 3, "conforming: CPL stays");
}

/* Stack faults: their handlers are conforming here, so that they need no other stack themselves. */
struct stack_row {
	const char *name;
	u16 ss0;
	u32 esp0;
	u32 tss_limit;
	u8 want_vector;
	u32 want_error;
};
static const struct stack_row stack_rows[] = {
	{ "TSS too short", DS0, KSTACK, 8, EXC_TS, 0x89 },
	{ "TSS just long enough", DS0, KSTACK, 9, 0x30, 0 },
	{ "SS0 null", 0, KSTACK, 0x67, EXC_TS, 1 },
	{ "SS0 beyond the GDT", 0x98, KSTACK, 0x67, EXC_TS, 0x99 },
	{ "SS0 with RPL 3", DS0 | 3, KSTACK, 0x67, EXC_TS, 0x11 },
	{ "SS0 with DPL 3", DS3, KSTACK, 0x67, EXC_TS, 0x29 },
	{ "SS0 is code", CS32, KSTACK, 0x67, EXC_TS, 0x19 },
	{ "SS0 read-only", DS_RO, KSTACK, 0x67, EXC_TS, 0x69 },
	{ "SS0 not present", DS_ABSENT, KSTACK, 0x67, EXC_SS, 0x71 },
	{ "expand-down, room", DS_DOWN, KSTACK, 0x67, 0x30, 0 },
	{ "expand-down, room to the last byte", DS_DOWN, 0x4014, 0x67, 0x30, 0 },
	{ "expand-down, too low", DS_DOWN, 0x4010, 0x67, EXC_SS, 0x61 },
	{ "16-bit, room below 0 by wrapping", DS16, 8, 0x67, 0x30, 0 },
	{ "16-bit, across the limit", DS16, 2, 0x67, EXC_SS, 0x41 },
};

static void check_stacks(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(stack_rows); i++) {
		const struct stack_row *r = &stack_rows[i];
		struct delivery d;

		guest_user32(&g);
		gate32(&g, EXC_TS, CS32_CONF, 0xa0a0, 0x8e);
		gate32(&g, EXC_SS, CS32_CONF, 0xa0c0, 0x8e);
		put(&g, TSS + 4, r->esp0, 4);
		put(&g, TSS + 8, r->ss0, 2);
		g.c.tr.limit = r->tss_limit;
		d = deliver(&g, EXTERNAL(0x30));
		wants(d, DELIVERY_DONE, r->want_vector, r->name);
		if (r->want_vector == 0x30)
			continue;
		FRAME(&g, d, 0x8fb0, r->name, LE32(r->want_error), LE32(0x1234), LE32(0x23), LE32(0x10202));
		tap_eq(g.c.seg[SEG_CS].sel, CS32_CONF | 3, "%s: at CPL 3", r->name);
	}
}

/* The current stack has no room: error code without a selector. The handler sits in another ring's stack
 * only by a task gate, so that at CPL 0 it ends in shutdown. */
static void check_current_stack(void)
{
	struct delivery d;

	guest_prot(&g);
	g.c.seg[SEG_SS] = (struct segment){ 0, 0x4fb3, DS0, 0xc093 };
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_SHUTDOWN, 8, "no room on the current stack");

	guest_user32(&g);
	gate32(&g, 0x30, CS32_CONF, 0xa300, 0x8e);
	g.c.seg[SEG_SS].limit = 0x8000;
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_SS, "no room, handler in ring 0");
	FRAME(&g, d, 0x4fe8, "no room: error code 0 + EXT", LE32(1), LE32(0x1234), LE32(0x23), LE32(0x10202),
	      LE32(0x8fc0), LE32(0x2b));
}

int main(void)
{
	check_switch();
	check_conforming();
	check_stacks();
	check_current_stack();
	return tap_done();
}
