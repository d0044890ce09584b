/* main.c - the differential test: counts, differences, the list of those that are known. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diff.h"

enum { FULL = 1000000, BATCH = 64, SHOWN = 40, RETRIES = 8 };

struct totals {
	u64 compared, cannot, hidden, shutdown, different;
	u32 seen[ZYDIS_MNEMONIC_MAX_VALUE + 1];   /* compared, by mnemonic */
	u32 unable[ZYDIS_MNEMONIC_MAX_VALUE + 1]; /* KVM would not */
	u64 by_place[PLACES];
	u64 known[KNOWN_MAX];
	u64 lost; /* steps that KVM did not make alone: it went on */
};

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

static void totals_print(const struct totals *n)
{

	printf("# %llu compared, %llu not executed by this KVM, %llu hidden by CPUID, %llu "
	       "shutdowns\n",
	       (unsigned long long)n->compared, (unsigned long long)n->cannot,
	       (unsigned long long)n->hidden, (unsigned long long)n->shutdown);
	printf("# %llu steps lost and made again\n", (unsigned long long)n->lost);
	for (unsigned p = 0; p < PLACES; p++)
		printf("# %s: %llu\n", place_name[p], (unsigned long long)n->by_place[p]);
	for (size_t i = 0; i < KNOWN_MAX; i++)
		if (n->known[i])
			printf("# known: %s: %llu\n", known_row(i)->name,
			       (unsigned long long)n->known[i]);
	for (unsigned i = 0; i <= ZYDIS_MNEMONIC_MAX_VALUE; i++)
		if (n->unable[i])
			printf("# not executed: %s %u (of %u)\n", ZydisMnemonicGetString(i),
			       n->unable[i], n->unable[i] + n->seen[i]);
}

/* This KVM misreads them; the generator leaves them to its raw bytes. */
static bool is_fence(u32 key)
{
	return key == ZYDIS_MNEMONIC_LFENCE || key == ZYDIS_MNEMONIC_MFENCE ||
	       key == ZYDIS_MNEMONIC_SFENCE;
}

/* Every instruction of the integer families came up, and where KVM executes it was compared. */
static unsigned coverage_check(const struct totals *n)
{
	static const struct op_row *const families[] = {
		arith_ops,  logic_ops, shift_ops, muldiv_ops, move_ops,   string_ops,
		branch_ops, bcd_ops,   bit_ops,   flag_ops,   atomic_ops, stack_ops,
	};
	unsigned failed = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(families); i++)
		for (const struct op_row *r = families[i]; r->exec; r++) {
			if (n->seen[r->key & 0xffff] || n->unable[r->key & 0xffff] ||
			    is_fence(r->key))
				continue;
			printf("not ok - each instruction comes up: got no %s, wanted some\n",
			       ZydisMnemonicGetString(r->key & 0xffff));
			failed++;
		}
	return failed;
}

/* On another kind of KVM the rows of this one have no say in what must be seen. */
static bool flavour_is_software(void)
{
	return access("/sys/module/kvm_intel", F_OK) && access("/sys/module/kvm_amd", F_OK);
}

/* The lists of known differences were made on this kind of KVM and on AMD's processors (known_*.c). */
static bool machine_is_listed(void)
{
	unsigned a, b = 0, c = 0, d = 0;

	__asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(0));
	return flavour_is_software() && b == 0x68747541 /* Auth */;
}

/* Elsewhere a difference accuses the lists before it accuses the model: it is shown, not counted. */
static bool verdict_print(const struct totals *n)
{
	const unsigned long long compared = n->compared, different = n->different;
	const char *name = "instructions are the same on KVM and on the model";

	if (different && !machine_is_listed()) {
		printf("ok - %s # SKIP %llu of %llu differ, on a KVM or processor for which the known "
		       "differences are not listed yet (tests/diff/known_*.c)\n", name, different, compared);
		return true;
	}
	printf("%sok - %llu %s", different ? "not " : "", compared, name);
	if (different)
		printf(": got %llu differences, wanted 0", different);
	putchar('\n');
	return !different;
}

static unsigned rows_check(const struct totals *n)
{
	const struct known *row;
	unsigned failed = 0;

	for (size_t i = 0; (row = known_row(i)); i++)
		if (!n->known[i] && !row->rare) {
			printf("not ok - a known difference is still there: %s: got 0, wanted "
			       "some\n",
			       row->name);
			failed++;
		}
	return failed;
}

static bool instances_run(struct test *t, u64 want)
{
	for (unsigned b = 0; t->n.compared < want; b++)
		if (!batch_run(t, b))
			return false;
	return true;
}

/* diff [INSTANCES [SEED [v]]] */
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
	if (!soft_side_open(&t.soft))
		return 1;
	data_fill(&t);
	if (!instances_run(&t, want)) {
		printf("not ok - KVM runs: got %s, wanted a step\n", strerror(errno));
		return 1;
	}
	totals_print(&t.n);
	fine = verdict_print(&t.n);
	if (want >= FULL)
		stale = coverage_check(&t.n) + (machine_is_listed() ? rows_check(&t.n) : 0);
	soft_side_close(&t.soft);
	kvm_side_close(t.kvm);
	return !fine || stale;
}
