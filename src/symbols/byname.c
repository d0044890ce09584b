/*
 * byname.c - the code of a function by its name: real ones, copies inlined anywhere, and what only
 * the ELF symbols know; see source.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "files.h"
#include "functions.h"
#include "names.h"
#include "private.h"

struct found {
	struct symbols *s;
	const char *file, *name;
	struct source_function *fn;
	size_t n, cap;
	bool full; /* out of memory */
};

static void found_add(struct found *r, const struct source_function *fn)
{
	if (r->file && (!fn->file || !files_match(fn->file, r->file)))
		return;
	for (size_t i = 0; i < r->n; i++) /* a definition and its declaration name the same code */
		if (r->fn[i].entry == fn->entry && r->fn[i].inlined == fn->inlined)
			return;
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 8;
		struct source_function *p = realloc(r->fn, cap * sizeof(*p));

		r->full |= !p;
		if (!p)
			return;
		r->fn = p;
		r->cap = cap;
	}
	r->fn[r->n++] = *fn;
}

/* "ns::f", "f(int)" and "ns::f(int)" all name it, by whole parts from the end. */
static bool name_fits(const char *full, const char *wanted)
{
	size_t n = strlen(full), m = strlen(wanted), paren = strcspn(full, "(");

	if (!strchr(wanted, '(') && m <= paren)
		n = paren;
	if (m > n || memcmp(full + n - m, wanted, m))
		return false;
	return n == m || (n - m >= 2 && full[n - m - 1] == ':' && full[n - m - 2] == ':');
}

/* The last part of what the user typed, which the index knows. */
static bool last_part(const char *wanted, char *buf, size_t size)
{
	size_t n = strcspn(wanted, "("), from = n;

	while (from > 0 && wanted[from - 1] != ':')
		from--;
	if (n - from + 1 > size)
		return false;
	memcpy(buf, wanted + from, n - from);
	buf[n - from] = '\0';
	return n > from;
}

static bool is_copy_of(const struct dwunit *u, const struct dwblock *b, u64 die)
{
	return b->tag != DW_TAG_lexical_block && (b->die == die || b->origin == die);
}

static void add_blocks(struct found *r, struct dwfile *f, struct dwunit *u, u64 die)
{
	struct source_function fn;

	dw_blocks(f, u);
	for (u32 i = 0; i < u->n_blocks; i++) {
		if (!is_copy_of(u, &u->block[i], die))
			continue;
		function_fill(f, u, i, &fn);
		if (fn.name && name_fits(fn.name, r->name))
			found_add(r, &fn);
	}
}

struct search {
	struct found *r;
	struct dwfile *f;
};

static void add_named(void *arg, const struct dwname *n)
{
	struct search *q = arg;
	struct dwunit *u = &q->f->unit[n->unit];
	u64 die = dw_name_die(q->f, n);

	add_blocks(q->r, q->f, u, die);
	/* Link-time optimization declares in one unit and has the code, all of it inlined maybe, in others. */
	if (u->n_blocks || !dw_is_spread(q->f))
		return;
	for (u32 i = 0; i < q->f->n_units; i++)
		add_blocks(q->r, q->f, &q->f->unit[i], die);
}

static void search_dwarf(struct found *r, struct dwfile *f)
{
	struct search q = { r, f };
	char last[512];

	if (last_part(r->name, last, sizeof(last)))
		dw_functions_named(f, last, add_named, &q);
}

/* A piece of code without a block needs a place for its range. */
static const struct source_range *keep_range(struct dwfile *f, u64 start, u64 end)
{
	struct source_range *range = malloc(sizeof(*range));

	if (range)
		*range = (struct source_range){ start, end };
	return (const struct source_range *)dw_keep(f, (char *)range);
}

/* Assembly and the like; where debug information knows the address it has been found above. */
static bool add_symbol(void *arg, const struct symbol *sym)
{
	struct found *r = arg;
	struct dwfile *f = dw_file_at(r->s, sym->addr);
	u64 size = sym->size ?: 1;
	struct source_function fn = {
		.name = sym->name,
		.low = sym->addr,
		.high = sym->addr + size,
		.entry = sym->addr,
		.external = sym->global,
	};

	if (!f || sym->kind == 'O' || r->file)
		return true;
	for (size_t i = 0; i < r->n; i++)
		if (!r->fn[i].inlined && r->fn[i].entry == sym->addr)
			return true;
	fn.range = keep_range(f, fn.low, fn.high);
	fn.n_ranges = fn.range ? 1 : 0;
	fn.file_index = f->index;
	found_add(r, &fn);
	return true;
}

static int by_entry(const void *a, const void *b)
{
	const struct source_function *x = a, *y = b;

	if (x->entry != y->entry)
		return x->entry < y->entry ? -1 : 1;
	return x->inlined - y->inlined;
}

int source_functions(struct symbols *s, const char *file, const char *name,
		     struct source_function **ret, size_t *ret_n, struct err *err)
{
	struct found r = { .s = s, .file = file, .name = name };

	for (u32 i = 0; i < s->n_files; i++)
		search_dwarf(&r, s->file[i]);
	symbols_named(s, name, add_symbol, &r);
	if (r.full) {
		free(r.fn);
		return err_set(err, ENOMEM, "no memory for the places of %.100s", name);
	}
	if (!r.n)
		return file ? err_set(err, ENOENT, "there is no function %.100s in %.200s", name,
				      file)
			    : err_set(err, ENOENT, "there is no function %.100s", name);
	qsort(r.fn, r.n, sizeof(*r.fn), by_entry);
	*ret = r.fn;
	*ret_n = r.n;
	return 0;
}
