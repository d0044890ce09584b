/*
 * deliver_debug.c - what a #DB changes beside entering its handler (DR6, DR7.GD, DEBUGCTL), and RF
 * in the frame of each kind of event (section 5).
 */
#include "deliver_guest.h"

static struct guest g;

/* --- DR6: old value, bits of the event, new value (SDM 3 "Debug Status Register (DR6)") --- */

static const struct {
	const char *cite;
	u64 before, bits, after;
} dr6_rows[] = {
	{ "BS", 0xffff0ff0, DR6_BS, 0xffff4ff0 },
	{ "B1", 0xffff0ff0, 2, 0xffff0ff2 },
	{ "TF+WATCH", 0xffff0ff0, DR6_BS | 8, 0xffff4ff8 },
	{ "BD", 0xffff0ff0, DR6_BD, 0xffff2ff0 },
	{ "BT", 0xffff0ff0, DR6_BT, 0xffff8ff0 },
	{ "BS is sticky: never cleared by the processor", 0xffff4ff0, DR6_BD, 0xffff6ff0 },
	{ "B0-B3 of an earlier #DB make room", 0xffff0fff, DR6_BS, 0xffff4ff0 },
	{ "B0-B3 make room for the new", 0xffff0ff1, 4, 0xffff0ff4 },
	{ "BLD is active low", 0xffff0ff0, DR6_BLD, 0xffff07f0 },
	{ "BLD is left alone by the others", 0xffff07f0, DR6_BS, 0xffff47f0 },
	{ "RTM is active low", 0xffff0ff0, DR6_RTM | 1, 0xfffe0ff1 },
	{ "RTM is set by the others", 0xfffe0ff0, DR6_BS, 0xffff4ff0 },
};

static void check_dr6(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(dr6_rows); i++) {
		struct guest_event ev = { .vector = 1, .type = INTR_HARD_EXC, .dr6 = dr6_rows[i].bits };

		guest_long(&g);
		g.c.dr6 = dr6_rows[i].before;
		wants(deliver(&g, ev), DELIVERY_DONE, 1, dr6_rows[i].cite);
		tap_eq(g.c.dr6, dr6_rows[i].after, "DR6 %#" PRIx64 " and %#" PRIx64 " (%s)", dr6_rows[i].before,
		       dr6_rows[i].bits, dr6_rows[i].cite);
	}
}

/* --- which events are a #DB --- */

static const struct {
	const char *cite;
	u8 vector, type;
	u64 bits, want_dr6, want_dr7, want_debugctl;
} event_rows[] = {
	{ "section 2, TF", 1, INTR_HARD_EXC, DR6_BS, 0xffff4ff4, 0x00000402, 0x40 },
	{ "section 6, ICEBP: DR6 gains no bit", 1, INTR_PRIV_SOFT_EXC, 0, 0xffff0ff4, 0x00000402, 0x40 },
	{ "section 6, ICEBP with one that was reported", 1, INTR_PRIV_SOFT_EXC, 1, 0xffff0ff1, 0x00000402, 0x40 },
	{ "section 2, INT 1 (CD 01) is no #DB", 1, INTR_SOFT_INT, 0, 0xffff0ff4, 0x00002402, 0x43 },
	{ "an interrupt with vector 1 is no #DB", 1, INTR_EXTERNAL, 0, 0xffff0ff4, 0x00002402, 0x43 },
	{ "INT3", 3, INTR_SOFT_EXC, 0, 0xffff0ff4, 0x00002402, 0x43 },
	{ "#UD", 6, INTR_HARD_EXC, 0, 0xffff0ff4, 0x00002402, 0x43 },
};

static void check_registers(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(event_rows); i++) {
		struct guest_event ev = { .vector = event_rows[i].vector, .type = event_rows[i].type,
					  .dr6 = event_rows[i].bits };

		guest_long(&g);
		g.c.dr6 = DR6_INIT | 4;
		if (ev.dr6 == DR6_BS)
			ev.dr6 |= 4;
		g.c.dr7 = 0x2402;      /* GD, G0 */
		g.c.debugctl = 0x43;   /* TR, BTF, LBR */
		wants(deliver(&g, ev), DELIVERY_DONE, ev.vector, event_rows[i].cite);
		tap_eq(g.c.dr6, event_rows[i].want_dr6, "%s: DR6", event_rows[i].cite);
		tap_eq(g.c.dr7, event_rows[i].want_dr7, "%s: GD cleared or not", event_rows[i].cite);
		tap_eq(g.c.debugctl, event_rows[i].want_debugctl, "%s: BTF and LBR cleared or not", event_rows[i].cite);
	}
}

