/*
 * docgen.c - what is generated from the tables: the manual's sections and the shell completions. The
 * hidden option --dump prints it; man/man.mk puts it into the files that are committed.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "cli.h"
#include "session_main.h"

/* ---- the manual, in mdoc ------------------------------------------------------------------------------ */

/* Text as roff shows it verbatim: no macro at a line's start, no escapes. */
static void roff_add(const char *text, struct strbuf *out)
{
	bool start = !out->n || out->s[out->n - 1] == '\n';

	for (const char *p = text; *p; p++) {
		if (start && (*p == '.' || *p == '\''))
			strbuf_adds(out, "\\&");
		if (*p == '\\')
			strbuf_adds(out, "\\e");
		else if (*p == '-')
			strbuf_adds(out, "\\-");
		else
			strbuf_addc(out, *p);
		start = *p == '\n';
	}
}

/* The same for text that is the argument of a macro: quoted. */
static void roff_quoted(const char *text, struct strbuf *out)
{
	strbuf_addc(out, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			strbuf_adds(out, "\\(dq");
		else if (*p == '\\')
			strbuf_adds(out, "\\e");
		else
			strbuf_addc(out, *p);
	}
	strbuf_addc(out, '"');
}

/* A line of a manual's source is at most this long, which mandoc -T lint wants. */
enum { ROFF_WIDTH = 76 };

static bool ends_sentence(const char *word, size_t n)
{
	return n > 1 && strchr(".:", word[n - 1]) && word[n - 2] != '.';
}

/* One text as lines: a new one after each sentence, which roff wants, and where it gets too long. A
 * full stop closes it. */
static void paragraph_add(const char *text, struct strbuf *out)
{
	size_t line = out->n;
	char word[128];

	for (size_t n; (text += strspn(text, " \n"), n = strcspn(text, " \n")); text += n) {
		const bool last = !text[n + strspn(text + n, " \n")];

		if (out->n > line && out->n - line + n > ROFF_WIDTH) {
			strbuf_addc(out, '\n');
			line = out->n;
		}
		if (out->n > line)
			strbuf_addc(out, ' ');
		snprintf(word, sizeof(word), "%.*s%s", (int)n, text, last && text[n - 1] != '.' ? "." : "");
		roff_add(word, out);
		if (ends_sentence(text, n) && !last) {
			strbuf_addc(out, '\n');
			line = out->n;
		}
	}
	strbuf_addc(out, '\n');
}

/* The same for a text that does not begin with a capital. */
static void sentence_add(const char *text, struct strbuf *out)
{
	const size_t at = out->n;

	paragraph_add(text, out);
	if (out->n > at)
		out->s[at] = toupper((unsigned char)out->s[at]);
}

static void man_command(const struct command *k, struct strbuf *out)
{
	strbuf_adds(out, ".It Ic ");
	roff_quoted(k->usage, out);
	strbuf_addc(out, '\n');
	paragraph_add(k->summary, out);
	if (k->help && *k->help)
		paragraph_add(k->help, out);
	if (k->aliases) {
		strbuf_adds(out, "Also: ");
		roff_add(k->aliases, out);
		strbuf_adds(out, ".\n");
	}
	for (const struct command *s = k->sub; s && s->name; s++)
		man_command(s, out);
}

static void man_commands(struct strbuf *out)
{
	const struct command *k;

	for (int g = 0; g < GROUP_COUNT; g++) {
		strbuf_addf(out, ".Ss %s\n.Bl -tag -width Ds\n", group_titles[g]);
		for (size_t i = 0; (k = command_at(i)); i++)
			if (k->group == g)
				man_command(k, out);
		strbuf_adds(out, ".El\n");
	}
}

static void man_settings(struct strbuf *out)
{
	const struct setting *row;

	strbuf_adds(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; (row = setting_at(i)); i++) {
		char usage[200];

		snprintf(usage, sizeof(usage), "set %s %s", row->name, row->values ? row->values : "VALUE");
		for (char *p = usage + strlen("set ") + strlen(row->name) + 1; *p; p++)
			if (*p == ' ')
				*p = '|';
		strbuf_adds(out, ".It Ic ");
		roff_quoted(usage, out);
		strbuf_addc(out, '\n');
		paragraph_add(row->summary, out);
		if (*row->help)
			paragraph_add(row->help, out);
	}
	strbuf_adds(out, ".El\n");
}

