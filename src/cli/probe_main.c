/*
 * probe_main.c - the subcommand probe: each micro-guest in a child of its own, so that a KVM that hangs
 * or kills costs one row and not the report.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/report.h"
#include "session_main.h"
#include "term.h"

enum {
	CHILD_MS = 20000, /* then a child is stuck in the kernel: no guest here needs a millisecond */
	SPIN_US = 300000, /* processor time after which a guest counts as spinning */
	SLEEP_US = 1500000, /* time after which it counts as asleep */
	AGAIN_US = 50000, /* a signal between two KVM_RUNs is lost: it comes again */
};

/* What a child says: one byte, 1 if the probe could not be run, then the text. */
struct answer {
	char text[200];
	ssize_t n;
};

static void signal_note(int sig)
{
	/* only there to interrupt KVM_RUN */
}

static void timers_start(void)
{
	const struct sigaction sa = { .sa_handler = signal_note };
	const struct itimerval spin = { { 0, AGAIN_US }, { 0, SPIN_US } };
	const struct itimerval sleep = { { 0, AGAIN_US }, { SLEEP_US / 1000000, SLEEP_US % 1000000 } };

	sigaction(SIGPROF, &sa, NULL);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_PROF, &spin, NULL);
	setitimer(ITIMER_REAL, &sleep, NULL);
}

static void child_run(const struct probe *p, int kvm, int fd)
{
	struct strbuf out;
	char failed;

	strbuf_init(&out);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	timers_start();
	failed = probe_run(p, kvm, &out) != 0;
	if (write(fd, &failed, 1) != 1 || write(fd, strbuf_str(&out), out.n) != (ssize_t)out.n)
		_exit(1);
	_exit(0);
}

/* All the child says, until it closes its end; false: it did not in time. */
static bool answer_read(int fd, struct answer *a)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int n = poll(&p, 1, CHILD_MS);
		ssize_t got;

		if (n < 0 && errno == EINTR && !*term_signal())
			continue;
		if (n <= 0)
			return false;
		got = read(fd, a->text + a->n, sizeof(a->text) - 1 - a->n);
		if (got <= 0)
			return true;
		a->n += got;
	}
}

static void probe_one(const struct probe *p, int kvm, struct report *r)
{
	struct answer a = { .n = 0 };
	bool in_time = false;
	int fds[2];
	pid_t pid = -1;

	if (!pipe2(fds, O_CLOEXEC)) {
		pid = fork();
		if (!pid)
			child_run(p, kvm, fds[1]);
		close(fds[1]);
		in_time = pid > 0 && answer_read(fds[0], &a);
		close(fds[0]);
	}
	if (pid > 0 && !in_time)
		kill(pid, SIGKILL);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	a.text[a.n] = '\0';
	if (pid < 0)
		report_add(r, p, "no child process", true);
	else if (!in_time)
		report_add(r, p, "hangs", false);
	else if (a.n < 1)
		report_add(r, p, "the child died", false);
	else
		report_add(r, p, a.text + 1, a.text[0]);
}

static int probes_run(int kvm, struct report *r)
{
	const struct probe *p;

	report_init(r);
	for (size_t i = 0; (p = probe_at(i)) && !*term_signal(); i++)
		probe_one(p, kvm, r);
	return *term_signal() ? 128 + *term_signal() : STATUS_OK;
}

static int show(const struct options *opt, const struct report *r, struct output *out)
{
	struct strbuf text;
	struct err err = { 0 };
	int status = STATUS_OK;
	u64 changes = 0;

	strbuf_init(&text);
	if (opt->against) {
		if (report_against(r, opt->against, &text, &changes, &err))
			status = STATUS_USAGE;
		else if (changes)
			status = STATUS_COMMAND;
	} else if (opt->json) {
		report_json(r, &text);
	} else {
		report_text(r, out->color, &text);
	}
	if (status == STATUS_USAGE)
		output_error(out, true, err.text);
	else
		output_add(out, strbuf_str(&text), text.n);
	strbuf_deinit(&text);
	return status;
}

int probe_command(const struct options *opt, struct output *out)
{
	struct engine_probe engine = { 0 };
	struct report report;
	int kvm, status;

	engine_find("kvm")->probe(&engine);
	kvm = engine.works ? open("/dev/kvm", O_RDWR | O_CLOEXEC) : -1;
	if (kvm < 0) {
		output_error(out, true, engine.works ? "probe: cannot open /dev/kvm" : engine.text);
		return STATUS_ENGINE;
	}
	output_flush(out);
	status = probes_run(kvm, &report);
	close(kvm);
	return status ? status : show(opt, &report, out);
}
