/* dispatch.c - from a line to a command's handler: names, abbreviations, flags. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct definition *definition_find(struct cli *c, const char *name, size_t n)
{
	for (size_t i = 0; i < c->n_defs; i++)
		if (strlen(c->defs[i].name) == n && !memcmp(c->defs[i].name, name, n))
			return &c->defs[i];
	return NULL;
}

static bool guest_died(struct cli *c)
{
	const struct stop *st = session_last_stop(c->s);

	return st && (st->causes & (CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_ERROR)));
}

/* Where the name ends in the usage: behind "info registers" in "info registers [NAME]...". */
static int name_end(const struct command *k)
{
	const char *name = strstr(k->usage, k->name);

	return name ? (int)(name - k->usage + strlen(k->name)) : 0;
}

static int guest_check(struct cli *c, const struct command *k, struct err *err)
{
	const int n = name_end(k);
	const struct guest_spec *g = &session_config(c->s)->guest;

	if (!(k->flags & (CMD_NEEDS_GUEST | CMD_NEEDS_ALIVE)))
		return 0;
	if (!session_has_guest(c->s) && (g->path || g->hex))
		return err_set(err, ESRCH,
			       "%.*s: the guest is not running, start it with start or run", n,
			       k->usage);
	if (!session_has_guest(c->s))
		return err_set(
			err, ESRCH,
			"%.*s: there is no guest, name one with file FILE and start it with start",
			n, k->usage);
	if ((k->flags & CMD_NEEDS_ALIVE) && !session_alive(c->s)) {
		if (guest_died(c))
			c->status = STATUS_DIED;
		return err_set(err, ESRCH,
			       "%.*s: the guest has ended and cannot run on, begin anew with start",
			       n, k->usage);
	}
	return 0;
}

static int command_run(struct cli *c, const struct command *k, const char *args, struct err *err)
{
	const struct command *sub;
	int r;

	if (k->sub) {
		const size_t n = command_word(args);

		sub = subcommand_lookup(k, args, n);
		if (sub)
			return command_run(c, sub, blanks_skip(args + n), err);
		if (!k->run)
			return subcommand_find(k, args, n, &sub, err);
	}
	r = guest_check(c, k, err);
	if (!r && *args && !k->usage[name_end(k)])
		return err_set(err, EINVAL, "%s takes no argument", k->usage);
	return r ? r : k->run(c, args, err);
}

/* Words of a defined command's arguments; "quoted words" stay together. */
static size_t args_split(char *text, char **ret, size_t max)
{
	size_t n = 0;

	for (char *p = text; n < max;) {
		p += strspn(p, " \t");
		if (!*p)
			break;
		ret[n++] = p;
		for (bool quoted = false; *p && (quoted || (*p != ' ' && *p != '\t')); p++)
			quoted ^= *p == '"';
		if (*p)
			*p++ = '\0';
	}
	return n;
}

static int definition_run(struct cli *c, const struct definition *d, const char *args,
			  struct err *err)
{
	char **saved = c->args, *words[16], *copy = strdup(args), **lines = lines_copy(d->lines);
	const size_t n_saved = c->n_args;
	char name[64];
	int r = -ENOMEM;

	/* The lines are copied: a command may redefine itself. */
	if (copy && lines) {
		c->n_args = args_split(copy, words, ARRAY_SIZE(words));
		c->args = words;
		snprintf(name, sizeof(name), "define %.50s", d->name);
		r = lines_run(c, lines, name, err);
	}
	c->args = saved;
	c->n_args = n_saved;
	lines_free(lines);
	free(copy);
	return r;
}

/* $arg0... and $argc put in; NULL where the line has none of them or no defined command runs. */
static char *args_expand(struct cli *c, const char *line)
{
	struct strbuf b;

	if (!c->args || !strstr(line, "$arg"))
		return NULL;
	strbuf_init(&b);
	for (const char *p = line; *p;) {
		if (!strncmp(p, "$argc", 5) && !isalnum((unsigned char)p[5])) {
			strbuf_adddec(&b, c->n_args);
			p += 5;
		} else if (!strncmp(p, "$arg", 4) && isdigit((unsigned char)p[4])) {
			char *end;
			const unsigned long i = strtoul(p + 4, &end, 10);

			if (i < c->n_args)
				strbuf_adds(&b, c->args[i]);
			p = end;
		} else {
			strbuf_addc(&b, *p++);
		}
	}
	return strbuf_detach(&b);
}

/* Blanks at the end are not meant, except by commands that take their line as it stands. */
static void line_trim(char *line)
{
	size_t n = strlen(line);

	while (n && isspace((unsigned char)line[n - 1]))
		line[--n] = '\0';
}

static int line_execute(struct cli *c, char *line, struct err *err)
{
	const struct definition *d;
	const struct command *k;
	const size_t n = command_word(line);
	int r;

	if (!n)
		return err_set(err, EINVAL, "\"%.40s\" does not start with a command, try help",
			       line);
	d = definition_find(c, line, n);
	k = d ? NULL : command_lookup(line, n);
	if (!k || !(k->flags & CMD_RAW))
		line_trim(line);
	if (d)
		return definition_run(c, d, blanks_skip(line + n), err);
	r = command_find(line, n, &k, err);
	return r ? r : command_run(c, k, blanks_skip(line + n), err);
}

int command_execute(struct cli *c, const char *line, struct err *err)
{
	char *text;
	int r;

	line = blanks_skip(line);
	if (!*line || *line == '#')
		return 0;
	text = args_expand(c, line);
	if (!text)
		text = strdup(line);
	if (!text)
		return err_set(err, ENOMEM, "no memory for the command");
	if (*text == '!') {
		char *shell;

		r = asprintf(&shell, "shell %s", text + 1) < 0 ? -ENOMEM : 0;
		if (!r) {
			r = line_execute(c, shell, err);
			free(shell);
		}
	} else {
		r = line_execute(c, text, err);
	}
	free(text);
	session_tell_trouble(c->s);
	return r;
}
