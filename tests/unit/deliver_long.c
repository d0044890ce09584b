/*
 * deliver_long.c - through a 64-bit IDT (SDM 3 "Exception and Interrupt Handling in 64-bit Mode").
 */
#include "deliver_guest.h"

static struct guest g;

static void check_same_level(void)
{
	struct delivery d;

	guest_long(&g);
	g.c.gpr[GPR_RSP] = 0x4fbb;
	g.c.rflags = 0x302 | FL_NT | FL_RF;
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, 0x30, "CPL 0");
	FRAME(&g, d, 0x4f88, "CPL 0: aligned to 16 first, SS and RSP always", LE64(0x1234), LE64(8), LE64(0x14302),
	      LE64(0x4fbb), LE64(0x10));
	tap_eq(g.c.gpr[GPR_RSP], 0x4f88, "CPL 0: RSP");
	tap_eq(g.c.rip, 0xa300, "CPL 0: RIP");
	tap_eq(g.c.rflags, 2, "CPL 0: TF, NT, RF, IF cleared");
	tap_eq(g.c.seg[SEG_SS].sel, DS0, "CPL 0: SS stays");
	tap_eq(g.c.seg[SEG_SS].attr, 0xc093, "CPL 0: SS rights stay");
	tap_eq(g.c.seg[SEG_CS].attr, 0x209b, "CPL 0: CS rights");
	tap_eq(g.ram[GDT + CS64 + 5], 0x9b, "CPL 0: accessed bit in the GDT");
	tap_eq(g.ram[PT_LONG + 8 * 4], 0x67, "CPL 0: stack page accessed and dirty");
	tap_eq(g.ram[TABLES + 0x2000], 0x27, "CPL 0: its directory entry accessed, not dirty");

	guest_long(&g);
	d = deliver(&g, FAULT_E(14, 2));
	FRAME(&g, d, 0x4f90, "CPL 0 with error code", LE64(2), LE64(0x1234), LE64(8), LE64(0x10202), LE64(0x4fc0),
	      LE64(0x10));

	guest_long(&g);
	gate64(&g, 0x30, CS64, 0xffff812345678900, 0x8f, 0);
	deliver(&g, EXTERNAL(0x30));
	tap_eq(g.c.rip, 0xffff812345678900, "trap gate: 64 bits of offset");
	tap_eq(g.c.rflags, 0x202, "trap gate: IF stays");
}

static void check_ist(void)
{
	struct delivery d;

	guest_long(&g);
	gate64(&g, 0x30, CS64, 0xa300, 0x8e, 1);
	d = deliver(&g, EXTERNAL(0x30));
	FRAME(&g, d, 0x6fd8, "IST 1 from CPL 0", LE64(0x1234), LE64(8), LE64(0x202), LE64(0x4fc0), LE64(0x10));
	tap_eq(g.c.seg[SEG_SS].sel, DS0, "IST 1 from CPL 0: SS stays");

	guest_user64(&g);
	put(&g, TSS + 44, 0x7807, 8);
	gate64(&g, 0x30, CS64, 0xa300, 0x8e, 2);
	d = deliver(&g, EXTERNAL(0x30));
	FRAME(&g, d, 0x77d8, "IST 2 from CPL 3, aligned", LE64(0x1234), LE64(0x33), LE64(0x202), LE64(0x8fc0), LE64(0x2b));
	tap_eq(g.c.seg[SEG_SS].sel, 0, "IST 2 from CPL 3: SS null");

	guest_long(&g);
	gate64(&g, 0x30, CS64, 0xa300, 0x8e, 2);
	gate64(&g, EXC_TS, CS64, 0xa0a0, 0x8e, 0);
	g.c.tr.limit = 0x32; /* IST 2 ends at 33h */
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_TS, "IST 2 beyond the TSS");
	tap_eq(g.ram[d.frame_lin], 0x89, "IST 2 beyond the TSS: TR's selector and EXT");
	g.c.tr.limit = 0x33;
	guest_long(&g);
	gate64(&g, 0x30, CS64, 0xa300, 0x8e, 2);
	g.c.tr.limit = 0x33;
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_DONE, 0x30, "IST 2 just inside the TSS");

	guest_long(&g);
	gate64(&g, 0x30, CS64, 0xa300, 0x8e, 7);
	put(&g, TSS + 84, 0x6000, 8);
	d = deliver(&g, EXTERNAL(0x30));
	tap_eq(d.frame_lin, 0x5fd8, "IST 7 is at 84");
}

