/*
 * names.c - the index of names at file scope; see names.h.
 *
 * The scan looks at the children of each unit's DIE and goes into namespaces and classes only. An entry
 * is 24 bytes and its name a pointer into the debug strings; a kernel's hundred thousands of copies
 * of the same types are kept once.
 */
#include <stdlib.h>
#include <string.h>
#include "names.h"
#include "private.h"

struct dwnames {
	struct dwnamelist list[SOURCE_TYPE + 1];
	u32 *seen; /* hash table over list[SOURCE_TYPE]: index + 1 */
	u32 n_slots;
};

struct scan {
	struct dwfile *f;
	struct dwunit *u;
	struct dwnames *names;
	/* Instead of `names`: functions of this name alone, told as they are found. */
	const char *only;
	void (*each)(void *arg, const struct dwname *n);
	void *arg;
};

static u32 hash_of(const char *s)
{
	u32 h = 2166136261u;

	while (*s)
		h = (h ^ (u8)*s++) * 16777619u;
	return h;
}

static bool add(struct dwnamelist *l, const struct dwname *n)
{
	if (l->n == l->cap) {
		u32 cap = l->cap ? l->cap * 2 : 1024;
		struct dwname *p = realloc(l->name, cap * sizeof(*p));

		if (!p)
			return false;
		l->name = p;
		l->cap = cap;
	}
	l->name[l->n++] = *n;
	return true;
}

static bool seen_grow(struct dwnames *d)
{
	u32 n = d->n_slots ? d->n_slots * 2 : 4096, *p;

	if (d->list[SOURCE_TYPE].n < d->n_slots / 2)
		return true;
	p = calloc(n, sizeof(*p));
	if (!p)
		return false;
	for (u32 i = 0; i < d->list[SOURCE_TYPE].n; i++) {
		u32 at = d->list[SOURCE_TYPE].name[i].hash & (n - 1);

		while (p[at])
			at = (at + 1) & (n - 1);
		p[at] = i + 1;
	}
	free(d->seen);
	d->seen = p;
	d->n_slots = n;
	return true;
}

/* Where a type of this name and tag is in the hash table, or could be put. */
static u32 *type_slot(struct dwnames *d, const struct dwname *n)
{
	u32 at = n->hash & (d->n_slots - 1);

	for (; d->seen[at]; at = (at + 1) & (d->n_slots - 1)) {
		const struct dwname *old = &d->list[SOURCE_TYPE].name[d->seen[at] - 1];

		if (old->hash == n->hash && old->tag == n->tag &&
		    (old->name == n->name || !strcmp(old->name, n->name)))
			break;
	}
	return &d->seen[at];
}

static int kind_of(u16 tag)
{
	switch (tag) {
	case DW_TAG_subprogram:
		return SOURCE_FUNCTION;
	case DW_TAG_variable:
		return SOURCE_VARIABLE;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_base_type:
		return SOURCE_TYPE;
	default:
		return -1;
	}
}

static const char *own_name(Dwarf_Die die)
{
	Dwarf_Error e = NULL;
	char *name = NULL;

	return dwarf_diename(die, &name, &e) == DW_DLV_OK ? name : NULL;
}

/* Headers repeat their types in every unit: what is known already is asked nothing more. */
static void add_type(struct scan *s, Dwarf_Die die, struct dwname *n)
{
	const char *name = own_name(die);
	u32 *slot;

	if (!name || !*name || !seen_grow(s->names))
		return;
	n->name = name;
	n->hash = hash_of(name);
	slot = type_slot(s->names, n);
	if (*slot || (n->tag != DW_TAG_typedef && dw_flag(die, DW_AT_declaration)))
		return;
	n->at = dw_offset(die) - s->u->header;
	if (add(&s->names->list[SOURCE_TYPE], n))
		*slot = s->names->list[SOURCE_TYPE].n;
}

static void add_code(struct scan *s, Dwarf_Die die, struct dwname *n, int kind)
{
	if (!s->only && dw_flag(die, DW_AT_declaration))
		return;
	n->name = own_name(die) ?: dw_name(s->f, die);
	if (!n->name || !*n->name || (s->only && strcmp(n->name, s->only)))
		return;
	if (s->only && dw_flag(die, DW_AT_declaration))
		return;
	n->hash = hash_of(n->name);
	n->at = dw_offset(die) - s->u->header;
	n->external = dw_flag(die, DW_AT_external);
	if (s->only)
		s->each(s->arg, n);
	else
		add(&s->names->list[kind], n);
}

