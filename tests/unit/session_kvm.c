/*
 * session_kvm.c - run control over engine kvm: the same promises as in session_run.c, kept by a real
 * guest. SKIP where /dev/kvm cannot be used.
 */
#include "tap.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <vmstep/session.h>

enum { CODE = 0x100000, COUNTER = 0x110000 };

/*
 * 00 mov ecx,3; 05 call 10; 0a mov al,5; 0c out 80,al; 0e out f4,al
 * 10 push rbp; 11 mov rbp,rsp; 14 dec ecx; 16 jz 1d; 18 call 10; 1d inc dword [110000]; 24 pop rbp; 25 ret
 */
static const char recursive[] = "b903000000 e806000000 b005 e680 e6f4"
				"55 4889e5 ffc9 7405 e8f3ffffff ff042500001100 5d c3";
/* Instructions: mov, call; three calls of push mov dec jz .. inc pop ret, two with call; mov, out, out. */
enum { RECURSIVE_INSNS = 2 + 3 * 7 + 2 + 3 };

static struct session *s;
static struct err err;
static struct {
	u64 stops, gaps, retired;
	bool unknown;
} seen;
static char notes[1000];

static bool observe(void *arg, const struct stop *st)
{
	*(st->kind == RECORD_GAP ? &seen.gaps : &seen.stops) += 1;
	if (st->retired >= 0)
		seen.retired += st->retired;
	else
		seen.unknown = true;
	return true;
}

static void take_note(void *arg, const char *text)
{
	snprintf(notes, sizeof(notes), "%s", text);
}

static bool start(const char *hex, const char *mode)
{
	struct session_config cfg = { .guest = { .hex = hex, .mode = mode }, .engine = "kvm" };

	session_destroy(s);
	s = NULL;
	memset(&seen, 0, sizeof(seen));
	notes[0] = '\0';
	cfg.machine.serial = cfg.machine.debugcon = "null";
	if (session_create(&cfg, &s, &err) || session_start(s, &err)) {
		printf("# %s\n", err.text);
		return false;
	}
	session_set_note(s, take_note, NULL);
	return true;
}

static const struct stop *last(void)
{
	return session_last_stop(s);
}

static u64 value(const char *text)
{
	u64 v = 0xbadbad;

	if (expr_u64(s, text, &v, &err))
		printf("# %s: %s\n", text, err.text);
	return v;
}

static u32 point(enum upoint_type type, u64 addr, const char *cond, bool temporary)
{
	struct upoint *p = NULL;

	if (session_break(s, type, "x", addr, 4, temporary, cond, &p, &err))
		printf("# %s\n", err.text);
	return p ? p->num : 0;
}

static int done(int rc)
{
	if (rc)
		printf("# %s\n", err.text);
	return rc;
}

static void test_nexti(void)
{
	start(recursive, "long");
	tap_eq(done(session_nexti(s, 2, observe, NULL, &err)), 0, "nexti 2");
	tap_eq(last()->lin, CODE + 0xa, "goes over the call");
	tap_eq(value("*(u32*)0x110000"), 3, "which ran whole");
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_LIMIT), "and ends as LIMIT");
	tap_ok(last()->ev.kind == EVIDENCE_KVM && last()->ev.kvm.reason, "with KVM's evidence");
	tap_eq(last()->n, 2, "the second stop");
	start(recursive, "long");
	session_stepi(s, 6, NULL, NULL, &err);
	tap_eq(last()->lin, CODE + 0x18, "stepi 6 into the function");
	u64 sp = value("$rsp");

	session_nexti(s, 1, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x1d, "nexti over the recursive call");
	tap_eq(value("$rsp"), sp, "ends in its own frame");
	tap_eq(value("*(u32*)0x110000"), 2, "after both inner ones");
}

static void test_points(void)
{
	u32 n;

	start(recursive, "long");
	n = point(UPOINT_BREAK, CODE + 0x1d, "*(u32*)0x110000 == 1", false);
	tap_eq(done(session_continue(s, observe, NULL, &err)), 0,
	       "continue to a breakpoint with a condition");
	tap_eq(last()->point, n, "BREAK/n");
	tap_eq(value("*(u32*)0x110000"), 1, "where it holds");
	tap_eq(seen.stops, 1, "one stop");
	tap_eq(session_point(s, n)->hits, 1, "one hit");
	tap_eq(value("*(u8*)0x10001d"), 0xff, "the debugger does not see its own INT3");
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->first, CAUSE_EXIT, "continue goes on from it, to the guest's exit");
	tap_eq(session_exit_value(s), 11, "whose status is value << 1 | 1");
	tap_ok(!session_alive(s), "then the guest is dead");

	start(recursive, "long");
	n = point(UPOINT_BREAK, CODE + 0x14, NULL, true);
	session_continue(s, NULL, NULL, &err);
	tap_eq(last()->point, n, "tbreak");
	tap_ok(!session_point(s, n), "is gone");
	session_continue(s, NULL, NULL, &err);
	tap_eq(last()->first, CAUSE_EXIT, "and does not stop again");

	start(recursive, "long");
	n = point(UPOINT_BREAK, CODE + 0x11, NULL, false);
	session_stepi(s, 20, observe, NULL, &err);
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_TF) | CAUSE_BIT(CAUSE_BREAK),
	       "stepi onto a breakpoint is TF+BREAK");
	tap_eq(seen.stops, 3, "and ends stepi 20");
	session_stepi(s, 1, NULL, NULL, &err);
	tap_eq(last()->lin, CODE + 0x14, "stepping on from it");
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_TF), "is an ordinary step");
}