static void check_switch(void)
{
	struct delivery d;

	guest_user64(&g);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, 0x30, "CPL 3 to 0");
	FRAME(&g, d, 0x4fd8, "CPL 3 to 0", LE64(0x1234), LE64(0x33), LE64(0x202), LE64(0x8fc0), LE64(0x2b));
	tap_eq(g.c.seg[SEG_SS].sel, 0, "CPL 3 to 0: SS is null");
	tap_eq(g.c.seg[SEG_SS].attr, ATTR_UNUSABLE, "CPL 3 to 0: SS is not usable");
	tap_eq(cpu_cpl(&g.c), 0, "CPL 3 to 0: CPL");
	tap_eq(cpu_mode(&g.c), MODE_LONG, "CPL 3 to 0: mode");

	/* from compatibility mode */
	guest_user64(&g);
	g.c.seg[SEG_CS] = seg_flat(CS32_3 | 3, 0xc0fb);
	g.c.rip = 0x1234;
	d = deliver(&g, INT_N(0x80));
	wants(d, DELIVERY_DONE, EXC_GP, "INT 80h from compatibility mode, DPL 0");
	FRAME(&g, d, 0x4fd0, "INT 80h: gate 80h, no EXT", LE64(0x402), LE64(0x1234), LE64(0x23), LE64(0x10202),
	      LE64(0x8fc0), LE64(0x2b));
	guest_user64(&g);
	g.c.seg[SEG_CS] = seg_flat(CS32_3 | 3, 0xc0fb);
	g.c.rip = 0xfffffffe;
	gate64(&g, 0x80, CS64, 0xa800, 0xee, 0);
	d = deliver(&g, INT_N(0x80));
	wants(d, DELIVERY_DONE, 0x80, "INT 80h from compatibility mode, DPL 3");
	tap_eq(d.return_rip, 0, "compatibility mode: EIP wraps in 32 bits");
	tap_eq(cpu_mode(&g.c), MODE_LONG, "compatibility mode: left");

	/* inner ring 1 by RSP1: SS is null with RPL 1 */
	guest_user64(&g);
	put(&g, GDT + CS64, 0x0020ba0000000000, 8);
	put(&g, TSS + 12, 0x4800, 8);
	d = deliver(&g, EXTERNAL(0x30));
	tap_eq(d.frame_lin, 0x47d8, "CPL 3 to 1: RSP1");
	tap_eq(g.c.seg[SEG_SS].sel, 1, "CPL 3 to 1: SS null, RPL 1");
	tap_eq(g.c.seg[SEG_CS].sel, CS64 | 1, "CPL 3 to 1: CS");
	tap_eq(cpu_cpl(&g.c), 1, "CPL 3 to 1: CPL");

	guest_user64(&g);
	gate64(&g, 0x30, CS64_CONF, 0xa300, 0x8e, 0);
	d = deliver(&g, EXTERNAL(0x30));
	FRAME(&g, d, 0x8f98, "conforming: no stack switch, aligned", LE64(0x1234), LE64(0x33), LE64(0x202),
	      LE64(0x8fc0), LE64(0x2b));
	tap_eq(g.c.seg[SEG_CS].sel, CS64_CONF | 3, "conforming: CPL stays");
}