static void add_die(struct scan *s, Dwarf_Die die, u16 tag, int kind, unsigned depth)
{
	struct dwname n = { .unit = s->u->index, .tag = tag, .scoped = depth > 0 };

	if (kind == SOURCE_TYPE)
		add_type(s, die, &n);
	else
		add_code(s, die, &n, kind);
}

static enum dw_walk visit(void *arg, struct dwfile *f, Dwarf_Die die, u16 tag, unsigned depth)
{
	struct scan *s = arg;
	int kind = kind_of(tag);

	if (kind >= 0 && (!s->only || kind == SOURCE_FUNCTION))
		add_die(s, die, tag, kind, depth);
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_class_type:
		return DW_INTO;
	case DW_TAG_structure_type:
		return s->u->language == DW_LANG_C_plus_plus ||
				       s->u->language == DW_LANG_C_plus_plus_11 ||
				       s->u->language == DW_LANG_C_plus_plus_14
			       ? DW_INTO
			       : DW_OVER;
	default:
		return DW_OVER;
	}
}

static int by_hash(const void *a, const void *b)
{
	const struct dwname *x = a, *y = b;

	int c;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	c = x->name == y->name ? 0 : strcmp(x->name, y->name);
	if (c)
		return c;
	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void scan_unit(struct scan *s)
{
	Dwarf_Die die;

	dw_unit_details(s->f, s->u);
	die = dw_die(s->f, s->u->die);
	if (!die)
		return;
	dw_walk(s->f, die, visit, s);
	dw_free(die);
}

static void build(struct dwfile *f)
{
	struct scan s = { .f = f, .names = calloc(1, sizeof(*s.names)) };

	if (!s.names)
		return;
	for (u32 i = 0; i < f->n_units; i++) {
		s.u = &f->unit[i];
		scan_unit(&s);
	}
	free(s.names->seen);
	s.names->seen = NULL;
	for (int k = 0; k <= SOURCE_TYPE; k++)
		if (s.names->list[k].n)
			qsort(s.names->list[k].name, s.names->list[k].n, sizeof(struct dwname),
			      by_hash);
	f->names = s.names;
}

const struct dwnamelist *dw_names(struct dwfile *f, enum source_kind kind)
{
	if (dw_units(f, NULL))
		return NULL;
	if (!f->names)
		build(f);
	return f->names ? &f->names->list[kind] : NULL;
}

u64 dw_name_die(const struct dwfile *f, const struct dwname *n)
{
	return f->unit[n->unit].header + n->at;
}

void dw_names_drop(struct dwfile *f)
{
	for (int k = 0; f->names && k <= SOURCE_TYPE; k++)
		free(f->names->list[k].name);
	free(f->names);
	f->names = NULL;
}

const struct dwname *dw_names_find(struct dwfile *f, enum source_kind kind, const char *name,
				   u32 *ret_n)
{
	const struct dwnamelist *l = dw_names(f, kind);
	u32 hash = hash_of(name), lo = 0, hi = l ? l->n : 0, n = 0;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (l->name[mid].hash < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (l && lo < l->n && l->name[lo].hash == hash && strcmp(l->name[lo].name, name))
		lo++;
	while (l && lo + n < l->n && l->name[lo + n].hash == hash &&
	       !strcmp(l->name[lo + n].name, name))
		n++;
	*ret_n = n;
	return n ? &l->name[lo] : NULL;
}

static void seek_unit(void *arg, struct dwunit *u)
{
	struct scan *s = arg;

	s->u = u;
	scan_unit(s);
}

void dw_functions_named(struct dwfile *f, const char *name, void (*each)(void *arg, const struct dwname *n),
			void *arg)
{
	struct scan s = { .f = f, .only = name, .each = each, .arg = arg };
	const struct dwname *entry;
	u32 n = 0;

	if (!f->names && dw_name_seek(f, name, seek_unit, &s))
		return;
	entry = dw_names_find(f, SOURCE_FUNCTION, name, &n);
	for (u32 i = 0; i < n; i++)
		each(arg, &entry[i]);
}
