/* compare_main.c - the subcommand compare: which engines, and the exit status. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compare/compare.h"
#include "session_main.h"
#include "term.h"

static void text_write(void *out, const char *text, size_t n)
{
	output_add(out, text, n);
	output_flush(out);
}

static void running(struct session *s)
{
	if (s)
		term_run_begin(s, false);
	else
		term_run_end();
}

static bool works(const struct engine_ops *ops, struct engine_probe *ret)
{
	*ret = (struct engine_probe){ 0 };
	ops->probe(ret);
	return ret->works;
}

static int engine_add(struct compare_config *cfg, const char *name, size_t n, struct err *err)
{
	struct engine_probe probe;
	char word[16];

	snprintf(word, sizeof(word), "%.*s", (int)n, name);
	const struct engine_ops *ops = engine_find(word);

	if (!ops)
		return err_set(err, EINVAL,
			       "compare: engine \"%s\" is none to compare with, name two of: kvm mtf soft",
			       word);
	for (unsigned i = 0; i < cfg->n_engines; i++)
		if (!strcmp(cfg->engine[i], ops->name))
			return err_set(err, EINVAL, "compare: engine %s is named twice", word);
	if (!works(ops, &probe))
		return err_set(err, ENODEV, "engine %s: %s", word, probe.text);
	cfg->engine[cfg->n_engines++] = ops->name;
	return 0;
}

/* The list of -e, or all that work here, the processor's before the model. */
static int engines_choose(struct compare_config *cfg, const char *list, struct err *err)
{
	static const char *const order[COMPARE_ENGINES] = { "kvm", "mtf", "soft" };
	struct engine_probe probe;
	int r = 0;

	for (const char *p = list; p && *p && !r; p += *p == ',') {
		r = engine_add(cfg, p, strcspn(p, ","), err);
		p += strcspn(p, ",");
	}
	for (unsigned i = 0; !list && i < COMPARE_ENGINES; i++)
		if (engine_find(order[i]) && works(engine_find(order[i]), &probe))
			cfg->engine[cfg->n_engines++] = order[i];
	if (r || cfg->n_engines > 1)
		return r;
	if (list)
		return err_set(err, EINVAL, "compare: one engine has nothing to be compared with, name "
					    "two, as in -e kvm,soft");
	return err_set(err, ENODEV, "compare: only one engine works here, see vmstep engines; write a trace "
				    "on each host and use vmstep diff");
}

/* Each guest has a machine of its own, and all would write the same file. */
static int files_check(const struct machine_config *m, struct err *err)
{
	const char *const where[] = { m->serial, m->debugcon };

	for (unsigned i = 0; i < ARRAY_SIZE(where); i++)
		if (where[i] && strncmp(where[i], "null", 4) && strncmp(where[i], "stdio", 5))
			return err_set(err, EINVAL,
				       "compare: every engine's guest would write \"%s\"; use null, with "
				       "in=FILE behind a comma for input",
				       where[i]);
	return 0;
}

static int failed_status(int r)
{
	switch (r) {
	case -ENXIO:
	case -ENODEV:
		return STATUS_ENGINE;
	case -ENOEXEC:
		return STATUS_IMAGE;
	case -EINVAL:
		return STATUS_USAGE;
	default:
		return STATUS_COMMAND;
	}
}

static int status_of(const struct compare_result *res)
{
	if (*term_signal())
		return 128 + *term_signal();
	if (res->differences)
		return STATUS_COMMAND;
	return res->died ? STATUS_DIED : STATUS_OK;
}

int compare_command(const struct options *opt, struct output *out)
{
	struct compare_config cfg = {
		.session = opt->cfg, .rows = opt->steps, .known = opt->known, .json = opt->json,
		.quiet = opt->quiet, .color = out->color, .width = out->cols,
		.signal = term_signal(), .running = running, .write = text_write, .write_arg = out,
	};
	struct compare_result res = { 0 };
	struct err err = { 0 };
	int r = files_check(&cfg.session.machine, &err);

	cfg.session.machine.write = guest_drop;
	cfg.session.machine.stdio_in = -1;
	if (!out->tty)
		cfg.width = 132;
	if (!r)
		r = engines_choose(&cfg, opt->cfg.engine, &err);
	if (!r)
		r = compare_run(&cfg, &res, &err);
	if (!r)
		return status_of(&res);
	output_error(out, true, err.text);
	return failed_status(r);
}
