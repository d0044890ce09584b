/* session_main.c - a session from its start-up files to its exit status. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmstep/teach.h>

#include "cli.h"
#include "paths.h"
#include "session_main.h"
#include "term.h"
#include "tui/view.h"

static void complain(struct cli *c, int r, const struct err *err)
{
	if (r != -EINTR)
		output_error(&c->out, false, err->text[0] ? err->text : strerror(-r));
}

/* ---- one line -------------------------------------------------------------------------------- */

/* Enter alone repeats; everything else decides what the next Enter does. */
static int typed_run(struct cli *c, const char *line, struct err *err)
{
	const char *p = blanks_skip(line);
	const struct command *k;
	char *text;
	int r;

	c->repeating = !*p;
	text = strdup(*p ? p : c->repeat ? c->repeat : "");
	if (!text)
		return -ENOMEM;
	k = command_lookup(text, command_word(text));
	if (*p) {
		free(c->repeat);
		c->repeat = k && k->flags & CMD_REPEATS && !definition_find(c, p, command_word(p))
				    ? strdup(p)
				    : NULL;
	}
	output_begin(&c->out, session_settings(c->s)->pagination);
	r = line_run(c, text, true, err);
	c->repeating = false;
	free(text);
	return r;
}

static void end_of_input(struct cli *c)
{
	struct err err = { 0 };

	say(c, "quit\n");
	command_execute(c, "quit", &err);
}

void prompt_loop(struct cli *c)
{
	struct source src = { .name = NULL };
	char *line;

	c->src = &src;
	while (!c->quit && !term_ending() && !c->out.broken) {
		struct err err = { 0 };
		int r = source_line(c, c->prompt, &line);

		if (r == 1)
			end_of_input(c);
		if (r)
			continue;
		r = typed_run(c, line, &err);
		free(line);
		if (r)
			complain(c, r, &err);
		lines_free(c->point_commands);
		c->point_commands = NULL;
		output_fresh(&c->out);
		/* A Ctrl-C that ended the command is done with; the next is the next line's, from its Enter on. */
		term_drain();
		term_clear_interrupt();
	}
	c->src = NULL;
}

/* ---- start-up -------------------------------------------------------------------------------- */

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A failing start-up command ends a script, and is told to a user. */
static bool init_file(struct cli *c, const char *path)
{
	struct err err = { 0 };
	int r = access(path, F_OK) == 0 ? file_run(c, path, &err) : 0;

	if (!r)
		return true;
	complain(c, r, &err);
	if (!c->interactive)
		c->status = STATUS_COMMAND;
	return c->interactive;
}

static bool init_files(struct cli *c)
{
	static const char local[] = ".vmstepinit";
	char path[PATHS_MAX];
	bool fine = true, has = path_config(".vmstepinit", path);

	if (c->opt->no_init)
		return true;
	if (has)
		fine = init_file(c, path);
	if (!fine || access(local, F_OK) || (has && same_file(path, local)))
		return fine;
	if (c->auto_load_local)
		return init_file(c, local);
	if (!c->opt->quiet && !c->opt->batch)
		say(c,
		    "Not read: .vmstepinit of this directory; set auto-load-local on in %s allows "
		    "it.\n",
		    has ? path : "your own");
	return true;
}

static void banner(struct cli *c)
{
	if (!c->interactive || c->opt->quiet)
		return;
	say(c, "vmstep " VMSTEP_VERSION ", engine %s: %s\n", session_engine_name(c->s),
	    session_engine_reason(c->s));
	say(c, "Type help for help, Ctrl-C stops the guest, Ctrl-D leaves.\n");
}

static bool guest_start(struct cli *c)
{
	const struct guest_spec *g = &session_config(c->s)->guest;
	struct err err = { 0 };
	int r = g->path || g->hex ? start_show(c, &err) : 0;

	if (r) {
		output_error(&c->out, true, err.text);
		c->status = start_failed_status(c->s);
	}
	return !r;
}