static void test_watch(void)
{
	u32 n;

	start(recursive, "long");
	n = point(UPOINT_WATCH, COUNTER, NULL, false);
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_UWATCH), "watch");
	tap_eq(last()->lin, CODE + 0x24, "stops behind the write");
	tap_eq(last()->point, n, "with its number");
	tap_eq(last()->old_value << 8 | last()->new_value, 0x001, "old and new value");
	session_point_condition(s, n, "*(u32*)0x110000 == 3", &err);
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->old_value << 8 | last()->new_value, 0x203, "with a condition");
	tap_eq(session_point(s, n)->hits, 2, "hits");
}

static void test_finish(void)
{
	const struct frame *f;
	const char *why = "";
	unsigned n = 0;
	u64 sp;

	start(recursive, "long");
	point(UPOINT_BREAK, CODE + 0x16, "$ecx == 1", true);
	session_continue(s, NULL, NULL, &err);
	tap_eq(done(frame_count(s, 8, &n, &why, &err)), 0, "backtrace");
	tap_eq(n, 3, "of three frames (%s)", why);
	frame_at(s, 2, &f, &err);
	tap_eq(f->pc, CODE + 0xa, "the first caller");
	frame_at(s, 1, &f, &err);
	tap_eq(f->pc, CODE + 0x1d, "and the recursion");
	sp = f->regs.value[GPR_RSP];
	session_finish(s, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0x1d, "finish");
	tap_eq(value("$rsp"), sp, "ends in the caller's frame");
	tap_ok(strstr(notes, "frame pointer") != NULL, "by frame pointer: %s", notes);
	tap_eq(value("*(u32*)0x110000"), 2, "when the callee is done");
	start(recursive, "long");
	session_stepi(s, 2, NULL, NULL, &err);
	session_finish(s, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0xa, "finish at the first instruction");
	tap_eq(value("*(u32*)0x110000"), 3, "of the outermost call");
}

static void test_until(void)
{
	/* 00 mov ecx,5; 05 dec ecx; 07 jnz 05; 09 nop; 0a hlt */
	static const char loop[] = "b905000000 ffc9 75fc 90 f4";

	start(loop, "long");
	session_stepi(s, 2, NULL, NULL, &err);
	session_until(s, false, 0, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 9, "until runs a loop to its end");
	tap_eq(value("$ecx"), 0, "all of it");
	start(loop, "long");
	session_advance(s, CODE + 7, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 7, "advance");
	tap_eq(value("$ecx"), 4, "to the first pass");
	session_jump(s, CODE + 9, observe, NULL, &err);
	tap_eq(last()->first, CAUSE_HLT, "jump goes on behind the loop, to the HLT");
	tap_eq(value("$ecx"), 4, "without running it");
	tap_ok(session_alive(s), "a guest in HLT is alive");
}

static void test_catch(void)
{
	struct upoint *p = NULL;

	start(recursive, "long");
	session_catch(
		s,
		&(struct upoint){
			.what = "io 0x80", .catches = CATCH_IO, .port_lo = 0x80, .port_hi = 0x80 },
		&p, &err);
	session_continue(s, observe, NULL, &err);
	tap_ok(last()->causes & CAUSE_BIT(CAUSE_CATCH), "catch io stops");
	tap_eq(last()->lin, CODE + 0xe, "behind the out");
	tap_eq(last()->point, p->num, "with its number");
	tap_eq(p->hits, 1, "counted once");
	start("b900010000 0f30 0f20d8 0f22d8 90 f4",
	      "long"); /* mov ecx,100; wrmsr; mov rax,cr3; mov cr3,rax */
	session_catch(s, &(struct upoint){ .what = "cr", .catches = CATCH_CR }, &p, &err);
	session_set_reg(s, "rip", CODE + 7, &err);
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0xa, "catch cr stops behind mov rax,cr3");
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->lin, CODE + 0xd, "and behind mov cr3,rax");
	tap_ok(last()->causes & CAUSE_BIT(CAUSE_CATCH), "as CATCH");
}

