/*
 * mtf_faults.c - a shim that fails: each way is provoked by writing to its slot from outside, and must
 * end in a stop ERROR that says what was found, registers still readable, and a guest that `run` can
 * start again. Needs nested VMX: runs in the rig, a SKIP elsewhere.
 */
#include "engine_guest.h"

#include "engine/mtf/mtf.h"

#include <signal.h>
#include <sys/time.h>

GUEST_CODE(nops, 64, "nop\n nop\n nop\n nop\n nop\n sti\n 1: jmp 1b");

static struct engine *kicked;

/* Where in the shim's code `bytes` stand; each is there once. */
static u8 *shim_find(struct guest *g, const void *bytes, size_t n)
{
	u8 *slot = to_mtf(g->e)->slot;

	return memmem(slot + 0x1000, shim_image_end - shim_image - 0x1000, bytes, n);
}

static bool shim_patch(struct guest *g, const void *old, const void *new, size_t n)
{
	u8 *at = shim_find(g, old, n);

	if (at)
		memcpy(at, new, n);
	return tap_ok(at, "the place to break is in the shim");
}

/* The stop after the breakage, and what is left of the session. */
static void check_death(struct guest *g, enum shim_fault what, const char *name)
{
	struct cpu_state c = { 0 };
	const struct stop *s;
	struct strbuf text;

	tap_eq(guest_run(g, 1), RUN_DEAD, "%s: the run ends", name);
	s = guest_last(g, 0);
	tap_eq(s->causes, CAUSE_BIT(CAUSE_ERROR), "%s: by a stop ERROR", name);
	tap_eq(s->ev.kind, EVIDENCE_SHIM, "%s: with the shim's evidence", name);
	tap_eq(s->ev.shim.what, what, "%s: which", name);
	tap_eq(s->lin, GUEST_BASE + 2, "%s: at the boundary last seen", name);
	tap_eq(s->retired, 0, "%s: nothing retired", name);
	tap_eq(g->e->ops->get_regs(g->e, REGS_GPR | REGS_SYS, &c, &g->err), 0, "%s: registers can be read", name);
	tap_eq(c.rip, GUEST_BASE + 2, "%s: RIP as last seen", name);
	tap_eq(guest_run(g, 1), -ESRCH, "%s: no further run", name);
	strbuf_init(&text);
	tap_ok(g->e->ops->info(g->e, "vmcs", &text, &g->err) < 0, "%s: no VMCS to show", name);
	strbuf_deinit(&text);
}

static bool guest_at_2(struct guest *g)
{
	return GUEST_INIT(g, "long", nops) && tap_eq(guest_run(g, 2), RUN_COUNT, "two steps");
}

static void test_corrupted(void)
{
	struct guest g;

	if (guest_at_2(&g)) {
		to_mtf(g.e)->mb->version = 0x77;
		check_death(&g, SHIM_CORRUPTED, "corrupted page");
		tap_eq(guest_last(&g, 0)->ev.shim.version, 0x77, "corrupted page: the version as found");
		tap_eq(guest_last(&g, 0)->ev.shim.magic, MAILBOX_MAGIC, "corrupted page: the rest as found");
	}
	guest_deinit(&g);
}

static void test_exception(void)
{
	static const u8 vmresume[] = { 0x0f, 0x01, 0xc3 }, ud2[] = { 0x0f, 0x0b, 0x90 };
	struct guest g;

	if (guest_at_2(&g) && shim_patch(&g, vmresume, ud2, sizeof(ud2))) {
		check_death(&g, SHIM_EXCEPTION, "exception of the shim");
		tap_eq(guest_last(&g, 0)->ev.shim.vector, EXC_UD, "exception of the shim: #UD");
		tap_eq(guest_last(&g, 0)->ev.shim.rip - SHIM_GPA,
		       shim_find(&g, ud2, sizeof(ud2)) - to_mtf(g.e)->slot, "exception of the shim: where");
	}
	guest_deinit(&g);
}

/* VMLAUNCH with a VMCS that is launched: VM-instruction error 4. */
static void test_vm_fail(void)
{
	struct guest g;

	if (guest_at_2(&g)) {
		to_mtf(g.e)->mb->launched = 0;
		check_death(&g, SHIM_VM_FAIL, "VMLAUNCH fails");
		tap_eq(guest_last(&g, 0)->ev.shim.vm_error, 4, "VMLAUNCH fails: VM-instruction error");
	}
	guest_deinit(&g);
}

static void test_vmwrite(void)
{
	static const u16 core[] = { 0x681e, 0x681c, 0x6820 }, broken[] = { 0x7ffe, 0x681c, 0x6820 };
	struct cpu_state c = { 0 };
	struct guest g;

	if (guest_at_2(&g) && shim_patch(&g, core, broken, sizeof(core))) {
		g.e->ops->get_regs(g.e, REGS_GPR, &c, &g.err);
		g.e->ops->set_regs(g.e, REGS_GPR, &c, &g.err);
		check_death(&g, SHIM_VM_FAIL, "a VMWRITE fails");
		tap_eq(guest_last(&g, 0)->ev.shim.field, 0x7ffe, "a VMWRITE fails: which field");
	}
	guest_deinit(&g);
}

static void interrupt_now(int sig)
{
	kicked->ops->interrupt(kicked);
}

/* A shim that never hands over: Ctrl-C sends it NMIs until patience ends. It loops on an OUT (out 0x80, al;
 * jmp), since under the rig's emulator a loop with IF=0 and no exit stops the whole machine. */
static void test_silent(void)
{
	static const u8 vmresume[] = { 0x0f, 0x01, 0xc3, 0x5f }, loop[] = { 0xe6, 0x80, 0xeb, 0xfc };
	struct itimerval soon = { .it_value.tv_usec = 200000 };
	struct guest g;

	if (guest_at_2(&g) && shim_patch(&g, vmresume, loop, sizeof(loop))) {
		kicked = g.e;
		signal(SIGALRM, interrupt_now);
		setitimer(ITIMER_REAL, &soon, NULL);
		check_death(&g, SHIM_SILENT, "a shim that loops");
		tap_ok(guest_last(&g, 0)->ev.shim.kicks > 0, "a shim that loops: NMIs were sent");
	}
	guest_deinit(&g);
}

/* What `run` does after each of these. */
static void test_again(void)
{
	struct guest g;

	if (guest_at_2(&g)) {
		to_mtf(g.e)->mb->magic = 0;
		tap_eq(guest_run(&g, 1), RUN_DEAD, "again: dead");
		g.e->ops->destroy(g.e);
		g.e = NULL;
		tap_eq(machine_reset(g.m, &g.err), 0, "again: the machine resets");
		tap_eq(engine_find("mtf")->create(g.m, &g.e, &g.err), 0, "again: a new engine");
		tap_eq(guest_run(&g, 3), RUN_COUNT, "again: it steps");
		tap_eq(guest_last(&g, 0)->lin, GUEST_BASE + 3, "again: from the start");
	}
	guest_deinit(&g);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0); /* what hangs in the rig is then the last line heard */
	guest_engine = "mtf";
	if (guest_kvm_missing())
		return tap_done();
	test_corrupted();
	test_exception();
	test_vm_fail();
	test_vmwrite();
	test_silent();
	test_again();
	return tap_done();
}
