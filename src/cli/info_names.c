/*
 * info_names.c - info functions, variables, types: what debug information defines, by file and with its
 * type as gdb writes it, then the symbols it does not know.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/source.h>

#include "info.h"
#include "term.h"

struct entry {
	struct source_name name;
	char *text; /* "static int count(void);", what stands behind the line's number */
	const char *key; /* sorted by: the name, of base types as gdb spells it */
};

struct name_list {
	struct symbols *s;
	enum source_kind kind;
	const char *pattern, *type_pattern; /* NULL: any */
	regex_t filter, type;
	bool quiet, debug_only;
	struct entry *entry;
	size_t n, cap;
};

/* ---- texts ------------------------------------------------------------------------------------ */

/* "typedef unsigned int u32;", "struct point;", "unsigned long" */
static void type_text(const struct source_name *n, const struct ctype *t, struct strbuf *out)
{
	if (t && t->kind == CTYPE_TYPEDEF) {
		strbuf_adds(out, "typedef ");
		ctype_name(t->target, out);
		strbuf_addf(out, " %s;", n->name);
	} else if (*n->keyword || !t) {
		strbuf_addf(out, "%s%s;", n->keyword, n->name);
	} else {
		ctype_name(t, out);
	}
}

static void definition_text(const struct source_name *n, const struct ctype *t, struct strbuf *out)
{
	if (!n->external)
		strbuf_adds(out, "static ");
	ctype_declare(t, n->name, out);
	strbuf_addc(out, ';');
}

static bool type_wanted(const struct name_list *l, const struct ctype *t)
{
	struct strbuf text;
	bool wanted;

	if (!l->type_pattern)
		return true;
	strbuf_init(&text);
	ctype_name(t, &text);
	wanted = !regexec(&l->type, strbuf_str(&text), 0, NULL, 0);
	strbuf_deinit(&text);
	return wanted;
}

static char *entry_text(const struct name_list *l, const struct source_name *n,
			const struct ctype *t)
{
	struct strbuf text;

	strbuf_init(&text);
	if (l->kind == SOURCE_TYPE)
		type_text(n, t, &text);
	else
		definition_text(n, t, &text);
	return strbuf_detach(&text);
}

/* ---- the list --------------------------------------------------------------------------------- */

static bool name_add(void *arg, const struct source_name *n)
{
	struct name_list *l = arg;

	if (regexec(&l->filter, n->name, 0, NULL, 0))
		return true;
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		struct entry *p = realloc(l->entry, cap * sizeof(*p));

		if (!p)
			return false;
		l->entry = p;
		l->cap = cap;
	}
	l->entry[l->n++] = (struct entry){ .name = *n };
	return true;
}

/* By file, global ones first, then name, then line: as they are shown. */
static int by_place(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int rc = strcmp(x->name.file ? x->name.file->name : "",
			y->name.file ? y->name.file->name : "");

	if (!rc)
		rc = y->name.external - x->name.external;
	if (!rc)
		rc = strcmp(x->key, y->key);
	return rc ?: x->name.line < y->name.line ? -1 : x->name.line > y->name.line;
}

static void names_fill(struct name_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct entry e = l->entry[i];
		const struct ctype *t = source_name_type(l->s, &e.name);

		if (!type_wanted(l, t))
			continue;
		source_name_place(l->s, &e.name);
		e.text = entry_text(l, &e.name, t);
		if (!e.text)
			continue;
		if (l->kind == SOURCE_TYPE)
			e.name.external = false; /* gdb sorts all of them together */
		e.key = e.name.line ? e.name.name : e.text;
		l->entry[n++] = e;
	}
	l->n = n;
	if (n)
		qsort(l->entry, n, sizeof(*l->entry), by_place);
}

static bool same_place(const struct entry *a, const struct entry *b)
{
	return a->name.file == b->name.file && a->name.line == b->name.line &&
	       !strcmp(a->name.name, b->name.name);
}

/* Has code: not what inlined copies are copies of, whose parameters may stand in another order. */
static bool has_code(const struct name_list *l, const struct entry *e)
{
	struct source_function *f;
	bool found = false;
	size_t n;

	if (l->kind != SOURCE_FUNCTION || source_functions(l->s, NULL, e->name.name, &f, &n, NULL))
		return false;
	for (size_t i = 0; i < n; i++)
		found |= !f[i].inlined && f[i].die == e->name.die &&
			 f[i].file_index == e->name.file_index;
	free(f);
	return found;
}