/* Checks of this mode; what it shares with protected mode is tested there. */
struct check_row {
	const char *name;
	u16 sel;
	u64 offset;
	u8 access, ist;
	u8 want_vector;
	u32 want_error;
};
static const struct check_row check_rows[] = {
	{ "16-bit interrupt gate", CS64, 0xa300, 0x86, 0, EXC_GP, 0x183 },
	{ "16-bit trap gate", CS64, 0xa300, 0x87, 0, EXC_GP, 0x183 },
	{ "task gate", TSS_SEL, 0xa300, 0x85, 0, EXC_GP, 0x183 },
	{ "gate not present", CS64, 0xa300, 0x0e, 0, EXC_NP, 0x183 },
	{ "32-bit code", CS32, 0xa300, 0x8e, 0, EXC_GP, 0x19 },
	{ "code with L and D", CS64_D, 0xa300, 0x8e, 0, EXC_GP, 0x81 },
	{ "null selector", 0, 0xa300, 0x8e, 0, EXC_GP, 1 },
	{ "offset not canonical", CS64, 0x0000800000000000, 0x8e, 0, EXC_GP, 1 },
	{ "offset not canonical, above", CS64, 0xffff7fffffffffff, 0x8e, 0, EXC_GP, 1 },
	{ "IST not canonical", CS64, 0xa300, 0x8e, 3, EXC_SS, 1 },
	{ "highest canonical below", CS64, 0x00007fffffffffff, 0x8e, 0, 0x30, 0 },
	{ "lowest canonical above", CS64, 0xffff800000000000, 0x8e, 0, 0x30, 0 },
};

static void check_checks(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(check_rows); i++) {
		const struct check_row *r = &check_rows[i];
		struct delivery d;

		guest_long(&g);
		put(&g, TSS + 52, 0x0000900000000000, 8); /* IST 3 */
		gate64(&g, 0x30, r->sel, r->offset, r->access, r->ist);
		d = deliver(&g, EXTERNAL(0x30));
		wants(d, DELIVERY_DONE, r->want_vector, r->name);
		if (r->want_vector != 0x30)
			FRAME(&g, d, 0x4f90, r->name, LE64(r->want_error), LE64(0x1234), LE64(8), LE64(0x10202),
			      LE64(0x4fc0), LE64(0x10));
	}
}

static void check_limits(void)
{
	struct delivery d;

	guest_long(&g);
	g.c.idtr.limit = 0x30 * 16 + 14;
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_GP, "IDT limit, one byte short of 16");
	tap_eq(g.ram[d.frame_lin] | g.ram[d.frame_lin + 1] << 8, 0x183, "IDT limit: error code");
	guest_long(&g);
	g.c.idtr.limit = 0x30 * 16 + 15;
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_DONE, 0x30, "IDT limit, just enough");

	guest_long(&g);
	g.c.gpr[GPR_RSP] = 0x0000900000000000;
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_SHUTDOWN, 8, "RSP not canonical, no IST");
	guest_long(&g);
	g.c.gpr[GPR_RSP] = 0x0000900000000000;
	gate64(&g, EXC_SS, CS64, 0xa0c0, 0x8e, 1);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_SS, "RSP not canonical, #SS by IST");
	FRAME(&g, d, 0x6fd0, "RSP not canonical: #SS(EXT)", LE64(1), LE64(0x1234), LE64(8), LE64(0x10202),
	      LE64(0x0000900000000000), LE64(0x10));
}

