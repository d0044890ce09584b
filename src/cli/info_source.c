/* info_source.c - info files' sections, info sources, functions, variables, types. */
#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/source.h>

#include "cli.h"
#include "info.h"
#include "term.h"

static bool wants_more(struct cli *c)
{
	return !c->out.quit && !term_interrupted();
}

/* ---- files ------------------------------------------------------------------------------------ */

static bool area_show(void *arg, const struct symbol_area *a)
{
	struct cli *c = arg;

	say(c, "\t0x%016" PRIx64 " - 0x%016" PRIx64 " is %s\n", a->start, a->end, a->name);
	return wants_more(c);
}

void info_symbol_files(struct cli *c)
{
	struct symbols *s = session_symbols(c->s);

	for (size_t i = 0; s && i < symbols_files(s); i++) {
		struct err trouble = { 0 };
		u64 bias = 0;
		const char *path = symbols_file(s, i, &bias), *debug = symbols_debug_file(s, i);

		say(c, "Symbols from \"%s\"", path);
		if (bias)
			say(c, ", moved by 0x%" PRIx64, bias);
		if (debug && strcmp(debug, path))
			say(c, ", debug information from \"%s\"", debug);
		say(c, debug ? ":\n" : ", no debug information:\n");
		if (source_trouble(s, i, &trouble))
			say(c, "%s\n", trouble.text);
		symbols_areas(s, i, area_show, c);
	}
}

/* ---- sources ---------------------------------------------------------------------------------- */

struct path_list {
	const char **path;
	size_t n, cap;
	const regex_t *filter;
};

static bool path_add(void *arg, const struct source_file *f)
{
	struct path_list *l = arg;

	if (l->filter && regexec(l->filter, f->path, 0, NULL, 0))
		return true;
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		const char **p = realloc(l->path, cap * sizeof(*p));

		if (!p)
			return false;
		l->path = p;
		l->cap = cap;
	}
	l->path[l->n++] = f->path;
	return true;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int filter_make(const char *args, regex_t *re, struct err *err)
{
	int rc = regcomp(re, args, REG_EXTENDED | REG_NOSUB);
	char why[120];

	if (!rc)
		return 0;
	regerror(rc, re, why, sizeof(why));
	return err_set(err, EINVAL, "\"%.100s\" is no regular expression: %s", args, why);
}

int info_sources(struct cli *c, const char *args, struct err *err)
{
	struct symbols *s = session_symbols(c->s);
	struct path_list l = { 0 };
	regex_t re;
	int rc = filter_make(args, &re, err);

	if (rc)
		return rc;
	l.filter = &re;
	if (s)
		source_files_each(s, path_add, &l);
	if (l.n)
		qsort(l.path, l.n, sizeof(*l.path), by_text);
	for (size_t i = 0; i < l.n && wants_more(c); i++)
		if (!i || strcmp(l.path[i], l.path[i - 1]))
			say(c, "%s\n", l.path[i]);
	if (!l.n)
		say(c, "No source file is known%s.\n", *args ? " under such a name" : "");
	free(l.path);
	regfree(&re);
	return 0;
}

/* ---- functions, variables, types ----------------------------------------------------------------- */

struct name_list {
	struct source_name *name;
	size_t n, cap;
	const regex_t *filter;
};

static bool name_add(void *arg, const struct source_name *n)
{
	struct name_list *l = arg;

	if (regexec(l->filter, n->name, 0, NULL, 0))
		return true;
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		struct source_name *p = realloc(l->name, cap * sizeof(*p));

		if (!p)
			return false;
		l->name = p;
		l->cap = cap;
	}
	l->name[l->n++] = *n;
	return true;
}

/* By file, then name, then line: as they are shown. */
static int by_place(const void *a, const void *b)
{
	const struct source_name *x = a, *y = b;
	int rc = strcmp(x->file ? x->file->name : "", y->file ? y->file->name : "");

	if (!rc)
		rc = strcmp(x->name, y->name);
	return rc ?: x->line < y->line ? -1 : x->line > y->line;
}

static bool same_place(const struct source_name *a, const struct source_name *b)
{
	return a->file == b->file && a->line == b->line && !strcmp(a->name, b->name);
}

static void names_show(struct cli *c, const struct name_list *l, enum source_kind kind)
{
	const struct source_file *file = NULL;

	for (size_t i = 0; i < l->n && wants_more(c); i++) {
		const struct source_name *n = &l->name[i];

		if (i && same_place(n, n - 1))
			continue;
		if (!i || n->file != file)
			say(c, "\nFile %s:\n", n->file ? n->file->name : "(unknown)");
		file = n->file;
		if (n->line)
			say(c, "%u:", n->line);
		say(c, "\t%s%s%s\n", n->keyword, n->name,
		    kind == SOURCE_TYPE && n->line ? ";" : "");
	}
}

struct bare_list {
	struct cli *cli;
	const regex_t *filter;
	bool functions;
	size_t n;
};

/* Symbols whose place no line table knows: assembly, and files without debug information. */
static bool bare_show(void *arg, const struct symbol *sym)
{
	struct bare_list *l = arg;
	struct symbols *s = session_symbols(l->cli->s);
	struct source_function f;

	if ((sym->kind == 'F') != l->functions || regexec(l->filter, sym->name, 0, NULL, 0) ||
	    (l->functions && source_function_at(s, sym->addr, &f)) ||
	    (!l->functions && source_has_variable(s, sym->name)))
		return true;
	if (!l->n++)
		say(l->cli, "\nNon-debugging symbols:\n");
	say(l->cli, "0x%016" PRIx64 "  %s\n", sym->addr, sym->name);
	return wants_more(l->cli);
}

static int names_list(struct cli *c, const char *args, enum source_kind kind, const char *what,
		      struct err *err)
{
	struct symbols *s = session_symbols(c->s);
	struct name_list l = { 0 };
	struct bare_list bare = { .cli = c, .functions = kind == SOURCE_FUNCTION };
	regex_t re;
	int rc = filter_make(args, &re, err);

	if (rc)
		return rc;
	l.filter = bare.filter = &re;
	if (s)
		source_names_each(s, kind, NULL, false, name_add, &l);
	for (size_t i = 0; i < l.n; i++)
		source_name_place(s, &l.name[i]);
	if (l.n)
		qsort(l.name, l.n, sizeof(*l.name), by_place);
	say(c, *args ? "All %ss matching regular expression \"%s\":\n" : "All defined %ss:\n", what,
	    args);
	names_show(c, &l, kind);
	if (s && kind != SOURCE_TYPE)
		symbols_complete(s, "", bare_show, &bare);
	free(l.name);
	regfree(&re);
	return 0;
}

int info_functions(struct cli *c, const char *args, struct err *err)
{
	return names_list(c, args, SOURCE_FUNCTION, "function", err);
}

int info_variables(struct cli *c, const char *args, struct err *err)
{
	return names_list(c, args, SOURCE_VARIABLE, "variable", err);
}

int info_types(struct cli *c, const char *args, struct err *err)
{
	return names_list(c, args, SOURCE_TYPE, "type", err);
}
