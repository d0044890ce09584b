/* index.c - the sorted index of symbols, filled when it is first asked; see symbols.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "private.h"

/* Functions before objects before labels; then global before weak before local. */
static int kind_rank(const struct symbol *s)
{
	return s->kind == 'F' ? 0 : s->kind == 'O' ? 1 : 2;
}

static int binding_rank(const struct symbol *s)
{
	return s->global ? 0 : s->weak ? 1 : 2;
}

/* A total order, so that the index does not depend on the order in the file. */
static int by_address(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->sym.addr != y->sym.addr)
		return x->sym.addr < y->sym.addr ? -1 : 1;
	if (kind_rank(&x->sym) != kind_rank(&y->sym))
		return kind_rank(&x->sym) - kind_rank(&y->sym);
	if (binding_rank(&x->sym) != binding_rank(&y->sym))
		return binding_rank(&x->sym) - binding_rank(&y->sym);
	if (x->sym.size != y->sym.size) /* of two names for one thing the one with a size */
		return x->sym.size > y->sym.size ? -1 : 1;
	return strcmp(x->sym.name, y->sym.name);
}

/* What is moved about instead of whole entries. */
struct key {
	u64 addr;
	const struct entry *e;
};

static int by_key(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return by_address(x->e, y->e);
}

static int entries_sort(struct symbols *s)
{
	struct key *key = malloc(s->n * sizeof(*key));
	struct entry *sorted = malloc(s->n * sizeof(*sorted));

	for (u32 i = 0; key && i < s->n; i++)
		key[i] = (struct key){ s->entry[i].sym.addr, &s->entry[i] };
	if (key && sorted) {
		qsort(key, s->n, sizeof(*key), by_key);
		for (u32 i = 0; i < s->n; i++)
			sorted[i] = *key[i].e;
		free(s->entry);
		s->entry = sorted;
		s->cap = s->n;
	} else {
		free(sorted);
		sorted = NULL;
	}
	free(key);
	return sorted ? 0 : -ENOMEM;
}

static int by_name(const void *a, const void *b, void *arg)
{
	const struct entry *x = &((struct entry *)arg)[*(const u32 *)a];
	const struct entry *y = &((struct entry *)arg)[*(const u32 *)b];
	int c = strcmp(x->sym.name, y->sym.name);

	if (c)
		return c;
	if (binding_rank(&x->sym) != binding_rank(&y->sym))
		return binding_rank(&x->sym) - binding_rank(&y->sym);
	return x < y ? -1 : x > y;
}

static bool same_place(const struct entry *a, const struct entry *b)
{
	return a->sym.addr == b->sym.addr && a->section == b->section && a->file == b->file &&
	       !a->sym.size && !b->sym.size;
}

/* Where a symbol ends: by its size, else at the next symbol of its section, else with the section
 * (which the reader has put into `end`). Backwards, remembering the next start a section. */
static void close_ends(struct symbols *s)
{
	for (u32 i = s->n; i-- > 0;) {
		struct entry *e = &s->entry[i];

		if (e->sym.size) {
			e->end = e->sym.addr + e->sym.size;
			if (e->end < e->sym.addr) /* damaged: past the end of the address space */
				e->end = UINT64_MAX;
			continue;
		}
		if (i + 1 < s->n && same_place(e, e + 1)) { /* many labels at one address: once */
			e->end = e[1].end;
			continue;
		}
		for (u32 j = i + 1; j < s->n && s->entry[j].sym.addr < e->end; j++) {
			const struct entry *next = &s->entry[j];

			if (next->file == e->file && next->section == e->section &&
			    next->sym.addr > e->sym.addr) {
				e->end = next->sym.addr;
				break;
			}
		}
	}
}

/* A label inside a function (or object) ends with it at the latest. Forwards, remembering the
 * symbol with a size that reaches furthest. */
static void clip_labels(struct symbols *s)
{
	const struct entry *outer = NULL;

	for (u32 i = 0; i < s->n; i++) {
		struct entry *e = &s->entry[i];

		if (outer && !e->sym.size && e->sym.addr < outer->end && e->end > outer->end &&
		    e->section == outer->section && e->file == outer->file)
			e->end = outer->end;
		if (e->sym.size && (!outer || e->end > outer->end))
			outer = e;
	}
}

