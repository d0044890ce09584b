/*
 * session_run.c - run control over the scripted engine of fake_engine.h: what is shown, numbered,
 * counted, folded; where temporary points are and when they count.
 */
#include "tap.h"
#include "fake_engine.h"

/*
 * 00 nop; 01 call 10; 06 nop; 07 int 80; 09 nop; 0a int1; 0b nop; 0c jmp 0c; 0e hlt; 0f nop
 * 10 push rbp; 11 mov rbp,rsp; 14 call 10; 19 pop rbp; 1a ret; 1b.. nop
 * 20 nop; 21 iretq; 23.. nop
 * 30 dec eax; 32 jnz 30; 34 nop; 35 in al,dx; 36 rdmsr; 38 mov cr3,rax; 3b hlt
 */
static const char code[] = "90 e80a000000 90 cd80 90 f1 90 ebfe f4 90"
			   "55 4889e5 e8f7ffffff 5d c3 9090909090"
			   "90 48cf 90909090909090909090909090"
			   "ffc8 75fc 90 ec 0f32 0f22d8 f4";

/* A boundary: offset from CODE, RSP - STACK; B also what comes with it. */
#define S(o, p)                                                                                    \
	{                                                                                          \
		.off = o, .sp = p                                                                  \
	}
#define B(o, p, k, v)                                                                              \
	{                                                                                          \
		.off = o, .sp = p, .kind = BEAT_##k, .vector = v                                   \
	}

static struct session *s;
static struct err err;

static struct {
	struct stop stop[64];
	unsigned n, stops, gaps;
	unsigned enough; /* return false at this record; 0: never */
} seen;
static char notes[2000];

static bool observe(void *arg, const struct stop *st)
{
	if (seen.n < ARRAY_SIZE(seen.stop))
		seen.stop[seen.n] = *st;
	seen.n++;
	*(st->kind == RECORD_GAP ? &seen.gaps : &seen.stops) += 1;
	return seen.n != seen.enough;
}

static void take_note(void *arg, const char *text)
{
	strncat(notes, text, sizeof(notes) - strlen(notes) - 2);
	strcat(notes, ";");
}

static void fresh(const struct beat *script, size_t n)
{
	struct session_config cfg = { .guest = { .hex = code, .mode = "long" } };

	session_destroy(s);
	s = NULL;
	memset(&fake, 0, sizeof(fake));
	memset(&seen, 0, sizeof(seen));
	notes[0] = '\0';
	fake_load(script, n);
	cfg.machine.serial = cfg.machine.debugcon = "null";
	if (session_create(&cfg, &s, &err) || session_start(s, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	session_set_note(s, take_note, NULL);
}
#define FRESH(script) fresh(script, ARRAY_SIZE(script))

static const struct stop *last(void)
{
	return session_last_stop(s);
}

static u32 add_break(u16 off, const char *cond, bool temporary)
{
	struct upoint *p = NULL;

	if (session_break(s, UPOINT_BREAK, "*x", CODE + off, 1, temporary, cond, &p, &err))
		printf("# %s\n", err.text);
	return p ? p->num : 0;
}

/* ---- stepi ----------------------------------------------------------------------------------- */

static const struct beat straight[] = { S(0x01, 0),   S(0x10, -8), S(0x11, -16), S(0x14, -16),
					S(0x19, -16), S(0x1a, -8), S(0x06, 0),   S(0x07, 0) };

static void test_start(void)
{
	FRESH(straight);
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_START), "start: the cause is START");
	tap_eq(last()->n, 0, "start: number 0");
	tap_eq(last()->lin, CODE, "start: at the entry");
	tap_eq(last()->bytes[0], 0x90, "start: with the instruction's bytes");
	tap_str(session_engine_name(s), "kvm", "auto takes kvm where the hardware is there");
	tap_ok(strstr(session_engine_reason(s), "hardware") != NULL, "and says why (\"%s\")",
	       session_engine_reason(s));
}

