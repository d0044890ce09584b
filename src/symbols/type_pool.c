/* type_pool.c - types made from others by casts, & and @; see ctype.h. */
#include <stdlib.h>
#include "type.h"

struct derived {
	struct ctype type;
	struct derived *next;
};
enum { BUCKETS = 64 };
struct ctype_pool {
	struct derived *bucket[BUCKETS];
};

struct ctype_pool *ctype_pool_create(void)
{
	return calloc(1, sizeof(struct ctype_pool));
}

void ctype_pool_clear(struct ctype_pool *p)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		while (p->bucket[i]) {
			struct derived *d = p->bucket[i];

			p->bucket[i] = d->next;
			free(d);
		}
}

void ctype_pool_destroy(struct ctype_pool *p)
{
	if (p)
		ctype_pool_clear(p);
	free(p);
}

static bool matches(const struct ctype *a, const struct ctype *b)
{
	return a->kind == b->kind && a->kind != CTYPE_FUNCTION && a->target == b->target && a->count == b->count &&
	       (a->kind != CTYPE_POINTER || a->size == b->size);
}

static const struct ctype *derive(struct ctype_pool *p, const struct ctype *proto)
{
	size_t hash = ((uintptr_t)proto->target >> 4) * 31 + proto->kind * 7 + proto->count;
	struct derived **head = &p->bucket[hash % BUCKETS], *d;

	for (d = *head; d; d = d->next)
		if (matches(&d->type, proto))
			return &d->type;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->type = *proto;
	d->next = *head;
	*head = d;
	return &d->type;
}

const struct ctype *ctype_pointer(struct ctype_pool *p, const struct ctype *to, unsigned size)
{
	return derive(p, &(struct ctype){ .kind = CTYPE_POINTER, .target = to, .size = size });
}

const struct ctype *ctype_array(struct ctype_pool *p, const struct ctype *of, u64 count)
{
	u64 size;

	if (__builtin_mul_overflow(ctype_size(of), count, &size))
		return NULL;
	return derive(p, &(struct ctype){ .kind = CTYPE_ARRAY,
					  .target = of,
					  .count = count,
					  .has_count = true,
					  .size = size });
}

const struct ctype *ctype_qualified(struct ctype_pool *p, const struct ctype *t,
				    enum ctype_kind kind)
{
	return derive(p, &(struct ctype){ .kind = kind, .target = t, .size = t ? t->size : 0 });
}

const struct ctype *ctype_function(struct ctype_pool *p, const struct ctype *t,
				   const struct ctype *const *parameter, unsigned n,
				   bool prototyped, bool varargs)
{
	struct derived *d = calloc(1, sizeof(*d) + n * sizeof(struct ctype_member));

	if (!d)
		return NULL;
	d->type = (struct ctype){ .kind = CTYPE_FUNCTION, .target = t, .size = 1, .n = n,
				  .prototyped = prototyped, .varargs = varargs };
	d->type.member = (struct ctype_member *)(d + 1);
	for (unsigned i = 0; i < n; i++)
		d->type.member[i].type = parameter[i];
	d->next = p->bucket[0];
	p->bucket[0] = d;
	return &d->type;
}
