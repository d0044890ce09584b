/* info_source.c - info files' sections, info symbol, info sources, info source. */
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

/* ---- the symbol of an address ----------------------------------------------------------------- */

struct area_search {
	u64 addr;
	const char *name; /* NULL: not found yet */
};

static bool area_look(void *arg, const struct symbol_area *a)
{
	struct area_search *q = arg;

	if (q->addr >= a->start && q->addr < a->end)
		q->name = a->name;
	return !q->name;
}

/* " in section .text", and of which file where there are several. */
static void section_tell(struct cli *c, struct symbols *s, u64 addr)
{
	struct area_search q = { .addr = addr };
	u64 bias;
	size_t i = 0;

	while (i < symbols_files(s) && !q.name)
		symbols_areas(s, i++, area_look, &q);
	if (q.name)
		say(c, " in section %s", q.name);
	if (q.name && symbols_files(s) > 1)
		say(c, " of %s", symbols_file(s, i - 1, &bias));
}

int info_symbol(struct cli *c, const char *args, struct err *err)
{
	struct symbols *s = session_symbols(c->s);
	const struct symbol *sym;
	u64 addr;
	int r;

	if (!*args)
		return err_set(err, EINVAL, "info symbol needs an address, as in info symbol $pc");
	r = address_get(c, args, &addr, err);
	if (r)
		return r;
	sym = s ? symbols_at(s, addr) : NULL;
	if (!sym) {
		say(c, "No symbol matches %s.\n", args);
		return 0;
	}
	say(c, "%s", sym->name);
	if (addr != sym->addr)
		say(c, " + %" PRIu64, addr - sym->addr);
	section_tell(c, s, addr);
	say(c, "\n");
	return 0;
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

int regex_make(const char *args, regex_t *re, struct err *err)
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
	int rc = regex_make(args, &re, err);

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

/* ---- the file looked at ----------------------------------------------------------------------- */

/* What is known of its text. */
static void text_tell(struct cli *c, const struct view_file *f)
{
	struct srcfile *text;
	struct err why = { 0 };

	if (srctext_open(c->view.text, f->name, *f->dir ? f->dir : NULL, &text, &why)) {
		say(c, "%s.\n", why.text);
		return;
	}
	say(c, "Located in %s\nContains %u line%s.\n", text->path, text->n_lines,
	    text->n_lines == 1 ? "" : "s");
}

static void unit_tell(struct cli *c, const struct source_unit *u)
{
	say(c, "Source language is %s.\n", u->language);
	if (u->producer)
		say(c, "Producer is %s.\n", u->producer);
	say(c, "Compiled with DWARF %u debugging format.\n", u->dwarf);
	say(c, u->has_macros ? "Includes preprocessor macro info.\n"
			     : "Does not include preprocessor macro info.\n");
}

int info_source(struct cli *c, const char *args, struct err *err)
{
	const struct view_file *f = &c->view.file;
	struct symbols *s = session_symbols(c->s);
	struct source_unit unit;

	if (!f->name) {
		say(c, "No current source file.\n");
		return 0;
	}
	say(c, "Current source file is %s\n", f->name);
	if (*f->dir)
		say(c, "Compilation directory is %s\n", f->dir);
	text_tell(c, f);
	if (s && source_unit_of(s, f->path, &unit))
		unit_tell(c, &unit);
	return 0;
}