static void test_stepi(void)
{
	FRESH(straight);
	tap_eq(session_stepi(s, 3, observe, NULL, &err), 0, "stepi 3 runs");
	tap_eq(seen.n, 3, "stepi 3 shows three stops");
	tap_eq(seen.stop[0].n, 1, "numbered from 1");
	tap_eq(seen.stop[2].n, 3, "in order");
	tap_eq(last()->lin, CODE + 0x11, "the last one is kept");
	tap_eq(fake.runs, 1, "in one run() of the engine");
	tap_ok(fake.plan.hold_irq, "interrupts are held while stepping by hand");
	session_settings(s)->step_irq = true;
	session_stepi(s, 1, observe, NULL, &err);
	tap_ok(!fake.plan.hold_irq, "and not with set step-irq on");
	tap_eq(seen.stop[3].n, 4, "the numbers go on");
}

static void test_stepi_points(void)
{
	u32 n;

	FRESH(straight);
	n = add_break(0x11, NULL, false);
	session_stepi(s, 5, observe, NULL, &err);
	tap_eq(seen.n, 3, "stepi 5 ends at a breakpoint");
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_TF) | CAUSE_BIT(CAUSE_BREAK), "with TF+BREAK");
	tap_eq(last()->first, CAUSE_TF, "TF first");
	tap_eq(last()->point, n, "and its number");
	tap_eq(session_point(s, n)->hits, 1, "which counts the hit");
	FRESH(straight);
	add_break(0x11, "$rax == 77", false);
	session_stepi(s, 5, observe, NULL, &err);
	tap_eq(seen.n, 5, "a false condition does not end stepi");
	tap_eq(seen.stop[2].causes, CAUSE_BIT(CAUSE_TF), "and leaves an ordinary step");
	tap_eq(seen.stop[2].point, 0, "without a number");
}

/* ---- the ring -------------------------------------------------------------------------------- */

static void test_ring(void)
{
	enum { MANY = 1000 };
	static struct beat many[MANY];

	for (unsigned i = 0; i < MANY; i++)
		many[i] = (struct beat){ .kind = i % 10 == 3 ? BEAT_GAP : BEAT_STEP };
	fresh(many, MANY);
	tap_eq(session_trace(s, 900, false, observe, NULL, &err), 0, "trace of 900 steps");
	tap_eq(seen.stops, 900, "900 stops come through the ring");
	tap_eq(seen.gaps, 100, "and every gap between them");
	tap_eq(last()->n, 900, "gaps take no number");
	tap_ok(!fake.plan.hold_irq, "interrupts are let in while tracing");
	tap_ok(fake.plan.quiet_points, "the user's points do not count in a trace");
	fresh(many, MANY);
	session_trace(s, 0, false, observe, NULL, &err);
	tap_eq(seen.stops, 901, "trace 0 goes on to the end, Ctrl-C's stop included");
	tap_eq(last()->first, CAUSE_INTERRUPT, "which is the last");
	fresh(many, MANY);
	seen.enough = 5;
	session_trace(s, 0, false, observe, NULL, &err);
	tap_eq(fake.runs, 1, "an observer that has enough ends the run");
	tap_eq(seen.n, 256, "and still gets what the engine had done");
}

/* ---- nexti ----------------------------------------------------------------------------------- */

static void test_nexti_call(void)
{
	FRESH(straight);
	session_nexti(s, 1, observe, NULL, &err);
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_TF), "nexti over nop is a step");
	tap_eq(last()->lin, CODE + 1, "to the call");
	session_nexti(s, 1, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 6, "nexti over a call ends behind it");
	tap_eq(seen.n, 2, "and shows one stop for it");
	tap_eq(last()->n, 2, "number 2");
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_LIMIT), "the cause is LIMIT: the run's end");
	tap_eq(last()->point, 0, "no number of a point");
	tap_eq(last()->from_lin, CODE + 1, "from the call");
	tap_eq(fake.n_points, 0, "no temporary point is left");
	tap_eq(fake.runs, 3, "step, step in, run to the return address");
	tap_ok(fake.rep_whole_seen, "a REP is one step for nexti");
}

/* The recursion comes back to 19 in the inner frame first (sp -32), then in the outer (sp -16). */
static const struct beat recursion[] = { S(0x01, 0),   S(0x10, -8),  S(0x11, -16), S(0x14, -16),
					 S(0x10, -24), S(0x11, -32), S(0x14, -32), S(0x10, -40),
					 S(0x11, -48), S(0x19, -48), S(0x1a, -40), S(0x19, -32),
					 S(0x1a, -24), S(0x19, -16), S(0x1a, -8),  S(0x06, 0) };

