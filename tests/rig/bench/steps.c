/*
 * steps.c - what a step costs in the rig, in emulated instructions: its CPU counts the TSC by them, so
 * that figures are the same from run to run. Called by t_steps.sh.
 *
 *   steps cost          bare VMRESUMEs, batched steps, visited steps, engine kvm: the same instructions
 *   steps count BIOS N  N steps of a firmware on mtf, iterations of REP counted as such, and the same on
 *                       kvm: the sums of `retired` compared boundary by boundary. kvm's are counted by
 *                       TF traps, which know nothing of MTF.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mtf/mtf.h"

enum { STEPS = 2000, RING = 256 };

struct guest {
	struct machine *m;
	struct engine *e;
	struct ring ring;
	struct plan plan;
	struct err err;
};

static u64 tsc(void)
{
	u32 lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return lo | (u64)hi << 32;
}

/* The part of it that went by in KVM_RUN (linked with --wrap=ioctl). */
static u64 in_kvm;

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;
	u64 from = tsc();
	int r;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	r = __real_ioctl(fd, request, arg);
	in_kvm += tsc() - from;
	return r;
}

static void die(const struct guest *g, const char *what)
{
	printf("not ok - rig: bench: %s: got %s, wanted no error\n", what, g->err.text);
	exit(1);
}

static void guest_start(struct guest *g, const char *engine, const struct guest_spec *spec)
{
	const struct machine_config c = { .serial = "null", .debugcon = "null", .stdio_in = -1 };

	memset(g, 0, sizeof(*g));
	g->plan = (struct plan){ .mode = PLAN_STEP, .hold_irq = true, .tf_hygiene = true, .mtf = true,
				 .intercept_db = true, .intercept_bp = true };
	if (machine_create(&c, &g->m, &g->err) || machine_load(g->m, spec, &g->err) ||
	    engine_find(engine)->create(g->m, &g->e, &g->err) || ring_init(&g->ring, RING))
		die(g, engine);
}

static void guest_end(struct guest *g)
{
	g->e->ops->destroy(g->e);
	machine_destroy(g->m);
	ring_deinit(&g->ring);
}

typedef void each_fn(void *arg, const struct stop *s);

/* `n` stops; each is shown to `each`. */
static void guest_step(struct guest *g, u64 n, each_fn *each, void *arg)
{
	const struct stop *s;
	enum run_end end = RUN_RING_FULL;

	while (n && end == RUN_RING_FULL) {
		g->plan.count = n;
		if (g->e->ops->run(g->e, &g->plan, &g->ring, &end, &g->err))
			die(g, "stepping");
		while ((s = ring_pop(&g->ring))) {
			n -= s->kind == RECORD_STOP;
			if (each)
				each(arg, s);
		}
	}
}

/* ---- cost ------------------------------------------------------------------------------------------ */

/* The shim resumes L2 and looks at nothing but that it was an MTF. */
static void bare_run(struct guest *g)
{
	struct mtf_engine *m = to_mtf(g->e);
	struct evidence ev;
	enum trip_end end;

	m->mb->op = MAILBOX_BARE;
	m->batch->limit = STEPS;
	if (trip(m, false, &end, &ev, &g->err) || end != TRIP_HOST || m->mb->exit[EXIT_REASON] != 37)
		die(g, "bare VMRESUME");
}

static u64 bare_cost(const struct guest_spec *spec)
{
	struct guest g;
	u64 from, used;

	guest_start(&g, "mtf", spec);
	guest_step(&g, 8, NULL, NULL);
	from = tsc();
	bare_run(&g);
	used = tsc() - from;
	guest_end(&g);
	return used / STEPS;
}

static u64 step_cost(const char *engine, bool batch, const struct guest_spec *spec, u64 *ret_kvm)
{
	struct guest g;
	u64 from, used;

	guest_start(&g, engine, spec);
	g.plan.batch = batch;
	guest_step(&g, 64, NULL, NULL);
	in_kvm = 0;
	from = tsc();
	guest_step(&g, STEPS, NULL, NULL);
	used = tsc() - from;
	*ret_kvm = in_kvm / STEPS;
	guest_end(&g);
	return used / STEPS;
}

static void ratio(const char *what, u64 a, u64 b)
{
	printf("  %-44s %llu.%02llu\n", what, (unsigned long long)(a / b), (unsigned long long)(a * 100 / b % 100));
}

