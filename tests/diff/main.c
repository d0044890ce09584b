/* main.c - the differential test: the loop, differences, the list of those that are known. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "known.h"

enum { FULL = 1000000, BATCH = 64, SHOWN = 40, RETRIES = 8 };
/* One instance of MMX and SSE to so many others. */
enum { SSE_SHARE = 4 };

struct test {
	struct kvm_side *kvm;
	struct soft_side soft;
	u64 seed;
	u8 before[AT_END - AT_DATA];
	struct totals n;
	bool verbose;
};

static void rams_put(struct test *t, const struct sample *s)
{
	u8 *const ram[2] = { kvm_side_ram(t->kvm), t->soft.ram };

	for (unsigned r = 0; r < 2; r++) {
		memcpy(ram[r] + s->at, s->code, sizeof(s->code));
		for (unsigned i = 0; i < s->n_patch; i++)
			memcpy(ram[r] + s->patch[i].at, &s->patch[i].value, 8);
	}
}

static void difference_show(struct test *t, const struct sample *s, const struct op *o,
			    const char *what)
{
	printf("# %s: %s:", place_name[s->place], ZydisMnemonicGetString(o->mnemonic));
	for (unsigned i = 0; i < (o->len ? o->len : 15); i++)
		printf(" %02x", s->code[i]);
	printf(": %s\n", what);
	if (!t->verbose)
		return;
	printf("#   rip %llx flags %llx", (unsigned long long)s->c.rip,
	       (unsigned long long)s->c.rflags);
	for (unsigned i = 0; i < GPR_COUNT; i++)
		printf(" %s=%llx", gpr_name(i), (unsigned long long)s->c.gpr[i]);
	putchar('\n');
}

/* Both sides start the next one alike. */
static void rams_join(struct test *t)
{
	memcpy(t->soft.ram, kvm_side_ram(t->kvm), RAM_SIZE);
}

/* Mnemonics that the model has not since its CPUID hides them; KVM's shows more. */
static bool is_hidden(const struct op *o)
{
	switch (o->mnemonic) {
	case ZYDIS_MNEMONIC_INVALID:
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
		return false;
	default:
		return o->exec == op_undefined || o->exec == op_missing;
	}
}

/* The rows are asked only where something differs. */
static const char *contest_judge(struct test *t, struct contest *x, char *buf, size_t size)
{
	const char *what = judge(x, buf, size);
	const struct known *row;

	for (size_t i = 0; what && (row = known_row(i)); i++)
		if (row->apply(x)) {
			t->n.known[i]++;
			what = judge(x, buf, size);
		}
	return what;
}

static bool contest_run(struct test *t, struct contest *x)
{
	memcpy(x->kvm_ram + AT_DATA, t->before, sizeof(t->before));
	memcpy(t->soft.ram + AT_DATA, t->before, sizeof(t->before));
	rams_put(t, x->sample);
	if (!kvm_side_run(t->kvm, x->sample, &x->kvm))
		return false;
	soft_side_run(&t->soft, x->sample, &x->soft);
	x->soft_error = t->soft.m->event.error;
	return true;
}

/* Again: this KVM loses a step now and then (K4), and then what follows has run, too. */
static bool difference_confirm(struct test *t, struct contest *x, const char *what)
{
	char buf[160];

	for (unsigned i = 0; i < RETRIES; i++) {
		if (!contest_run(t, x))
			return false;
		if (!contest_judge(t, x, buf, sizeof(buf))) {
			t->n.lost++;
			return true;
		}
	}
	if (t->n.different++ < SHOWN)
		difference_show(t, x->sample, x->op, what);
	rams_join(t);
	return true;
}

static void form_count(struct totals *n, const struct contest *x)
{
	int vector = vector_of(x, &x->soft);

	n->by_form[x->sample->sse - sse_forms]++;
	n->sse_faults += vector != EXC_DB; /* which is the step's own */
	n->sse_xm += vector == EXC_XM && vector_of(x, &x->kvm) == EXC_XM;
}

