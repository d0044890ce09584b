/* main.c - the native test: counts, differences, TAP. */
#include <stdlib.h>
#include <string.h>

#include "native.h"

enum { FULL = 1000000, SHOWN = 30 };

static const struct native_family *const families[] = { &integer_family, &x87_family, &sse_family };

static struct {
	u64 seed, compared, different, faults, hidden;
	bool verbose;
} t;

static void value_show(const char *name, u64 host, u64 model)
{
	if (host != model)
		printf(" %s host %#llx model %#llx", name, (unsigned long long)host,
		       (unsigned long long)model);
}

static void difference_show(const struct form *f, const struct native_case *c, const char *what)
{
	printf("# %s:", f->name);
	for (unsigned i = 0; i < c->len; i++)
		printf(" %02x", c->code[i]);
	printf(": %s", what);
}

/* FXSAVE64's fields that a program sees; the pointers and the opcode of the last x87 instruction are the
 * model's own affair: processors differ in when they keep them. */
static const struct {
	const char *name;
	u16 at, n;
} fields[] = {
	{ "fcw", 0, 2 },      { "fsw", 2, 2 },      { "ftw", 4, 1 },	 { "mxcsr", 24, 4 },
	{ "st0", 32, 10 },    { "st1", 48, 10 },    { "st2", 64, 10 },	 { "st3", 80, 10 },
	{ "st4", 96, 10 },    { "st5", 112, 10 },   { "st6", 128, 10 },	 { "st7", 144, 10 },
	{ "xmm0-15", 160, 256 },
};

static const char *fx_judge(const struct native_state *h, const struct native_state *m)
{
	for (unsigned i = 0; i < ARRAY_SIZE(fields); i++)
		if (memcmp(h->fx + fields[i].at, m->fx + fields[i].at, fields[i].n))
			return fields[i].name;
	return NULL;
}

static void bytes_show(const char *name, const u8 *p, unsigned n)
{
	printf(" %s ", name);
	for (unsigned i = n; i--;)
		printf("%02x", p[i]);
}

static void fx_show(const struct native_case *c, const struct native_state *h, const struct native_state *m)
{
	for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
		const u8 *a = h->fx + fields[i].at, *b = m->fx + fields[i].at;

		if (!memcmp(a, b, fields[i].n) && !t.verbose)
			continue;
		printf("\n#   %s", fields[i].name);
		bytes_show("was", c->before.fx + fields[i].at, fields[i].n < 16 ? fields[i].n : 16);
		bytes_show("host", a, fields[i].n < 16 ? fields[i].n : 16);
		bytes_show("model", b, fields[i].n < 16 ? fields[i].n : 16);
	}
}

/* The first thing that differs, or NULL. */
static const char *judge(const struct native_state *h, const struct native_state *m, u64 undefined)
{
	if (h->vector != m->vector)
		return "exception";
	if (h->rip != m->rip)
		return "rip";
	if (h->vector == EXC_PF && h->cr2 != m->cr2)
		return "cr2";
	if ((h->rflags ^ m->rflags) & (FL_ARITH | FL_DF) & ~undefined)
		return "flags";
	if (memcmp(h->gpr, m->gpr, sizeof(h->gpr)))
		return "general registers";
	return fx_judge(h, m);
}

static void states_show(const struct native_case *c, const struct native_state *h,
			const struct native_state *m)
{
	value_show("vector", h->vector, m->vector);
	value_show("rip", h->rip, m->rip);
	value_show("cr2", h->cr2, m->cr2);
	value_show("flags", h->rflags, m->rflags);
	for (unsigned i = 0; i < GPR_COUNT; i++)
		value_show(gpr_name(i), h->gpr[i], m->gpr[i]);
	fx_show(c, h, m);
	putchar('\n');
	for (unsigned i = 0; t.verbose && i < GPR_COUNT; i++)
		printf("%s%s=%llx", i ? " " : "#   ", gpr_name(i), (unsigned long long)c->before.gpr[i]);
	if (t.verbose)
		printf(" flags=%llx\n", (unsigned long long)c->before.rflags);
}

static const char *memory_judge(char *buf, size_t size)
{
	const u8 *h = (u8 *)AT_DATA, *m = guest_data();

	if (!memcmp(h, m, DATA_SIZE))
		return NULL;
	while (*h == *m)
		h++, m++;
	snprintf(buf, size, "memory at %#llx host %02x model %02x", (unsigned long long)(u64)h, *h, *m);
	return buf;
}

