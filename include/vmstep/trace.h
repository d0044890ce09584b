/*
 * trace.h - stops as text and as JSON Lines; reading traces back. Implemented by src/trace/, one file
 * per sink. To add a format: one file with a struct sink_ops and one row in src/trace/table.c.
 */
#ifndef VMSTEP_TRACE_H
#define VMSTEP_TRACE_H

#include <signal.h>
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
/* "inner-skip": what vmstep did, as trace records name it. */
const char *did_word(enum did_kind d);
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
	u64 stops;             /* START is not counted */
	u64 by_cause[CAUSE_COUNT]; /* by the cause reported first; the sum is `stops` */
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
/*
 * Writes to fd (not closed), whole lines only, at the latest 100 ms after they were recorded (a thread
 * with all signals blocked sees to that). Errors of write are kept and told by trace_close, which is
 * called in any case. The trace copies the options.
 */
int trace_open(struct session *s, const struct sink_ops *ops, int fd, const struct trace_options *opt,
	       struct trace **ret, struct err *err);
bool trace_record(void *trace, const struct stop *st); /* a stop_observer; false after a write error */
void trace_flush(struct trace *t);
/* Writes the total line and frees; `ended` NULL: the first cause of the last stop. Returns 0 or the
 * first write error, with what was lost in the sentence. */
int trace_close(struct trace *t, const char *ended, struct err *err);
const struct trace_total *trace_total(const struct trace *t);

/*
 * `vmstep trace`: the whole run to fd, from a session that was started by the caller. Returns the exit
 * status of interface.md: 0 the guest came to its end or the step limit was reached, 5 it died, 130 and
 * 143 after SIGINT and SIGTERM, 1 with a sentence when stepping or writing failed. The guest's own exit
 * value is the caller's business (session_exit_value).
 *
 * Signals are the caller's: its handler for SIGINT and SIGTERM stores the signal's number where `signal`
 * points and calls session_interrupt(); SIGPIPE is ignored, so that a reader that went away is told as
 * a write error.
 */
struct trace_run {
	u64 steps;             /* 0: no limit */
	const struct sink_ops *format;
	int fd;
	struct trace_options opt;
	const volatile sig_atomic_t *signal; /* 0: none came; may be NULL */
	/* Called a few times a second with the stops so far, from the stepping thread; NULL: not wanted. */
	void (*progress)(void *arg, const struct trace_total *t);
	void *progress_arg;
};
int trace_main(struct session *s, const struct trace_run *run, struct err *err);
/* `vmstep diff A B`: first difference with context to out; 0 same, 1 different, 2 error. */
int trace_diff(const char *path_a, const char *path_b, struct strbuf *out, struct err *err);

/*
 * `vmstep report`: n (at least 1) traces of either format as one page of HTML that loads nothing else. Lines that
 * cannot be read are left out: a sentence a file into `notes`. Refused with a sentence: a file that
 * cannot be opened or does not begin as a trace does.
 */
int trace_report(char *const *paths, size_t n, struct strbuf *page, struct strbuf *notes, struct err *err);

#endif
