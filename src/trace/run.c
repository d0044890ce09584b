/* run.c - `vmstep trace`: step a started guest to its end, the limit or a signal, into one trace.
 */
#include <errno.h>
#include <time.h>
#include "put.h"

enum { PROGRESS_EVERY = 4096, PROGRESS_MS = 250 };

struct runner {
	struct trace *trace;
	const struct trace_run *run;
	u64 records;
	u64 shown_ms;
};

static u64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (u64)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void progress(struct runner *r)
{
	u64 now;

	if (!r->run->progress || ++r->records % PROGRESS_EVERY)
		return;
	now = now_ms();
	if (now - r->shown_ms < PROGRESS_MS)
		return;
	r->shown_ms = now;
	r->run->progress(r->run->progress_arg, trace_total(r->trace));
}

static bool record(void *arg, const struct stop *st)
{
	struct runner *r = arg;
	bool fine = trace_record(r->trace, st);

	progress(r);
	return fine;
}

static bool is_death(enum cause c)
{
	return c == CAUSE_SHUTDOWN || c == CAUSE_ERROR;
}

/* Why the run ended, for the total line. */
static const char *ended_by(const struct trace_run *run, const struct stop *last, u64 stops)
{
	int signal = run->signal ? *run->signal : 0;

	if (signal == SIGINT)
		return "SIGINT";
	if (signal == SIGTERM)
		return "SIGTERM";
	if (last->first == CAUSE_EXIT || last->first == CAUSE_HLT || is_death(last->first))
		return NULL;
	return run->steps && stops >= run->steps ? "LIMIT" : NULL;
}

static int status_of(const struct trace_run *run, const struct stop *last)
{
	int signal = run->signal ? *run->signal : 0;

	if (signal)
		return 128 + signal;
	return is_death(last->first) ? 5 : 0;
}

int trace_main(struct session *s, const struct trace_run *run, struct err *err)
{
	struct runner r = { .run = run, .shown_ms = now_ms() };
	const struct stop *last;
	int ran, written;

	if (!session_last_stop(s)) {
		err_set(err, EINVAL, "trace: no guest is running");
		return 1;
	}
	if (trace_open(s, run->format, run->fd, &run->opt, &r.trace, err))
		return 1;
	record(&r, session_last_stop(s));
	ran = session_trace(s, run->steps, false, record, &r, err);
	last = session_last_stop(s);
	written = trace_close(r.trace,
			      ran ? "ERROR" : ended_by(run, last, trace_total(r.trace)->stops),
			      ran ? NULL : err);
	return ran || written ? 1 : status_of(run, last);
}