static void test_nexti_recursion(void)
{
	FRESH(recursion);
	session_stepi(s, 4, NULL, NULL, &err);
	session_nexti(s, 1, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x19, "nexti over a recursive call ends behind it");
	tap_eq(fake.rsp, STACK - 16, "in its own frame, not in a deeper one");
	tap_eq(seen.n, 1, "with one stop");
}

static void test_nexti_break_inside(void)
{
	u32 n;

	FRESH(recursion);
	session_stepi(s, 1, NULL, NULL, &err);
	n = add_break(0x14, "$rsp < 0x17fff0", false);
	session_nexti(s, 3, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x14, "a breakpoint in the callee ends nexti");
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_BREAK), "as BREAK");
	tap_eq(last()->point, n, "with its number");
	tap_eq(seen.n, 1, "and the rest of the count is dropped");
	tap_eq(fake.rsp, STACK - 32, "where its condition holds");
	tap_eq(fake.n_points, 1, "only the user's point is left");
}

/* A user's breakpoint at the very return address: its condition is false, nexti ends all the same. */
static void test_nexti_break_at_return(void)
{
	FRESH(straight);
	add_break(0x06, "0", false);
	session_nexti(s, 2, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 6,
	       "nexti ends where a user's point with a false condition lies");
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_LIMIT), "as LIMIT");
	FRESH(straight);
	add_break(0x06, NULL, false);
	session_nexti(s, 2, observe, NULL, &err);
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_BREAK), "and as BREAK where the point counts");
}

static void test_nexti_never_returns(void)
{
	static const struct beat away[] = { S(0x01, 0), S(0x10, -8), S(0x20, -8), S(0x20, -8) };

	FRESH(away);
	session_nexti(s, 2, observe, NULL, &err);
	tap_eq(last()->first, CAUSE_INTERRUPT, "a call that never returns yields to Ctrl-C");
	tap_eq(seen.n, 2, "with its stop");
	tap_eq(fake.n_points, 0, "and without a point left behind");
}

static void test_nexti_events(void)
{
	static const struct beat soft[] = { S(0x09 - 2, 0), B(0x20, -40, EVENT, 0x80), S(0x21, -40),
					    S(0x09, 0) };
	static const struct beat fault[] = { B(0x20, -40, EVENT, 13), S(0x21, -40), S(0x00, 0),
					     S(0x01, 0) };
	static const struct beat icebp[] = {
		S(0x0a, 0),   B(0x0b, 0, ICEBP, 0), B(0x20, -40, EVENT, 1),
		S(0x21, -40), S(0x0b, 0),           S(0x0c, 0)
	};
	static const struct beat rep[] = { S(0x01, 0) };

	FRESH(soft);
	session_nexti(s, 2, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 9, "nexti over int n ends behind it");
	tap_eq(seen.n, 2, "with one stop");
	FRESH(fault);
	session_nexti(s, 1, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x20, "nexti into a fault shows its handler");
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_EVENT), "as EVENT");
	FRESH(icebp);
	session_nexti(s, 2, observe, NULL, &err);
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_ICEBP),
	       "nexti over int1 stops behind it, delivery pending");
	session_nexti(s, 1, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0xc, "the next one goes over the handler and the instruction");
	tap_eq(seen.n, 3, "in one stop");
	tap_eq(last()->retired, -1, "that cannot say what the free run retired");
	FRESH(rep);
	session_nexti(s, 1, observe, NULL, &err);
	tap_ok(fake.plan.rep_whole, "a REP is gone over whole");
}

/* ---- continue -------------------------------------------------------------------------------- */

static const struct beat loop[] = { S(0x30, 0), S(0x32, 0),        S(0x30, 0), S(0x32, 0),
				    S(0x30, 0), S(0x32, 0),        S(0x30, 0), S(0x32, 0),
				    S(0x34, 0), S(0x35, 0),        S(0x36, 0), S(0x38, 0),
				    S(0x3b, 0), B(0x3b, 0, HLT, 0) };

