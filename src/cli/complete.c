/* complete.c - what may follow: for TAB and the command `complete`, from the tables. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <vmstep/teach.h>

#include "complete.h"

void completion_add(struct completion *k, const char *word)
{
	char **p = realloc(k->words, (k->n + 2) * sizeof(*p));

	if (!p)
		return;
	k->words = p;
	p[k->n] = strdup(word);
	if (p[k->n])
		k->n++;
	p[k->n] = NULL;
}

void completion_offer(struct completion *k, const char *word, const char *text, size_t n)
{
	if (!strncmp(word, text, n))
		completion_add(k, word);
}

static int words_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void words_sort(struct completion *k)
{
	size_t n = 0;

	if (!k->n)
		return;
	qsort(k->words, k->n, sizeof(*k->words), words_compare);
	for (size_t i = 0; i < k->n; i++) {
		if (n && !strcmp(k->words[n - 1], k->words[i]))
			free(k->words[i]);
		else
			k->words[n++] = k->words[i];
	}
	k->n = n;
	k->words[n] = NULL;
}

/* ---- kinds of words -------------------------------------------------------------------------- */

static void commands_offer(struct cli *c, struct completion *k, const char *text, size_t n)
{
	const struct command *row;

	for (size_t i = 0; (row = command_at(i)); i++)
		completion_offer(k, row->name, text, n);
	for (size_t i = 0; i < c->n_defs; i++)
		completion_offer(k, c->defs[i].name, text, n);
}

static void points_offer(struct cli *c, struct completion *k, const char *text, size_t n)
{
	size_t count;
	struct upoint *const *p = session_points(c->s, &count);
	char word[16];

	for (size_t i = 0; i < count; i++) {
		snprintf(word, sizeof(word), "%u", p[i]->num);
		completion_offer(k, word, text, n);
	}
}

static void values_offer(struct completion *k, const char *values, const char *text, size_t n)
{
	char word[64];

	while (values && *values) {
		const size_t len = strcspn(values, " ");

		snprintf(word, sizeof(word), "%.*s", (int)len, values);
		completion_offer(k, word, text, n);
		values += len + strspn(values + len, " ");
	}
}

/* Names of more than one word are offered word by word: `done` is what stands before the current
 * one. */
static void setting_offer(struct completion *k, const struct setting *row, const char *done,
			  size_t n_done, const char *text, size_t n)
{
	char word[64];

	if (strncmp(row->name, done, n_done))
		return;
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(row->name + n_done, " "),
		 row->name + n_done);
	if (*word)
		completion_offer(k, word, text, n);
}

static void settings_offer(struct cli *c, struct completion *k, const char *args, const char *text,
			   size_t n, bool values)
{
	static const char engines[] = "auto kvm mtf soft";
	char done[200];
	const struct setting *row;
	const char *rest;

	snprintf(done, sizeof(done), "%.*s", (int)(text - args), args);
	row = *done ? setting_match(done, &rest) : NULL;
	if (row && !*rest) {
		if (values)
			values_offer(k,
				     row->values                    ? row->values
				     : !strcmp(row->name, "engine") ? engines
								    : NULL,
				     text, n);
		return;
	}
	for (size_t i = 0; (row = setting_at(i)); i++)
		setting_offer(k, row, done, strlen(done), text, n);
}

/* "why not CAUSE": what the processor or a point of the user's can have made. */
static void causes_offer(struct cli *c, struct completion *k, const char *text, size_t n)
{
	size_t count;
	struct upoint *const *p = session_points(c->s, &count);
	char word[32];

	for (unsigned cause = 0; cause < CAUSE_COUNT; cause++)
		if (cause != CAUSE_BREAK && cause != CAUSE_UWATCH && cause != CAUSE_CATCH)
			completion_offer(k, cause_name(cause), text, n);
	for (size_t i = 0; i < count; i++) {
		const bool code = p[i]->type == UPOINT_BREAK || p[i]->type == UPOINT_HBREAK;

		snprintf(word, sizeof(word), "%s/%u",
			 cause_name(p[i]->type == UPOINT_CATCH ? CAUSE_CATCH
				    : code		       ? CAUSE_BREAK
							       : CAUSE_UWATCH),
			 p[i]->num);
		completion_offer(k, word, text, n);
	}
}