static void test_events(void)
{
	struct upoint *p = NULL;

	/* Real mode, IVT entry 1 set to 0:1100: iret; 00 nop; 01 int1; 02 nop; 03 hlt */
	start("90 f1 90 f4", "real");
	u32 vector = 0x1100;
	u8 iret = 0xcf;

	session_write_phys(s, 4, &vector, 4, &err);
	session_write_phys(s, 0x1100, &iret, 1, &err);
	u64 code = last()->lin;

	session_stepi(s, 2, NULL, NULL, &err);
	tap_eq(last()->first, CAUSE_ICEBP, "stepi over int1 is ICEBP");
	tap_eq(last()->lin, code + 2, "shown behind it");
	tap_ok(last()->pending, "delivery pending");
	session_stepi(s, 1, NULL, NULL, &err);
	tap_eq(last()->lin, 0x1100, "the next step delivers it");
	tap_eq(last()->retired, 0, "which retires nothing");

	start("90 f1 90 f4", "real");
	session_write_phys(s, 4, &vector, 4, &err);
	session_write_phys(s, 0x1100, &iret, 1, &err);
	session_nexti(s, 3, observe, NULL, &err);
	tap_eq(last()->lin, code + 3, "nexti 3 goes over int1, its handler and nop");
	tap_eq(seen.stops, 3, "in three stops");

	start("90 f1 90 f4", "real");
	session_stepi(s, 2, NULL, NULL, &err);
	tap_eq(session_swallow_pending(s, &err), 0, "swallow");
	session_stepi(s, 1, NULL, NULL, &err);
	tap_eq(last()->lin, code + 3, "goes on without delivery");

	start("90 f1 90 f4", "real");
	session_catch(s, &(struct upoint){ .what = "icebp", .catches = CATCH_ICEBP }, &p, &err);
	session_continue(s, observe, NULL, &err);
	tap_eq(last()->causes, CAUSE_BIT(CAUSE_ICEBP) | CAUSE_BIT(CAUSE_CATCH), "catch icebp");
	tap_eq(last()->lin, code + 2, "behind it");

	start("90 90 90 f4", "real");
	tap_eq(session_skip(s, SKIP_KIND_OUTER, &err), 0, "skip");
	tap_eq(last()->lin, code + 1, "goes over an instruction");
}

static void test_trace(void)
{
	start(recursive, "long");
	tap_eq(done(session_trace(s, 0, false, observe, NULL, &err)), 0, "a trace to the end");
	tap_eq(last()->first, CAUSE_EXIT, "which is the exit");
	tap_eq(seen.stops, RECURSIVE_INSNS, "one stop an instruction");
	tap_eq(seen.retired, RECURSIVE_INSNS, "that sum up to the instructions executed");
	tap_ok(!seen.unknown && !seen.gaps, "nothing unknown, no gap");
}

static void on_alarm(int sig)
{
	session_interrupt(s);
}

/* Runs `go` with a SIGALRM after 100 ms that does what Ctrl-C does; seconds until it came back. */
static double interrupted(int (*go)(void))
{
	struct itimerval in = { .it_value.tv_usec = 100000 };
	struct timespec a, b;

	signal(SIGALRM, on_alarm);
	clock_gettime(CLOCK_MONOTONIC, &a);
	setitimer(ITIMER_REAL, &in, NULL);
	done(go());
	clock_gettime(CLOCK_MONOTONIC, &b);
	return b.tv_sec - a.tv_sec + (b.tv_nsec - a.tv_nsec) * 1e-9;
}

static int go_continue(void)
{
	return session_continue(s, NULL, NULL, &err);
}

static int go_nexti(void)
{
	return session_nexti(s, 1, NULL, NULL, &err);
}

static int go_stepi(void)
{
	return session_stepi(s, UINT64_MAX, NULL, NULL, &err);
}

static int go_finish(void)
{
	return session_finish(s, NULL, NULL, &err);
}

static void test_interrupt(void)
{
	/* 00 call 06; 05 hlt; 06 nop; 07 jmp 06 */
	static const char endless[] = "e801000000 f4 90 ebfd";
	static const struct {
		const char *name;
		int (*go)(void);
		unsigned steps; /* before it */
	} row[] = { { "continue", go_continue, 0 },
		    { "nexti over a call that never returns", go_nexti, 0 },
		    { "stepi without end", go_stepi, 0 },
		    { "finish of a function that never returns", go_finish, 1 } };

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		double t;

		start(endless, "long");
		session_stepi(s, row[i].steps, NULL, NULL, &err);
		t = interrupted(row[i].go);
		tap_ok(t < 5, "%s yields to Ctrl-C (after %.3f s)", row[i].name, t);
		tap_ok(last()->causes & CAUSE_BIT(CAUSE_INTERRUPT), "%s: with INTERRUPT",
		       row[i].name);
		tap_ok(last()->lin == CODE + 6 || last()->lin == CODE + 7, "%s: in the loop",
		       row[i].name);
		session_stepi(s, 1, NULL, NULL, &err);
		tap_eq(last()->causes, CAUSE_BIT(CAUSE_TF), "%s: and the session goes on",
		       row[i].name);
	}
}

int main(void)
{
	struct engine_probe p = { 0 };

	engine_find("kvm")->probe(&p);
	if (!p.works) {
		tap_skip("session over engine kvm", "%s", p.text);
		return tap_done();
	}
	test_nexti();
	test_points();
	test_watch();
	test_finish();
	test_until();
	test_catch();
	test_events();
	test_trace();
	test_interrupt();
	session_destroy(s);
	return tap_done();
}