static void test_conditions(void)
{
	struct upoint *p;
	u32 n;

	FRESH(loop);
	n = add_break(0x32, "$rax > 4", false);
	session_continue(s, observe, NULL, &err);
	tap_eq(fake.rax, 6, "continue stops where the condition holds");
	tap_eq(fake.runs, 1, "without leaving the engine on the way");
	tap_eq(fake.groups & ~(REGS_GPR | REGS_SYS | REGS_DEBUG | REGS_EVENTS), 0,
	       "and without registers nobody asked for");
	tap_eq(session_point(s, n)->hits, 1, "a false condition is no hit");
	tap_eq(last()->n, 1, "one stop, number 1");

	FRESH(loop);
	n = add_break(0x32, NULL, false);
	p = session_point(s, n);
	p->ignore = 2;
	session_continue(s, observe, NULL, &err);
	tap_eq(fake.rax, 6, "ignore 2 stops at the third hit");
	tap_eq(p->hits, 3, "ignored hits are counted");
	tap_eq(p->ignore, 0, "the ignore count is used up");

	FRESH(loop);
	n = add_break(0x32, "*(u8*)0x7fffffff0000", false);
	session_continue(s, observe, NULL, &err);
	tap_eq(fake.rax, 2, "a condition that cannot be tested stops");
	tap_ok(strstr(notes, "0x7fffffff0000") != NULL, "and the note says why: %s", notes);
	tap_eq(session_point_condition(s, n, "1 +", &err), -EINVAL, "a bad condition is refused");
	tap_str(session_point(s, n)->condition, "*(u8*)0x7fffffff0000", "and the old one stays");
	tap_eq(session_point_condition(s, n, NULL, &err), 0, "NULL takes it away");
	tap_ok(!session_point(s, n)->condition, "so that there is none");
}

static void test_temporary(void)
{
	char *lines[] = { "echo hello", NULL };
	struct upoint *hit[4];
	u32 n;

	FRESH(loop);
	n = add_break(0x34, NULL, true);
	session_point_commands(s, n, lines, &err);
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->point, n, "tbreak stops");
	tap_ok(!session_point(s, n), "and is deleted");
	tap_eq(fake.n_points, 0, "also in the engine");
	tap_eq(session_stop_points(s, hit, 4), 1, "the stop still knows it");
	tap_str(hit[0]->commands[0], "echo hello", "with its commands");
	session_stepi(s, 1, NULL, NULL, &err);
	tap_eq(session_stop_points(s, hit, 4), 0, "until the next run");
}

static void test_two_points_one_place(void)
{
	struct upoint *hit[4];
	u32 a, b;

	FRESH(loop);
	a = add_break(0x32, "0", false);
	b = add_break(0x32, "$rax == 4", false);
	tap_eq(fake.n_points, 1, "two points at one address are one for the engine");
	session_continue(s, observe, NULL, &err);
	tap_eq(fake.rax, 4, "each has its own condition");
	tap_eq(last()->point, b, "the one that holds gives the number");
	tap_eq(session_point(s, a)->hits, 0, "the other is not hit");
	tap_eq(session_stop_points(s, hit, 4), 1, "one point made the stop");
	session_delete(s, a, &err);
	tap_eq(fake.n_points, 1, "deleting one leaves the other");
	tap_eq(session_delete(s, a, &err), -ENOENT, "a point is deleted once");
}

/* A breakpoint at the entry is met by starting, and not again by going on from there. */
static void test_break_at_entry(void)
{
	u32 n;

	FRESH(straight);
	n = add_break(0, NULL, false);
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_START),
	       "a breakpoint set where the guest stands says nothing");
	session_start(s, &err);
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_START) | CAUSE_BIT(CAUSE_BREAK),
	       "a new start meets it: START+BREAK");
	tap_eq(last()->point, n, "with its number");
	tap_eq(session_point(s, n)->hits, 1, "counted");
	session_point_condition(s, n, "$rsp == 0", &err);
	session_start(s, &err);
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_START), "its condition counts");
	n = add_break(0, NULL, true);
	session_start(s, &err);
	tap_eq(last()->point, n, "tbreak too");
	tap_ok(!session_point(s, n), "which is then deleted");
}

