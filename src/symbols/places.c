/*
 * places.c - the addresses of FILE:LINE, as gdb finds them for a breakpoint; see source.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "files.h"
#include "lines.h"
#include "names.h"
#include "private.h"

/* One row of the line, with the scope it is in. */
struct hit {
	struct dwfile *f;
	struct dwunit *u;
	const struct source_file *file;
	u64 link;
	u32 line, block;
	bool dropped;
};

struct search {
	struct dwfile *f;
	const char *file;
	u32 line;
	bool exact;   /* collect rows of the line; else find the nearest later one */
	bool matched; /* the file is known */
	u32 best;     /* nearest later line with code, 0: none */
	struct hit *hit;
	size_t n, cap;
	bool full;
};

static void hit_add(struct search *q, struct dwunit *u, const struct dwlinefile *in,
		    const struct dwrow *row)
{
	if (q->n == q->cap) {
		size_t cap = q->cap ? q->cap * 2 : 16;
		struct hit *p = realloc(q->hit, cap * sizeof(*p));

		q->full |= !p;
		if (!p)
			return;
		q->hit = p;
		q->cap = cap;
	}
	q->hit[q->n++] = (struct hit){ .f = q->f,
				       .u = u,
				       .file = in->file,
				       .link = row->addr,
				       .line = row->line,
				       .block = dw_block_at(q->f, u, row->addr) };
}

static void search_list(struct search *q, struct dwunit *u, const struct dwlinefile *in)
{
	for (u32 i = 0; i < in->n; i++) {
		const struct dwrow *row = &in->row[i];

		if (!row->is_stmt || !row->line)
			continue;
		if (row->line == q->line && q->exact)
			hit_add(q, u, in, row);
		else if (row->line >= q->line && (!q->best || row->line < q->best))
			q->best = row->line;
	}
}

static void search_unit(void *arg, struct dwunit *u)
{
	struct search *q = arg;
	struct dwlines *l = dw_lines(q->f, u);

	for (u32 i = 0; l && i < l->n_files; i++) {
		if (!files_match(l->file[i].file, q->file))
			continue;
		q->matched = true;
		search_list(q, u, &l->file[i]);
	}
}

static void search_all(struct search *q, struct symbols *s)
{
	const char *slash = strrchr(q->file, '/');

	for (u32 i = 0; i < s->n_files; i++) {
		q->f = s->file[i];
		dw_units_naming(q->f, slash ? slash + 1 : q->file, search_unit, q);
	}
}

/* gdb knows no scope for lexical blocks that declare nothing. */
static u32 scope_of(const struct hit *h)
{
	u32 b = h->block;

	while (b != DW_NONE && !h->u->block[b].own_scope)
		b = h->u->block[b].parent;
	return b;
}

/*
 * Optimised code scatters a line over a scope. One stop for each scope is wanted: a row is dropped
 * for each one before it in the same scope.
 */
static void keep_first(struct search *q)
{
	for (size_t i = 0; i < q->n; i++) {
		struct hit *a = &q->hit[i];

		if (a->block == DW_NONE)
			continue;
		for (size_t j = i + 1; j < q->n; j++) {
			struct hit *b = &q->hit[j];

			if (b->u == a->u && b->block != DW_NONE && scope_of(a) == scope_of(b)) {
				b->dropped = true;
				break;
			}
		}
	}
}

static const char *function_name(const struct hit *h)
{
	u32 b = h->block;

	while (b != DW_NONE && h->u->block[b].tag == DW_TAG_lexical_block)
		b = h->u->block[b].parent;
	return b == DW_NONE ? NULL : dw_block_name(h->f, h->u, b);
}

static int by_addr(const void *a, const void *b)
{
	const struct source_place *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int collect(struct search *q, struct symbols *s, struct source_place **ret, size_t *ret_n,
		   struct err *err)
{
	struct source_place *out = calloc(q->n + 1, sizeof(*out));
	size_t n = 0, kept = 0;

	if (!out || q->full) {
		free(out);
		return err_set(err, ENOMEM, "no memory for the places of %.200s:%u", q->file,
			       q->line);
	}
	for (size_t i = 0; i < q->n; i++) {
		const struct hit *h = &q->hit[i];

		if (h->dropped)
			continue;
		out[n].addr = dw_to_guest(h->f, h->link);
		out[n].body = source_skip_prologue(s, out[n].addr);
		out[n].file = h->file;
		out[n].line = h->line;
		out[n++].function = function_name(h);
	}
	qsort(out, n, sizeof(*out), by_addr);
	for (size_t i = 0; i < n; i++) /* units may describe the same code twice */
		if (!kept || out[kept - 1].addr != out[i].addr)
			out[kept++] = out[i];
	*ret = out;
	*ret_n = kept;
	return 0;
}

int source_lines(struct symbols *s, const char *file, u32 line, struct source_place **ret,
		 size_t *ret_n, struct err *err)
{
	struct search q = { .file = file, .line = line, .exact = true };
	int rc;

	search_all(&q, s);
	if (!q.n && q.best && !q.full) {
		q.line = q.best;
		search_all(&q, s);
	}
	if (q.n || q.full) {
		keep_first(&q);
		rc = collect(&q, s, ret, ret_n, err);
	} else if (q.matched) {
		rc = err_set(err, ENOENT, "there is no code at or behind line %u of %.200s", line,
			     file);
	} else {
		rc = err_set(err, ENOENT, "there is no source file %.200s", file);
	}
	free(q.hit);
	return rc;
}
