/*
 * engine_points.c - the user's points under engines kvm and soft: each is hit exactly as often as its address is
 * reached, none is seen in guest memory, conditions and catches are asked.
 */
#include "engine_guest.h"

GUEST_CODE(loop, 64,
	   "mov ecx, 3\n"
	   "lp_top: nop\n"
	   "lp_store: mov [rip + lp_data], ecx\n"
	   "lp_load: mov eax, [rip + lp_data]\n"
	   "lp_out: out 0x80, al\n"
	   "lp_back: loop lp_top\n"
	   "lp_int: .byte 0xf1\n"
	   "lp_end: hlt\n"
	   ".balign 8\n lp_data: .quad 0");

extern const u8 lp_top[], lp_store[], lp_load[], lp_out[], lp_back[], lp_int[], lp_end[], lp_data[];

static u64 lin(const u8 *label)
{
	return GUEST_BASE + (label - loop_start);
}

static bool begin(struct guest *g, struct point *p, size_t n)
{
	bool fine = GUEST_INIT(g, "long", loop);

	g->plan.mode = PLAN_CONTINUE;
	return fine && tap_eq(g->e->ops->set_points(g->e, p, n, &g->err), 0, "points are taken");
}

static void test_exec(u8 how, const char *name)
{
	struct point p = { .id = 7, .kind = POINT_EXEC, .addr = lin(lp_out), .how = how };
	struct guest g;

	if (begin(&g, &p, 1)) {
		u8 bytes[16];
		struct phys_ops mem = machine_phys(g.m);

		for (int i = 0; i < 3; i++) {
			tap_eq(guest_run(&g, 0), RUN_STOP, "%s: visit %d", name, i);
			tap_ok(guest_last(&g, 0)->causes & CAUSE_BIT(CAUSE_BREAK), "%s: cause BREAK", name);
			tap_eq(guest_last(&g, 0)->point, 7, "%s: its number", name);
			tap_eq(guest_last(&g, 0)->lin, p.addr, "%s: its address", name);
		}
		mem.read(mem.arg, GUEST_BASE, bytes, sizeof(bytes));
		tap_mem(bytes, loop_start, sizeof(bytes), "%s: guest memory is as it was", name);
		tap_eq(guest_run(&g, 0), RUN_STOP, "%s: then the end", name);
		tap_eq(guest_last(&g, 0)->first, CAUSE_HLT, "%s: which is the HLT", name);
	}
	guest_deinit(&g);
}

static void test_many(void)
{
	const u8 *const at[] = { lp_top, lp_store, lp_load, lp_out, lp_back, lp_int };
	struct point p[ARRAY_SIZE(at)];
	struct guest g;
	unsigned hits = 0;

	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		p[i] = (struct point){ .id = i + 1, .kind = POINT_EXEC, .addr = lin(at[i]) };
	if (begin(&g, p, ARRAY_SIZE(at))) {
		while (guest_run(&g, 0) == RUN_STOP && guest_last(&g, 0)->point)
			hits++;
		tap_eq(hits, 3 * 5 + 1, "six points: every visit of every point");
		for (size_t i = 0; i < ARRAY_SIZE(at); i++)
			tap_ok(p[i].got != POINT_HOW_AUTO, "point %zu: how is told", i);
	}
	guest_deinit(&g);
}

static void test_data(u8 kind, const char *name, const u8 *behind)
{
	struct point p = { .id = 3, .kind = kind, .addr = lin(lp_data), .len = 4 };
	struct guest g;

	if (begin(&g, &p, 1)) {
		tap_eq(guest_run(&g, 0), RUN_STOP, "%s: hit", name);
		tap_ok(guest_last(&g, 0)->causes & CAUSE_BIT(CAUSE_UWATCH), "%s: cause WATCH", name);
		tap_eq(guest_last(&g, 0)->lin, lin(behind), "%s: behind the access", name);
		tap_eq(guest_last(&g, 0)->point, 3, "%s: its number", name);
		tap_eq(guest_last(&g, 0)->hit_addr, p.addr, "%s: its address", name);
		if (kind == POINT_WRITE)
			tap_eq(guest_last(&g, 0)->new_value, 3, "%s: the new value", name);
	}
	guest_deinit(&g);
}