/* A #DB whose delivery fails has left its mark in DR6 all the same. */
static void check_failed(void)
{
	struct guest_event ev = { .vector = 1, .type = INTR_HARD_EXC, .dr6 = DR6_BS };

	guest_long(&g);
	gate64(&g, 1, CS64, 0xa010, 0x0e, 0);
	wants(deliver(&g, ev), DELIVERY_DONE, EXC_NP, "#DB, gate not present");
	tap_eq(g.c.dr6, 0xffff4ff0, "#DB, gate not present: DR6");
}

/* --- RF in the frame, for RF clear and set before (section 5; SDM 3 "Instruction-Breakpoint
 * Exception Condition") --- */

static const struct {
	const char *cite;
	struct guest_event ev;
	bool want_clear, want_set;
} rf_rows[] = {
	{ "a fault: 1", { .vector = 6, .type = INTR_HARD_EXC, .fault = true }, 1, 1 },
	{ "#GP: 1",
	  { .vector = 13, .type = INTR_HARD_EXC, .fault = true, .has_error = true }, 1, 1 },
	{ "code breakpoint: as it was", { .vector = 1, .type = INTR_HARD_EXC, .dr6 = 1 }, 0, 1 },
	{ "TF trap: as it was", { .vector = 1, .type = INTR_HARD_EXC, .dr6 = DR6_BS }, 0, 1 },
	{ "interrupt between instructions: as it was",
	  { .vector = 0x30, .type = INTR_EXTERNAL }, 0, 1 },
	{ "interrupt between REP iterations: 1",
	  { .vector = 0x30, .type = INTR_EXTERNAL, .fault = true }, 1, 1 },
	{ "INT n: as it was", { .vector = 0x30, .type = INTR_SOFT_INT, .insn_len = 2 }, 0, 1 },
	{ "INT3: as it was", { .vector = 3, .type = INTR_SOFT_EXC, .insn_len = 1 }, 0, 1 },
	{ "ICEBP: as it was (the skip clears it)",
	  { .vector = 1, .type = INTR_PRIV_SOFT_EXC }, 0, 1 },
	{ "#DF is an abort: as it was",
	  { .vector = 8, .type = INTR_HARD_EXC, .has_error = true }, 0, 1 },
};

static void check_rf(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rf_rows); i++) {
		for (unsigned rf = 0; rf < 2; rf++) {
			unsigned at = rf_rows[i].ev.has_error ? 24 : 16;
			struct delivery d;

			guest_long(&g);
			g.c.rflags |= rf ? FL_RF : 0;
			d = deliver(&g, rf_rows[i].ev);
			tap_eq(g.ram[d.frame_lin + at + 2] & 1, rf ? rf_rows[i].want_set : rf_rows[i].want_clear,
			       "%s: RF in the frame, %u before", rf_rows[i].cite, rf);
			tap_ok(!(g.c.rflags & FL_RF), "%s: RF clear in the handler, %u before", rf_rows[i].cite, rf);
		}
	}
}

/* CR2 is the fault's, whether or not it is delivered by #PF. */
static void check_cr2(void)
{
	struct guest_event ev = { .vector = 14, .type = INTR_HARD_EXC, .fault = true, .has_error = true,
				  .error = 6, .has_cr2 = true, .cr2 = 0xdead000 };
	struct delivery d;

	guest_long(&g);
	g.c.cr2 = 0x111;
	d = deliver(&g, ev);
	tap_eq(g.c.cr2, 0xdead000, "#PF: CR2");
	tap_eq(g.ram[d.frame_lin], 6, "#PF: error code");
	guest_long(&g);
	g.c.cr2 = 0x111;
	deliver(&g, FAULT(6));
	tap_eq(g.c.cr2, 0x111, "#UD: CR2 stays");
}

int main(void)
{
	check_dr6();
	check_registers();
	check_failed();
	check_rf();
	check_cr2();
	return tap_done();
}