static void test_point_refused(void)
{
	struct upoint *p;
	size_t n;

	FRESH(loop);
	fake.fail_points = ENOSPC;
	tap_eq(session_break(s, UPOINT_HBREAK, "*x", CODE, 1, false, NULL, &p, &err), -ENOSPC,
	       "a point the engine has no room for is refused");
	session_points(s, &n);
	tap_eq(n, 0, "and not kept");
	tap_eq(add_break(0x30, NULL, false), 1, "its number is free");
	tap_eq(session_point(s, 1)->got, POINT_HOW_INT3, "the engine's way is told");
	session_point_enable(s, 1, false, &err);
	tap_eq(fake.n_points, 0, "disable takes it from the engine");
	session_point_enable(s, 1, true, &err);
	tap_eq(fake.n_points, 1, "enable gives it back");
}

static void test_exit(void)
{
	static const struct beat ends[] = { S(0x01, 0), B(0x06, 0, EXIT, 7) };
	struct value v;

	FRESH(ends);
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->first, CAUSE_EXIT, "the guest's exit is a stop");
	tap_ok(!session_alive(s), "the guest cannot run any more");
	tap_ok(session_has_guest(s), "but can be read");
	tap_eq(session_exit_value(s), 7, "its status is kept");
	tap_ok(session_var_get(s, "_exitcode", &v), "in $_exitcode too");
	tap_eq(v.bits, 7, "with the value");
	tap_eq(session_stepi(s, 1, NULL, NULL, &err), -ESRCH, "a dead guest does not step");
	tap_ok(strstr(err.text, "EXIT") != NULL, "and the sentence says how it ended: %s",
	       err.text);
	tap_eq(session_start(s, &err), 0, "it starts again");
	tap_eq(fake.destroys, 1, "after the old engine was destroyed");
	tap_eq(last()->n, 0, "and counts anew");
	tap_eq(session_exit_value(s), -1, "without a status");
	session_kill(s, &err);
	tap_ok(!session_has_guest(s), "kill takes it away");
	tap_ok(!last(), "with its last stop");
	tap_eq(session_kill(s, &err), -ESRCH, "once");
	tap_eq(session_continue(s, NULL, NULL, &err), -ESRCH, "nothing runs then");
}

static void test_run_error(void)
{
	FRESH(straight);
	fake.fail_run = EIO;
	tap_eq(session_stepi(s, 1, observe, NULL, &err), -EIO, "an error of the engine is told");
	tap_eq(seen.n, 0, "no stop is made up");
	tap_eq(last()->first, CAUSE_START, "the last stop stays");
	tap_eq(session_stepi(s, 1, observe, NULL, &err), 0, "and the session lives on");
}

/* ---- watch ----------------------------------------------------------------------------------- */

static const struct beat writes[] = { B(0x01, 0, WRITE, 0), B(0x02, 0, READ, 0),
				      B(0x03, 0, WRITE, 5), B(0x04, 0, WRITE, 5),
				      B(0x05, 0, WRITE, 9), S(0x06, 0) };

static void watch(enum upoint_type type, const char *cond)
{
	struct upoint *p;

	FRESH(writes);
	if (session_break(s, type, "*(u8*)0x110000", WATCHED, 1, false, cond, &p, &err))
		printf("# %s\n", err.text);
	session_continue(s, observe, NULL, &err);
}

static void test_watch(void)
{
	struct upoint *p;

	watch(UPOINT_WATCH, NULL);
	tap_eq(fake.at, 3, "watch stops at the write that changes the value");
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_UWATCH), "as WATCH/n");
	tap_eq(last()->old_value, 0, "with the old value");
	tap_eq(last()->new_value, 5, "and the new one");
	tap_eq(last()->hit_addr, WATCHED, "and the address");
	tap_eq(session_point(s, 1)->hits, 1, "writes of the same value are no hits");
	session_continue(s, observe, NULL, &err);
	tap_eq(fake.at, 5, "again at the next change");
	tap_eq(last()->old_value, 5, "from the value it had");
	watch(UPOINT_WATCH, "*(u8*)0x110000 == 9");
	tap_eq(fake.at, 5, "a condition sees the new value");
	watch(UPOINT_RWATCH, NULL);
	tap_eq(fake.at, 1, "rwatch stops at an access that changes nothing");
	session_continue(s, observe, NULL, &err);
	session_continue(s, observe, NULL, &err);
	tap_eq(fake.at, 4, "and not at the one that changes the value");
	watch(UPOINT_AWATCH, NULL);
	session_continue(s, observe, NULL, &err);
	session_continue(s, observe, NULL, &err);
	tap_eq(fake.at, 3, "awatch stops at every access");
	FRESH(writes);
	session_break(s, UPOINT_WATCH, "x", WATCHED, 1, false, NULL, &p, &err);
	session_break(s, UPOINT_WATCH, "y", WATCHED - 1, 2, false, NULL, &p, &err);
	session_continue(s, observe, NULL, &err);
	tap_eq(session_point(s, 2)->hits, 1, "one write, two watches: both count it");
	tap_eq(last()->point, 1, "the first gives its number");
	tap_eq(last()->hit_addr, WATCHED, "and its address");
	tap_eq(last()->new_value, 5, "and its value");
	tap_eq(session_break(s, UPOINT_WATCH, "x", WATCHED, 3, false, NULL, &p, &err), -EINVAL,
	       "a watch of 3 bytes is refused");
	tap_eq(session_break(s, UPOINT_WATCH, "x", 0x7fffffff0000, 4, false, NULL, &p, &err),
	       -EFAULT, "so is one of unmapped memory");
}