/* `args` is where the command's arguments begin, `text` the word in them. */
static void usage_words_offer(struct cli *c, struct completion *k, const char *name, const char *args, const char *text,
			      size_t n)
{
	if (!strcmp(name, "skip"))
		values_offer(k, "inner outer", text, n);
	if (!strcmp(name, "why") && text == args)
		values_offer(k, "not", text, n);
	else if (!strcmp(name, "why") && !strncmp(args, "not ", 4))
		causes_offer(c, k, text, n);
	if (!strcmp(name, "layout"))
		values_offer(k, "asm src split regs next", text, n);
	if (!strcmp(name, "focus"))
		values_offer(k, "cmd code asm src history next", text, n);
	if (!strcmp(name, "deliver") || !strcmp(name, "exception"))
		for (int v = 0; v < 32; v++)
			if (*exception_name(v))
				completion_offer(k, exception_name(v), text, n);
}

/* ---- where in the line ----------------------------------------------------------------------- */

size_t word_start(const char *line, size_t n, size_t from, const char *breaks)
{
	while (n > from && !strchr(breaks, line[n - 1]))
		n--;
	return n;
}

static void arguments_complete(struct cli *c, const struct command *k, const char *line,
			       size_t args, size_t n, struct completion *ret);

static void subcommands_complete(struct cli *c, const struct command *of, const char *line,
				 size_t args, size_t n, struct completion *ret)
{
	const size_t len = command_word(line + args);
	const struct command *sub;

	if (args + len < n) {
		sub = subcommand_lookup(of, line + args, len);
		if (sub) {
			arguments_complete(c, sub, line,
					   args + len + strspn(line + args + len, " \t"), n, ret);
			return;
		}
	} else {
		ret->start = args;
		for (sub = of->sub; sub->name; sub++)
			completion_offer(ret, sub->name, line + args, n - args);
	}
	if (of->arg == ARG_SETTING) {
		ret->start = word_start(line, n, args, " \t");
		settings_offer(c, ret, line + args, line + ret->start, n - ret->start,
			       of->run && !strcmp(of->name, "set"));
	} else if (of->arg == ARG_POINT) {
		ret->start = word_start(line, n, args, " \t");
		points_offer(c, ret, line + ret->start, n - ret->start);
	}
}

/* Of `help`, beside the commands. */
static void topics_offer(struct completion *k, const char *text, size_t n)
{
	const struct topic *t;

	for (size_t i = 0; (t = topic_at(i)); i++)
		completion_offer(k, t->name, text, n);
}

/* `help` and `complete`: a line within the line. */
static void line_within(struct cli *c, const char *line, size_t args, size_t n,
			struct completion *ret)
{
	complete_line(c, line + args, n - args, ret);
	ret->start += args;
}

static void arguments_complete(struct cli *c, const struct command *k, const char *line,
			       size_t args, size_t n, struct completion *ret)
{
	/* A format such as /4i belongs to the command. */
	if (line[args] == '/' && (k->arg == ARG_EXPR))
		args += strcspn(line + args, " \t") +
			strspn(line + args + strcspn(line + args, " \t"), " \t");
	if (args > n)
		args = n;
	if (k->sub) {
		subcommands_complete(c, k, line, args, n, ret);
		return;
	}
	if (k->arg == ARG_COMMAND) {
		line_within(c, line, args, n, ret);
		if (!strcmp(k->name, "help"))
			topics_offer(ret, line + args, n - args);
		return;
	}
	ret->expression = k->arg == ARG_EXPR || k->arg == ARG_LOCATION || k->arg == ARG_COUNT;
	ret->files = k->arg == ARG_FILE;
	ret->start = word_start(line, n, args, " \t");
	if (ret->expression)
		expression_complete(c, ret, line, args, n);
	else if (k->arg == ARG_REGISTER)
		registers_offer(ret, line[ret->start] == '$' ? "$" : "", line + ret->start,
				n - ret->start);
	else if (k->arg == ARG_POINT)
		points_offer(c, ret, line + ret->start, n - ret->start);
	else if (k->arg == ARG_WORD)
		usage_words_offer(c, ret, k->name, line + args, line + ret->start, n - ret->start);
}

void complete_line(struct cli *c, const char *text, size_t n, struct completion *ret)
{
	char *line = strndup(text, n);
	const struct command *k;
	size_t from, len;

	*ret = (struct completion){ 0 };
	if (!line)
		return;
	from = strspn(line, " \t");
	len = command_word(line + from);
	if (from + len >= n) {
		ret->start = from;
		commands_offer(c, ret, line + from, n - from);
	} else {
		k = command_lookup(line + from, len);
		if (k)
			arguments_complete(c, k, line,
					   from + len + strspn(line + from + len, " \t"), n, ret);
	}
	words_sort(ret);
	free(line);
}

void completion_deinit(struct completion *k)
{
	for (size_t i = 0; i < k->n; i++)
		free(k->words[i]);
	free(k->words);
	*k = (struct completion){ 0 };
}