static void case_run(const struct native_family *family, const struct form *f, const struct native_case *c,
		     const struct op *o)
{
	struct cpu_state before = { .rflags = c->before.rflags };
	struct native_state h, m;
	char place[64];
	const char *what;

	memcpy(before.gpr, c->before.gpr, sizeof(before.gpr));
	if (o->exec && result_undefined(o, &before))
		return;
	host_run(c, &h);
	guest_run(c, &m);
	if (family->settle)
		family->settle(f, c, &h, &m);
	t.compared++;
	t.faults += h.vector != NATIVE_NONE;
	what = judge(&h, &m, o->exec ? undefined_flags(o, &before) : 0);
	if (!what)
		what = memory_judge(place, sizeof(place));
	if (what && t.different++ < SHOWN) {
		difference_show(f, c, what);
		states_show(c, &h, &m);
	}
	if (what)
		memcpy(guest_data(), (void *)AT_DATA, DATA_SIZE);
}

/* Where FXRSTOR is given anything it must be given what it takes. */
static void state_make(u64 *seed, struct native_state *s)
{
	static const u16 fcw = 0x37f;
	static const u32 mxcsr = 0x1f80;

	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < GPR_COUNT; i++)
		s->gpr[i] = value_any(seed);
	s->rflags = FL_FIXED | FL_IF | (random_u64(seed) & (FL_ARITH | FL_DF)) | (one_in(seed, 12) ? FL_AC : 0);
	memcpy(s->fx, &fcw, 2);
	memcpy(s->fx + 24, &mxcsr, 4);
}

static void data_refresh(u64 *seed)
{
	u64 v = value_any(seed);

	data_put(AT_DATA + random_below(seed, DATA_SIZE - 8), &v, 8);
}

/* What the model's CPUID does not show, this processor's may. */
static bool is_hidden(const struct op *o)
{
	switch (o->mnemonic) {
	case ZYDIS_MNEMONIC_INVALID:
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
		return false;
	default:
		return o->exec == op_undefined;
	}
}

static void form_run(const struct native_family *family, const struct form *f)
{
	struct native_case c = { 0 };
	struct op o = { 0 };

	state_make(&t.seed, &c.before);
	form_encode(&t.seed, f, &c);
	if (family->prepare)
		family->prepare(&t.seed, f, &c);
	data_refresh(&t.seed);
	guest_decode(&c, &o);
	if (is_hidden(&o))
		t.hidden++;
	else
		case_run(family, f, &c, &o);
}

static bool wanted(int argc, char **argv, const struct native_family *family, const struct form *f)
{
	return argc < 4 || !strcmp(argv[3], family->name) || !strcmp(argv[3], f->name);
}

/* Each form as often as the others. */
static void forms_run(int argc, char **argv, u64 want)
{
	const char *why;

	while (t.compared < want) {
		u64 before = t.compared;

		for (unsigned i = 0; i < ARRAY_SIZE(families); i++)
			for (unsigned k = 0; k < families[i]->n_forms; k++) {
				const struct form *f = &families[i]->forms[k];

				why = families[i]->missing ? families[i]->missing(f) : NULL;
				if (!why && wanted(argc, argv, families[i], f))
					form_run(families[i], f);
			}
		if (t.compared == before)
			return;
	}
}

static void missing_print(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(families); i++)
		for (unsigned k = 0; k < families[i]->n_forms; k++) {
			const struct form *f = &families[i]->forms[k];
			const char *why = families[i]->missing ? families[i]->missing(f) : NULL;

			if (why)
				printf("ok - %s on the processor and on the model # SKIP %s\n", f->name, why);
		}
}

/* native [INSTANCES [SEED [FAMILY or FORM [v]]]] */
int main(int argc, char **argv)
{
	u64 want = argc > 1 ? strtoull(argv[1], NULL, 0) : FULL;
	const char *why;

	t.seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	t.verbose = argc > 4;
	if (!host_open(&why)) {
		printf("ok - instructions on the processor and on the model # SKIP %s\n", why);
		return 0;
	}
	if (!guest_open())
		return 1;
	for (u32 i = 0; i < DATA_SIZE; i++)
		data_refresh(&t.seed);
	missing_print();
	forms_run(argc, argv, want);
	printf("# %llu compared, %llu of them raised an exception; %llu hidden by the model's CPUID\n",
	       (unsigned long long)t.compared, (unsigned long long)t.faults, (unsigned long long)t.hidden);
	printf("%sok - %llu instructions are the same on this processor and on the model",
	       t.different ? "not " : "", (unsigned long long)t.compared);
	if (t.different)
		printf(": got %llu differences, wanted 0", (unsigned long long)t.different);
	putchar('\n');
	return t.different != 0;
}
