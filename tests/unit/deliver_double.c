/*
 * deliver_double.c - a fault while delivering an event: every event against both kinds of second
 * fault (SDM 3 "Interrupt 8 - Double Fault Exception (#DF)", the two tables there).
 */
#include "deliver_guest.h"

static struct guest g;

enum { BENIGN, CONTRIBUTORY, PAGE_FAULT, DOUBLE_FAULT };

/* SDM table "Interrupt and Exception Classes". */
static u8 class_of_exception(u8 vector)
{
	static const u8 contributory[] = { 0, 10, 11, 12, 13, 21 };
	static const u8 page_fault[] = { 14, 20 };

	if (memchr(contributory, vector, sizeof(contributory)))
		return CONTRIBUTORY;
	if (memchr(page_fault, vector, sizeof(page_fault)))
		return PAGE_FAULT;
	return vector == 8 ? DOUBLE_FAULT : BENIGN;
}

/* SDM table "Conditions for Generating a Double Fault": first's class by second's. */
enum { SERIAL, DF, SHUTDOWN };
static const u8 outcome[4][2] = { /* second: contributory, page fault */
	[BENIGN] = { SERIAL, SERIAL },
	[CONTRIBUTORY] = { DF, SERIAL },
	[PAGE_FAULT] = { DF, DF },
	[DOUBLE_FAULT] = { SHUTDOWN, SHUTDOWN },
};

/* The event's own gate fails: with #NP, as it is not present, or with #PF, as its stack (IST 3) is
 * missing. Everything else is deliverable. */
static void guest_failing(u8 vector, bool page_fault)
{
	guest_long(&g);
	put(&g, TSS + 52, 0x3f000, 8);
	put(&g, PT_LONG + 8 * 0x3e, 0, 8);
	if (page_fault)
		gate64(&g, vector, CS64, 0xa000, 0x8e, 3);
	else
		gate64(&g, vector, CS64, 0xa000, 0x0e, 0);
}

static void check_pair(struct guest_event ev, u8 class, bool page_fault, const char *what)
{
	u8 second = page_fault ? EXC_PF : EXC_NP;
	u8 want = outcome[class][page_fault];
	struct delivery d;

	guest_failing(ev.vector, page_fault);
	/* The second needs a gate that works: the same vector cannot be made to. */
	if (want == SERIAL && ev.vector == second)
		return;
	d = deliver(&g, ev);
	tap_eq(d.outcome, want == SERIAL ? DELIVERY_DONE : want == DF ? DELIVERY_DOUBLE_FAULT : DELIVERY_SHUTDOWN,
	       "%s %u, then %s: outcome", what, ev.vector, page_fault ? "#PF" : "#NP");
	tap_eq(d.vector, want == SERIAL ? second : EXC_DF, "%s %u, then %s: vector", what, ev.vector,
	       page_fault ? "#PF" : "#NP");
	if (want != SHUTDOWN) {
		u32 error = want == DF ? 0 : page_fault ? 2 : ev.vector * 8u + 2;
		bool software = ev.type == INTR_SOFT_INT || ev.type == INTR_SOFT_EXC;

		if (want == SERIAL && !page_fault && !software)
			error++; /* EXT */
		tap_eq((u64)d.type << 40 | (u64)d.has_error << 32 | d.error,
		       (u64)INTR_HARD_EXC << 40 | 1ull << 32 | error, "%s %u, then %s: type and error code",
		       what, ev.vector, page_fault ? "#PF" : "#NP");
	}
	if (want == DF)
		tap_mem(g.ram + d.frame_lin, (const u8[]){ LE64(0), LE64(0x1234) }, 16,
			"%s %u, then %s: #DF has error code 0", what, ev.vector, page_fault ? "#PF" : "#NP");
	if (page_fault)
		tap_eq(g.c.cr2, 0x3eff8, "%s %u, then #PF: CR2", what, ev.vector);
}

static void check_exceptions(void)
{
	for (unsigned v = 0; v < 32; v++)
		for (unsigned pf = 0; pf < 2; pf++)
			check_pair(FAULT(v), class_of_exception(v), pf, "exception");
}

/* Interrupts and INT n are benign whatever their number. */
static void check_others(void)
{
	static const u8 types[] = { INTR_EXTERNAL, INTR_NMI, INTR_SOFT_INT, INTR_PRIV_SOFT_EXC, INTR_SOFT_EXC };

	for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
		for (unsigned v = 0; v < 32; v++) {
			struct guest_event ev = { .vector = v, .type = types[i] };

			check_pair(ev, BENIGN, false, "event of another type");
			check_pair(ev, BENIGN, true, "event of another type");
		}
	}
}

/* Serial handling can go on: #UD, #NP on the way, #PF on that way, then a #DF that works, or not. */
static void check_chain(void)
{
	struct delivery d;

	guest_failing(EXC_PF, true); /* #PF's own stack is missing */
	gate64(&g, EXC_UD, CS64, 0xa000, 0x0e, 0);
	gate64(&g, EXC_NP, CS64, 0xa000, 0x8e, 3);
	gate64(&g, EXC_DF, CS64, 0xa080, 0x8e, 1);
	d = deliver(&g, FAULT(EXC_UD));
	wants(d, DELIVERY_DOUBLE_FAULT, EXC_DF, "#UD, #NP, #PF, #PF");
	tap_eq(d.frame_lin, 0x6fd0, "#UD, #NP, #PF, #PF: on #DF's stack");

	gate64(&g, EXC_DF, CS64, 0xa080, 0x8e, 3);
	g.c.rip = 0x1234;
	g.c.gpr[GPR_RSP] = 0x4fc0;
	d = deliver(&g, FAULT(EXC_UD));
	wants(d, DELIVERY_SHUTDOWN, EXC_DF, "#UD, #NP, #PF, #PF, and #DF has no stack");
	tap_eq(g.c.rip, 0x1234, "shutdown: RIP stays");
	tap_eq(g.c.activity, ACT_SHUTDOWN, "shutdown: activity");
}

int main(void)
{
	check_exceptions();
	check_others();
	check_chain();
	return tap_done();
}
