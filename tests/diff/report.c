/* report.c - the differential test's counts, and whether its lists are true. */
#include <unistd.h>

#include "diff.h"

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

static unsigned forms_check(const struct totals *n)
{
	unsigned failed = 0;

	if (!n->sse_xm) {
		puts("not ok - SIMD exceptions are raised on both sides: got none, wanted some");
		failed++;
	}
	for (unsigned i = 0; i < SSE_FORMS; i++) {
		if (n->by_form[i] || sse_form_missing(&sse_forms[i]))
			continue;
		printf("not ok - each form of MMX and SSE is compared: got no %s, wanted some\n", sse_forms[i].name);
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

void totals_print(const struct totals *n)
{
	u64 sse = 0;

	for (unsigned i = 0; i < SSE_FORMS; i++)
		sse += n->by_form[i];
	printf("# %llu compared, %llu not executed by this KVM, %llu hidden by CPUID, %llu "
	       "shutdowns\n",
	       (unsigned long long)n->compared, (unsigned long long)n->cannot,
	       (unsigned long long)n->hidden, (unsigned long long)n->shutdown);
	printf("# %llu steps lost and made again\n", (unsigned long long)n->lost);
	printf("# %llu of those compared are MMX and SSE, %llu of them raised an exception, %llu #XM\n",
	       (unsigned long long)sse, (unsigned long long)n->sse_faults, (unsigned long long)n->sse_xm);
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

/* Elsewhere a difference accuses the lists before it accuses the model: it is shown, not counted. */
bool verdict_print(const struct totals *n)
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

unsigned lists_check(const struct totals *n)
{
	return coverage_check(n) + forms_check(n) + (machine_is_listed() ? rows_check(n) : 0);
}
