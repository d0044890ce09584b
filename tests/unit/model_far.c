/*
 * model_far.c - far JMP, CALL and RET: code segments, conforming and not, call gates with parameters
 * and inner stacks, in 16, 32 and 64 bits. Sources: SDM volume 2, "JMP", "CALL", "RET"; volume 3,
 * "Call Gates", "Accessing a Code Segment Through a Call Gate", "Stack Switching".
 */
#include "model_ring.h"

struct row {
	const char *name;
	unsigned cpl;
	const char *code;
	u8 vector;      /* 0: it succeeds */
	u32 error;
	u16 want_cs;
	u64 want_rip;
};

static const struct row rows[] = {
	/* SDM volume 2, "JMP": direct. */
	{ "jmp to code of the same ring", 0, "ea 00 18 00 00 08 00", 0, 0, CS0, 0x1800 },
	{ "jmp to 16-bit code", 0, "66 ea 00 18 28 00", 0, 0, CS16, 0x1800 },
	{ "jmp to conforming code keeps the ring", 3, "ea 00 18 00 00 38 00", 0, 0, CONF | 3, 0x1800 },
	{ "jmp to an inner ring", 3, "ea 00 18 00 00 08 00", EXC_GP, CS0, 0, 0 },
	{ "jmp to an outer ring", 0, "ea 00 18 00 00 1b 00", EXC_GP, CS3, 0, 0 },
	{ "jmp with an RPL above the ring", 0, "ea 00 18 00 00 0b 00", EXC_GP, CS0, 0, 0 },
	{ "jmp to null", 0, "ea 00 18 00 00 00 00", EXC_GP, 0, 0, 0 },
	{ "jmp to data", 0, "ea 00 18 00 00 10 00", EXC_GP, DS0, 0, 0 },
	{ "jmp beyond the table", 0, "ea 00 18 00 00 00 01", EXC_GP, GDT_END, 0, 0 },
	{ "jmp beyond the limit of the target", 0, "ea 00 18 00 00 90 00", EXC_GP, 0, 0, 0 },
	/* Through call gates. */
	{ "jmp through a gate to the same ring", 3, "ea 78 56 34 12 db 00", 0, 0, CS3 | 3, 0x1b00 },
	{ "jmp through a gate to an inner ring", 3, "ea 00 00 00 00 63 00", EXC_GP, CS0, 0, 0 },
	{ "jmp through a gate of ring 0", 3, "ea 00 00 00 00 b3 00", EXC_GP, GATE_DPL0, 0, 0 },
	{ "call through a gate to ring 0", 3, "9a 00 00 00 00 63 00", 0, 0, CS0, 0x1800 },
	{ "call through a gate with parameters", 3, "9a 00 00 00 00 6b 00", 0, 0, CS1 | 1, 0x1900 },
	{ "call through a 16-bit gate", 3, "9a 00 00 00 00 ab 00", 0, 0, CS1 | 1, 0x1a00 },
	{ "call through a gate, RPL above its DPL is fine at 3", 0, "9a 00 00 00 00 63 00", 0, 0, CS0,
	  0x1800 },
	/* RET: what is on the stack is put there by the test (retf_rows). */
	{ "call of code in the same ring", 0, "9a 00 18 00 00 08 00", 0, 0, CS0, 0x1800 },
};

static void test_rows(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct box b;
		enum ex ex;

		ring_open(&b, r->cpl);
		box_code(&b, BOX_CODE, r->code);
		ex = box_run(&b);
		if (r->vector) {
			claim_event(&b, ex, r->vector, r->error, r->name);
		} else if (tap_eq(ex, EX_DONE, "%s: done", r->name)) {
			tap_eq(b.m->c.seg[SEG_CS].sel, r->want_cs, "%s: CS", r->name);
			tap_eq(b.m->c.rip, r->want_rip, "%s: RIP", r->name);
			tap_eq(b.m->cpl, r->want_cs & 3, "%s: the ring", r->name);
			tap_eq(b.ram[GDT + (r->want_cs & ~7) + 5] & 1, 1, "%s: accessed bit", r->name);
		}
		box_close(&b);
	}
}

