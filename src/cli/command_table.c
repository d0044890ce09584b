/* command_table.c - the tables of all commands, and a command by the word typed for it. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "cli.h"

static const struct command *const tables[] = {
	commands_step,
	commands_run,
	commands_checkpoint,
	commands_points,
	commands_catch,
	commands_points_edit,
	commands_points_enable,
	commands_print,
	commands_type,
	commands_x,
	commands_display,
	commands_memory,
	commands_code,
	commands_symbols,
	commands_frames,
	commands_disassemble,
	commands_list,
	commands_finish,
	commands_srcpath,
	commands_macro,
	commands_state,
	commands_trace,
	commands_set,
	commands_script,
	commands_echo,
	commands_tui,
	commands_help,
	NULL,
};

const struct command *command_at(size_t i)
{
	for (const struct command *const *t = tables; *t; t++)
		for (const struct command *k = *t; k->name; k++)
			if (!i--)
				return k;
	return NULL;
}

size_t command_word(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '-')
		n++;
	return n;
}

bool alias_match(const char *aliases, const char *word, size_t n)
{
	for (const char *p = aliases; p && *p;) {
		const size_t len = strcspn(p, " ");

		if (len == n && !memcmp(p, word, n))
			return true;
		p += len + strspn(p + len, " ");
	}
	return false;
}

/* Row i of all commands, or of the subcommands of `of`. */
static const struct command *row_at(const struct command *of, size_t i)
{
	if (!of)
		return command_at(i);
	/* Bounded by the walk: callers count up from 0 and stop at the end. */
	return of->sub[i].name ? &of->sub[i] : NULL;
}

struct search {
	const struct command *exact, *prefix;
	unsigned prefixes;
};

static void search_row(struct search *s, const struct command *k, const char *word, size_t n)
{
	if ((strlen(k->name) == n && !memcmp(k->name, word, n)) || alias_match(k->aliases, word, n))
		s->exact = k;
	if (!strncmp(k->name, word, n)) {
		s->prefix = k;
		s->prefixes++;
	}
}

static const struct command *row_search(const struct command *of, const char *word, size_t n,
					struct search *s)
{
	const struct command *k;

	*s = (struct search){ 0 };
	for (size_t i = 0; n && (k = row_at(of, i)); i++)
		search_row(s, k, word, n);
	if (s->exact)
		return s->exact;
	return s->prefixes == 1 ? s->prefix : NULL;
}

static int ambiguous(const struct command *of, const char *word, size_t n, struct err *err)
{
	const struct command *k;
	struct strbuf b;

	strbuf_init(&b);
	for (size_t i = 0; (k = row_at(of, i)); i++)
		if (!strncmp(k->name, word, n))
			strbuf_addf(&b, "%s%s", b.n ? ", " : "", k->name);
	err_set(err, EINVAL, "%s%s\"%.*s\" is ambiguous: %s", of ? of->name : "", of ? " " : "",
		(int)n, word, strbuf_str(&b));
	strbuf_deinit(&b);
	return -EINVAL;
}

const struct command *command_lookup(const char *word, size_t n)
{
	struct search s;

	return row_search(NULL, word, n, &s);
}

const struct command *subcommand_lookup(const struct command *of, const char *word, size_t n)
{
	struct search s;

	return row_search(of, word, n, &s);
}

int command_find(const char *word, size_t n, const struct command **ret, struct err *err)
{
	struct search s;
	const struct command *k = row_search(NULL, word, n, &s);

	if (!k && s.prefixes > 1)
		return ambiguous(NULL, word, n, err);
	if (!k)
		return err_set(err, ENOENT,
			       "there is no command \"%.*s\", try help or apropos WORD", (int)n,
			       word);
	*ret = k;
	return 0;
}

int subcommand_find(const struct command *of, const char *word, size_t n,
		    const struct command **ret, struct err *err)
{
	struct search s;
	const struct command *k = row_search(of, word, n, &s);

	if (!k && s.prefixes > 1)
		return ambiguous(of, word, n, err);
	if (!k && !n)
		return err_set(err, EINVAL, "%s needs one more word, try help %s", of->name,
			       of->name);
	if (!k)
		return err_set(err, ENOENT, "there is no command \"%s %.*s\", try help %s",
			       of->name, (int)n, word, of->name);
	*ret = k;
	return 0;
}
