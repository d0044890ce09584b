/*
 * engine_guest.h - a guest under an engine (kvm unless the program says another) for the engines' unit
 * tests: create from bytes, run a plan, collect the records. A test program calls guest_kvm_missing() first and ends there if it must.
 */
#ifndef VMSTEP_TEST_ENGINE_GUEST_H
#define VMSTEP_TEST_ENGINE_GUEST_H

#include "tap.h"

#include <vmstep/engine.h>

#include <errno.h>
#include <stdlib.h>

static const char *guest_engine = "kvm";
/* The causes of these tests are what TF gives; engines with the monitor trap flag can step by both. */
static bool guest_mtf = true;

enum { GUEST_BASE = 0x100000, GUEST_RECORDS = 1 << 15, GUEST_TEXT = 4096 };

struct guest {
	struct machine *m;
	struct engine *e;
	struct ring ring;
	struct plan plan;
	struct stop *rec;       /* every record so far */
	size_t n;
	char text[GUEST_TEXT];  /* what the guest wrote to its consoles */
	size_t n_text;
	struct err err;
};

static inline bool guest_kvm_missing(void)
{
	struct engine_probe p;

	engine_find(guest_engine)->probe(&p);
	if (!p.works)
		tap_skip(guest_engine, "%s", p.text);
	return !p.works;
}

static inline void guest_write(void *arg, enum console_channel ch, const u8 *data, size_t n)
{
	struct guest *g = arg;

	for (size_t i = 0; i < n && g->n_text < sizeof(g->text) - 1; i++)
		g->text[g->n_text++] = data[i];
}

static inline char *guest_hex(const void *bytes, size_t n)
{
	char *s = malloc(n * 3 + 1), *p = s;

	for (size_t i = 0; i < n; i++)
		p += sprintf(p, "%02x ", ((const u8 *)bytes)[i]);
	return s;
}

/* Code at GUEST_BASE (long, protected) or 0x1000 (real). Plain stepping with everything honest. */
static inline bool guest_init(struct guest *g, const char *mode, const void *code, size_t n)
{
	struct machine_config mc = {
		.serial = "null", .debugcon = "stdio", .stdio_in = -1,
		.write = guest_write, .write_arg = g,
	};
	struct guest_spec spec = { .mode = mode };
	char *hex = guest_hex(code, n);
	bool fine;

	memset(g, 0, sizeof(*g));
	g->plan = (struct plan){ .mode = PLAN_STEP, .tf_hygiene = true, .hold_irq = true,
				  .mtf = guest_mtf, .intercept_db = true, .intercept_bp = true };
	spec.hex = hex;
	fine = !machine_create(&mc, &g->m, &g->err) && !machine_load(g->m, &spec, &g->err) &&
	       !engine_find(guest_engine)->create(g->m, &g->e, &g->err) && !ring_init(&g->ring, 64);
	free(hex);
	g->rec = calloc(GUEST_RECORDS, sizeof(*g->rec));
	if (!fine)
		tap_ok(false, "create the guest (%s)", g->err.text);
	return fine;
}

static inline void guest_deinit(struct guest *g)
{
	if (g->e)
		g->e->ops->destroy(g->e);
	if (g->m)
		machine_destroy(g->m);
	ring_deinit(&g->ring);
	free(g->rec);
}

static inline size_t guest_collect(struct guest *g)
{
	const struct stop *s;
	size_t stops = 0;

	while ((s = ring_pop(&g->ring))) {
		stops += s->kind == RECORD_STOP;
		if (g->n == GUEST_RECORDS) /* of what is more the last is kept */
			g->n--;
		g->rec[g->n++] = *s;
	}
	return stops;
}

/* The plan over `count` stops or to the end of the run, across full rings; enum run_end or -errno. */
static inline int guest_run(struct guest *g, u64 count)
{
	enum run_end end;
	int r;

	do {
		g->plan.count = count;
		r = g->e->ops->run(g->e, &g->plan, &g->ring, &end, &g->err);
		if (r)
			return r;
		count -= guest_collect(g);
	} while (end == RUN_RING_FULL);
	return end;
}

/* The n-th record from the end, 0: the last. */
static inline const struct stop *guest_last(const struct guest *g, size_t n)
{
	static const struct stop none = { .first = CAUSE_NONE };

	return n < g->n ? &g->rec[g->n - 1 - n] : &none;
}

static inline s64 guest_retired(const struct guest *g)
{
	s64 sum = 0;

	for (size_t i = 0; i < g->n; i++)
		sum += g->rec[i].retired;
	return sum;
}

static inline size_t guest_gaps(const struct guest *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		n += g->rec[i].kind == RECORD_GAP;
	return n;
}

static inline u64 guest_reg(struct guest *g, enum gpr r)
{
	struct cpu_state c = { 0 };

	g->e->ops->get_regs(g->e, REGS_GPR, &c, &g->err);
	return c.gpr[r];
}

/* The causes of all stops in order, as "TF ICEBP TF": short runs are compared as text. */
static inline const char *guest_causes(const struct guest *g, size_t from)
{
	static char buf[1024];
	char *p = buf;

	*p = 0;
	for (size_t i = from; i < g->n && p < buf + sizeof(buf) - 40; i++) {
		if (g->rec[i].kind == RECORD_GAP) {
			p += sprintf(p, "%sgap", p == buf ? "" : " ");
			continue;
		}
		p += sprintf(p, "%s", p == buf ? "" : " ");
		for (unsigned c = 0, first = 1; c < CAUSE_COUNT; c++)
			if (g->rec[i].causes & CAUSE_BIT(c)) {
				p += sprintf(p, "%s%s", first ? "" : "+", cause_name(c));
				first = 0;
			}
	}
	return buf;
}

/* The same tests by TF on every engine that works here without a nested hypervisor. */
static inline int guest_each_engine(void (*tests)(void))
{
	static const char *const engines[] = { "kvm", "soft" };

	guest_mtf = false;
	for (unsigned i = 0; i < ARRAY_SIZE(engines); i++) {
		guest_engine = engines[i];
		printf("# engine %s\n", guest_engine);
		if (!guest_kvm_missing())
			tests();
	}
	return tap_done();
}

/* Code of a guest in this file: GUEST_CODE(name, "instructions"), then name_start and name_end. */
#define GUEST_CODE(name, bits, text)                                                             \
	__asm__(".pushsection .rodata\n.intel_syntax noprefix\n.code" #bits "\n"                 \
		#name "_start:\n" text "\n" #name "_end:\n.code64\n.att_syntax\n.popsection\n"); \
	extern const u8 name##_start[], name##_end[]

#define GUEST_INIT(g, mode, name) guest_init(g, mode, name##_start, name##_end - name##_start)

#endif