/* Stepping onto a point is one stop with both causes; stepping from it does not report it again. */
static void test_step_onto(void)
{
	struct point p = { .id = 1, .kind = POINT_EXEC, .addr = lin(lp_store) };
	struct guest g;

	if (begin(&g, &p, 1)) {
		g.plan.mode = PLAN_STEP;
		guest_run(&g, 1);
		tap_eq(guest_run(&g, 5), RUN_STOP, "a point ends a run of steps");
		tap_eq(guest_last(&g, 0)->causes, CAUSE_BIT(CAUSE_TF) | CAUSE_BIT(CAUSE_BREAK), "TF+BREAK");
		guest_run(&g, 1);
		tap_eq(guest_last(&g, 0)->causes, CAUSE_BIT(CAUSE_TF), "not again when it goes on");
	}
	guest_deinit(&g);
}

static unsigned asked;

static bool third_time(void *arg, struct stop *s)
{
	if (++asked == 3)
		return true;
	s->causes &= ~CAUSE_BIT(CAUSE_BREAK);
	return false;
}

static void test_condition(void)
{
	struct point p = { .id = 1, .kind = POINT_EXEC, .addr = lin(lp_store) };
	struct guest g;

	asked = 0;
	if (begin(&g, &p, 1)) {
		g.plan.accept = third_time;
		tap_eq(guest_run(&g, 0), RUN_STOP, "a condition: stops");
		tap_eq(guest_last(&g, 0)->gpr[GPR_RCX], 1, "a condition: in the third round");
		tap_eq(asked, 3, "a condition: was asked each time");
	}
	guest_deinit(&g);
}

static void test_catch(u32 bit, const char *name, const u8 *at)
{
	struct guest g;

	if (begin(&g, NULL, 0)) {
		g.plan.catches = bit;
		g.plan.catch_port_hi = 0xffff;
		tap_eq(guest_run(&g, 0), RUN_STOP, "catch %s: stops", name);
		tap_eq(guest_last(&g, 0)->lin, lin(at), "catch %s: there", name);
		tap_ok(guest_last(&g, 0)->causes & CAUSE_BIT(CAUSE_CATCH), "catch %s: cause CATCH", name);
	}
	guest_deinit(&g);
}

/* A run that is stepped inside counts what it did not show: MOV, 3 rounds of 5; then F1 and HLT. */
static void test_count(void)
{
	struct point p = { .id = 1, .kind = POINT_EXEC, .addr = lin(lp_int), .how = POINT_HOW_ADDRESS };
	struct guest g;

	if (begin(&g, &p, 1)) {
		guest_run(&g, 0);
		tap_eq(guest_last(&g, 0)->lin, p.addr, "stepped inside: stops at the point");
		tap_eq(guest_last(&g, 0)->retired, 1 + 3 * 5, "stepped inside: every instruction is counted");
		guest_run(&g, 0);
		tap_eq(guest_last(&g, 0)->first, CAUSE_HLT, "stepped inside: then the HLT");
		tap_eq(guest_last(&g, 0)->retired, 2, "stepped inside: the F1 and the HLT");
	}
	guest_deinit(&g);
}

/* Points are planted again where the guest overwrites them: it writes the NOP it finds back. */
GUEST_CODE(self, 64,
	   "sti\n mov ecx, 200000\n 1: loop 1b\n mov byte ptr [rip + se_point], 0x90\n mov ecx, 2000000\n"
	   " 2: loop 2b\n"
	   "se_point: nop\n nop\n hlt");

extern const u8 se_point[];

static void test_overwritten(void)
{
	struct point p = { .id = 1, .kind = POINT_EXEC, .addr = GUEST_BASE + (se_point - self_start) };
	struct guest g;

	if (GUEST_INIT(&g, "long", self)) {
		g.e->ops->set_points(g.e, &p, 1, &g.err);
		g.plan.mode = PLAN_CONTINUE;
		guest_run(&g, 0);
		tap_eq(guest_last(&g, 0)->lin, p.addr, "a point the guest overwrote is hit");
	}
	guest_deinit(&g);
}

static void tests(void)
{
	test_exec(POINT_HOW_AUTO, "auto");
	test_exec(POINT_HOW_DR, "debug register");
	test_exec(POINT_HOW_ADDRESS, "by stepping");
	test_many();
	test_count();
	test_data(POINT_WRITE, "watch", lp_load);
	test_data(POINT_ACCESS, "awatch", lp_load);
	test_data(POINT_READ, "rwatch", lp_out);
	test_step_onto();
	test_condition();
	test_catch(CATCH_IO, "io", lp_back);
	test_catch(CATCH_ICEBP, "icebp", lp_end);
	test_overwritten();
}

int main(void)
{
	return guest_each_engine(tests);
}
