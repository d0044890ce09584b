/*
 * deliver_prot.c - through a 32-bit IDT (SDM 2 "INT n", PROTECTED-MODE; SDM 3 "Protected-Mode
 * Exception and Interrupt Handling", "Error Code"): gates, checks.
 */
#include "deliver_guest.h"

static struct guest g;

/* --- gates --- */

static void check_same_level(void)
{
	struct delivery d;

	guest_prot(&g);
	g.c.rflags = 0x302 | FL_NT | FL_AC | FL_RF;
	g.c.shadow = SHADOW_MOV_SS;
	g.c.activity = ACT_HLT;
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, 0x30, "interrupt gate");
	FRAME(&g, d, 0x4fb4, "interrupt gate: guest's TF, RF as it was", LE32(0x1234), LE32(0x18), LE32(0x54302));
	tap_eq(g.c.rip, 0xa300, "interrupt gate: EIP");
	tap_eq(d.handler_lin, 0xa300, "interrupt gate: handler");
	tap_eq(g.c.gpr[GPR_RSP], 0x4fb4, "interrupt gate: ESP");
	tap_eq(g.c.rflags, FL_AC | 0x2, "interrupt gate: TF, NT, RF, IF cleared, AC not");
	tap_eq(g.c.shadow, SHADOW_NONE, "interrupt gate: shadow cleared");
	tap_eq(g.c.activity, ACT_ACTIVE, "interrupt gate: ends HLT");
	tap_eq(g.c.seg[SEG_CS].attr, 0xc09b, "interrupt gate: CS rights, accessed");
	tap_eq(g.ram[GDT + CS32 + 5], 0x9b, "interrupt gate: accessed bit in the GDT");
	tap_eq(g.c.seg[SEG_SS].sel, DS0, "interrupt gate: SS stays");

	guest_prot(&g);
	gate32(&g, 0x30, CS32, 0xa300, 0x8f);
	g.c.rflags = 0x302;
	deliver(&g, EXTERNAL(0x30));
	tap_eq(g.c.rflags, 0x202, "trap gate: IF stays, TF cleared");

	guest_prot(&g);
	d = deliver(&g, FAULT_E(13, 0x1234));
	FRAME(&g, d, 0x4fb0, "#GP: error code, RF=1", LE32(0x1234), LE32(0x1234), LE32(0x18), LE32(0x10202));

	guest_prot(&g);
	gate32(&g, 3, CS32, 0x12345678, 0x8f);
	d = deliver(&g, INT3_);
	FRAME(&g, d, 0x4fb4, "INT3: behind the CC, RF=0", LE32(0x1235), LE32(0x18), LE32(0x202));
	tap_eq(g.c.rip, 0x12345678, "INT3: all of the offset");
}

static void check_16bit_gate(void)
{
	struct delivery d;

	guest_prot(&g);
	gate32(&g, 0x30, CS32, 0xbeefa300, 0x86);
	g.c.gpr[GPR_RSP] = 0x14fc0;
	g.c.rip = 0x71234;
	g.c.rflags = 0x202 | FL_RF | FL_AC;
	d = deliver(&g, EXTERNAL(0x30));
	FRAME(&g, d, 0x14fba, "16-bit gate: words", 0x34, 0x12, 0x18, 0x00, 0x02, 0x02);
	tap_eq(g.c.rip, 0xa300, "16-bit gate: 16 bits of offset");
	tap_eq(g.c.gpr[GPR_RSP], 0x14fba, "16-bit gate: still ESP");

	guest_prot(&g);
	gate32(&g, 13, CS32, 0xa300, 0x87);
	g.c.rflags = 0x202;
	d = deliver(&g, FAULT_E(13, 0x18));
	FRAME(&g, d, 0x4fb8, "16-bit trap gate with error code", 0x18, 0x00, 0x34, 0x12, 0x18, 0x00, 0x02, 0x02);
	tap_eq(g.c.rflags, 0x202, "16-bit trap gate: IF stays");
}

/* A 16-bit stack segment: SP wraps in 64 KiB, ESP's upper half stays. */
static void check_16bit_stack(void)
{
	struct delivery d;

	guest_prot(&g);
	g.c.seg[SEG_SS] = (struct segment){ 0x20000, 0xffff, DS16, 0x0093 };
	g.c.gpr[GPR_RSP] = 0xabcd0004;
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, 0x30, "16-bit stack");
	tap_mem(g.ram + 0x20000, (const u8[]){ LE32(0x202) }, 4, "16-bit stack: EFLAGS at 0");
	tap_mem(g.ram + 0x2fffc, (const u8[]){ LE32(0x18) }, 4, "16-bit stack: CS at fffc");
	tap_mem(g.ram + 0x2fff8, (const u8[]){ LE32(0x1234) }, 4, "16-bit stack: EIP at fff8");
	tap_eq(g.c.gpr[GPR_RSP], 0xabcdfff8, "16-bit stack: SP only");

	guest_prot(&g);
	g.c.seg[SEG_SS] = (struct segment){ 0x20000, 0x3fff, DS16, 0x0097 };
	g.c.gpr[GPR_RSP] = 0;
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, 0x30, "16-bit expand-down, up to its last byte");
	tap_eq(d.frame_lin, 0x2fff4, "16-bit expand-down: the frame's place");
}

