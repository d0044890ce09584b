/*
 * macro.c - which macros hold at a line of the source text; see vmstep/macro.h.
 *
 * The events of a unit are in the order of its text, so that a place in the text is an index: what is
 * before it counts. A file included several times stands for its outermost, first inclusion.
 */
#include <stdlib.h>
#include <string.h>
#include "lines.h"
#include "macro.h"
#include <vmstep/macro.h>

/* The lines of #include that lead to an event; [n - 1] is the file it is in. */
struct chain {
	struct macro_place at[MACRO_NESTING];
	size_t n; /* may be more than there is room for */
};

static void chain_follow(struct chain *c, const struct dwmacro *e)
{
	if (e->kind == DWMACRO_FILE) {
		if (c->n && c->n <= MACRO_NESTING)
			c->at[c->n - 1].line = e->line;
		if (c->n < MACRO_NESTING)
			c->at[c->n] = (struct macro_place){ .file = e->file };
		c->n++;
	} else if (e->kind == DWMACRO_FILE_END && c->n) {
		c->n--;
	}
}

/* Innermost first; what is before all files is the main file's. */
static size_t chain_take(struct chain *c, const struct dwmacros *m, u32 at, unsigned line,
			 struct macro_place ret[MACRO_NESTING])
{
	size_t n;

	for (; !c->n && at < m->n; at++)
		chain_follow(c, &m->event[at]);
	n = c->n < MACRO_NESTING ? c->n : MACRO_NESTING;
	for (size_t i = 0; i < n; i++)
		ret[i] = c->at[n - 1 - i];
	if (n)
		ret[0].line = line;
	return n;
}

/* Index behind the outermost, first beginning of a file; 0: the unit's text has none. */
static u32 file_begin(const struct dwmacros *m, const struct source_file *file)
{
	unsigned depth = 0, best_depth = UINT32_MAX;
	u32 best = 0;

	for (u32 i = 0; i < m->n; i++) {
		const struct dwmacro *e = &m->event[i];

		if (e->kind == DWMACRO_FILE && e->file == file && depth < best_depth) {
			best = i + 1;
			best_depth = depth;
		}
		if (e->kind == DWMACRO_FILE)
			depth++;
		else if (e->kind == DWMACRO_FILE_END && depth)
			depth--;
	}
	return best;
}

/* From a file's beginning to the first event of its own behind the line, or its end. */
static u32 line_end(const struct dwmacros *m, u32 i, unsigned line)
{
	unsigned depth = 0;

	for (; i < m->n; i++) {
		const struct dwmacro *e = &m->event[i];

		if (!depth && (e->kind == DWMACRO_FILE_END || e->line > line))
			break;
		if (e->kind == DWMACRO_FILE)
			depth++;
		else if (e->kind == DWMACRO_FILE_END)
			depth--;
	}
	return i;
}

/* Bytes of the name a definition begins with. */
static size_t name_length(const char *text)
{
	return strcspn(text, "( ");
}

static bool is_named(const struct dwmacro *e, const char *name, size_t n)
{
	return (e->kind == DWMACRO_DEFINE || e->kind == DWMACRO_UNDEF) && !strncmp(e->text, name, n) &&
	       name_length(e->text) == n;
}

static void macro_fill(const struct dwmacros *m, u32 at, struct macro *ret)
{
	const struct dwmacro *e = &m->event[at];
	const char *close;

	*ret = (struct macro){ .name = e->text, .n_name = name_length(e->text), .line = e->line,
			       .at = at };
	ret->body = e->text + ret->n_name;
	if (*ret->body == '(') {
		close = ret->body + strcspn(ret->body, ")");
		ret->function = true;
		ret->parameters = ret->body + 1;
		ret->n_parameters = close - ret->parameters;
		ret->body = *close ? close + 1 : close;
	}
	if (*ret->body == ' ')
		ret->body++;
}

struct sorted {
	const struct dwmacro *e;
	u32 at;
};

