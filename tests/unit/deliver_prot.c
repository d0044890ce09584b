/*
 * deliver_prot.c - through a 32-bit IDT (SDM 2 "INT n", PROTECTED-MODE; SDM 3 "Protected-Mode
 * Exception and Interrupt Handling", "Error Code"): gates, stacks, checks.
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

/* --- stack switch --- */

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

/* --- virtual-8086 mode --- */

static void check_v86(void)
{
	struct delivery d;

	guest_v86(&g);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, 0x30, "v86");
	FRAME(&g, d, 0x4fdc, "v86", LE32(0x34), LE32(0x100), LE32(0x23202), LE32(0xfc0), LE32(0x800),
	      LE32(0x111), LE32(0x222), LE32(0x333), LE32(0x444));
	tap_eq(g.c.rflags, FL_IOPL | 2, "v86: VM and IF cleared, IOPL stays");
	tap_eq(cpu_mode(&g.c), MODE_PROT32, "v86: left");
	tap_eq(g.c.gpr[GPR_RSP], 0x4fdc, "v86: ESP0");
	for (unsigned i = 0; i < 4; i++) {
		static const u8 nulled[] = { SEG_ES, SEG_DS, SEG_FS, SEG_GS };

		tap_eq(g.c.seg[nulled[i]].sel | g.c.seg[nulled[i]].attr, 0, "v86: segment %u is null", nulled[i]);
	}

	guest_v86(&g);
	d = deliver(&g, FAULT_E(13, 0x42));
	FRAME(&g, d, 0x4fd8, "v86 fault", LE32(0x42), LE32(0x34), LE32(0x100), LE32(0x33202), LE32(0xfc0),
	      LE32(0x800), LE32(0x111), LE32(0x222), LE32(0x333), LE32(0x444));

	guest_v86(&g);
	gate32(&g, 0x21, CS32, 0xa210, 0xee);
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DONE, 0x21, "v86 INT n, IOPL 3");
	tap_eq(d.return_rip, 0x36, "v86 INT n: behind it");

	guest_v86(&g);
	gate32(&g, 0x21, CS32, 0xa210, 0xee);
	g.c.rflags &= ~FL_IOPL;
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DONE, EXC_GP, "v86 INT n, IOPL 0");
	tap_mem(g.ram + d.frame_lin, (const u8[]){ LE32(0), LE32(0x34) }, 8, "v86 INT n, IOPL 0: #GP(0) on it");

	guest_v86(&g);
	gate32(&g, 3, CS32, 0xa030, 0xee);
	g.c.rflags &= ~FL_IOPL;
	wants(deliver(&g, INT3_), DELIVERY_DONE, 3, "v86 INT3 asks for no IOPL");

	guest_v86(&g);
	gate32(&g, 0x30, CS32_CONF, 0xa300, 0x8e);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_GP, "v86 to conforming code");
	tap_mem(g.ram + d.frame_lin, (const u8[]){ LE32(0x49) }, 4, "v86 to conforming code: error code");

	guest_v86(&g);
	gate32(&g, 0x30, CS32_3, 0xa300, 0x8e);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_GP, "v86 to DPL 3");

}

/*
 * SDM table "Software Interrupt Handling Methods While in Virtual-8086 Mode", its six methods. The
 * I/O map is at 88h of the TSS, so that the redirection map is at 68h and INT 21h's bit is bit 1 of
 * the byte at 6ch.
 */
static void guest_vme(bool bit, bool iopl3, u64 flags)
{
	guest_v86(&g);
	gate32(&g, 0x21, CS32, 0xa210, 0xee);
	ivt(&g, 0x21, 0x0300, 0x0456);
	put(&g, TSS + 102, 0x88, 2);
	g.ram[TSS + 0x6c] = bit ? 2 : 0xfd;
	g.c.tr.limit = 0x88;
	g.c.cr4 |= CR4_VME;
	g.c.rflags = FL_VM | (iopl3 ? FL_IOPL : 0) | flags;
}

