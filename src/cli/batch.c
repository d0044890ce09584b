/* batch.c - the subcommands without a prompt: trace, diff, engines. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "session_main.h"
#include "term.h"

/* ---- trace ----------------------------------------------------------------------------------- */

struct tracing {
	struct output *out;
	bool shown;
};

static void progress_show(void *arg, const struct trace_total *t)
{
	struct tracing *p = arg;
	char text[80];
	int n = snprintf(text, sizeof(text), "\r%" PRIu64 " stops\033[K", t->stops);

	p->shown = write(p->out->err_fd, text, n) == n;
}

static void progress_erase(struct tracing *p)
{
	static const char erase[] = "\r\033[K";

	if (p->shown && write(p->out->err_fd, erase, sizeof(erase) - 1) < 0)
		p->shown = false;
}

void guest_drop(void *arg, enum console_channel ch, const u8 *data, size_t n)
{
}

int start_failed_status(struct session *s)
{
	const struct engine_ops *ops = engine_find(session_engine_name(s));
	struct engine_probe probe = { 0 };

	if (!ops)
		return STATUS_ENGINE;
	ops->probe(&probe);
	return probe.works ? STATUS_IMAGE : STATUS_ENGINE;
}

static int trace_session(const struct options *opt, struct session *s, int fd, struct output *out,
			 struct err *err)
{
	struct tracing p = { .out = out };
	struct trace_run run = {
		.steps = opt->steps,
		.format = sink_find(opt->json     ? "jsonl"
				    : opt->format ? opt->format
						  : "text"),
		.fd = fd,
		.opt = { .regs = opt->regs },
		.signal = term_signal(),
		.progress_arg = &p,
	};
	int status;

	if (!opt->quiet && isatty(out->err_fd) && !isatty(fd))
		run.progress = progress_show;
	term_run_begin(s, false);
	status = session_start(s, err) ? start_failed_status(s) : trace_main(s, &run, err);
	term_run_end();
	progress_erase(&p);
	if (!status && opt->guest_status && session_exit_value(s) >= 0)
		status = session_exit_value(s) & 0xff;
	return status;
}

void note_tell(void *out, const char *text)
{
	output_error(out, true, text);
}

int trace_command(const struct options *opt, struct output *out)
{
	struct session_config cfg = opt->cfg;
	struct err err = { 0 };
	struct session *s;
	int fd = out->fd, status;

	/* Standard output carries the trace, or with -o the guest's text. */
	cfg.machine.write = opt->output ? output_guest : guest_drop;
	cfg.machine.write_arg = out;
	if (session_create(&cfg, &s, &err)) {
		output_error(out, true, err.text);
		return STATUS_ENGINE;
	}
	session_set_note(s, note_tell, out);
	if (opt->output)
		fd = open(opt->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		err_set(&err, errno, "%s: cannot create it: %s", opt->output, strerror(errno));
		status = STATUS_COMMAND;
	} else {
		status = trace_session(opt, s, fd, out, &err);
	}
	output_fresh(out);
	session_tell_trouble(s);
	if (err.text[0])
		output_error(out, true, err.text);
	session_destroy(s);
	if (opt->output && fd >= 0)
		close(fd);
	return status;
}

/* ---- diff ------------------------------------------------------------------------------------ */

int diff_command(const struct options *opt, struct output *out)
{
	struct err err = { 0 };
	struct strbuf text;
	int status;

	strbuf_init(&text);
	status = trace_diff(opt->args[0], opt->args[1], &text, &err);
	output_add(out, strbuf_str(&text), text.n);
	strbuf_deinit(&text);
	if (status == STATUS_USAGE)
		output_error(out, true, err.text);
	return status;
}

/* ---- engines --------------------------------------------------------------------------------- */

static void engine_row(struct output *out, const char *name, const char *state, const char *text)
{
	struct strbuf b;

	strbuf_init(&b);
	strbuf_addf(&b, "%-5s %-6s %s\n", name, state, text);
	output_add(out, strbuf_str(&b), b.n);
	strbuf_deinit(&b);
}

int engines_command(const struct options *opt, struct output *out)
{
	static const char *const names[] = { "kvm", "mtf", "soft" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct engine_ops *ops = engine_find(names[i]);
		struct engine_probe probe = { 0 };

		if (ops)
			ops->probe(&probe);
		engine_row(out, names[i], probe.works ? "works" : "no",
			   ops ? probe.text : "not in this version; use kvm");
	}
	return STATUS_OK;
}
