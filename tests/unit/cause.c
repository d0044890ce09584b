/*
 * cause.c - the names that are part of the interface, and the list of what the tool did.
 */
#include "tap.h"
#include <vmstep/semantics.h>

/* The interface's list: "Causes: ..." of the stop line. */
static const struct {
	enum cause cause;
	const char *name;
} names[] = {
	{ CAUSE_MTF, "MTF" },       { CAUSE_TF, "TF" },         { CAUSE_ICEBP, "ICEBP" },
	{ CAUSE_INT3, "INT3" },     { CAUSE_HWBP, "HWBP" },     { CAUSE_WATCH, "WATCH" },
	{ CAUSE_IOBP, "IOBP" },     { CAUSE_GD, "GD" },         { CAUSE_TBIT, "TBIT" },
	{ CAUSE_BLD, "BLD" },       { CAUSE_RTM, "RTM" },       { CAUSE_BREAK, "BREAK" },
	{ CAUSE_UWATCH, "WATCH" },  { CAUSE_CATCH, "CATCH" },   { CAUSE_EVENT, "EVENT" },
	{ CAUSE_IO, "IO" },         { CAUSE_MMIO, "MMIO" },     { CAUSE_HLT, "HLT" },
	{ CAUSE_EXCEPTION, "EXCEPTION" }, { CAUSE_SHUTDOWN, "SHUTDOWN" }, { CAUSE_INTERRUPT, "INTERRUPT" },
	{ CAUSE_LIMIT, "LIMIT" },   { CAUSE_EXIT, "EXIT" },     { CAUSE_ERROR, "ERROR" },
	{ CAUSE_START, "START" },
};

static void check_names(void)
{
	tap_eq(ARRAY_SIZE(names), CAUSE_COUNT, "every cause is in the interface");
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		tap_str(cause_name(names[i].cause), names[i].name, "cause %u", names[i].cause);
	tap_str(cause_name(CAUSE_NONE), "?", "no cause");
	tap_str(cause_name(CAUSE_COUNT), "?", "beyond the last");
	tap_str(gap_reason_text(GAP_NONE), "", "no gap");
	for (unsigned g = GAP_EVENT; g <= GAP_OTHER; g++)
		tap_ok(strlen(gap_reason_text(g)) > 10, "gap reason %u is a sentence", g);
	tap_str(gap_reason_text(GAP_OTHER + 1), "?", "a reason that is none");
}

static void check_did(void)
{
	struct stop s = { 0 };

	stop_did(&s, DID_INNER_SKIP, 0, 0x1000, 0x1001);
	stop_did(&s, DID_DELIVER, 1, 0x1001, 0x2000);
	tap_eq(s.n_did, 2, "two things done");
	tap_eq(s.did[0].kind, DID_INNER_SKIP, "in order: first");
	tap_eq(s.did[0].b, 0x1001, "in order: where to");
	tap_eq(s.did[1].kind, DID_DELIVER, "in order: second");
	tap_eq(s.did[1].arg, 1, "in order: vector");
	for (unsigned i = 0; i < STOP_DIDS; i++)
		stop_did(&s, DID_SWALLOW, i, 0, 0);
	tap_eq(s.n_did, STOP_DIDS, "no more than there is room for");
	tap_eq(s.did[0].kind, DID_INNER_SKIP, "full: the first stay");
	tap_eq(s.did[STOP_DIDS - 1].arg, STOP_DIDS - 1, "full: the last is the latest");
}

int main(void)
{
	check_names();
	check_did();
	return tap_done();
}