/* ---- catch ----------------------------------------------------------------------------------- */

static u32 add_catch(struct upoint proto)
{
	struct upoint *p = NULL;

	proto.what = "x";
	if (session_catch(s, &proto, &p, &err))
		printf("# %s\n", err.text);
	return p ? p->num : 0;
}

static void test_catch(void)
{
	static const struct beat icebp[] = { S(0x0a, 0), B(0x0b, 0, ICEBP, 0),
					     S(0x0c, 0), B(0x20, 0, EVENT, 13),
					     S(0x21, 0), B(0x20, 0, EVENT, 14),
					     S(0x21, 0) };
	u32 n;

	FRESH(icebp);
	n = add_catch((struct upoint){ .catches = CATCH_ICEBP });
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_ICEBP) | CAUSE_BIT(CAUSE_CATCH),
	       "catch icebp stops: ICEBP+CATCH");
	tap_eq(last()->point, n, "with its number");
	tap_eq(fake.runs, 1, "while the guest runs free, as this engine can");
	tap_ok(!session_point(s, n)->cost, "so it costs nothing");
	tap_eq(session_point(s, n)->hits, 1, "and is counted once");

	FRESH(icebp);
	n = add_catch((struct upoint){ .catches = CATCH_EXCEPTION, .vectors = BIT(14) });
	tap_ok(session_point(s, n)->cost != NULL,
	       "what the engine cannot catch has a word about its cost");
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->event_vector, 14, "catch exception 14 is done by stepping, past vector 13");
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_EVENT) | CAUSE_BIT(CAUSE_CATCH), "EVENT+CATCH");
	tap_eq(seen.n, 1, "one stop is shown");
	tap_eq(last()->retired, 4, "which has the instructions on the way");
	tap_ok(!fake.plan.hold_irq, "interrupts are not held");

	FRESH(loop);
	add_catch((struct upoint){ .catches = CATCH_IO, .port_lo = 0x100, .port_hi = 0x1ff });
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->first, CAUSE_HLT, "catch io of another port does not stop");
	FRESH(loop);
	n = add_catch((struct upoint){ .catches = CATCH_IO, .port_hi = 0xffff });
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x36, "catch io stops behind the in");
	FRESH(loop);
	n = add_catch((struct upoint){ .catches = CATCH_MSR });
	session_point_condition(s, n, "$rax != 0", &err);
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x38, "catch msr stops behind the rdmsr");
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_CATCH),
	       "as CATCH alone: the stepping is the debugger's");
	tap_eq(last()->first, CAUSE_CATCH, "which is the first cause");
	FRESH(loop);
	add_catch((struct upoint){ .catches = CATCH_CR, .temporary = true });
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x3b, "catch cr stops behind the mov");
	tap_ok(!session_point(s, 1), "tcatch is deleted");
	session_stepi(s, 1, NULL, NULL, &err);
	FRESH(loop);
	add_catch((struct upoint){ .catches = CATCH_MSR });
	session_stepi(s, 50, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x38, "stepi N honours a catch");
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_TF) | CAUSE_BIT(CAUSE_CATCH), "as TF+CATCH");
	tap_eq(seen.n, 12, "with every step shown");
	tap_eq(session_catch(s, &(struct upoint){ .catches = 0 }, &(struct upoint *){ NULL }, &err),
	       -EINVAL, "catch of nothing is refused");
}

