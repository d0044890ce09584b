/* options.c - the command line read by the rows of option_table.c; see options.h. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>

#include "options.h"
#include "output.h"

enum { LONG_BASE = 256 }; /* getopt's value for the row i */

int option_word(const char *words, const char *value)
{
	const size_t n = strlen(value);
	int i = 0;

	for (const char *p = words; *p; i++) {
		const size_t len = strcspn(p, " ");

		if (len == n && n && !memcmp(p, value, n))
			return i;
		p += len + strspn(p + len, " ");
	}
	return -1;
}

static size_t rows(void)
{
	size_t n = 0;

	while (option_table[n].name)
		n++;
	return n;
}

/* What getopt wants, from the table: out has room for every row. */
static void getopt_tables(char *shorts, struct option *longs)
{
	*shorts++ = ':';
	for (const struct option_row *r = option_table; r->name; r++) {
		const int index = r - option_table;

		longs[index] = (struct option){ r->name, r->arg ? required_argument : no_argument,
						NULL, LONG_BASE + index };
		if (r->letter) {
			*shorts++ = r->letter;
			if (r->arg)
				*shorts++ = ':';
		}
	}
	longs[rows()] = (struct option){ 0 };
	*shorts = '\0';
}

static const struct option_row *row_of(int value)
{
	if (value >= LONG_BASE)
		return &option_table[value - LONG_BASE];
	for (const struct option_row *r = option_table; r->name; r++)
		if (r->letter == value)
			return r;
	return NULL;
}

const char *option_dashes(const struct option_row *r)
{
	return strlen(r->name) <= 2 ? "-" : "--";
}

/* One of the choices; where the subcommand takes a list, each word of it. */
static bool values_check(const struct option_row *r, enum subcommand sub, const char *value)
{
	char word[32];

	if (!(r->lists & IN(sub)))
		return option_word(r->values, value) >= 0;
	for (const char *p = value;; p++) {
		const size_t n = strcspn(p, ",");

		snprintf(word, sizeof(word), "%.*s", (int)n, p);
		if (n >= sizeof(word) || option_word(r->values, word) < 0)
			return false;
		p += n;
		if (!*p)
			return true;
	}
}

static int option_apply(struct options *o, const struct option_row *r, const char *value,
			struct err *err)
{
	if (!(r->subs & IN(o->sub)))
		return err_set(err, EINVAL, "%s%s does not go with %s%s, see vmstep%s%s --help",
			       option_dashes(r), r->name,
			       o->sub == SUB_SESSION ? "a session" : "vmstep ",
			       o->sub == SUB_SESSION ? "" : subcommand_table[o->sub].name,
			       o->sub == SUB_SESSION ? "" : " ",
			       o->sub == SUB_SESSION ? "" : subcommand_table[o->sub].name);
	if (r->values && !values_check(r, o->sub, value))
		return err_set(err, EINVAL, "%s%s: \"%s\" is none of: %s", option_dashes(r),
			       r->name, value, r->values);
	switch (r->kind) {
	case OPTION_FLAG:
		*(bool *)((char *)o + r->offset) = true;
		return 0;
	case OPTION_TEXT:
		*(const char **)((char *)o + r->offset) = value;
		return 0;
	case OPTION_CALL:
		return r->set(o, value, err);
	}
	return 0;
}

/* getopt took argv[optind - 1] last; a cluster of letters keeps optind where it is. */
static int option_refuse(int c, char **argv, struct err *err)
{
	const char *word = optind > 0 ? argv[optind - 1] : argv[optind];

	if (c == ':') {
		const struct option_row *r = row_of(optopt);

		return err_set(err, EINVAL, "option %s needs %s", word, r ? r->arg : "an argument");
	}
	if (optopt >= LONG_BASE)
		return err_set(err, EINVAL, "option %s takes no argument", word);
	return err_set(err, EINVAL, "there is no option %s (or it is ambiguous), see vmstep --help",
		       word);
}

static int options_scan(int argc, char **argv, struct options *o, struct err *err)
{
	char shorts[2 * OPTIONS_MAX + 2];
	struct option longs[OPTIONS_MAX];
	int c, r;

	getopt_tables(shorts, longs);
	optind = 0;
	opterr = 0;
	/* long_only: -ex and -nx are gdb's spelling. */
	while ((c = getopt_long_only(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = c == ':' || c == '?' ? NULL : row_of(c);

		r = row ? option_apply(o, row, optarg, err) : option_refuse(c, argv, err);
		if (r)
			return r;
	}
	o->args = argv + optind;
	o->n_args = argc - optind;
	return 0;
}

/* How many operands belong to the subcommand. */
static int operands_check(struct options *o, struct err *err)
{
	static const u8 most[SUB_COUNT] = { [SUB_SESSION] = 1,
					    [SUB_TRACE] = 1,
					    [SUB_COMPARE] = 1,
					    [SUB_PREDICT] = 1,
					    [SUB_DIFF] = 2,
					    [SUB_REPORT] = TRACES_MOST,
					    [SUB_LESSON] = 1 };
	const bool has_guest = IN(o->sub) & IN_GUEST;

	if (o->n_args > most[o->sub])
		return err_set(err, EINVAL, "\"%s\" is one operand too many, see vmstep --help",
			       o->args[most[o->sub]]);
	if (o->sub == SUB_DIFF && o->n_args < 2)
		return err_set(err, EINVAL, "diff needs two traces: vmstep diff A B");
	if (o->sub == SUB_REPORT && !o->n_args)
		return err_set(err, EINVAL, "report needs a trace: vmstep report TRACE... -o FILE.html");
	if (has_guest && o->n_args && o->cfg.guest.hex)
		return err_set(err, EINVAL,
			       "--hex runs bytes instead of a file: leave out \"%s\" or --hex",
			       o->args[0]);
	if (has_guest && o->n_args)
		o->cfg.guest.path = o->args[0];
	if (has_guest && o->sub != SUB_SESSION && !o->cfg.guest.path && !o->cfg.guest.hex)
		return err_set(err, EINVAL,
			       "%s needs a guest: vmstep %s GUEST, or --hex \"90 f1 90\"",
			       subcommand_table[o->sub].name, subcommand_table[o->sub].name);
	if (o->json && o->format && strcmp(o->format, "jsonl"))
		return err_set(err, EINVAL, "--json and --format %s contradict each other",
			       o->format);
	return 0;
}

static enum subcommand sub_of(const char *word)
{
	for (int i = 1; i < SUB_COUNT; i++)
		if (word && !strcmp(subcommand_table[i].name, word))
			return i;
	return SUB_SESSION;
}

int options_parse(int argc, char **argv, struct options *ret, struct err *err)
{
	int r;

	*ret = (struct options){ .cfg.machine.stdio_in = -1 };
	if (argc == 3 && !strcmp(argv[1], "--dump")) {
		ret->dump = argv[2];
		return 0;
	}
	ret->sub = sub_of(argc > 1 ? argv[1] : NULL);
	if (ret->sub != SUB_SESSION) {
		argc--;
		argv++;
	}
	r = options_scan(argc, argv, ret, err);
	if (r)
		return r;
	ret->cfg.guest.modules = ret->modules;
	ret->cfg.symbols = ret->symbols;
	return ret->help || ret->version ? 0 : operands_check(ret, err);
}

void options_deinit(struct options *o)
{
	free(o->start);
	free(o->modules);
	free(o->symbols);
}
