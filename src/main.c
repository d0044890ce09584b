/* main.c - options, then the subcommand, then its exit status. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/session_main.h"
#include "cli/term.h"

static int text_print(struct output *out, const struct strbuf *text)
{
	output_add(out, strbuf_str(text), text->n);
	output_flush(out);
	return out->broken ? STATUS_COMMAND : STATUS_OK;
}

/* --help, --version, --dump: nothing but text. -1: none of them. */
static int text_run(const struct options *opt, struct output *out)
{
	struct strbuf text;
	int status = -1;

	strbuf_init(&text);
	if (opt->dump) {
		status = docgen_text(opt->dump, &text) ? STATUS_USAGE : text_print(out, &text);
	} else if (opt->help) {
		usage_text(opt->sub, &text);
		status = text_print(out, &text);
	} else if (opt->version) {
		version_text(&text);
		status = text_print(out, &text);
	}
	strbuf_deinit(&text);
	return status;
}

/* auto and names in the table are the session's business, a list is compare's; the rest does not
 * exist. */
static bool engine_exists(const struct options *opt, struct output *out)
{
	const char *name = opt->cfg.engine;
	struct err err = { 0 };

	if (!name || opt->sub == SUB_COMPARE || !strcmp(name, "auto") || engine_find(name))
		return true;
	err_set(&err, 1, "engine %s is not in this version, try -e kvm or leave -e out", name);
	output_error(out, true, err.text);
	return false;
}

static int subcommand_run(const struct options *opt, struct output *out)
{
	if (!engine_exists(opt, out))
		return STATUS_ENGINE;
	switch (opt->sub) {
	case SUB_TRACE:
		return trace_command(opt, out);
	case SUB_COMPARE:
		return compare_command(opt, out);
	case SUB_DIFF:
		return diff_command(opt, out);
	case SUB_REPORT:
		return report_command(opt, out);
	case SUB_LESSON:
		return lesson_command(opt, out);
	case SUB_PREDICT:
		return predict_command(opt, out);
	case SUB_PROBE:
		return probe_command(opt, out);
	case SUB_ENGINES:
		return engines_command(opt, out);
	default:
		return session_main(opt, out);
	}
}

static int options_run(int argc, char **argv, struct output *out)
{
	struct options opt;
	struct err err = { 0 };
	int status;

	if (options_parse(argc, argv, &opt, &err) || term_init(&err)) {
		output_error(out, true, err.text);
		options_deinit(&opt);
		return STATUS_USAGE;
	}
	output_set_color(out, opt.color);
	status = text_run(&opt, out);
	if (status < 0)
		status = subcommand_run(&opt, out);
	options_deinit(&opt);
	return status;
}

/* Standard output could not be written. A pipe's reader that went away ends us as other programs. */
static int broken_end(struct output *out, int status)
{
	struct err err = { 0 };

	if (out->broken == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	if (out->tty)
		return status;
	err_set(&err, out->broken, "cannot write standard output: %s", strerror(out->broken));
	output_error(out, true, err.text);
	return STATUS_COMMAND;
}

int main(int argc, char **argv)
{
	struct output out;
	int status;

	output_init(&out, STDOUT_FILENO, STDERR_FILENO);
	status = options_run(argc, argv, &out);
	output_flush(&out);
	if (out.broken)
		status = broken_end(&out, status);
	output_deinit(&out);
	return status;
}