static void check_vme(void)
{
	struct delivery d;

	guest_vme(true, true, 0x202);
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DONE, 0x21, "method 4: to the protected-mode handler");
	tap_eq(d.handler_lin, 0xa210, "method 4: handler");

	guest_vme(true, false, 0x202);
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DONE, EXC_GP, "method 3: #GP");
	tap_mem(g.ram + d.frame_lin, (const u8[]){ LE32(0), LE32(0x34) }, 8, "method 3: error code 0");

	guest_vme(false, true, 0x302);
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DONE, 0x21, "method 5: to the 8086 program");
	FRAME(&g, d, 0x8fba, "method 5", LE16(0x36), LE16(0x100), LE16(0x3302));
	tap_eq(d.handler_lin, 0x3456, "method 5: handler");
	tap_eq(g.c.rflags, FL_VM | FL_IOPL | 2, "method 5: IF and TF cleared, VM stays");
	tap_eq(g.c.gpr[GPR_RSP], 0xfba, "method 5: SP");
	tap_eq(cpu_cpl(&g.c), 3, "method 5: CPL 3");

	guest_vme(false, false, 0x302);
	d = deliver(&g, INT_N(0x21));
	FRAME(&g, d, 0x8fba, "method 6, VIF=0: IF=0 and IOPL 3 in the image", LE16(0x36), LE16(0x100),
	      LE16(0x3102));
	tap_eq(g.c.rflags, FL_VM | 0x202, "method 6: TF cleared, IF stays");

	guest_vme(false, false, 0x002 | FL_VIF);
	d = deliver(&g, INT_N(0x21));
	FRAME(&g, d, 0x8fba, "method 6, VIF=1: IF=1 in the image", LE16(0x36), LE16(0x100), LE16(0x3202));
	tap_eq(g.c.rflags, FL_VM | 2, "method 6: VIF cleared");

	guest_vme(false, false, 0x202);
	gate32(&g, 3, CS32, 0xa030, 0xee);
	wants(deliver(&g, INT3_), DELIVERY_DONE, 3, "VME: INT3 is not redirected");
	tap_eq(cpu_mode(&g.c), MODE_PROT32, "VME: INT3 leaves v86 mode");

	guest_vme(false, true, 0x202);
	g.c.tr.limit = 0x6b; /* the map's byte is at 6ch */
	wants(deliver(&g, INT_N(0x21)), DELIVERY_DONE, EXC_GP, "VME: map beyond the TSS");
	guest_vme(false, true, 0x202);
	g.c.tr.limit = 0x6c;
	wants(deliver(&g, INT_N(0x21)), DELIVERY_DONE, 0x21, "VME: map just inside the TSS");
	guest_vme(false, true, 0x202);
	g.c.tr.limit = 0x66; /* not even the I/O map's offset */
	wants(deliver(&g, INT_N(0x21)), DELIVERY_DONE, EXC_GP, "VME: a short TSS");
	guest_vme(false, true, 0x202);
	put(&g, TSS + 102, 0x1f, 2);
	wants(deliver(&g, INT_N(0x21)), DELIVERY_DONE, EXC_GP, "VME: no room for a map below the I/O map");
}

/* --- paging --- */