static bool sample_run(struct test *t, const struct sample *s)
{
	struct contest x = { .sample = s,
			     .kvm_ram = kvm_side_ram(t->kvm),
			     .soft_ram = t->soft.ram };
	const char *what;
	char buf[160];
	struct op o;

	x.op = &o;
	soft_side_decode(&t->soft, s, &o);
	if (is_hidden(&o) || result_undefined(&o, &s->c)) {
		t->n.hidden++;
		return true;
	}
	if (s->system) {
		place_memory(s->place, x.kvm_ram);
		place_memory(s->place, t->soft.ram);
	}
	memcpy(t->before, x.kvm_ram + AT_DATA, sizeof(t->before));
	if (!contest_run(t, &x))
		return false;
	if (x.kvm.outcome == OUT_CANNOT) {
		t->n.cannot++;
		t->n.unable[o.mnemonic]++;
		rams_join(t);
		return true;
	}
	t->n.compared++;
	t->n.by_place[s->place]++;
	t->n.seen[o.mnemonic]++;
	if (s->sse)
		form_count(&t->n, &x);
	t->n.shutdown += x.kvm.outcome == OUT_SHUTDOWN;
	what = contest_judge(t, &x, buf, sizeof(buf));
	return !what || difference_confirm(t, &x, what);
}

static void data_fill(struct test *t)
{
	u8 *ram = kvm_side_ram(t->kvm);

	for (u32 at = AT_DATA; at < AT_END; at += 8) {
		u64 v = random_u64(&t->seed);

		memcpy(ram + at, &v, 8);
	}
}

/* Of system instructions a tenth as many. */
static bool batch_run(struct test *t, unsigned number)
{
	enum place p = number % PLACES;
	struct sample s = { .place = p,
			    .system = number / PLACES % 10 == 9 && !place_user(number % PLACES) };

	place_memory(p, kvm_side_ram(t->kvm));
	rams_join(t);
	for (unsigned i = 0; i < BATCH;) {
		if (!sample_make(&t->seed, &s))
			continue;
		if (!sample_run(t, &s))
			return false;
		i++;
	}
	return true;
}

/* Of each form one: as often as the others. */
static bool sse_round_run(struct test *t)
{
	struct sample s;

	for (unsigned i = 0; i < SSE_FORMS; i++) {
		if (sse_form_missing(&sse_forms[i]))
			continue;
		while (!sse_sample_make(&t->seed, &sse_forms[i], &s))
			;
		if (!sample_run(t, &s))
			return false;
	}
	return true;
}

static bool sse_run(struct test *t, u64 want)
{
	u64 until = t->n.compared + want, before;

	place_memory(P_LONG3, kvm_side_ram(t->kvm));
	rams_join(t);
	do {
		before = t->n.compared;
		if (!sse_round_run(t))
			return false;
	} while (t->n.compared < until && t->n.compared > before);
	return true;
}

static bool instances_run(struct test *t, u64 want)
{
	for (unsigned b = 0; t->n.compared < want; b++)
		if (!batch_run(t, b))
			return false;
	return true;
}

/* diff [INSTANCES [SEED [v]]], or diff sweep */
int main(int argc, char **argv)
{
	u64 want = argc > 1 ? strtoull(argv[1], NULL, 0) : FULL;
	static struct test t;
	unsigned stale = 0;
	const char *why;
	bool fine;

	t.seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	t.verbose = argc > 3;
	t.kvm = kvm_side_open(&why);
	if (!t.kvm) {
		printf("ok - instructions on KVM and on the model # SKIP %s\n", why);
		return 0;
	}
	if (!soft_side_open(&t.soft) || known_row(KNOWN_MAX))
		return 1;
	if (!strcmp(argv[argc - 1], "sweep"))
		return !encodings_sweep(t.kvm, &t.soft);
	data_fill(&t);
	if (!instances_run(&t, want) || !sse_run(&t, want / SSE_SHARE)) {
		printf("not ok - KVM runs: got %s, wanted a step\n", strerror(errno));
		return 1;
	}
	totals_print(&t.n);
	fine = verdict_print(&t.n);
	if (want >= FULL)
		stale = lists_check(&t.n);
	soft_side_close(&t.soft);
	kvm_side_close(t.kvm);
	return !fine || stale;
}