static u32 name_lower_bound(const struct symbols *s, const char *name)
{
	u32 lo = 0, hi = s->n;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (strcmp(s->entry[s->by_name[mid]].sym.name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* First entry that starts behind `addr`. */
static u32 address_upper_bound(const struct symbols *s, u64 addr)
{
	u32 lo = 0, hi = s->n;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (s->entry[mid].sym.addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Better for display: the kind first, then the nearest start, then the order of the index. */
static bool covers_better(const struct entry *e, const struct entry *best)
{
	if (!best)
		return true;
	if (kind_rank(&e->sym) != kind_rank(&best->sym))
		return kind_rank(&e->sym) < kind_rank(&best->sym);
	return e->sym.addr >= best->sym.addr; /* looked at from high to low, best-ranked last */
}

int index_add(struct symbols *s, const struct entry *e)
{
	if (s->n == s->cap) {
		u32 cap = s->cap ? s->cap * 2 : 256;
		struct entry *p = realloc(s->entry, cap * sizeof(*p));

		if (!p)
			return -ENOMEM;
		s->entry = p;
		s->cap = cap;
	}
	s->entry[s->n++] = *e;
	return 0;
}

static void index_empty(struct symbols *s)
{
	free(s->entry);
	free(s->reach);
	free(s->by_name);
	s->entry = NULL;
	s->reach = NULL;
	s->by_name = NULL;
	s->n = s->cap = 0;
}

static int index_fill(struct symbols *s)
{
	for (u32 i = 0; i < s->n_files; i++)
		if (elf_symbols_read(s, s->file[i]))
			return -ENOMEM;
	if (!s->n)
		return 0;
	if (entries_sort(s))
		return -ENOMEM;
	close_ends(s);
	clip_labels(s);
	s->reach = malloc(s->n * sizeof(*s->reach));
	if (!s->reach)
		return -ENOMEM;
	for (u32 i = 0; i < s->n; i++) {
		u64 end = s->entry[i].end;

		s->reach[i] = i && s->reach[i - 1] > end ? s->reach[i - 1] : end;
	}
	return 0;
}

/* The set does not change for who asks: what is filled in on the way is as if it had been there. */
static const struct symbols *filled(const struct symbols *set)
{
	struct symbols *s = (struct symbols *)set;

	if (!s->filled) {
		s->filled = true;
		if (index_fill(s))
			index_empty(s);
	}
	return s;
}

static const struct symbols *named(const struct symbols *set)
{
	struct symbols *s = (struct symbols *)filled(set);

	if (s->named)
		return s;
	s->named = true;
	s->by_name = malloc((s->n + 1) * sizeof(*s->by_name));
	if (!s->by_name)
		index_empty(s);
	for (u32 i = 0; i < s->n; i++)
		s->by_name[i] = i;
	if (s->n)
		qsort_r(s->by_name, s->n, sizeof(*s->by_name), by_name, s->entry);
	return s;
}

size_t symbols_count(const struct symbols *s)
{
	return filled(s)->n;
}

const struct symbol *symbols_at(const struct symbols *s, u64 addr)
{
	const struct entry *best = NULL;

	filled(s);
	for (u32 i = address_upper_bound(s, addr); i-- > 0 && s->reach[i] > addr;) {
		const struct entry *e = &s->entry[i];
		/* An empty symbol at the very end of everything still names its own address. */
		bool covers = e->end > addr || e->sym.addr == addr;

		if (covers && covers_better(e, best))
			best = e;
		if (best && best->sym.kind == 'F' && e->sym.addr < best->sym.addr)
			break; /* a function was found, and only farther ones follow */
	}
	if (!best) { /* labels without room, e.g. `end:` behind the last byte */
		u32 i = address_upper_bound(s, addr);

		while (i > 0 && s->entry[i - 1].sym.addr == addr)
			best = &s->entry[--i];
	}
	return best ? &best->sym : NULL;
}

const struct symbol *symbols_find(const struct symbols *s, const char *name)
{
	u32 i = name_lower_bound(named(s), name);

	if (i == s->n || strcmp(s->entry[s->by_name[i]].sym.name, name))
		return NULL;
	return &s->entry[s->by_name[i]].sym;
}

void symbols_named(struct symbols *s, const char *name,
		   bool (*each)(void *arg, const struct symbol *), void *arg)
{
	for (u32 i = name_lower_bound(named(s), name); i < s->n; i++) {
		const struct symbol *sym = &s->entry[s->by_name[i]].sym;

		if (strcmp(sym->name, name) || !each(arg, sym))
			return;
	}
}

void symbols_complete(const struct symbols *s, const char *prefix,
		      bool (*each)(void *arg, const struct symbol *), void *arg)
{
	size_t n = strlen(prefix);

	for (u32 i = name_lower_bound(named(s), prefix); i < s->n; i++) {
		const struct symbol *sym = &s->entry[s->by_name[i]].sym;

		if (strncmp(sym->name, prefix, n) || !each(arg, sym))
			return;
	}
}

bool symbols_format(void *symbols, u64 addr, char *buf, size_t size)
{
	const struct symbol *sym = symbols_at(symbols, addr);

	if (!sym)
		return false;
	if (addr == sym->addr)
		snprintf(buf, size, "%s", sym->name);
	else
		snprintf(buf, size, "%s+0x%llx", sym->name, (unsigned long long)(addr - sym->addr));
	return true;
}
