/*
 * engine_step.c - one step of engines kvm and soft after the other: which stop each instruction gives, that none
 * is lost or doubled, and that the sum of `retired` is the number of instructions run.
 */
#include "engine_guest.h"

#include <signal.h>
#include <sys/time.h>

GUEST_CODE(basics, 64,
	   "nop\n .byte 0xf1\n nop\n int3\n nop\n out 0x80, al\n in al, 0x80\n cpuid\n sti\n cli\n hlt");

static void test_basics(void)
{
	struct guest g;

	if (GUEST_INIT(&g, "long", basics)) {
		int end = guest_run(&g, 100);

		tap_eq(end, RUN_STOP, "HLT with IF=0 ends the run");
		/* K4: where RIP stands at the OUT's exit decides whether its stop is an IO or a TF. */
		tap_ok(g.rec[5].first == CAUSE_IO || g.rec[5].first == CAUSE_TF, "OUT is a stop");
		g.rec[5].causes = CAUSE_BIT(CAUSE_IO);
		tap_str(guest_causes(&g, 0), "TF ICEBP TF INT3 TF IO TF TF TF TF HLT",
			"one stop for each instruction");
		tap_eq(guest_retired(&g), 11, "eleven instructions retired");
		tap_eq(guest_last(&g, 0)->lin, GUEST_BASE + (basics_end - basics_start),
		       "RIP behind the HLT");
		tap_ok(g.rec[1].pending && g.rec[1].pending_vector == EXC_DB, "ICEBP is pending");
		tap_eq(g.rec[1].lin, g.rec[1].from_lin + 1, "RIP skipped over the F1");
		tap_eq(guest_run(&g, 1), RUN_STOP, "it stays in HLT");
		tap_eq(guest_last(&g, 0)->retired, 0, "where nothing retires");
	}
	guest_deinit(&g);
}

/* 1 + 1 + 300 * 4 + 1 instructions, counted by hand. */
GUEST_CODE(loop, 64, "mov ecx, 300\n xor eax, eax\n 1: inc eax\n push rax\n pop rbx\n loop 1b\n hlt");

static void test_count(u32 ring)
{
	struct guest g;

	if (GUEST_INIT(&g, "long", loop)) {
		ring_deinit(&g.ring);
		ring_init(&g.ring, ring);
		guest_run(&g, 100000);
		tap_eq(guest_retired(&g), 1 + 1 + 300 * 4 + 1, "ring of %u: sum of retired", ring);
		tap_eq(guest_last(&g, 0)->n, 1203, "ring of %u: number of the last stop", ring);
		tap_eq(guest_reg(&g, GPR_RBX), 300, "ring of %u: what the loop computed", ring);
		tap_eq(guest_gaps(&g), 0, "ring of %u: no gaps", ring);
	}
	guest_deinit(&g);
}

GUEST_CODE(rep, 64,
	   "lea rsi, [rip]\n lea rdi, [rsi + 0x1000]\n mov ecx, 5\n rep movsb\n xor ecx, ecx\n"
	   "rep stosb\n mov ecx, 3000\n rep stosb\n mov al, 0x90\n lea rdi, [rsi]\n mov ecx, 50\n"
	   "repne scasb\n hlt");

static void test_rep(void)
{
	struct guest g;
	size_t iterations = 0;

	if (GUEST_INIT(&g, "long", rep)) {
		guest_run(&g, 8);
		tap_str(guest_causes(&g, 0), "TF TF TF TF TF TF TF TF", "REP of 5: stops");
		for (size_t i = 0; i < g.n; i++)
			iterations += g.rec[i].event_rep;
		tap_eq(iterations, 4, "REP of 5: four iterations that are not the last");
		tap_eq(guest_retired(&g), 4, "REP of 5: retires once");
		guest_run(&g, 2);
		tap_eq(guest_last(&g, 0)->retired, 1, "REP of 0 retires at once");
		g.plan.rep_whole = true;
		guest_run(&g, 2);
		tap_eq(guest_last(&g, 0)->retired, 1, "whole: REP of 3000 is one stop");
		tap_eq(guest_last(&g, 0)->gpr[GPR_RCX], 0, "whole: all of it is done");
		tap_eq(guest_run(&g, 100), RUN_STOP, "to the end");
		tap_eq(guest_retired(&g), 13, "each REP retired once");
	}
	guest_deinit(&g);
}