/* SDM volume 3, figure "Stack Switching During an Interprivilege-Level Call". */
static void test_inner_frame(void)
{
	struct cpu_state *c;
	struct box b;

	ring_open(&b, 3);
	c = model_cpu(b.m);
	for (unsigned i = 0; i < 3; i++)
		box_put4(&b, BOX_STACK + 4 * i, 0x11111111 * (i + 1));
	box_code(&b, BOX_CODE, "9a 00 00 00 00 6b 00");
	tap_eq(box_run(&b), EX_DONE, "call with 3 parameters");
	tap_eq(c->gpr[GPR_RSP], RING1_STACK - 28, "the inner stack holds seven values");
	tap_eq(c->seg[SEG_SS].sel, DS1 | 1, "SS from the TSS");
	tap_eq(box_get4(&b, RING1_STACK - 4), DS3 | 3, "old SS on top");
	tap_eq(box_get4(&b, RING1_STACK - 8), BOX_STACK, "then the old ESP");
	tap_eq(box_get4(&b, RING1_STACK - 12), 0x33333333, "the parameters, last first");
	tap_eq(box_get4(&b, RING1_STACK - 16), 0x22222222, "the second parameter");
	tap_eq(box_get4(&b, RING1_STACK - 20), 0x11111111, "the first parameter");
	tap_eq(box_get4(&b, RING1_STACK - 24), CS3 | 3, "the caller's CS");
	tap_eq(box_get4(&b, RING1_STACK - 28), BOX_CODE + 7, "the caller's EIP");

	/* And back: RET 12 gives the parameters up on both stacks. */
	box_code(&b, 0x1900, "ca 0c 00");
	tap_eq(box_run(&b), EX_DONE, "ret 12 to ring 3");
	tap_eq(c->seg[SEG_CS].sel, CS3 | 3, "back in CS of ring 3");
	tap_eq(c->rip, BOX_CODE + 7, "behind the call");
	tap_eq(c->seg[SEG_SS].sel, DS3 | 3, "back on its stack");
	tap_eq(c->gpr[GPR_RSP], BOX_STACK + 12, "whose parameters are gone");
	tap_eq(b.m->cpl, 3, "ring 3");
	box_close(&b);
}

static void test_inner_faults(void)
{
	struct box b;

	/* SDM volume 2, "CALL": #TS(SS selector) for a bad stack segment in the TSS. */
	ring_open(&b, 3);
	box_put4(&b, TSS_A + 8, DS3 | 3);
	box_code(&b, BOX_CODE, "9a 00 00 00 00 63 00");
	claim_event(&b, box_run(&b), EXC_TS, DS3, "inner SS of the wrong ring");
	box_close(&b);

	ring_open(&b, 3);
	b.m->c.tr.limit = 8;
	box_code(&b, BOX_CODE, "9a 00 00 00 00 63 00");
	claim_event(&b, box_run(&b), EXC_TS, A_SEL, "TSS too short for the inner stack");
	box_close(&b);

	/* No room: #SS with the new selector. */
	ring_open(&b, 3);
	box_put(&b, GDT + DS0, desc_of(0, 0x7000, 0x4092));
	box_put4(&b, TSS_A + 4, 0x7009);
	box_code(&b, BOX_CODE, "9a 00 00 00 00 63 00");
	claim_event(&b, box_run(&b), EXC_SS, DS0, "no room on the inner stack");
	tap_eq(b.m->c.seg[SEG_SS].sel, DS3 | 3, "and the old stack stays");
	box_close(&b);

	ring_open(&b, 3);
	box_put4(&b, TSS_A + 8, 0);
	box_code(&b, BOX_CODE, "9a 00 00 00 00 63 00");
	claim_event(&b, box_run(&b), EXC_TS, 0, "null inner SS");
	box_close(&b);
}

struct ret_row {
	const char *name;
	unsigned cpl;
	u32 eip, cs, esp, ss;
	u8 vector;
	u32 error;
};
static const struct ret_row ret_rows[] = {
	/* SDM volume 2, "RET". */
	{ "ret to the same ring", 0, 0x1800, CS0, 0, 0, 0, 0 },
	{ "ret to ring 3", 0, 0x1800, CS3 | 3, 0x9000, DS3 | 3, 0, 0 },
	{ "ret to an inner ring", 3, 0x1800, CS0, 0, 0, EXC_GP, CS0 },
	{ "ret to null", 0, 0x1800, 3, 0, 0, EXC_GP, 0 },
	{ "ret to data", 0, 0x1800, DS0, 0, 0, EXC_GP, DS0 },
	{ "ret to code whose DPL is not its RPL", 0, 0x1800, CS0 | 1, 0, 0, EXC_GP, CS0 },
	{ "ret to conforming code in ring 3", 0, 0x1800, CONF | 3, 0x9000, DS3 | 3, 0, 0 },
	{ "ret beyond the limit", 0, 0x1000, SHORT_CS, 0, 0, EXC_GP, 0 },
	{ "ret to ring 3 with a null SS", 0, 0x1800, CS3 | 3, 0x9000, 3, EXC_GP, 0 },
	{ "ret to ring 3 with SS of ring 0", 0, 0x1800, CS3 | 3, 0x9000, DS0, EXC_GP, DS0 },
	{ "ret to ring 3 with a read-only SS", 0, 0x1800, CS3 | 3, 0x9000, RO | 3, EXC_GP, RO },
};

static void test_ret(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ret_rows); i++) {
		const struct ret_row *r = &ret_rows[i];
		struct box b;
		enum ex ex;

		ring_open(&b, r->cpl);
		box_put4(&b, BOX_STACK, r->eip);
		box_put4(&b, BOX_STACK + 4, r->cs);
		box_put4(&b, BOX_STACK + 8, r->esp);
		box_put4(&b, BOX_STACK + 12, r->ss);
		box_code(&b, BOX_CODE, "cb");
		ex = box_run(&b);
		if (r->vector) {
			claim_event(&b, ex, r->vector, r->error, r->name);
			tap_eq(b.m->c.gpr[GPR_RSP], BOX_STACK, "%s: RSP stays", r->name);
		} else if (tap_eq(ex, EX_DONE, "%s: done", r->name)) {
			tap_eq(b.m->c.rip, r->eip, "%s: RIP", r->name);
			tap_eq(b.m->cpl, r->cs & 3, "%s: the ring", r->name);
			tap_eq(b.m->c.gpr[GPR_RSP], r->esp ? r->esp : BOX_STACK + 8, "%s: RSP",
			       r->name);
			tap_eq(b.m->c.seg[SEG_DS].sel, r->esp ? 0 : DS0, "%s: DS of ring 0 is dropped",
			       r->name);
		}
		box_close(&b);
	}
}