/* ---- until, advance, finish, jump ------------------------------------------------------------ */

static void put_stack(u64 addr, u64 value)
{
	session_write(s, addr, &value, 8, &err);
}

static void test_until(void)
{
	FRESH(loop);
	session_stepi(s, 2, NULL, NULL, &err);
	session_until(s, false, 0, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x34, "until at a jump back runs past the loop");
	tap_eq(seen.n, 1, "with one stop");
	session_until(s, false, 0, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x35, "elsewhere it is nexti");
	FRESH(loop);
	session_until(s, true, CODE + 0x36, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x36, "until ADDR");
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_LIMIT), "as LIMIT");
	FRESH(recursion);
	session_advance(s, CODE + 0x19, observe, NULL, &err);
	tap_eq(fake.rsp, STACK - 48, "advance takes any frame");
}

/* In the frame of the outer 10, which returns to 06. */
static void into_frame(void)
{
	FRESH(recursion);
	session_stepi(s, 4, NULL, NULL, &err);
	put_stack(STACK - 8, CODE + 6);
	put_stack(STACK - 16, 0);
	fake.rbp = STACK - 16;
	session_set_reg(s, "rbp", STACK - 16, &err);
}

static void test_finish(void)
{
	const struct frame *f;
	const char *why;
	unsigned n;

	into_frame();
	tap_eq(frame_count(s, 8, &n, &why, &err), 0, "backtrace");
	tap_eq(n, 2, "has two frames");
	frame_at(s, 1, &f, &err);
	tap_eq(f->pc, CODE + 6, "the caller");
	tap_str(why, "the frame pointer is 0", "and says why it ends");
	session_finish(s, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 6, "finish ends behind the call");
	tap_eq(fake.rsp, STACK, "of this frame");
	tap_ok(strstr(notes, "frame pointer") != NULL, "and says how it knew: %s", notes);
	tap_ok(!fake.plan.hold_irq, "interrupts are let in");

	FRESH(recursion);
	session_stepi(s, 2, NULL, NULL, &err);
	put_stack(STACK - 8, CODE + 6);
	session_finish(s, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 6, "finish at a function's first instruction");
	tap_ok(strstr(notes, "top of the stack") != NULL, "looks at the top of the stack: %s",
	       notes);

	FRESH(recursion);
	session_stepi(s, 4, NULL, NULL, &err);
	session_finish(s, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 6, "finish without a frame pointer steps to the RET");
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_TF), "and ends with its TF");
	tap_eq(seen.n, 1, "as one stop");
	tap_ok(strstr(notes, "stepping") != NULL, "and says so: %s", notes);
	tap_eq(last()->retired, -1, "that cannot say what the calls retired");
}

/* A handler that an engine could not show from its first instruction: its IRET is not the frame's end. */
static void test_finish_unseen_handler(void)
{
	static const struct beat unseen[] = { S(0x10, -8),  S(0x11, -16), S(0x14, -16),
					      S(0x20, -40), S(0x21, -40), S(0x19, -16),
					      S(0x1a, -8),  S(0x06, 0) };

	FRESH(unseen);
	session_stepi(s, 3, NULL, NULL, &err);
	session_set_reg(s, "rip", CODE + 0x15, &err); /* no CALL to go over */
	session_finish(s, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 6,
	       "finish does not end with the IRET of a handler that came in between");
}

static void test_watch_and_break(void)
{
	struct upoint *p;

	FRESH(writes);
	session_break(s, UPOINT_WATCH, "w", WATCHED, 1, false, NULL, &p, &err);
	add_break(3, NULL, false);
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_BREAK) | CAUSE_BIT(CAUSE_UWATCH),
	       "watch and breakpoint at one boundary");
	tap_eq(last()->first, CAUSE_UWATCH, "the trap of the previous instruction is the first");
	tap_eq(stop_point(last(), CAUSE_UWATCH).number, 1, "the watchpoint's number");
	tap_eq(stop_point(last(), CAUSE_BREAK).number, 2, "and the breakpoint's");
}

static void test_until_frame(void)
{
	into_frame();
	put_stack(STACK - 24, CODE + 0x19);
	put_stack(STACK - 40, CODE + 0x19);
	session_until(s, true, CODE + 0x1a, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x1a, "until ADDR in a recursive function");
	into_frame();
	session_until(s, true, CODE + 0x38, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 6, "until ADDR ends at the latest when the frame returns");
}

