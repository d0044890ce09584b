/* cmd_help.c - help, apropos, complete, quit: all read from the command table. */
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/teach.h>

#include "cli.h"

const char *const group_names[GROUP_COUNT] = {
	[GROUP_RUN] = "running",  [GROUP_POINTS] = "points", [GROUP_DATA] = "data",
	[GROUP_STATE] = "state",  [GROUP_TRACE] = "tracing", [GROUP_SCRIPT] = "scripts",
	[GROUP_HELP] = "support",
};
const char *const group_titles[GROUP_COUNT] = {
	[GROUP_RUN] = "Running the guest",
	[GROUP_POINTS] = "Making it stop at points and events",
	[GROUP_DATA] = "Examining and changing data",
	[GROUP_STATE] = "Examining the CPU, the stack and the machine",
	[GROUP_TRACE] = "Recording and explaining stops",
	[GROUP_SCRIPT] = "Scripts and defined commands",
	[GROUP_HELP] = "Help and settings",
};

/* ---- help ------------------------------------------------------------------------------------ */

static void summary_row(struct cli *c, const char *prefix, const struct command *k)
{
	say(c, "%s%s%s -- %s\n", prefix, *prefix ? " " : "", k->name, k->summary);
}

static void group_show(struct cli *c, unsigned group)
{
	const struct command *k;

	say(c, "%s:\n\n", group_titles[group]);
	for (size_t i = 0; (k = command_at(i)); i++)
		if (k->group == group)
			summary_row(c, "", k);
}

static void settings_list(struct cli *c)
{
	const struct setting *row;
	char usage[200];

	say(c, "\nSettings:\n\n");
	for (size_t i = 0; (row = setting_at(i)); i++)
		say(c, "%s -- %s\n", setting_usage(row, usage, sizeof(usage)), row->summary);
}

void command_help(struct cli *c, const struct command *k, const char *prefix)
{
	say(c, "%s\n", k->summary);
	say(c, "Usage: %s\n", k->usage);
	if (k->aliases)
		say(c, "Also: %s\n", k->aliases);
	if (k->help && *k->help) {
		say(c, "\n");
		say_wrapped(c, k->help);
	}
	if (k->example)
		say(c, "\nExample: %s\n", k->example);
	if (k->flags & CMD_REPEATS)
		say(c, "\nEnter repeats it.\n");
	if (k->sub) {
		say(c, "\nList of %s subcommands:\n\n", k->name);
		for (const struct command *s = k->sub; s->name; s++)
			summary_row(c, k->name, s);
	}
	if (k->arg == ARG_SETTING)
		settings_list(c);
}

static int help_setting(struct cli *c, const char *text, struct err *err)
{
	const char *rest;
	const struct setting *row = setting_match(text, &rest);
	char usage[200];

	if (!row)
		return err_set(err, ENOENT, "there is no setting \"%s\", help set lists them",
			       text);
	say(c, "%s\nUsage: %s\n", row->summary, setting_usage(row, usage, sizeof(usage)));
	if (*row->help) {
		say(c, "\n");
		say_wrapped(c, row->help);
	}
	return 0;
}

static void topic_show(struct cli *c, const struct topic *t)
{
	char *text = strdup(t->text), *p = text, *end;

	say(c, "%s: %s\n", t->name, t->title);
	for (; p; p = end) {
		end = strchr(p, '\n');
		if (end)
			*end++ = '\0';
		say(c, "\n");
		say_wrapped(c, p);
	}
	say(c, "\nSee: %s\n", t->source);
	free(text);
}

static void topics_list(struct cli *c)
{
	const struct topic *t;

	say(c, "\nTopics:\n\n");
	for (size_t i = 0; (t = topic_at(i)); i++)
		say(c, "%s -- %s\n", t->name, t->title);
}

static int help_command(struct cli *c, const char *args, struct err *err)
{
	const size_t n = command_word(args);
	const struct definition *d = definition_find(c, args, n);
	const struct command *k, *sub;
	const char *rest = blanks_skip(args + n);
	int r;

	if (d) {
		say(c, "%s", d->help ? d->help : "User-defined.\n");
		return 0;
	}
	r = command_find(args, n, &k, err);
	if (r)
		return r;
	if (!*rest || !k->sub) {
		command_help(c, k, "");
		return 0;
	}
	sub = subcommand_lookup(k, rest, command_word(rest));
	if (!sub && k->arg == ARG_SETTING)
		return help_setting(c, rest, err);
	if (!sub)
		return subcommand_find(k, rest, command_word(rest), &sub, err);
	command_help(c, sub, k->name);
	return 0;
}

static void groups_list(struct cli *c)
{
	say(c, "Classes of commands:\n\n");
	for (int i = 0; i < GROUP_COUNT; i++)
		say(c, "%s -- %s.\n", group_names[i], group_titles[i]);
	if (c->n_defs)
		say(c, "user-defined -- Commands defined in this session.\n");
	topics_list(c);
	say(c, "\nhelp CLASS lists the commands of a class, help all every command,\n"
	       "help COMMAND explains one, help TOPIC a matter, apropos WORD searches.\n");
}

