/*
 * sem_table.h - decision tables for the core's tests. Written by hand from the facts, never from
 * the code: a row says for which values of which dimensions (all others: any) what answer is right,
 * and where that stands: a section or K-number of semantics.md, a section title of the Intel SDM,
 * volume 3 unless another is named.
 *
 * Every combination of all dimensions is enumerated. It must match exactly one row, and the code
 * must answer what the row says: so a table cannot leave a case out, nor say two things of it.
 */
#ifndef VMSTEP_SEM_TABLE_H
#define VMSTEP_SEM_TABLE_H

#include <vmstep/semantics.h>

#include "tap.h"

enum { DIMS_MAX = 14 };
struct dim {
	const char *name;
	unsigned n;                  /* values are 0..n-1, n <= 64 */
	const char *const *value;    /* their names, or NULL */
};
#define V(x)       BIT64(x)
#define NOT(x)     (~(u64)(x))
#define YES        V(1)
#define NO         V(0)

struct row {
	const char *cite;
	u64 cell[DIMS_MAX]; /* mask of values; 0: any */
	u64 want;
};

/* The code's answer for one combination, as a number of the table's own making. */
typedef u64 table_answer_fn(const u8 *v);

static inline void combo_text(const struct dim *dims, unsigned n, const u8 *v, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = 0;
	for (unsigned i = 0; i < n && at < size; i++) {
		if (dims[i].value)
			at += snprintf(buf + at, size - at, " %s=%s", dims[i].name, dims[i].value[v[i]]);
		else
			at += snprintf(buf + at, size - at, " %s=%u", dims[i].name, v[i]);
	}
}

static inline bool row_matches(const struct row *r, unsigned n, const u8 *v)
{
	for (unsigned i = 0; i < n; i++)
		if (r->cell[i] && !(r->cell[i] & BIT64(v[i])))
			return false;
	return true;
}

static inline bool combo_next(const struct dim *dims, unsigned n, u8 *v)
{
	for (unsigned i = 0; i < n; i++) {
		if (++v[i] < dims[i].n)
			return true;
		v[i] = 0;
	}
	return false;
}

enum { ROWS_MAX = 64 };
struct row_result {
	unsigned long combos, wrong;
	u64 got;
	char first[400];
};

static inline void table_check(const char *name, const struct dim *dims, unsigned n_dims,
			       const struct row *rows, unsigned n_rows, table_answer_fn *answer)
{
	static struct row_result res[ROWS_MAX];
	unsigned long combos = 0, none = 0, twice = 0;
	char lost[400] = "";
	u8 v[DIMS_MAX] = { 0 };

	if (!tap_ok(n_rows <= ROWS_MAX && n_dims <= DIMS_MAX, "%s: the table fits", name))
		return;
	memset(res, 0, sizeof(res));
	do {
		unsigned hit = 0, at = 0;
		u64 got;

		combos++;
		for (unsigned i = 0; i < n_rows; i++) {
			if (row_matches(&rows[i], n_dims, v)) {
				at = i;
				hit++;
			}
		}
		if (hit != 1) {
			if (!none && !twice)
				combo_text(dims, n_dims, v, lost, sizeof(lost));
			*(hit ? &twice : &none) += 1;
			continue;
		}
		got = answer(v);
		res[at].combos++;
		if (got != rows[at].want && !res[at].wrong++) {
			res[at].got = got;
			combo_text(dims, n_dims, v, res[at].first, sizeof(res[at].first));
		}
	} while (combo_next(dims, n_dims, v));
	tap_eq(none + twice, 0, "%s: each of %lu combinations has one row (%lu have none, %lu several)%s", name,
	       combos, none, twice, lost);
	for (unsigned i = 0; i < n_rows; i++) {
		const char *where = res[i].wrong ? res[i].first : "";

		if (tap_ok(res[i].combos, "%s, row %u (%s): is needed", name, i, rows[i].cite))
			tap_eq(res[i].wrong ? res[i].got : rows[i].want, rows[i].want,
			       "%s, row %u (%s): %lu combinations%s", name, i, rows[i].cite,
			       res[i].combos, where);
	}
}

#define TABLE_CHECK(name, dims, rows, answer) \
	table_check(name, dims, ARRAY_SIZE(dims), rows, ARRAY_SIZE(rows), answer)

#endif