/* --- checks, on the way to the handler. Each becomes an event of its own, on the instruction. --- */

struct check_row {
	const char *name;
	u8 vector, type;
	u16 sel;
	u32 offset;
	u8 access;
	bool user;
	u8 want_vector;
	u32 want_error;
};

static const struct check_row check_rows[] = {
	{ "type 0", 0x30, INTR_EXTERNAL, CS32, 0, 0x80, 0, EXC_GP, 0x183 },
	{ "type of a call gate", 0x30, INTR_EXTERNAL, CS32, 0, 0x8c, 0, EXC_GP, 0x183 },
	{ "a code descriptor", 0x30, INTR_EXTERNAL, CS32, 0, 0x9e, 0, EXC_GP, 0x183 },
	{ "gate not present", 0x30, INTR_EXTERNAL, CS32, 0, 0x0e, 0, EXC_NP, 0x183 },
	{ "gate not present, fault", 0x06, INTR_HARD_EXC, CS32, 0, 0x0e, 0, EXC_NP, 0x33 },
	{ "gate not present, INT n: no EXT", 0x30, INTR_SOFT_INT, CS32, 0, 0x0e, 0, EXC_NP, 0x182 },
	{ "gate not present, INT3: no EXT", 3, INTR_SOFT_EXC, CS32, 0, 0x0e, 0, EXC_NP, 0x1a },
	{ "gate not present, ICEBP: EXT", 1, INTR_PRIV_SOFT_EXC, CS32, 0, 0x0e, 0, EXC_NP, 0x0b },
	{ "type before presence", 0x30, INTR_EXTERNAL, CS32, 0, 0x00, 0, EXC_GP, 0x183 },
	{ "INT n, DPL 0, CPL 3", 0x30, INTR_SOFT_INT, CS32, 0xa300, 0x8e, 1, EXC_GP, 0x182 },
	{ "INT3, DPL 0, CPL 3", 3, INTR_SOFT_EXC, CS32, 0xa300, 0x8e, 1, EXC_GP, 0x1a },
	{ "INTO, DPL 2, CPL 3", 4, INTR_SOFT_EXC, CS32, 0xa300, 0xce, 1, EXC_GP, 0x22 },
	{ "DPL before presence", 0x30, INTR_SOFT_INT, CS32, 0xa300, 0x0e, 1, EXC_GP, 0x182 },
	{ "null selector", 0x30, INTR_EXTERNAL, 3, 0, 0x8e, 0, EXC_GP, 1 },
	{ "null selector, INT n", 0x30, INTR_SOFT_INT, 0, 0, 0x8e, 0, EXC_GP, 0 },
	{ "selector beyond the GDT", 0x30, INTR_EXTERNAL, 0x98, 0, 0x8e, 0, EXC_GP, 0x99 },
	{ "selector in an LDT there is none of", 0x30, INTR_EXTERNAL, 0x0c, 0, 0x8e, 0, EXC_GP, 0x0d },
	{ "data selector", 0x30, INTR_EXTERNAL, DS0 | 3, 0, 0x8e, 0, EXC_GP, 0x11 },
	{ "outward: DPL 3 at CPL 0", 0x30, INTR_EXTERNAL, CS32_3, 0, 0x8e, 0, EXC_GP, 0x21 },
	{ "code not present", 0x30, INTR_EXTERNAL, CS32_ABSENT, 0, 0x8e, 0, EXC_NP, 0x51 },
	{ "offset beyond the limit", 0x30, INTR_EXTERNAL, CS32_SHORT, 0x1000, 0x8e, 0, EXC_GP, 1 },
	{ "offset beyond the limit, INT n", 0x30, INTR_SOFT_INT, CS32_SHORT, 0x1000, 0x8e, 0, EXC_GP, 0 },
	/* and what passes */
	{ "INT n, DPL 3, CPL 3", 0x30, INTR_SOFT_INT, CS32, 0xa300, 0xee, 1, 0x30, 0 },
	{ "INT n, DPL 0, CPL 0", 0x30, INTR_SOFT_INT, CS32, 0xa300, 0x8e, 0, 0x30, 0 },
	{ "ICEBP asks for no DPL", 1, INTR_PRIV_SOFT_EXC, CS32, 0xa010, 0x8e, 1, 1, 0 },
	{ "faults ask for no DPL", 6, INTR_HARD_EXC, CS32, 0xa060, 0x8e, 1, 6, 0 },
	{ "interrupts ask for no DPL", 0x30, INTR_EXTERNAL, CS32, 0xa300, 0x8e, 1, 0x30, 0 },
	{ "the last offset in the limit", 0x30, INTR_EXTERNAL, CS32_SHORT, 0x0fff, 0x8e, 0, 0x30, 0 },
	{ "RPL of the gate's selector is ignored", 0x30, INTR_EXTERNAL, CS32 | 3, 0xa300, 0x8e, 0, 0x30, 0 },
};

