/*
 * rows.h - the rows of the page: records of several traces that belong together stand in one row.
 * Internal to src/trace/report/.
 */
#ifndef VMSTEP_TRACE_REPORT_ROWS_H
#define VMSTEP_TRACE_REPORT_ROWS_H

#include "trace/report/report.h"

/* From row `row` on, `n` records of one trace from `record` on, one a row. */
struct run {
	u32 row, record, n;
};
struct runs {
	struct run *v;
	u32 n, cap;
};
struct rows {
	u32 n;
	struct runs *of; /* one a trace */
};

/* Every trace is aligned with the first. -ENOMEM. rows_deinit() also after an error. */
int rows_make(const struct columns *c, size_t n_traces, struct rows *ret);
void rows_deinit(struct rows *r, size_t n_traces);

#endif