/* -x and -ex. A failure ends a batch; at a terminal the rest is dropped and the prompt comes. */
static bool start_commands(struct cli *c)
{
	for (size_t i = 0; i < c->opt->n_start && !c->quit && !term_ending(); i++) {
		const struct start_command *s = &c->opt->start[i];
		char *const lines[] = { (char *)s->text, NULL };
		struct err err = { 0 };
		int r = s->is_file ? file_run(c, s->text, &err) : lines_run(c, lines, NULL, &err);

		if (!r)
			continue;
		if (!s->is_file && r != -EINTR)
			err_prefix(&err, "-ex \"%.60s\"", s->text);
		complain(c, r, &err);
		if (!c->interactive && !c->status)
			c->status = STATUS_COMMAND;
		return c->interactive;
	}
	return true;
}

static void piped_commands(struct cli *c)
{
	struct source src = { .name = "stdin", .file = stdin };
	struct err err = { 0 };
	int r = source_run(c, &src, &err);

	if (!r)
		return;
	complain(c, r, &err);
	if (!c->status)
		c->status = STATUS_COMMAND;
}

static void commands_run_all(struct cli *c, const void *arg)
{
	if (!init_files(c))
		return;
	banner(c);
	if (!guest_start(c) || !start_commands(c) || c->quit || c->opt->batch)
		return;
	if (c->interactive)
		prompt_loop(c);
	else
		piped_commands(c);
}

/* ---- the end --------------------------------------------------------------------------------- */

static bool guest_died(struct cli *c)
{
	const struct stop *st = session_last_stop(c->s);

	return st && (st->causes & (CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_ERROR)));
}

static int exit_status(struct cli *c)
{
	if (term_ending())
		return 128 + term_ending();
	if (!c->interactive && term_interrupted())
		return STATUS_SIGINT;
	if (c->status)
		return c->status;
	if (!c->interactive && guest_died(c))
		return STATUS_DIED;
	if (c->opt->guest_status && session_exit_value(c->s) >= 0)
		return session_exit_value(c->s) & 0xff;
	return STATUS_OK;
}

static void cli_deinit(struct cli *c)
{
	struct err err = { 0 };

	tui_disable(c);
	if (trace_off(c, &err)) {
		output_error(&c->out, true, err.text);
		c->status = c->status ? c->status : STATUS_COMMAND;
	}
	checker_destroy(c->checker);
	input_deinit(c);
	for (size_t i = 0; i < c->n_defs; i++) {
		free(c->defs[i].name);
		free(c->defs[i].help);
		lines_free(c->defs[i].lines);
	}
	free(c->defs);
	for (size_t i = 0; i < c->n_displays; i++) {
		free(c->displays[i].format);
		free(c->displays[i].text);
	}
	free(c->displays);
	lines_free(c->point_commands);
	free(c->repeat);
	free(c->prompt);
	view_deinit(&c->view);
	output_fresh(&c->out);
}

static void note_show(void *arg, const char *text)
{
	say(arg, "%s\n", text);
}

int session_with(const struct options *opt, struct session_config cfg, struct output *out, session_body *body,
		 const void *arg)
{
	struct cli c = { .opt = opt, .color = opt->color, .print = print_default };
	struct err err = { 0 };
	int r, status;

	c.out = *out;
	*out = (struct output){ .fd = -1 };
	c.interactive = !opt->batch && isatty(STDIN_FILENO);
	c.prompt = strdup("(vmstep) ");
	c.break_pending = BREAK_PENDING_AUTO;
	c.view.hidden = opt->no_source;
	if (view_init(&c.view)) {
		output_error(&c.out, true, "no memory for the session");
		output_deinit(&c.out);
		free(c.prompt);
		return STATUS_INTERNAL;
	}
	c.out.ends = true;
	cfg.machine.write = output_guest;
	cfg.machine.write_arg = &c.out;
	cfg.machine.stdio_in = c.interactive ? term_keys_fd() : -1;
	r = c.prompt ? session_create(&cfg, &c.s, &err) : -ENOMEM;
	if (r) {
		output_error(&c.out, true, err.text);
		free(c.prompt);
		*out = c.out;
		return STATUS_ENGINE;
	}
	session_set_note(c.s, note_show, &c);
	session_settings(c.s)->record = true;
	if (c.interactive)
		input_init(&c);
	body(&c, arg);
	status = exit_status(&c);
	cli_deinit(&c);
	if (c.status && !status)
		status = c.status;
	session_destroy(c.s);
	*out = c.out;
	return status;
}

int session_main(const struct options *opt, struct output *out)
{
	return session_with(opt, opt->cfg, out, commands_run_all, NULL);
}
