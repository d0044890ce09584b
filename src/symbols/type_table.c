/* type_table.c - the memory of a file's types, and which DIE's they are; see type_table.h. */
#include <stdlib.h>
#include "type_table.h"

enum { CHUNK = 16 * 1024 }; /* bytes taken from the heap at a time */

struct chunk {
	struct chunk *next;
	size_t used, size;
	u8 bytes[] __attribute__((aligned(16)));
};

static void types_destroy(struct dwtypes *t)
{
	while (t->chunks) {
		struct chunk *c = t->chunks;

		t->chunks = c->next;
		free(c);
	}
	free(t->slot);
	free(t);
}

struct dwtypes *types_of_file(struct dwfile *f)
{
	if (!f->types) {
		f->types = calloc(1, sizeof(*f->types));
		f->types_drop = types_destroy;
	}
	return f->types;
}

void *type_alloc(struct dwfile *f, size_t n)
{
	struct dwtypes *t = types_of_file(f);
	struct chunk *c = t ? t->chunks : NULL;

	n = (n + 15) & ~(size_t)15;
	if (t && (!c || c->size - c->used < n)) {
		size_t size = n > CHUNK ? n : CHUNK;

		c = calloc(1, sizeof(*c) + size);
		if (!c)
			return NULL;
		c->size = size;
		c->next = t->chunks;
		t->chunks = c;
	}
	if (!c)
		return NULL;
	c->used += n;
	return c->bytes + c->used - n;
}

static struct ctype **slot_of(const struct dwtypes *t, u64 die)
{
	size_t i = (die * 0x9e3779b97f4a7c15u) >> 20;

	for (;; i++) {
		struct ctype **p = &t->slot[i & (t->cap - 1)];

		if (!*p || (*p)->die == die)
			return p;
	}
}

static bool table_grow(struct dwtypes *t)
{
	size_t old = t->cap, cap = old ? old * 2 : 256;
	struct ctype **list = t->slot;

	t->slot = calloc(cap, sizeof(*t->slot));
	if (!t->slot) {
		t->slot = list;
		return false;
	}
	t->cap = cap;
	for (size_t i = 0; i < old; i++)
		if (list[i])
			*slot_of(t, list[i]->die) = list[i];
	free(list);
	return true;
}

struct ctype *type_new(struct dwfile *f, u64 die, u8 kind)
{
	struct ctype *t = type_alloc(f, sizeof(*t));

	if (!t)
		return NULL;
	t->kind = kind;
	t->owner = f;
	t->die = die;
	return t;
}

struct ctype *type_enter(struct dwfile *f, u64 die, u8 kind)
{
	struct dwtypes *types = types_of_file(f);
	struct ctype *t;

	if (!types || (types->n * 2 >= types->cap && !table_grow(types)))
		return NULL;
	t = type_new(f, die, kind);
	if (t) {
		*slot_of(types, die) = t;
		types->n++;
	}
	return t;
}

struct ctype *types_known(const struct dwtypes *types, u64 die)
{
	return types->cap ? *slot_of(types, die) : NULL;
}
