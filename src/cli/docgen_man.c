/* docgen_man.c - the tables as sections of the manual, in mdoc(7). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/lesson.h>
#include <vmstep/teach.h>

#include "cli.h"
#include "docgen.h"

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
		snprintf(word, sizeof(word), "%.*s%s", (int)n, text,
			 last && text[n - 1] != '.' ? "." : "");
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

void man_commands(struct strbuf *out)
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

void man_settings(struct strbuf *out)
{
	const struct setting *row;

	strbuf_adds(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; (row = setting_at(i)); i++) {
		char usage[200];

		strbuf_adds(out, ".It Ic ");
		roff_quoted(setting_usage(row, usage, sizeof(usage)), out);
		strbuf_addc(out, '\n');
		paragraph_add(row->summary, out);
		if (*row->help)
			paragraph_add(row->help, out);
	}
	strbuf_adds(out, ".El\n");
}

void man_options(struct strbuf *out)
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

void man_exit(struct strbuf *out)
{
	strbuf_adds(out, ".Bl -tag -width Ds -compact\n");
	for (const struct exit_row *e = exit_table; e->meaning; e++) {
		strbuf_addf(out, ".It %d\n", e->status);
		paragraph_add(e->meaning, out);
	}
	strbuf_adds(out, ".El\n");
}

void man_subcommands(struct strbuf *out)
{
	strbuf_adds(out, ".Bl -tag -width Ds\n");
	for (int i = 1; i < SUB_COUNT; i++) {
		strbuf_adds(out, ".It Nm ");
		roff_quoted(subcommand_table[i].usage, out);
		strbuf_addc(out, '\n');
		sentence_add(subcommand_table[i].help, out);
	}
	strbuf_adds(out, ".El\n");
}

/* Paragraphs are separated by a newline. */
static void paragraphs_add(const char *text, struct strbuf *out)
{
	char *copy = strdup(text), *p = copy, *end;

	for (; p; p = end) {
		end = strchr(p, '\n');
		if (end)
			*end++ = '\0';
		paragraph_add(p, out);
		if (end)
			strbuf_adds(out, ".Pp\n");
	}
	free(copy);
}

void man_topics(struct strbuf *out)
{
	const struct topic *t;

	for (size_t i = 0; (t = topic_at(i)); i++) {
		strbuf_addf(out, ".Ss %s: %s\n", t->name, t->title);
		paragraphs_add(t->text, out);
		strbuf_addf(out, ".Pp\n");
		paragraph_add(t->source, out);
	}
}

void man_lessons(struct strbuf *out)
{
	struct err err = { 0 };
	struct lesson *l;

	strbuf_adds(out, ".Bl -tag -width skip-dr6-empty -compact\n");
	for (size_t i = 0; !lesson_builtin(i, &l, &err); i++) {
		strbuf_addf(out, ".It Cm %s\n", l->name);
		paragraph_add(l->title, out);
		lesson_destroy(l);
	}
	strbuf_adds(out, ".El\n");
}
