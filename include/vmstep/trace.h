/*
 * trace.h - stops as text and as JSON Lines; reading traces back. Implemented by src/trace/, one file
 * per sink. To add a format: one file with a struct sink_ops and one row in src/trace/table.c.
 */
#ifndef VMSTEP_TRACE_H
#define VMSTEP_TRACE_H

#include <vmstep/session.h>

/* ---- the stop line (interface.md) ----------------------------------------------------------------- */

struct stop_style {
	bool color;
};
/* "#12  TF      0x0000000000401005  main+0x5   int1   kvm: debug exc=1 ..." without newline. */
void stop_line(struct session *s, const struct stop *st, const struct stop_style *style, struct strbuf *out);
/* The evidence field alone ("kvm: debug exc=1 pc=... (deduced); inner skip ..."). */
void stop_evidence(const struct stop *st, struct strbuf *out);
/* "TF+BREAK/2": causes, the first one first. */
void stop_causes(const struct stop *st, struct strbuf *out);
/* `info stop`: every field by name, several lines. */
void stop_describe(struct session *s, const struct stop *st, struct strbuf *out);

/* ---- sinks ---------------------------------------------------------------------------------------- */

enum trace_regs { TRACE_REGS_CHANGED, TRACE_REGS_ALL, TRACE_REGS_NONE };
struct trace_options {
	enum trace_regs regs;
	bool deterministic;    /* no clock or host fields (engine soft) */
};
struct sink;
struct trace_total {
	u64 stops;
	u64 by_cause[CAUSE_COUNT];
	u64 gaps;
	u64 retired;           /* sum where known */
	bool retired_exact;
	const char *ended;     /* "HLT", "LIMIT", "EXIT", "SIGINT", ... */
	double seconds;
};
struct sink_ops {
	const char *name;      /* "text", "jsonl" */
	const char *summary;
	/* Called once first. */
	void (*begin)(struct sink *k, struct session *s);
	/* Called for each stop, START included. */
	void (*step)(struct sink *k, struct session *s, const struct stop *st);
	/* Called for each gap: instructions that were not seen. Mandatory. */
	void (*gap)(struct sink *k, struct session *s, const struct stop *gap);
	/* Called once last, also after SIGINT and SIGTERM. */
	void (*end)(struct sink *k, struct session *s, const struct trace_total *t);
};
extern const struct sink_ops *const sink_table[]; /* NULL-terminated */
const struct sink_ops *sink_find(const char *name);

struct trace;
/* Writes to fd (not closed); errors of write are kept and told by trace_close. */
int trace_open(struct session *s, const struct sink_ops *ops, int fd, const struct trace_options *opt,
	       struct trace **ret, struct err *err);
bool trace_record(void *trace, const struct stop *st); /* a stop_observer; false after a write error */
void trace_flush(struct trace *t);
/* Writes the total line; `ended` NULL: from the last stop. */
int trace_close(struct trace *t, const char *ended, struct err *err);
const struct trace_total *trace_total(const struct trace *t);

/* `vmstep trace`: the whole run to fd. steps 0: no limit. Returns the exit status of interface.md. */
struct trace_run {
	u64 steps;
	const struct sink_ops *format;
	int fd;
	struct trace_options opt;
	bool quiet;            /* no progress on the terminal */
};
int trace_main(struct session *s, const struct trace_run *run, struct err *err);
/* `vmstep diff A B`: first difference with context to out; 0 same, 1 different, 2 error. */
int trace_diff(const char *path_a, const char *path_b, struct strbuf *out, struct err *err);

#endif