/* The stack overflows into a missing page: what #DF's IST is for. */
static void check_overflow(void)
{
	struct delivery d;

	guest_long(&g);
	put(&g, PT_LONG + 8 * 4, 0, 8);
	gate64(&g, EXC_DF, CS64, 0xa080, 0x8e, 2);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DOUBLE_FAULT, EXC_DF, "stack overflow, #DF by IST");
	FRAME(&g, d, 0x77d0, "stack overflow: error code 0", LE64(0), LE64(0x1234), LE64(8), LE64(0x202), LE64(0x4fc0),
	      LE64(0x10));
	tap_eq(g.c.cr2, 0x4fb8, "stack overflow: CR2");

	guest_long(&g);
	put(&g, PT_LONG + 8 * 4, 0, 8);
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_SHUTDOWN, EXC_DF, "stack overflow, no IST");
	tap_eq(g.c.activity, ACT_SHUTDOWN, "stack overflow: shutdown");
	tap_eq(g.c.gpr[GPR_RSP], 0x4fc0, "stack overflow: RSP stays");
}

/* SDM 3 "Interrupt 14 - Page-Fault": reserved bits. */
static void check_reserved(void)
{
	struct delivery d;

	guest_long(&g);
	put(&g, PT_LONG + 8 * 4, 0x8000000000004007, 8); /* XD without NXE */
	gate64(&g, EXC_PF, CS64, 0xa0e0, 0x8e, 1);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_PF, "reserved bit");
	tap_eq(g.ram[d.frame_lin], 0xb, "reserved bit: P, W and RSVD");
}

/* Where no RAM is, a push is lost and the handler runs. */
static void check_no_ram(void)
{
	guest_long(&g);
	put(&g, PT_LONG + 8 * 4, 0xfee00007, 8);
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_DONE, 0x30, "stack where no RAM is");
}

static void check_software(void)
{
	struct delivery d;

	guest_user64(&g);
	gate64(&g, 3, CS64, 0xa030, 0xee, 0);
	d = deliver(&g, INT3_);
	FRAME(&g, d, 0x4fd8, "INT3 from CPL 3", LE64(0x1235), LE64(0x33), LE64(0x202), LE64(0x8fc0), LE64(0x2b));

	guest_user64(&g);
	d = deliver(&g, ICEBP_);
	wants(d, DELIVERY_DONE, 1, "ICEBP from CPL 3, DPL 0");
	FRAME(&g, d, 0x4fd8, "ICEBP: behind the F1", LE64(0x1235), LE64(0x33), LE64(0x202), LE64(0x8fc0), LE64(0x2b));

	guest_user64(&g);
	g.c.rip = 0x1235; /* the skip has been made */
	g.c.rflags |= FL_TF;
	d = deliver(&g, (struct guest_event){ .vector = 1, .type = INTR_PRIV_SOFT_EXC });
	FRAME(&g, d, 0x4fd8, "ICEBP after the skip, guest's TF", LE64(0x1235), LE64(0x33), LE64(0x302), LE64(0x8fc0), LE64(0x2b));

	guest_long(&g);
	g.c.rip = 0xffffffff;
	d = deliver(&g, INT_N(0x30));
	tap_eq(d.return_rip, 0x100000001, "RIP does not wrap at 4 GiB");
}

static void check_usable(void)
{
	struct phys_ops mem = guest_mem(&g);

	guest_long(&g);
	tap_ok(gate_usable(&g.c, &mem, 1), "usable: a 64-bit gate");
	gate64(&g, 1, CS32, 0xa010, 0x8e, 0);
	tap_ok(!gate_usable(&g.c, &mem, 1), "usable: to 32-bit code is not");
	gate64(&g, 1, CS64, 0xa010, 0x86, 0);
	tap_ok(!gate_usable(&g.c, &mem, 1), "usable: a 16-bit gate is not");
	gate64(&g, 1, CS64, 0xa010, 0x8e, 0);
	put(&g, PT_LONG + 8, 0, 8);
	tap_ok(!gate_usable(&g.c, &mem, 1), "usable: in a missing page is not");
}

int main(void)
{
	check_same_level();
	check_ist();
	check_switch();
	check_checks();
	check_limits();
	check_overflow();
	check_reserved();
	check_no_ram();
	check_software();
	check_usable();
	return tap_done();
}