/* SDM volume 3, "IA-32e Mode Call Gates", "Stack Switching in IA-32e Mode". */
static void test_long(void)
{
	struct cpu_state *c;
	struct box b;

	ring_open64(&b, 3);
	c = model_cpu(b.m);
	box_put4(&b, 0xa000, 0);
	box_put2(&b, 0xa004, WIDE_GATE | 3);
	box_code(&b, BOX_CODE, "ff 1c 25 00 a0 00 00"); /* call far [0xa000] */
	tap_eq(box_run(&b), EX_DONE, "call through a 64-bit gate");
	tap_eq(c->rip, 0x1800, "to its offset");
	tap_eq(c->seg[SEG_SS].sel, 0, "SS is null, RPL the new ring");
	tap_eq(b.m->cpl, 0, "ring 0");
	tap_eq(c->gpr[GPR_RSP], RING0_STACK - 32, "four values of 8 bytes");
	tap_eq(box_get(&b, RING0_STACK - 8), DS3 | 3, "old SS");
	tap_eq(box_get(&b, RING0_STACK - 16), BOX_STACK, "old RSP");
	tap_eq(box_get(&b, RING0_STACK - 24), CS64_3 | 3, "old CS");
	tap_eq(box_get(&b, RING0_STACK - 32), BOX_CODE + 7, "old RIP");
	box_code(&b, 0x1800, "48 cb");
	tap_eq(box_run(&b), EX_DONE, "64-bit far ret to ring 3");
	tap_eq(c->rip, BOX_CODE + 7, "behind the call");
	tap_eq(c->gpr[GPR_RSP], BOX_STACK, "on its stack");
	tap_eq(b.m->bits, 64, "in 64-bit code");
	box_close(&b);

	/* To compatibility mode and a 32-bit segment: an m16:32 operand. */
	ring_open64(&b, 0);
	box_put4(&b, 0xa000, 0x1800);
	box_put2(&b, 0xa004, CS0);
	box_code(&b, BOX_CODE, "ff 2c 25 00 a0 00 00");
	tap_eq(box_run(&b), EX_DONE, "jmp to compatibility mode");
	tap_eq(b.m->mode, MODE_COMPAT32, "the mode");
	box_close(&b);

	/* A TSS is no target in IA-32e mode. */
	ring_open64(&b, 0);
	box_put4(&b, 0xa000, 0);
	box_put2(&b, 0xa004, WIDE_TSS);
	box_code(&b, BOX_CODE, "ff 2c 25 00 a0 00 00");
	claim_event(&b, box_run(&b), EXC_GP, WIDE_TSS, "jmp to a TSS in IA-32e mode");
	box_close(&b);

	/* m16:64 that is not canonical. */
	ring_open64(&b, 0);
	box_put(&b, 0xa000, 0x0000800000000000);
	box_put2(&b, 0xa008, CS64);
	box_code(&b, BOX_CODE, "48 ff 2c 25 00 a0 00 00");
	claim_event(&b, box_run(&b), EXC_GP, 0, "jmp to a non-canonical RIP");
	box_close(&b);
}

/* SDM volume 3, "Real-Address Mode Operation". */
static void test_real(void)
{
	struct box b;

	box_open(&b, 16);
	box_code(&b, BOX_CODE, "9a 34 12 00 20"); /* call 2000:1234 */
	tap_eq(box_run(&b), EX_DONE, "real: far call");
	tap_eq(b.m->c.seg[SEG_CS].base, 0x20000, "real: base is the selector times 16");
	tap_eq(b.m->c.rip, 0x1234, "real: IP");
	tap_eq(box_get4(&b, BOX_STACK - 4), 8 << 16 | (BOX_CODE + 5), "real: CS:IP pushed");
	box_code(&b, 0x21234, "cb");
	tap_eq(box_run(&b), EX_DONE, "real: far ret");
	tap_eq(b.m->c.rip, BOX_CODE + 5, "real: back");
	tap_eq(b.m->c.seg[SEG_CS].base, 0x80, "real: in the caller's segment");
	box_close(&b);

	box_open(&b, 16);
	box_code(&b, BOX_CODE, "66 ea 00 00 01 00 00 20"); /* jmp 2000:00010000 */
	claim_event(&b, box_run(&b), EXC_GP, 0, "real: jmp beyond 64 KiB");
	box_close(&b);
}

int main(void)
{
	test_rows();
	test_inner_frame();
	test_inner_faults();
	test_ret();
	test_long();
	test_real();
	return tap_done();
}