static void check_paging(void)
{
	struct delivery d;

	guest_prot(&g);
	paging_32(&g);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, 0x30, "paging");
	tap_eq(g.ram[PT_32 + 4 * 4], 0x67, "paging: stack page accessed and dirty");
	tap_eq(g.ram[PT_32 + 4 * 1], 0x27, "paging: IDT page accessed");
	tap_eq(g.ram[TABLES], 0x27, "paging: directory entry accessed");
	tap_eq(g.ram[PT_32 + 4 * 3], 0x67, "paging: GDT page dirty, the accessed bit was set there");

	guest_prot(&g);
	paging_32(&g);
	g.ram[GDT + CS32 + 5] |= 1;
	deliver(&g, EXTERNAL(0x30));
	tap_eq(g.ram[PT_32 + 4 * 3], 0x27, "paging: GDT page not dirty, the bit was set before");

	guest_user32(&g);
	paging_32(&g);
	gate32(&g, 14, CS32_CONF, 0xa0e0, 0x8e);
	put(&g, PT_32 + 4 * 4, 0, 4);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_PF, "kernel stack missing");
	tap_eq(g.c.cr2, 0x4ffc, "kernel stack missing: CR2");
	FRAME(&g, d, 0x8fb0, "kernel stack missing: write by the supervisor", LE32(2), LE32(0x1234), LE32(0x23), LE32(0x10202));

	guest_user32(&g);
	paging_32(&g);
	gate32(&g, 14, CS32_CONF, 0xa0e0, 0x8e);
	put(&g, PT_32 + 4 * 4, 0x4005, 4);
	d = deliver(&g, EXTERNAL(0x30));
	tap_eq(g.ram[d.frame_lin], 3, "kernel stack read-only, WP: protection, write");
	guest_user32(&g);
	paging_32(&g);
	put(&g, PT_32 + 4 * 4, 0x4005, 4);
	g.c.cr0 &= ~CR0_WP;
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_DONE, 0x30, "kernel stack read-only, no WP");

	guest_user32(&g);
	paging_32(&g);
	gate32(&g, 14, CS32_CONF, 0xa0e0, 0x8e);
	g.c.cr4 |= CR4_SMAP;
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_PF, "kernel stack in a user page, SMAP");
	tap_eq(g.ram[d.frame_lin], 3, "SMAP: protection, write");
	guest_user32(&g);
	paging_32(&g);
	g.c.cr4 |= CR4_SMAP;
	g.c.rflags |= FL_AC;
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_DONE, 0x30, "SMAP with AC");
	guest_user32(&g);
	paging_32(&g);
	g.c.cr4 |= CR4_SMAP;
	put(&g, PT_32 + 4 * 4, 0x4003, 4);
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_DONE, 0x30, "SMAP with a supervisor page");

	guest_user32(&g);
	paging_32(&g);
	gate32(&g, 0x30, CS32_CONF, 0xa300, 0x8e);
	put(&g, PT_32 + 4 * 8, 0x8003, 4);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_PF, "user stack in a supervisor page");
	FRAME(&g, d, 0x4fe8, "user stack in a supervisor page", LE32(7), LE32(0x1234), LE32(0x23), LE32(0x10202),
	      LE32(0x8fc0), LE32(0x2b));
	tap_eq(g.c.cr2, 0x8fbc, "user stack in a supervisor page: CR2");

	guest_prot(&g);
	paging_32(&g);
	put(&g, PT_32 + 4 * 2, 0, 4); /* vectors from 80h on */
	d = deliver(&g, EXTERNAL(0x90));
	wants(d, DELIVERY_DONE, EXC_PF, "IDT page missing");
	tap_eq(g.c.cr2, 0x2080, "IDT page missing: CR2");
	tap_eq(g.ram[d.frame_lin], 0, "IDT page missing: read by the supervisor");

	guest_prot(&g);
	paging_32(&g);
	put(&g, PT_32 + 4 * 3, 0, 4);
	wants(deliver(&g, EXTERNAL(0x90)), DELIVERY_SHUTDOWN, 8, "GDT page missing: nothing can be delivered");
	tap_eq(g.c.cr2, 0x3018, "GDT page missing: CR2 has moved");
	tap_eq(g.c.rip, 0x1234, "GDT page missing: the rest has not");
}

/* SDM 3 "PAE Paging": a PDPTE has no accessed flag, its bit 5 is reserved. */
static void check_pae(void)
{
	enum { PT_PAE = TABLES + 0x2000 };

	guest_prot(&g);
	put(&g, TABLES, (TABLES + 0x1000) | 1, 8);
	put(&g, TABLES + 0x1000, PT_PAE | 7, 8);
	for (unsigned i = 0; i < RAM / 0x1000; i++)
		put(&g, PT_PAE + 8 * i, i << 12 | 7, 8);
	g.c.cr3 = TABLES;
	g.c.cr4 = CR4_PAE;
	g.c.cr0 |= CR0_PG | CR0_WP;
	wants(deliver(&g, EXTERNAL(0x30)), DELIVERY_DONE, 0x30, "PAE");
	tap_eq(g.ram[TABLES], 1, "PAE: the PDPTE stays");
	tap_eq(g.ram[TABLES + 0x1000], 0x27, "PAE: the directory entry is accessed");
	tap_eq(g.ram[PT_PAE + 8 * 4], 0x67, "PAE: the stack page is dirty");
}

/* A value across two pages: the second half faults. */
static void check_page_boundary(void)
{
	struct delivery d;

	guest_user32(&g);
	paging_32(&g);
	gate32(&g, 14, CS32_CONF, 0xa0e0, 0x8e);
	put(&g, TSS + 4, 0x5002, 4);
	put(&g, PT_32 + 4 * 5, 0, 4);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_PF, "push across pages");
	tap_eq(g.c.cr2, 0x5000, "push across pages: CR2 is in the second");

	guest_user32(&g);
	paging_32(&g);
	gate32(&g, 14, CS32_CONF, 0xa0e0, 0x8e);
	put(&g, TSS + 4, 0x5002, 4);
	put(&g, PT_32 + 4 * 4, 0, 4);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_PF, "push across pages, the first missing");
	tap_eq(g.c.cr2, 0x4ffe, "push across pages, the first missing: CR2");
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
	check_switch();
	check_conforming();
	check_checks();
	check_idt_limit();
	check_stacks();
	check_current_stack();
	check_task_gate();
	check_v86();
	check_vme();
	check_paging();
	check_pae();
	check_page_boundary();
	check_usable();
	return tap_done();
}
