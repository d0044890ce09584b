/* cmd_trace.c - trace on and off, why, predict. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmstep/teach.h>

#include "cli.h"

static const struct sink_ops *format_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	return sink_find(dot && (!strcmp(dot, ".jsonl") || !strcmp(dot, ".json")) ? "jsonl"
										  : "text");
}

static int trace_on(struct cli *c, const char *args, struct err *err)
{
	const struct trace_options opt = { .regs = TRACE_REGS_CHANGED };
	int r, fd;

	if (c->trace)
		return err_set(err, EBUSY, "a trace to %s is on, end it with trace off",
			       c->trace_path);
	if (!*args)
		return err_set(err, EINVAL,
			       "trace on needs a file: its ending chooses the format, .jsonl or "
			       ".json for JSON Lines");
	fd = open(args, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_set(err, errno, "%s: cannot create it: %s", args, strerror(errno));
	c->trace_path = strdup(args);
	r = c->trace_path ? trace_open(c->s, format_of(args), fd, &opt, &c->trace, err)
			  : err_set(err, ENOMEM, "no memory");
	if (r) {
		free(c->trace_path);
		c->trace_path = NULL;
		close(fd);
		return r;
	}
	c->trace_fd = fd;
	if (session_last_stop(c->s))
		trace_record(c->trace, session_last_stop(c->s));
	return 0;
}

int trace_off(struct cli *c, struct err *err)
{
	const u64 stops = c->trace ? trace_total(c->trace)->stops : 0;
	int r;

	if (!c->trace)
		return 0;
	r = trace_close(c->trace, NULL, err);
	c->trace = NULL;
	close(c->trace_fd);
	say(c, "%" PRIu64 " stops in %s.\n", stops, c->trace_path);
	free(c->trace_path);
	c->trace_path = NULL;
	return r;
}

static int cmd_trace_off(struct cli *c, const char *args, struct err *err)
{
	return c->trace ? trace_off(c, err) : err_set(err, EINVAL, "no trace is on");
}

static int cmd_trace(struct cli *c, const char *args, struct err *err)
{
	if (*args)
		return err_set(err, EINVAL, "trace: \"%s\" is neither on nor off", args);
	if (c->trace)
		say(c, "A trace to %s is on, %" PRIu64 " stops so far.\n", c->trace_path,
		    trace_total(c->trace)->stops);
	else
		say(c, "No trace is on; trace on FILE starts one.\n");
	return 0;
}

static int cmd_why(struct cli *c, const char *args, struct err *err)
{
	const struct stop *st = session_last_stop(c->s);
	struct strbuf out;

	int r = 0;

	if (!st)
		return err_set(err, ESRCH, "why: there was no stop yet, start the guest first");
	strbuf_init(&out);
	if (!*args)
		why_explain(c->s, st, &out);
	else if (!strcmp(args, "not"))
		why_not_each(c->s, st, &out);
	else if (!strncmp(args, "not ", 4))
		r = why_not_explain(c->s, st, blanks_skip(args + 4), &out, err);
	else
		r = err_set(err, EINVAL, "why: \"%.40s\" is not understood; say why, or why not CAUSE", args);
	if (out.n && out.s[out.n - 1] != '\n')
		strbuf_addc(&out, '\n');
	say_buf(c, &out);
	strbuf_deinit(&out);
	return r;
}

static int cmd_predict(struct cli *c, const char *args, struct err *err)
{
	struct strbuf out;
	int r;

	strbuf_init(&out);
	r = predict_explain(c->s, &out, err);
	if (out.n && out.s[out.n - 1] != '\n')
		strbuf_addc(&out, '\n');
	say_buf(c, &out);
	strbuf_deinit(&out);
	return r;
}

static const struct command trace_subs[] = {
	{ "on", NULL, GROUP_TRACE, ARG_FILE, 0, "trace on FILE", "Record every stop from here on.",
	  "A name that ends in .jsonl or .json gets JSON Lines, any other the stop lines. The "
	  "current stop is the first record. What a continue runs through unseen is a gap in it.",
	  "trace on /dev/null", trace_on, NULL },
	{ "off", NULL, GROUP_TRACE, ARG_NONE, 0, "trace off",
	  "End the recording with its total line.", "", NULL, cmd_trace_off, NULL },
	{ NULL },
};

const struct command commands_trace[] = {
	{ "trace", NULL, GROUP_TRACE, ARG_SUBCOMMAND, CMD_PREFIX, "trace [on FILE|off]",
	  "Record stops to a file.",
	  "Without argument it says whether a trace is on. vmstep trace, on the command line, "
	  "steps a whole guest.",
	  "trace", cmd_trace, trace_subs },
	{ "why", NULL, GROUP_TRACE, ARG_WORD, 0, "why [not [CAUSE]]", "Explain the current stop.",
	  "The causes in words, each with the section of the SDM it follows from, and what in the "
	  "evidence shows it. With not: why the stop has not that cause, as in why not TF or why not "
	  "BREAK/2, by the same evidence and the registers. Without a cause behind not: each that could "
	  "have come and did not.",
	  "why", cmd_why, NULL },
	{ "predict", NULL, GROUP_TRACE, ARG_NONE, CMD_NEEDS_ALIVE, "predict",
	  "Say what the architecture makes of the next instruction.",
	  "Before stepping: which stop is due at the next boundary, and why, by the rules for the "
	  "instruction's class and by the processor model's step on a copy of the state. set predict on "
	  "holds every step against it.",
	  "predict",
	  cmd_predict, NULL },
	{ NULL },
};
