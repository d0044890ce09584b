/*
 * cfi.c - fuzz target: call frame information from any bytes. The first byte says which section they
 * are and how wide; what comes out must lie within them, and every expression must end.
 */
#include <stdlib.h>

#include "symbols/cfi.h"

enum { SPANS_TRIED = 32, BASE = 0x5000 };

static void claim(bool held)
{
	if (!held)
		abort();
}

static bool reg(void *arg, u64 column, u64 *ret)
{
	*ret = column * 0x1001;
	return column < 20;
}

static bool memory(void *arg, u64 addr, unsigned size, u64 *ret)
{
	claim(size >= 1 && size <= 8);
	*ret = addr ^ size;
	return addr & 1;
}

static void expression(const struct cfi_section *sec, const struct cfi_expr *e)
{
	const struct cfi_machine m = { .reg = reg,
				       .read = memory,
				       .address_size = sec->address_size };
	const u64 initial = BASE;
	u64 v;

	if (e->n)
		claim(e->bytes >= sec->bytes && e->n <= sec->size &&
		      (u64)(e->bytes - sec->bytes) <= sec->size - e->n);
	cfi_evaluate(&m, e, &initial, &v, NULL);
	cfi_evaluate(&m, e, NULL, &v, NULL);
}

static void row(const struct cfi_section *sec, const struct cfi_fde *fde, u64 pc)
{
	struct cfi_row r;

	if (cfi_run(fde, pc, &r, NULL))
		return;
	claim(r.address_size == 4 || r.address_size == 8);
	claim(r.cfa_column < CFI_COLUMNS && r.ra_column < CFI_COLUMNS);
	if (r.cfa_is_expr)
		expression(sec, &r.cfa_expr);
	for (unsigned i = 0; i < CFI_COLUMNS; i++) {
		claim(r.cell[i].rule <= CFI_VAL_EXPRESSION && r.cell[i].column < CFI_COLUMNS);
		if (r.cell[i].rule == CFI_EXPRESSION || r.cell[i].rule == CFI_VAL_EXPRESSION)
			expression(sec, &r.cell[i].expr);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

int LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	struct cfi_section sec = { .bytes = data + 1, .size = n - 1, .addr = BASE };
	struct cfi_span *span;
	struct cfi_fde fde;
	u32 count, bad;

	if (!n)
		return 0;
	sec.eh = data[0] & 1;
	sec.address_size = data[0] & 2 ? 8 : 4;
	claim(!cfi_spans(&sec, &span, &count, &bad));
	for (u32 i = 0; i < count; i++) {
		claim(span[i].end > span[i].start && span[i].entry < sec.size);
		claim(!i || span[i - 1].start <= span[i].start);
		if (i >= SPANS_TRIED)
			continue;
		claim(cfi_fde_read(&sec, span[i].entry, &fde));
		row(&sec, &fde, fde.start);
		row(&sec, &fde, fde.start + (fde.end - fde.start) / 2);
		row(&sec, &fde, fde.end - 1);
	}
	free(span);
	return 0;
}