static const char *dashes(const struct option_row *r)
{
	return strlen(r->name) <= 2 ? "-" : "--";
}

static void man_options(struct strbuf *out)
{
	strbuf_adds(out, ".Bl -tag -width Ds\n");
	for (const struct option_row *r = option_table; r->name; r++) {
		strbuf_adds(out, ".It Fl ");
		if (r->letter && strlen(r->name) > 2)
			strbuf_addf(out, "%c , Fl ", r->letter);
		/* Fl puts one dash before its argument. */
		strbuf_addf(out, "%s%s", strlen(r->name) > 2 ? "\\-" : "", r->name);
		if (r->arg)
			strbuf_addf(out, " Ar %s", r->arg);
		strbuf_addc(out, '\n');
		paragraph_add(r->help, out);
	}
	strbuf_adds(out, ".El\n");
}

static void man_exit(struct strbuf *out)
{
	strbuf_adds(out, ".Bl -tag -width Ds -compact\n");
	for (const struct exit_row *e = exit_table; e->meaning; e++)
		strbuf_addf(out, ".It %d\n%s\n", e->status, e->meaning);
	strbuf_adds(out, ".El\n");
}

static void man_subcommands(struct strbuf *out)
{
	strbuf_adds(out, ".Bl -tag -width Ds\n");
	for (int i = 1; i < SUB_COUNT; i++) {
		strbuf_adds(out, ".It Nm ");
		roff_quoted(subcommand_table[i].usage, out);
		strbuf_addc(out, '\n');
		sentence_add(subcommand_table[i].help, out);
		if (subcommand_table[i].missing)
			sentence_add(subcommand_table[i].missing, out);
	}
	strbuf_adds(out, ".El\n");
}

/* ---- completions -------------------------------------------------------------------------------------- */

static void sub_names(struct strbuf *out)
{
	for (int i = 1; i < SUB_COUNT; i++)
		strbuf_addf(out, "%s%s", i > 1 ? " " : "", subcommand_table[i].name);
}

static bool takes_file(const struct option_row *r)
{
	return r->arg && (!strcmp(r->arg, "FILE") || !strcmp(r->arg, "WHERE"));
}

/* Every spelling of an option. */
static void option_spellings(const struct option_row *r, const char *sep, struct strbuf *out)
{
	strbuf_addf(out, "%s%s", dashes(r), r->name);
	if (r->letter && strlen(r->name) > 2)
		strbuf_addf(out, "%s-%c", sep, r->letter);
}

static void bash_options(struct strbuf *out)
{
	for (int sub = 0; sub < SUB_COUNT; sub++) {
		strbuf_addf(out, "\t%s) options=\"", sub ? subcommand_table[sub].name : "*");
		for (const struct option_row *r = option_table; r->name; r++) {
			if (!(r->subs & IN(sub)))
				continue;
			option_spellings(r, " ", out);
			strbuf_addc(out, ' ');
		}
		if (out->s[out->n - 1] == ' ')
			out->s[--out->n] = '\0';
		strbuf_adds(out, "\" ;;\n");
	}
}

static void bash_text(struct strbuf *out)
{
	strbuf_adds(out, "# bash completion for vmstep; generated by \"make man\" from the option table.\n\n"
			 "_vmstep()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} options\n\n"
			 "\tCOMPREPLY=()\n\tcase $prev in\n");
	for (const struct option_row *r = option_table; r->name; r++) {
		if (!r->arg)
			continue;
		strbuf_addc(out, '\t');
		option_spellings(r, "|", out);
		if (r->values)
			strbuf_addf(out, ") mapfile -t COMPREPLY < <(compgen -W \"%s\" -- \"$cur\"); return ;;\n", r->values);
		else
			strbuf_adds(out, takes_file(r) ? ") mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n" : ") return ;;\n");
	}
	strbuf_adds(out, "\tesac\n\tcase ${COMP_WORDS[1]} in\n");
	/* The row of the session is the default and comes last. */
	struct strbuf rows;
	const char *first;

	strbuf_init(&rows);
	bash_options(&rows);
	first = strchr(strbuf_str(&rows), '\n');
	strbuf_adds(out, first ? first + 1 : "");
	strbuf_addn(out, rows.s, first ? first - rows.s + 1 : 0);
	strbuf_deinit(&rows);
	strbuf_adds(out, "\tesac\n\tif [[ $cur == -* ]]; then\n\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
			 "\telse\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
			 "\t\tif ((COMP_CWORD == 1)); then\n\t\t\tmapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W \"");
	sub_names(out);
	strbuf_adds(out, "\" -- \"$cur\")\n\t\tfi\n\tfi\n}\n\ncomplete -o filenames -F _vmstep vmstep\n");
}