static void check_checks(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(check_rows); i++) {
		const struct check_row *r = &check_rows[i];
		bool software = r->type == INTR_SOFT_INT || r->type == INTR_SOFT_EXC || r->type == INTR_PRIV_SOFT_EXC;
		struct guest_event ev = { .vector = r->vector, .type = r->type, .insn_len = software ? 2 : 0 };
		bool raised = r->want_vector != r->vector;
		struct delivery d;

		if (r->user)
			guest_user32(&g);
		else
			guest_prot(&g);
		gate32(&g, r->vector, r->sel, r->offset, r->access);
		d = deliver(&g, ev);
		wants(d, DELIVERY_DONE, r->want_vector, r->name);
		if (!raised)
			continue;
		tap_mem(g.ram + d.frame_lin, (const u8[]){ LE32(r->want_error), LE32(0x1234) }, 8,
			"%s: error code, and EIP on the instruction", r->name);
		tap_eq(g.ram[d.frame_lin + 14] & 1, 1, "%s: RF=1", r->name);
	}
}

static void check_idt_limit(void)
{
	struct delivery d;

	guest_prot(&g);
	g.c.idtr.limit = 0x30 * 8 + 6;
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_GP, "IDT limit, one byte short");
	tap_eq(g.ram[d.frame_lin] | g.ram[d.frame_lin + 1] << 8, 0x183, "IDT limit: error code");
	guest_prot(&g);
	g.c.idtr.limit = 0x30 * 8 + 7;
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_DONE, 0x30, "IDT limit, just enough");
}

static void check_task_gate(void)
{
	static struct guest before;
	struct phys_ops mem = guest_mem(&g);
	struct guest_event ev = FAULT_E(8, 0);
	struct delivery d = { .outcome = 0x55 };

	guest_prot(&g);
	gate32(&g, 8, TSS_SEL, 0, 0x85);
	before = g;
	tap_eq(event_deliver(&g.c, &mem, &ev, &d), -ENOSYS, "task gate: not supported");
	tap_ok(!memcmp(&g, &before, sizeof(g)), "task gate: nothing changed");
	tap_eq(d.outcome, 0x55, "task gate: result untouched");
	/* also when it is only reached on the way: #GP without a handler, #DF by task gate */
	gate32(&g, 13, 0, 0, 0x8e);
	before = g;
	ev = FAULT_E(13, 0);
	tap_eq(event_deliver(&g.c, &mem, &ev, &d), -ENOSYS, "task gate for #DF: not supported");
	tap_ok(!memcmp(&g, &before, sizeof(g)), "task gate for #DF: nothing changed");
	paging_32(&g);
	before = g;
	tap_eq(event_deliver(&g.c, &mem, &ev, &d), -ENOSYS, "task gate for #DF, paging: not supported");
	tap_ok(!memcmp(&g, &before, sizeof(g)), "task gate for #DF, paging: not even accessed bits");
}

static void check_usable(void)
{
	struct phys_ops mem = guest_mem(&g);

	guest_prot(&g);
	tap_ok(gate_usable(&g.c, &mem, 1), "usable: an interrupt gate to present code");
	gate32(&g, 1, CS32, 0, 0x8f);
	tap_ok(gate_usable(&g.c, &mem, 1), "usable: a trap gate, offset 0");
	gate32(&g, 1, CS32, 0xa010, 0x0e);
	tap_ok(!gate_usable(&g.c, &mem, 1), "usable: not present is not");
	gate32(&g, 1, CS32, 0xa010, 0x8c);
	tap_ok(!gate_usable(&g.c, &mem, 1), "usable: a call gate is not");
	gate32(&g, 1, TSS_SEL, 0, 0x85);
	tap_ok(!gate_usable(&g.c, &mem, 1), "usable: a task gate cannot be delivered through");
	gate32(&g, 1, DS0, 0xa010, 0x8e);
	tap_ok(!gate_usable(&g.c, &mem, 1), "usable: a data selector is not");
	gate32(&g, 1, 3, 0xa010, 0x8e);
	tap_ok(!gate_usable(&g.c, &mem, 1), "usable: a null selector is not");
	gate32(&g, 1, CS32_ABSENT, 0xa010, 0x8e);
	tap_ok(!gate_usable(&g.c, &mem, 1), "usable: absent code is not");
	gate32(&g, 1, CS32, 0xa010, 0x8e);
	g.c.idtr.limit = 14;
	tap_ok(!gate_usable(&g.c, &mem, 1), "usable: beyond the limit is not");
	g.c.idtr.limit = 15;
	tap_ok(gate_usable(&g.c, &mem, 1), "usable: inside the limit is");
}

int main(void)
{
	check_same_level();
	check_16bit_gate();
	check_16bit_stack();
	check_checks();
	check_idt_limit();
	check_task_gate();
	check_usable();
	return tap_done();
}
