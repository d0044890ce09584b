/*
 * docgen.c - what is generated from the tables: the manual's sections and the shell completions.
 * The hidden option --dump prints it; man/man.mk puts it into the files that are committed.
 */
#include <errno.h>
#include <string.h>

#include "cli.h"
#include "docgen.h"
#include "session_main.h"

/* Names, usage and example of every command, one a line, tab-separated: for tests. */
static void commands_dump(const struct command *k, const char *prefix, struct strbuf *out)
{
	strbuf_addf(out, "%s%s%s\t%s\t%s\n", prefix, *prefix ? " " : "", k->name, k->usage,
		    k->example ? k->example : "");
	for (const struct command *s = k->sub; s && s->name; s++)
		commands_dump(s, k->name, out);
}

static void commands_text(struct strbuf *out)
{
	const struct command *k;

	for (size_t i = 0; (k = command_at(i)); i++)
		commands_dump(k, "", out);
}

static const struct {
	const char *name;
	void (*text)(struct strbuf *out);
} dumps[] = {
	{ "man-options", man_options },
	{ "man-subcommands", man_subcommands },
	{ "man-commands", man_commands },
	{ "man-settings", man_settings },
	{ "man-exit", man_exit },
	{ "man-topics", man_topics },
	{ "man-lessons", man_lessons },
	{ "bash", bash_text },
	{ "zsh", zsh_text },
	{ "fish", fish_text },
	{ "commands", commands_text },
};

int docgen_text(const char *what, struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(dumps); i++) {
		if (strcmp(dumps[i].name, what))
			continue;
		dumps[i].text(out);
		return 0;
	}
	return -EINVAL;
}
