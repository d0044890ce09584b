/* teach_due.c - what is due at a boundary: rows in the processor's order, and the masks that hold them back. */
#include <string.h>
#include <vmstep/teach.h>
#include "tap.h"

static struct session *session;

static const struct due_line *row_of(const struct due_line *line, enum due d)
{
	for (int i = 0; i < DUE_LINES; i++)
		if (line[i].due == d)
			return &line[i];
	return NULL;
}

static void start(const char *hex)
{
	const struct guest_spec guest = { .hex = hex, .mode = "long" };
	struct err err = { 0 };

	if (session_set_guest(session, &guest, &err) || session_start(session, &err))
		tap_ok(false, "start: %s", err.text);
}

static void row_is(enum due d, bool waits, const char *state, const char *held, const char *name)
{
	struct due_line line[DUE_LINES];
	struct err err = { 0 };
	const struct due_line *l;

	l = due_explain(session, line, &err) ? NULL : row_of(line, d);
	if (!l) {
		tap_ok(false, "%s: no such row %s", name, err.text);
		return;
	}
	tap_ok(strstr(l->state, state) != NULL, "%s: \"%s\" in \"%s\"", name, state, l->state);
	tap_str(l->held, held, "%s: held by", name);
	tap_eq(l->waits, waits, "%s: something waits", name);
}

static void order(void)
{
	struct due_line line[DUE_LINES];
	bool rising = true;

	start("90");
	due_explain(session, line, NULL);
	for (int i = 1; i < DUE_LINES; i++)
		rising &= line[i - 1].due < line[i].due;
	tap_ok(rising, "the rows stand in the core's order of priority");
}

static void masks(void)
{
	start("90 90 f1 cc");
	row_is(DUE_MTF, false, "armed", "", "MTF");
	row_is(DUE_INTERRUPT, false, "IF off", "IF", "IF=0");
	row_is(DUE_TRAP, false, "none", "", "no TF");
	session_set_reg(session, "eflags", 0x10302, NULL);
	row_is(DUE_TRAP, false, "TF on", "", "TF");
	row_is(DUE_INTERRUPT, false, "step-irq", "", "IF=1");
	row_is(DUE_CODE_BP, false, "none", "RF", "RF");
	session_set_reg(session, "eflags", 2, NULL);
	session_stepi(session, 2, NULL, NULL, NULL);
	row_is(DUE_EXEC_FAULT, true, "type 5", "", "INT1 comes");
	session_stepi(session, 1, NULL, NULL, NULL);
	row_is(DUE_EXEC_FAULT, true, "vector 1", "", "ICEBP waits for the resume");
}

/* mov ss, ax; nop: the shadow holds back what is due, a pending watch hit among it. */
static void shadows(void)
{
	struct upoint *p;

	start("66 8c d0 8e 1c 25 00 00 10 00 8e d0 90 90");
	session_set_reg(session, "rip", 0x10000a, NULL);
	session_set_reg(session, "rax", 0x10, NULL);
	session_break(session, UPOINT_AWATCH, "*(u16*)0x200000", 0x200000, 2, false, NULL, &p, NULL);
	session_stepi(session, 1, NULL, NULL, NULL);
	row_is(DUE_NMI, false, "let in", "MOV SS shadow", "behind MOV SS: NMI");
	row_is(DUE_TRAP, false, "none", "MOV SS shadow", "behind MOV SS: traps");
	row_is(DUE_INTERRUPT, false, "IF off", "MOV SS shadow, IF", "behind MOV SS: interrupts");
	row_is(DUE_CODE_BP, false, "none", "MOV SS shadow", "behind MOV SS: code breakpoints");
	start("fb 90");
	session_stepi(session, 1, NULL, NULL, NULL);
	row_is(DUE_INTERRUPT, false, "step-irq", "STI shadow", "behind STI: interrupts");
	row_is(DUE_NMI, false, "let in", "", "behind STI: NMI comes");
}

static void pending(void)
{
	start("8e 14 25 00 00 20 00 90 90"); /* mov ss, [200000] */
	session_set_reg(session, "dr0", 0x200000, NULL);
	session_set_reg(session, "dr7", 0x70401 | 3 << 16, NULL);
	session_write(session, 0x200000, "\x10\0", 2, NULL);
	session_stepi(session, 1, NULL, NULL, NULL);
	row_is(DUE_TRAP, true, "B0", "MOV SS shadow", "a watch hit that MOV SS defers");
	start("90 90");
	session_set_reg(session, "dr1", 0x100000, NULL);
	session_set_reg(session, "dr7", 0x404, NULL);
	row_is(DUE_CODE_BP, true, "DR1", "", "the guest's breakpoint here");
}

int main(void)
{
	const struct session_config cfg = { .engine = "soft", .machine = { .mem_size = 4 << 20, .stdio_in = -1 } };
	struct err err = { 0 };

	if (session_create(&cfg, &session, &err)) {
		tap_ok(false, "%s", err.text);
		return tap_done();
	}
	order();
	masks();
	shadows();
	pending();
	session_destroy(session);
	return tap_done();
}