/* Of several entries for the same definition the one that is shown. */
static const struct entry *definition_of(const struct name_list *l, size_t first, size_t end)
{
	for (size_t i = first; end - first > 1 && i < end; i++)
		if (has_code(l, &l->entry[i]))
			return &l->entry[i];
	return &l->entry[first];
}

static bool wants_more(struct cli *c)
{
	return !c->out.quit && !term_interrupted();
}

static void names_show(struct cli *c, const struct name_list *l)
{
	const struct source_file *file = NULL;
	size_t end;

	for (size_t i = 0; i < l->n && wants_more(c); i = end) {
		const struct entry *e;

		for (end = i + 1; end < l->n && same_place(&l->entry[i], &l->entry[end]);)
			end++;
		e = definition_of(l, i, end);
		if (!i || e->name.file != file)
			say(c, "\nFile %s:\n", e->name.file ? e->name.file->name : "(unknown)");
		file = e->name.file;
		if (e->name.line)
			say(c, "%u:", e->name.line);
		say(c, "\t%s\n", e->text);
	}
}

struct bare_list {
	struct cli *cli;
	const struct name_list *names;
	size_t n;
};

/* Symbols whose place no line table knows: assembly, and files without debug information. */
static bool bare_show(void *arg, const struct symbol *sym)
{
	struct bare_list *l = arg;
	struct symbols *s = l->names->s;
	bool functions = l->names->kind == SOURCE_FUNCTION;
	struct source_function f;

	if ((sym->kind == 'F') != functions || regexec(&l->names->filter, sym->name, 0, NULL, 0) ||
	    (functions && source_function_at(s, sym->addr, &f)) ||
	    (!functions && source_has_variable(s, sym->name)))
		return true;
	if (!l->n++)
		say(l->cli, "\nNon-debugging symbols:\n");
	say(l->cli, "0x%016" PRIx64 "  %s\n", sym->addr, sym->name);
	return wants_more(l->cli);
}

/* ---- the commands ----------------------------------------------------------------------------- */

/* "[-q] [-n] [-t TYPE] [NAME]"; the type's pattern is copied to buf. */
static int flags_take(const char **args, struct name_list *l, char *buf, size_t size,
		      struct err *err)
{
	char word[16];
	const char *p = *args;

	while (*p == '-' && word_take(&p, word, sizeof(word))) {
		if (!strcmp(word, "--")) {
			*args = p;
			break;
		}
		if (!strcmp(word, "-q"))
			l->quiet = true;
		else if (!strcmp(word, "-n") && l->kind != SOURCE_TYPE)
			l->debug_only = true;
		else if (strcmp(word, "-t") || l->kind == SOURCE_TYPE)
			break; /* it belongs to the pattern */
		else if (!word_take(&p, buf, size))
			return err_set(err, EINVAL, "-t needs a pattern of types behind it");
		else
			l->type_pattern = buf;
		*args = p = blanks_skip(p);
	}
	l->pattern = *args;
	return 0;
}

static void head_show(struct cli *c, const struct name_list *l, const char *what)
{
	if (l->quiet)
		return;
	say(c, *l->pattern ? "All %ss matching regular expression \"%s\"" : "All defined %ss", what,
	    l->pattern);
	if (l->type_pattern)
		say(c, " with type matching regular expression \"%s\" ", l->type_pattern);
	say(c, ":\n");
}

static void list_show(struct cli *c, struct name_list *l, const char *what)
{
	struct bare_list bare = { .cli = c, .names = l };

	if (l->s)
		source_names_each(l->s, l->kind, NULL, false, name_add, l);
	names_fill(l);
	head_show(c, l, what);
	names_show(c, l);
	if (l->s && l->kind != SOURCE_TYPE && !l->debug_only && !l->type_pattern)
		symbols_complete(l->s, "", bare_show, &bare);
	for (size_t i = 0; i < l->n; i++)
		free(l->entry[i].text);
	free(l->entry);
}

static int names_list(struct cli *c, const char *args, enum source_kind kind, const char *what,
		      struct err *err)
{
	struct name_list l = { .s = session_symbols(c->s), .kind = kind };
	char type[256];
	int r = flags_take(&args, &l, type, sizeof(type), err);

	if (!r)
		r = regex_make(l.pattern, &l.filter, err);
	if (r)
		return r;
	r = l.type_pattern ? regex_make(l.type_pattern, &l.type, err) : 0;
	if (!r) {
		list_show(c, &l, what);
		if (l.type_pattern)
			regfree(&l.type);
	}
	regfree(&l.filter);
	return r;
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