/* By name, then in the order of the text. */
static int by_name(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	size_t nx = name_length(x->e->text), ny = name_length(y->e->text);
	int c = memcmp(x->e->text, y->e->text, nx < ny ? nx : ny);

	if (c || nx != ny)
		return c ?: nx < ny ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

/* What is defined and undone before an event; NULL: no memory. */
static struct sorted *events_sorted(const struct dwmacros *m, u32 end, const char *name, u32 *ret_n)
{
	struct sorted *list = malloc((end + 1) * sizeof(*list));
	size_t length = name ? strlen(name) : 0;

	*ret_n = 0;
	for (u32 i = 0; list && i < end; i++) {
		const struct dwmacro *e = &m->event[i];

		if (e->kind <= DWMACRO_UNDEF && (!name || is_named(e, name, length)))
			list[(*ret_n)++] = (struct sorted){ e, i };
	}
	if (list)
		qsort(list, *ret_n, sizeof(*list), by_name);
	return list;
}

static bool is_last(const struct sorted *list, u32 i, u32 n)
{
	const struct dwmacro *e = list[i].e;

	return i + 1 == n || !is_named(list[i + 1].e, e->text, name_length(e->text));
}

/* ---- exported -------------------------------------------------------------------------------- */

bool macros_known(struct symbols *s)
{
	struct dwfile *f;

	for (size_t i = 0; (f = dw_file(s, i)); i++)
		if (dw_has_macros(f))
			return true;
	return false;
}

bool macro_scope_at(struct symbols *s, u64 pc, const struct source_file *file, unsigned line,
		    struct macro_scope *ret)
{
	struct dwfile *f = dw_file_at(s, pc);
	struct dwmacros *m = NULL;
	struct dwunit *u;
	u64 link;
	u32 begin;

	if (!f || !dw_has_macros(f) || !dw_to_link(f, pc, &link))
		return false;
	u = dw_unit_at(f, link);
	if (u)
		m = dw_macros(f, u);
	if (!m)
		return false;
	begin = file ? file_begin(m, file) : 0;
	*ret = (struct macro_scope){ .file = begin ? file : NULL, .line = line, .owner = f, .unit = u,
				     .end = begin ? line_end(m, begin, line) : m->n };
	return true;
}

bool macro_find(const struct macro_scope *at, const char *name, size_t n, struct macro *ret)
{
	const struct dwmacros *m = ((struct dwunit *)at->unit)->macros;

	for (u32 i = at->end; i-- > 0;) {
		if (!is_named(&m->event[i], name, n))
			continue;
		if (m->event[i].kind == DWMACRO_UNDEF)
			return false;
		macro_fill(m, i, ret);
		return true;
	}
	return false;
}

void macro_each(const struct macro_scope *at, bool all, const char *name,
		bool (*each)(void *arg, const struct macro *), void *arg)
{
	const struct dwmacros *m = ((struct dwunit *)at->unit)->macros;
	struct macro one;
	u32 n;
	struct sorted *list = events_sorted(m, all ? m->n : at->end, name, &n);

	for (u32 i = 0; list && i < n; i++) {
		if (list[i].e->kind != DWMACRO_DEFINE || (!all && !is_last(list, i, n)))
			continue;
		macro_fill(m, list[i].at, &one);
		if (!each(arg, &one))
			break;
	}
	free(list);
}

size_t macro_places(const struct macro_scope *at, const struct macro *one,
		    struct macro_place ret[MACRO_NESTING])
{
	const struct dwmacros *m = ((struct dwunit *)at->unit)->macros;
	struct chain c = { .n = 0 };

	for (u32 i = 0; i < one->at; i++)
		chain_follow(&c, &m->event[i]);
	return chain_take(&c, m, one->at, one->line, ret);
}

size_t macro_scope_places(const struct macro_scope *at, struct macro_place ret[MACRO_NESTING])
{
	const struct dwmacros *m = ((struct dwunit *)at->unit)->macros;
	u32 begin = at->file ? file_begin(m, at->file) : 0;
	struct chain c = { .n = 0 };

	for (u32 i = 0; i < begin; i++)
		chain_follow(&c, &m->event[i]);
	return chain_take(&c, m, begin, at->line, ret);
}