static void cost_of(const char *name, const char *hex)
{
	const struct guest_spec spec = { .hex = hex, .mode = "long" };
	u64 in[3], bare = bare_cost(&spec), batch = step_cost("mtf", true, &spec, &in[0]);
	u64 visit = step_cost("mtf", false, &spec, &in[1]), kvm = step_cost("kvm", false, &spec, &in[2]);

	printf("%s: emulated instructions of the whole machine per step (outside of ioctls): bare %llu, "
	       "batch %llu (%llu), visited %llu (%llu), kvm %llu (%llu)\n", name, (unsigned long long)bare,
	       (unsigned long long)batch, (unsigned long long)(batch - in[0]), (unsigned long long)visit,
	       (unsigned long long)(visit - in[1]), (unsigned long long)kvm, (unsigned long long)(kvm - in[2]));
	ratio("speed of a batched step to a bare VMRESUME", bare, batch);
	ratio("cost of a visited step to a batched one", visit, batch);
	ratio("cost of a batched step to a step of kvm", batch, kvm);
	printf("%sok - rig: bench: %s: a batched step is at least 0.6 of a bare VMRESUME%s\n", bare * 10 >= batch * 6 ? "" : "not ",
	       name, bare * 10 >= batch * 6 ? "" : ": got less, wanted 0.6");
}

/* ---- count ----------------------------------------------------------------------------------------- */

/* Where the guest is once `retired` instructions have run: [retired] -> linear address. */
struct path {
	u64 *at;
	u64 n, retired, gaps;
};

static void path_add(void *arg, const struct stop *s)
{
	struct path *p = arg;

	p->gaps += s->kind == RECORD_GAP;
	p->retired += s->retired;
	if (s->kind == RECORD_STOP && p->retired < p->n)
		p->at[p->retired] = s->lin;
}

static void path_get(const char *engine, const struct guest_spec *spec, u64 n, struct path *ret)
{
	struct guest g;

	*ret = (struct path){ .at = malloc((n + 1) * sizeof(u64)), .n = n + 1 };
	memset(ret->at, 0xff, (n + 1) * sizeof(u64));
	guest_start(&g, engine, spec);
	g.plan.batch = true;
	guest_step(&g, n, path_add, ret);
	guest_end(&g);
}

/* An address that one of them did not stop at (K2's pair) is ~0. */
static u64 first_apart(const struct path *a, const struct path *b, u64 n)
{
	u64 i = 0;

	while (i <= n && (a->at[i] == b->at[i] || a->at[i] == ~0ull || b->at[i] == ~0ull))
		i++;
	return i;
}

/* kvm is behind by the stops it does not have (K2), never by more: what both have seen is compared. */
static void count(const char *bios, u64 steps)
{
	const struct guest_spec spec = { .path = bios };
	struct path mtf, kvm;
	u64 apart, n;

	path_get("mtf", &spec, steps, &mtf);
	path_get("kvm", &spec, steps, &kvm);
	n = mtf.retired < kvm.retired ? mtf.retired : kvm.retired;
	apart = first_apart(&mtf, &kvm, n);
	printf("%s, %llu steps: mtf retired %llu with %llu gaps, kvm %llu with %llu gaps\n", bios, (unsigned long long)steps,
	       (unsigned long long)mtf.retired, (unsigned long long)mtf.gaps, (unsigned long long)kvm.retired,
	       (unsigned long long)kvm.gaps);
	if (apart > n && !mtf.gaps)
		printf("ok - rig: bench: after each of %llu instructions MTF and TF are at the same address\n",
		       (unsigned long long)n);
	else
		printf("not ok - rig: bench: %llu steps of %s: got %#llx after %llu instructions, wanted %#llx as by TF\n",
		       (unsigned long long)steps, bios, (unsigned long long)mtf.at[apart <= n ? apart : n],
		       (unsigned long long)apart, (unsigned long long)kvm.at[apart <= n ? apart : n]);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4 && !strcmp(argv[1], "count")) {
		count(argv[2], strtoull(argv[3], NULL, 0));
		return 0;
	}
	cost_of("nop; nop; nop; nop; jmp", "90 90 90 90 eb fa");
	/* mov [200000], eax; add eax, [200000]; push rax; pop rcx; test eax, eax; jnz; jmp */
	cost_of("mov, add, push, pop, test, jnz, jmp",
		"bc 00 00 30 00 89 04 25 00 00 20 00 03 04 25 00 00 20 00 50 59 85 c0 75 02 eb ea eb e8");
	return 0;
}