static int cmd_help(struct cli *c, const char *args, struct err *err)
{
	const struct topic *topic = topic_find(args);

	if (topic) {
		const struct command *k = command_lookup(args, strlen(args));

		topic_show(c, topic);
		if (k && !strcmp(k->name, args))
			say(c, "\n");
		else
			return 0;
	}
	if (!*args) {
		groups_list(c);
		return 0;
	}
	for (int i = 0; i < GROUP_COUNT; i++) {
		if (strcmp(args, "all") && strcmp(args, group_names[i]))
			continue;
		group_show(c, i);
		if (strcmp(args, "all"))
			return 0;
		say(c, "\n");
	}
	if (!strcmp(args, "all"))
		return 0;
	if (!strcmp(args, "user-defined")) {
		for (size_t i = 0; i < c->n_defs; i++)
			say(c, "%s -- %.*s\n", c->defs[i].name,
			    c->defs[i].help ? (int)strcspn(c->defs[i].help, "\n") : 13,
			    c->defs[i].help ? c->defs[i].help : "User-defined.");
		return 0;
	}
	return help_command(c, args, err);
}

/* ---- apropos --------------------------------------------------------------------------------- */

static bool matches(const regex_t *re, const char *text)
{
	return text && regexec(re, text, 0, NULL, 0) == 0;
}

static void apropos_rows(struct cli *c, const regex_t *re, const char *prefix,
			 const struct command *k)
{
	if (matches(re, k->name) || matches(re, k->aliases) || matches(re, k->summary) ||
	    matches(re, k->help) || matches(re, k->usage))
		summary_row(c, prefix, k);
	for (const struct command *s = k->sub; s && s->name; s++)
		apropos_rows(c, re, k->name, s);
}

static int cmd_apropos(struct cli *c, const char *args, struct err *err)
{
	const struct command *k;
	const struct setting *row;
	const struct topic *topic;
	char text[200];
	regex_t re;
	int r;

	if (!*args)
		return err_set(err, EINVAL, "apropos needs a word or a regular expression");
	r = regcomp(&re, args, REG_EXTENDED | REG_ICASE | REG_NOSUB);
	if (r) {
		regerror(r, &re, text, sizeof(text));
		return err_set(err, EINVAL, "apropos: %s: %s", args, text);
	}
	for (size_t i = 0; (k = command_at(i)); i++)
		apropos_rows(c, &re, "", k);
	for (size_t i = 0; (row = setting_at(i)); i++)
		if (matches(&re, row->name) || matches(&re, row->summary) ||
		    matches(&re, row->help))
			say(c, "set %s -- %s\n", row->name, row->summary);
	for (size_t i = 0; (topic = topic_at(i)); i++)
		if (matches(&re, topic->name) || matches(&re, topic->title) || matches(&re, topic->text))
			say(c, "help %s -- %s\n", topic->name, topic->title);
	regfree(&re);
	return 0;
}

/* ---- complete and quit ----------------------------------------------------------------------- */

static int cmd_complete(struct cli *c, const char *args, struct err *err)
{
	struct completion k = { 0 };

	complete_line(c, args, strlen(args), &k);
	for (size_t i = 0; i < k.n; i++)
		say(c, "%.*s%s\n", (int)k.start, args, k.words[i]);
	completion_deinit(&k);
	return 0;
}

static int cmd_quit(struct cli *c, const char *args, struct err *err)
{
	const struct stop *st = session_last_stop(c->s);
	u64 status = 0;
	int r = *args ? expr_u64(c->s, args, &status, err) : 0;

	if (r)
		return r;
	if (status > 255)
		return err_set(err, ERANGE, "quit: an exit status goes from 0 to 255");
	if (session_alive(c->s) && st && st->n &&
	    !confirm(c, "The guest is still running and will be killed. Quit anyway?"))
		return 0;
	if (*args)
		c->status = status;
	c->quit = true;
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_help[] = {
	{ "help", "h", GROUP_HELP, ARG_COMMAND, 0, "help [CLASS|COMMAND|TOPIC]",
	  "Explain a command or a topic, or list them.",
	  "Topics are matters such as icebp, mtf or shadow; help alone lists them, vmstep-semantics(7) has them all.", "help stepi", cmd_help, NULL },
	{ "apropos", NULL, GROUP_HELP, ARG_WORD, 0, "apropos REGEXP", "Search the help texts.", "",
	  "apropos single-step", cmd_apropos, NULL },
	{ "complete", NULL, GROUP_HELP, ARG_COMMAND, CMD_RAW, "complete TEXT",
	  "List what TAB would offer behind TEXT.", "", "complete info r", cmd_complete, NULL },
	{ "quit", "q exit", GROUP_HELP, ARG_NONE, 0, "quit [STATUS]", "Leave vmstep.",
	  "The guest is killed. Ctrl-D does the same.", "quit", cmd_quit, NULL },
	{ NULL },
};