static struct engine *interrupted;

static void on_alarm(int sig)
{
	interrupted->ops->interrupt(interrupted);
}

/* IF=1: the rig's emulator cannot interrupt a guest otherwise. */
GUEST_CODE(endless, 64, "sti\n 1: jmp 1b");

static void test_interrupt(u8 mode, const char *name)
{
	struct itimerval soon = { .it_value.tv_usec = 50000 };
	struct guest g;

	if (GUEST_INIT(&g, "long", endless)) {
		interrupted = g.e;
		signal(SIGALRM, on_alarm);
		setitimer(ITIMER_REAL, &soon, NULL);
		g.plan.mode = mode;
		tap_eq(guest_run(&g, 1u << 30), RUN_INTERRUPTED, "%s: interrupt() ends the run", name);
		tap_eq(guest_last(&g, 0)->first, CAUSE_INTERRUPT, "%s: and is the cause", name);
		tap_eq(guest_last(&g, 0)->lin, GUEST_BASE + 1, "%s: in the loop", name);
		g.e->ops->interrupt(g.e);
		tap_eq(guest_run(&g, 5), RUN_INTERRUPTED, "%s: one that came between runs counts", name);
		g.plan.mode = PLAN_STEP;
		tap_eq(guest_run(&g, 3), RUN_COUNT, "%s: and then it goes on", name);
	}
	guest_deinit(&g);
}

GUEST_CODE(jump, 64, "nop\n ud2\n nop\n nop\n hlt");

static void test_set_rip(void)
{
	struct cpu_state c = { 0 };
	struct guest g;

	if (GUEST_INIT(&g, "long", jump)) {
		guest_run(&g, 1);
		g.e->ops->get_regs(g.e, REGS_GPR, &c, &g.err);
		c.rip += 2;
		g.e->ops->set_regs(g.e, REGS_GPR, &c, &g.err);
		guest_run(&g, 1);
		tap_eq(guest_last(&g, 0)->lin, GUEST_BASE + 4, "a step after RIP was changed is not lost");
		g.e->ops->skip(g.e, SKIP_KIND_INNER, &g.ring, &g.err);
		guest_collect(&g);
		tap_eq(guest_last(&g, 0)->lin, GUEST_BASE + 5, "skip moves over an instruction");
		tap_eq(guest_last(&g, 0)->retired, 0, "which is not run");
	}
	guest_deinit(&g);
}

/* No IDT: the first fault is a triple fault. */
GUEST_CODE(triple, 64, "lidt [rip + 1f]\n ud2\n 1: .fill 10, 1, 0");

static void test_triple(void)
{
	struct guest g;

	if (GUEST_INIT(&g, "long", triple)) {
		tap_eq(guest_run(&g, 100), RUN_DEAD, "a triple fault ends the guest");
		tap_eq(guest_last(&g, 0)->first, CAUSE_SHUTDOWN, "with the cause SHUTDOWN");
		tap_eq(guest_run(&g, 1), -ESRCH, "a dead guest does not run");
		tap_ok(g.err.text[0], "and says so");
	}
	guest_deinit(&g);
}

GUEST_CODE(exiting, 64, "mov al, 'x'\n out 0xe9, al\n mov al, 7\n out 0xf4, al\n nop");

static void test_exit(u8 mode, const char *name)
{
	struct guest g;

	if (GUEST_INIT(&g, "long", exiting)) {
		g.plan.mode = mode;
		tap_eq(guest_run(&g, 100), RUN_DEAD, "%s: the exit port ends the guest", name);
		tap_eq(guest_last(&g, 0)->first, CAUSE_EXIT, "%s: cause EXIT", name);
		tap_str(g.text, "x", "%s: what it wrote", name);
	}
	guest_deinit(&g);
}

static void tests(void)
{
	test_basics();
	test_count(1);
	test_count(2);
	test_count(1024);
	test_rep();
	test_interrupt(PLAN_STEP, "stepping");
	test_interrupt(PLAN_CONTINUE, "continue");
	test_set_rip();
	test_triple();
	test_exit(PLAN_STEP, "stepped");
	test_exit(PLAN_CONTINUE, "free");
}

int main(void)
{
	return guest_each_engine(tests);
}