static void test_jump(void)
{
	FRESH(loop);
	add_break(0x34, NULL, false);
	session_jump(s, CODE + 0x30, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x34, "jump goes on from the address");
	tap_eq(seen.n, 1, "with one stop");
}

/* ---- events, skip, interrupt ----------------------------------------------------------------- */

static void test_pending(void)
{
	static const struct beat icebp[] = { B(0x0b, 0, ICEBP, 0), S(0x0c, 0), S(0x0d, 0) };

	FRESH(icebp);
	tap_eq(session_deliver_pending(s, &err), -ENOENT, "nothing is pending at START");
	session_stepi(s, 1, NULL, NULL, &err);
	tap_eq(session_swallow_pending(s, &err), 0, "an ICEBP can be swallowed");
	session_stepi(s, 1, NULL, NULL, &err);
	tap_eq(fake.plan.pending_once, EVENT_SWALLOW, "the engine is told");
	session_stepi(s, 1, NULL, NULL, &err);
	tap_eq(fake.plan.pending_once, EVENT_AUTO, "once");
	session_settings(s)->icebp = EVENT_DELIVER;
	session_settings(s)->skip = SKIP_WRONG_OUTER;
	fake.at = 0;
	session_stepi(s, 1, NULL, NULL, &err);
	tap_eq(fake.plan.icebp, EVENT_DELIVER, "settings reach the plan");
	tap_eq(fake.plan.skip, SKIP_WRONG_OUTER, "the skip too");
	session_jump(s, CODE + 0x30, NULL, NULL, &err);
	tap_eq(fake.plan.pending_once, EVENT_SWALLOW, "jump leaves the pending event behind");
}

static void test_deliver_vector(void)
{
	FRESH(straight);
	tap_eq(session_deliver_vector(s, 13, true, 0x18, &err), 0, "deliver 13");
	tap_eq(fake.queued.vector, 13, "vector");
	tap_eq(fake.queued.type, INTR_HARD_EXC, "type");
	tap_ok(fake.queued.has_error && fake.queued.error == 0x18 && fake.queued.fault,
	       "error code, fault class");
	session_deliver_vector(s, 0x30, false, 0, &err);
	tap_eq(fake.queued.type, INTR_EXTERNAL, "from 32 on an interrupt");
	session_deliver_vector(s, 3, false, 0, &err);
	tap_eq(fake.queued.type, INTR_SOFT_EXC, "#BP is a software exception");
	tap_ok(!fake.queued.fault && !fake.queued.has_error, "and a trap without error code");
	tap_eq(session_deliver_vector(s, 3, true, 1, &err), -EINVAL,
	       "an error code it cannot have is refused");
}

static void test_skip(void)
{
	FRESH(straight);
	tap_eq(session_skip(s, SKIP_KIND_OUTER, &err), 0, "skip");
	tap_eq(fake.skipped, SKIP_KIND_OUTER, "of that kind");
	tap_eq(last()->n, 1, "is a stop with a number");
	tap_eq(last()->n_did, 1, "that says what was done");
}

static void test_interrupt(void)
{
	FRESH(straight);
	session_interrupt(s);
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->first, CAUSE_INTERRUPT, "Ctrl-C ends the run with INTERRUPT");
	tap_eq(fake.at, 0, "at once");
	tap_ok(session_alive(s), "the guest lives");
	session_kill(s, &err);
	session_interrupt(s);
	tap_ok(true, "an interrupt without a guest is harmless");
}

int main(void)
{
	test_start();
	test_stepi();
	test_stepi_points();
	test_ring();
	test_nexti_call();
	test_nexti_recursion();
	test_nexti_break_inside();
	test_nexti_break_at_return();
	test_nexti_never_returns();
	test_nexti_events();
	test_conditions();
	test_temporary();
	test_two_points_one_place();
	test_break_at_entry();
	test_point_refused();
	test_exit();
	test_run_error();
	test_watch();
	test_catch();
	test_until();
	test_finish();
	test_finish_unseen_handler();
	test_watch_and_break();
	test_until_frame();
	test_jump();
	test_pending();
	test_deliver_vector();
	test_skip();
	test_interrupt();
	session_destroy(s);
	return tap_done();
}
