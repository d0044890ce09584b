/*
 * trace.c - one open trace: records go through a sink into a buffer of whole lines, the buffer to a
 * file descriptor when it is full, and every FLUSH_MS by a thread, since the engine may sit in the
 * guest for any time with the last records still here. One lock covers the sink and the buffer;
 * uncontended it costs a few nanoseconds a step.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "sink.h"

enum { FLUSH_BYTES = 64 << 10, FLUSH_MS = 50 };

struct trace {
	struct session *session;
	int fd;
	struct sink sink;
	struct trace_total total;
	struct stop last; /* the last stop's causes, for `ended` */
	u64 started_ns;
	int write_errno; /* first failure; nothing is written after it */
	u64 written;     /* bytes */
	char started[32], host[200];
	pthread_mutex_t lock; /* everything above, from trace_open to trace_close */
	pthread_cond_t closing;
	bool closed;
	pthread_t flusher;
};

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* 0 when some bytes may be written now; the error of write() otherwise. */
static int write_wait(int fd, int error)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (error == EINTR)
		return 0;
	if (error != EAGAIN)
		return error;
	return poll(&p, 1, -1) < 0 && errno != EINTR ? errno : 0;
}

/* Writes what is there; under the lock. */
static void buffer_write(struct trace *t)
{
	struct strbuf *out = &t->sink.out;
	size_t done = 0;

	if (out->failed && !t->write_errno)
		t->write_errno = ENOMEM;
	while (done < out->n && !t->write_errno) {
		ssize_t n = write(t->fd, out->s + done, out->n - done);

		if (n < 0)
			t->write_errno = write_wait(t->fd, errno);
		else
			done += n;
	}
	t->written += done;
	strbuf_reset(out);
}

static void *flusher_run(void *arg)
{
	struct trace *t = arg;
	struct timespec until;

	pthread_mutex_lock(&t->lock);
	while (!t->closed) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += FLUSH_MS * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&t->closing, &t->lock, &until);
		buffer_write(t);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* The thread takes no signals: Ctrl-C must reach the one that sits in KVM_RUN. */
static int flusher_start(struct trace *t)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&t->flusher, NULL, flusher_run, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

/* A clock that nobody sets: lines must not wait for a day that comes twice. */
static void closing_init(struct trace *t)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->closing, &attr);
	pthread_condattr_destroy(&attr);
}

static void header_facts(struct trace *t)
{
	time_t now = time(NULL);
	struct utsname u;
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(t->started, sizeof(t->started), "%Y-%m-%dT%H:%M:%SZ", &tm);
	uname(&u);
	snprintf(t->host, sizeof(t->host), "%s %s %s", u.sysname, u.release, u.machine);
	t->sink.started = t->started;
	t->sink.host = t->host;
}

static void trace_destroy(struct trace *t)
{
	insn_cache_destroy(t->sink.src.cache);
	symbol_memo_destroy(t->sink.src.memo);
	strbuf_deinit(&t->sink.out);
	pthread_cond_destroy(&t->closing);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

const char *trace_guest_name(struct session *s, struct strbuf *scratch)
{
	const struct guest_spec *g = &session_config(s)->guest;

	if (g->path)
		return g->path;
	strbuf_addf(scratch, "hex %s", g->hex ? g->hex : "");
	return strbuf_str(scratch);
}

static bool is_deterministic(const struct session *s)
{
	const struct engine_ops *ops = engine_find(session_engine_name(s));

	return ops && ops->deterministic;
}

int trace_open(struct session *s, const struct sink_ops *ops, int fd,
	       const struct trace_options *opt, struct trace **ret, struct err *err)
{
	struct trace *t = calloc(1, sizeof(*t));
	int r = ENOMEM;

	if (!t)
		return err_set(err, ENOMEM, "trace: out of memory");
	t->session = s;
	t->fd = fd;
	t->total.retired_exact = true;
	t->last.first = CAUSE_START;
	t->sink.ops = ops;
	t->sink.opt = *opt;
	t->sink.opt.deterministic |= is_deterministic(s);
	t->sink.src = (struct line_source){ s, insn_cache_create(), symbol_memo_create() };
	strbuf_init(&t->sink.out);
	pthread_mutex_init(&t->lock, NULL);
	closing_init(t);
	header_facts(t);
	if (!t->sink.src.cache || !t->sink.src.memo)
		goto fail;
	ops->begin(&t->sink, s);
	t->started_ns = now_ns();
	r = flusher_start(t);
	if (r)
		goto fail;
	*ret = t;
	return 0;
fail:
	trace_destroy(t);
	return err_set(err, r, "trace: cannot start: %s", strerror(r));
}

static void count(struct trace_total *total, const struct stop *st)
{
	if (st->kind == RECORD_GAP) {
		total->gaps++;
	} else if (st->first != CAUSE_START) {
		total->stops++;
		total->by_cause[st->first]++;
	}
	if (st->retired < 0)
		total->retired_exact = false;
	else
		total->retired += st->retired;
}

bool trace_record(void *trace, const struct stop *st)
{
	struct trace *t = trace;
	bool fine;

	pthread_mutex_lock(&t->lock);
	if (st->kind == RECORD_GAP) {
		t->sink.ops->gap(&t->sink, t->session, st);
	} else {
		t->sink.ops->step(&t->sink, t->session, st);
		t->last.first = st->first;
	}
	count(&t->total, st);
	if (t->sink.out.n >= FLUSH_BYTES || t->sink.out.failed)
		buffer_write(t);
	fine = !t->write_errno;
	pthread_mutex_unlock(&t->lock);
	return fine;
}

void trace_flush(struct trace *t)
{
	pthread_mutex_lock(&t->lock);
	buffer_write(t);
	pthread_mutex_unlock(&t->lock);
}

int trace_close(struct trace *t, const char *ended, struct err *err)
{
	int r = 0;

	pthread_mutex_lock(&t->lock);
	t->total.ended = ended ? ended : cause_family(t->last.first);
	t->total.seconds = (now_ns() - t->started_ns) / 1e9;
	t->sink.ops->end(&t->sink, t->session, &t->total);
	buffer_write(t);
	t->closed = true;
	pthread_cond_signal(&t->closing);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->flusher, NULL);
	if (t->write_errno)
		r = err_set(
			err, t->write_errno,
			"trace: cannot write after %llu bytes: %s; the trace ends in the middle",
			(unsigned long long)t->written, strerror(t->write_errno));
	trace_destroy(t);
	return r;
}

const struct trace_total *trace_total(const struct trace *t)
{
	return &t->total;
}
