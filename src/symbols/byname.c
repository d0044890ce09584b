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

static void search_dwarf(struct found *r, struct dwfile *f)
{
	const struct dwname *entry;
	char last[512];
	u32 n = 0;

	if (!last_part(r->name, last, sizeof(last)))
		return;
	entry = dw_names_find(f, SOURCE_FUNCTION, last, &n);
	for (u32 i = 0; i < n; i++)
		add_blocks(r, f, &f->unit[entry[i].unit], dw_name_die(f, &entry[i]));
}

static bool count_symbol(void *arg, const struct symbol *sym)
{
	const struct symbol **only = arg;

	*only = *only ? NULL : sym;
	return *only;
}

/*
 * A name that one global symbol has, and whose definition is no copy of an inline function, is all
 * there is of it in C: found through its address, without the index of all names (seconds in a
 * kernel). Anything else goes the long way.
 */
static bool search_symbol(struct found *r)
{
	const struct symbol *only = NULL;
	struct source_function fn;
	struct dwfile *f;
	struct dwunit *u;
	u32 b;
	u64 link;

	symbols_named(r->s, r->name, count_symbol, &only);
	if (!only || !only->global || only->kind != 'F' || r->file)
		return false;
	f = dw_file_at(r->s, only->addr);
	u = f && !f->names && dw_to_link(f, only->addr, &link) ? dw_unit_at(f, link) : NULL;
	if (!u)
		return false;
	for (b = dw_block_at(f, u, link); b != DW_NONE && u->block[b].depth; b = u->block[b].parent)
		;
	if (b == DW_NONE || u->block[b].origin || dw_entry(f, u, b) != link)
		return false;
	function_fill(f, u, b, &fn);
	if (!fn.name || strcmp(fn.name, r->name))
		return false;
	found_add(r, &fn);
	return true;
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

	if (!search_symbol(&r))
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