/* Inside single quotes. */
static void quoted_add(const char *text, const char *escape, struct strbuf *out)
{
	for (; *text; text++) {
		if (*text == '\'')
			strbuf_adds(out, "'\\''");
		else if (strchr(escape, *text))
			strbuf_addf(out, "\\%c", *text);
		else
			strbuf_addc(out, *text);
	}
}

static void zsh_option(const struct option_row *r, const char *spelling, struct strbuf *out)
{
	strbuf_addf(out, "\t'%s[", spelling);
	quoted_add(r->help, "[]:", out);
	strbuf_addc(out, ']');
	if (r->values)
		strbuf_addf(out, ":%s:(%s)", r->arg, r->values);
	else if (r->arg)
		strbuf_addf(out, ":%s:%s", r->arg, takes_file(r) ? "_files" : "");
	strbuf_adds(out, "' \\\n");
}

static void zsh_text(struct strbuf *out)
{
	char spelling[64];

	strbuf_adds(out, "#compdef vmstep\n# zsh completion for vmstep; generated by \"make man\" from the option table.\n\n"
			 "local -a subcommands\nsubcommands=(\n");
	for (int i = 1; i < SUB_COUNT; i++) {
		strbuf_addf(out, "\t'%s:", subcommand_table[i].name);
		quoted_add(subcommand_table[i].help, ":", out);
		strbuf_adds(out, "'\n");
	}
	strbuf_adds(out, ")\nif ((CURRENT == 2)); then\n\t_describe subcommand subcommands\nfi\n_arguments \\\n");
	for (const struct option_row *r = option_table; r->name; r++) {
		snprintf(spelling, sizeof(spelling), "%s%s", dashes(r), r->name);
		zsh_option(r, spelling, out);
		snprintf(spelling, sizeof(spelling), "-%c", r->letter);
		if (r->letter && strlen(r->name) > 2)
			zsh_option(r, spelling, out);
	}
	strbuf_adds(out, "\t'*:guest:_files'\n");
}

static void fish_text(struct strbuf *out)
{
	strbuf_adds(out, "# fish completion for vmstep; generated by \"make man\" from the option table.\n\n");
	for (int i = 1; i < SUB_COUNT; i++) {
		strbuf_addf(out, "complete -c vmstep -n __fish_use_subcommand -a %s -d '", subcommand_table[i].name);
		quoted_add(subcommand_table[i].help, "\\", out);
		strbuf_adds(out, "'\n");
	}
	for (const struct option_row *r = option_table; r->name; r++) {
		const bool is_long = strlen(r->name) > 2;

		strbuf_adds(out, "complete -c vmstep");
		if (r->letter)
			strbuf_addf(out, " -s %c", r->letter);
		if (is_long)
			strbuf_addf(out, " -l %s", r->name);
		else if (!r->letter)
			strbuf_addf(out, " -o %s", r->name);
		if (r->arg)
			strbuf_adds(out, takes_file(r) ? " -r -F" : " -x");
		if (r->values)
			strbuf_addf(out, " -a '%s'", r->values);
		strbuf_adds(out, " -d '");
		quoted_add(r->help, "\\", out);
		strbuf_adds(out, "'\n");
	}
}

/* Names, usage and example of every command, one a line, tab-separated: for tests. */
static void commands_dump(const struct command *k, const char *prefix, struct strbuf *out)
{
	strbuf_addf(out, "%s%s%s\t%s\t%s\n", prefix, *prefix ? " " : "", k->name, k->usage, k->example ? k->example : "");
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
	{ "man-options", man_options }, { "man-subcommands", man_subcommands }, { "man-commands", man_commands },
	{ "man-settings", man_settings }, { "man-exit", man_exit }, { "bash", bash_text }, { "zsh", zsh_text },
	{ "fish", fish_text }, { "commands", commands_text },
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
