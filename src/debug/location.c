/* location.c - from "demo.c:12", "main" or "*0x7c00" to addresses and lines; see location.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <vmstep/location.h>
#include "location_word.h"

struct query {
	struct session *s;
	struct symbols *syms; /* NULL: none */
	const struct location_default *def;
	enum location_use use;
	struct locations *ret;
	struct err *err;
};

/* ---- collecting ------------------------------------------------------------------------------ */

static int no_memory(struct err *err)
{
	return err_set(err, ENOMEM, "no memory for the locations");
}

static int add(struct query *q, const struct location *l)
{
	struct location *more;

	for (size_t i = 0; i < q->ret->n; i++)
		if (l->has_addr && q->ret->at[i].has_addr && q->ret->at[i].addr == l->addr)
			return 0;
	more = realloc(q->ret->at, (q->ret->n + 1) * sizeof(*more));
	if (!more)
		return no_memory(q->err);
	q->ret->at = more;
	more[q->ret->n++] = *l;
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct location *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* An address with the line it belongs to. */
static struct location at_address(const struct query *q, u64 addr, const char *function)
{
	struct location l = { .addr = addr, .has_addr = true, .function = function };
	struct source_function f;
	struct source_line line;

	/* An address belongs to the innermost body around it. */
	if (q->syms && !function &&
	    (source_inlines_at(q->syms, addr, &f, 1) || source_function_at(q->syms, addr, &f)))
		l.function = f.name;
	if (q->syms && source_line_at(q->syms, addr, &line)) {
		l.file = line.file;
		l.line = line.line;
	}
	return l;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static int add_line(struct query *q, const char *file, u32 line)
{
	struct source_place *place;
	size_t n;
	int rc = source_lines(q->syms, file, line, &place, &n, q->err);

	if (rc == -ENOENT)
		return err_set(q->err, ENOENT, "No line %u in file \"%s\".", line, file);
	if (rc)
		return rc;
	for (size_t i = 0; i < n && !rc; i++) {
		struct location l = at_address(q, place[i].body, place[i].function);

		/* Several lines may begin at one address: the one that was found is meant. */
		if (place[i].body == place[i].addr) {
			l.file = place[i].file;
			l.line = place[i].line;
		}
		rc = add(q, &l);
	}
	free(place);
	return rc;
}

static int locate_line(struct query *q, const struct source_file *file, const char *name, u64 line)
{
	struct location l = { .file = file, .line = line };

	if (line > UINT32_MAX)
		return err_set(q->err, ERANGE, "line %llu is too large a number",
			       (unsigned long long)line);
	if (asprintf(&q->ret->canonical, "%s:%llu", name, (unsigned long long)line) < 0) {
		q->ret->canonical = NULL;
		return no_memory(q->err);
	}
	return q->use == LOCATION_LINE ? add(q, &l) : add_line(q, name, line);
}

/* The default, looked up only when a line is named without its file. False: there is none. */
static bool default_get(struct query *q, struct location_default *ret)
{
	struct source_function *f;
	struct location l;
	size_t n;

	if (!q->def || q->def->file) {
		*ret = q->def ? *q->def : (struct location_default){ 0 };
		return ret->file;
	}
	if (!q->syms || source_functions(q->syms, NULL, "main", &f, &n, NULL))
		return false;
	l = at_address(q, source_skip_prologue(q->syms, f[0].entry), f[0].name);
	free(f);
	*ret = (struct location_default){ l.file, l.line };
	return ret->file;
}

/* LINE, +N, -N. */
static int locate_default(struct query *q, char sign, u64 n)
{
	struct location_default d;

	if (!default_get(q, &d))
		return err_set(q->err, ENOENT,
			       "No default source file: name one as in FILE:%llu, or *0x%llx if an "
			       "address is meant", (unsigned long long)n, (unsigned long long)n);
	if (sign == '+')
		n += d.line;
	else if (sign == '-')
		n = n < d.line ? d.line - n : 1;
	return locate_line(q, d.file, d.file->path, n);
}

/* ---- functions ------------------------------------------------------------------------------- */

static u64 function_address(struct query *q, const struct source_function *f)
{
	if (f->inlined || q->use == LOCATION_LINE)
		return f->entry;
	return source_skip_prologue(q->syms, f->entry);
}

static int locate_function(struct query *q, const char *file, const char *name)
{
	struct source_function *f;
	size_t n;
	int rc = source_functions(q->syms, file, name, &f, &n, q->err);

	if (rc)
		return rc;
	for (size_t i = 0; i < n && !rc; i++) {
		struct location l = at_address(q, function_address(q, &f[i]), f[i].name);

		rc = add(q, &l);
	}
	free(f);
	return rc;
}

/* ---- addresses ------------------------------------------------------------------------------- */

/* A function's symbol without lines: behind the instructions that build its frame, as gdb. */
static u64 behind_frame(struct query *q, const char *text, const char *end, u64 addr)
{
	char name[300];
	const struct symbol *sym;

	snprintf(name, sizeof(name), "%.*s", (int)(end - text), text);
	sym = q->syms ? symbols_find(q->syms, name) : NULL;
	if (!sym || sym->kind != 'F' || sym->addr != addr || q->use != LOCATION_CODE)
		return addr;
	return source_skip_prologue(q->syms, addr);
}

static int locate_address(struct query *q, const char *text, const char **ret_end)
{
	struct location l;
	u64 addr;
	int rc = expr_location_prefix(q->s, text, &addr, ret_end, q->err);

	if (rc)
		return rc;
	q->ret->exact = *text == '*' || isdigit((unsigned char)*text);
	l = at_address(q, behind_frame(q, text, *ret_end, addr), NULL);
	return add(q, &l);
}

/* ---- which of them --------------------------------------------------------------------------- */

/* -EAGAIN: no file stands before the colon, so this is something else. */
static int locate_in_file(struct query *q, char *file, char *rest)
{
	const struct source_file *known;
	int rc;

	word_unquote(&file);
	word_unquote(&rest);
	known = source_file_find(q->syms, file);
	if (!known && word_is_file(file))
		return err_set(q->err, ENOENT, "No source file named %s.", file);
	if (!known || !*rest)
		return -EAGAIN;
	if (word_all_digits(rest))
		return locate_line(q, known, file, strtoull(rest, NULL, 10));
	rc = locate_function(q, file, rest);
	if (rc == -ENOENT)
		return err_set(q->err, ENOENT, "Function \"%s\" not defined in \"%s\".", rest,
			       file);
	return rc;
}

/* -EAGAIN: an expression. */
static int locate_word(struct query *q, char *word)
{
	char *colon = word_file_colon(word);
	struct location_default d;
	int rc = -EAGAIN;

	if (!q->syms || *word == '*' || *word == '$' || *word == '&' || *word == '(')
		return -EAGAIN;
	if (word_all_digits(word) && default_get(q, &d))
		return locate_default(q, 0, strtoull(word, NULL, 10));
	if ((*word == '+' || *word == '-') && word_all_digits(word + 1))
		return locate_default(q, *word, strtoull(word + 1, NULL, 10));
	if (colon) {
		*colon = '\0';
		rc = locate_in_file(q, word, colon + 1);
		*colon = ':';
	}
	if (rc == -EAGAIN && !isdigit((unsigned char)*word)) {
		word_unquote(&word);
		rc = locate_function(q, NULL, word);
		if (rc == -ENOENT)
			rc = -EAGAIN;
	}
	return rc;
}

static int locate(struct query *q, const char *text, const char **ret_end)
{
	const char *end = word_end(text);
	char *word = strndup(text, end - text);
	int rc;

	if (!word)
		return no_memory(q->err);
	rc = locate_word(q, word);
	if (!rc)
		*ret_end = end;
	if (rc == -EAGAIN) {
		rc = locate_address(q, text, ret_end);
		if (rc && word_is_name(word))
			rc = err_set(q->err, ENOENT, "Function \"%s\" not defined.", word);
	}
	free(word);
	return rc;
}

int location_resolve(struct session *s, const char *text, const struct location_default *def,
		     enum location_use use, struct locations *ret, const char **ret_end,
		     struct err *err)
{
	struct locations l = { 0 };
	struct query q = { s, session_symbols(s), def, use, &l, err };
	const char *start = text + strspn(text, " \t"), *end = start;
	int rc = locate(&q, start, &end);

	if (!rc && !l.canonical && !(l.canonical = strndup(start, end - start)))
		rc = no_memory(err);
	if (rc) {
		locations_deinit(&l);
		return rc;
	}
	qsort(l.at, l.n, sizeof(*l.at), by_address);
	*ret = l;
	*ret_end = end;
	return 0;
}

void location_of_address(struct session *s, u64 addr, struct location *ret)
{
	const struct query q = { .s = s, .syms = session_symbols(s) };

	*ret = at_address(&q, addr, NULL);
}

void locations_deinit(struct locations *l)
{
	free(l->at);
	free(l->canonical);
	*l = (struct locations){ 0 };
}
