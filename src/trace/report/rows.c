/* rows.c - see rows.h. */
#include <errno.h>
#include <stdlib.h>
#include "trace/report/rows.h"

/* What align() said of the first trace and another, in order. */
struct pairs {
	struct pair {
		s64 first, other; /* -1: none */
	} *v;
	size_t n, cap, next;
	bool failed;
};

static void pair_keep(void *arg, s64 i, s64 j)
{
	struct pairs *p = arg;

	if (p->n == p->cap) {
		const size_t cap = p->cap ? 2 * p->cap : 4096;
		struct pair *v = realloc(p->v, cap * sizeof(*v));

		if (!v) {
			p->failed = true;
			return;
		}
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = (struct pair){ i, j };
}

/* Records are the same boundary where their addresses are; gaps belong to gaps. */
static u64 *keys_make(const struct columns *c)
{
	u64 *key = calloc(c->n + 1, sizeof(*key));

	for (u32 i = 0; key && i < c->n; i++) {
		const bool gap = !strcmp(texts_get(&c->texts, c->v[COLUMN_CAUSE][i]), "gap");

		key[i] = strtoull(texts_get(&c->texts, c->v[COLUMN_LIN][i]), NULL, 16) << 1 | gap;
	}
	return key;
}

static bool pairs_make(const struct columns *c, const u64 *first, size_t k, struct pairs *ret)
{
	u64 *key = keys_make(&c[k]);

	if (!key)
		return false;
	align(first, c[0].n, key, c[k].n, pair_keep, ret);
	free(key);
	return !ret->failed;
}

/* Record `record` of a trace stands in row `row`. */
static bool place(struct runs *r, u32 row, u32 record)
{
	struct run *last = r->n ? &r->v[r->n - 1] : NULL;

	if (last && last->row + last->n == row && last->record + last->n == record) {
		last->n++;
		return true;
	}
	if (r->n == r->cap) {
		const u32 cap = r->cap ? 2 * r->cap : 64;
		struct run *v = realloc(r->v, cap * sizeof(*v));

		if (!v)
			return false;
		r->v = v;
		r->cap = cap;
	}
	r->v[r->n++] = (struct run){ row, record, 1 };
	return true;
}

/* The records of the other trace that come before record `i` of the first, then i's partner. */
static bool extras_place(struct rows *r, size_t k, struct pairs *p)
{
	bool ok = true;

	for (; ok && p->next < p->n && p->v[p->next].first < 0; p->next++)
		ok = place(&r->of[k], r->n++, p->v[p->next].other);
	return ok;
}

static bool merge(const struct columns *c, size_t n, struct pairs *p, struct rows *r)
{
	bool ok = true;

	for (u32 i = 0; ok && i < c[0].n; i++) {
		for (size_t k = 1; ok && k < n; k++)
			ok = extras_place(r, k, &p[k]);
		ok = ok && place(&r->of[0], r->n, i);
		for (size_t k = 1; ok && k < n; k++) {
			const struct pair *q = &p[k].v[p[k].next++];

			ok = q->other < 0 || place(&r->of[k], r->n, q->other);
		}
		r->n++;
	}
	for (size_t k = 1; ok && k < n; k++)
		ok = extras_place(r, k, &p[k]);
	return ok;
}

int rows_make(const struct columns *c, size_t n_traces, struct rows *ret)
{
	struct pairs *p = calloc(n_traces, sizeof(*p));
	u64 *first = keys_make(&c[0]);
	bool ok;

	*ret = (struct rows){ .of = calloc(n_traces, sizeof(*ret->of)) };
	ok = p && first && ret->of;
	for (size_t k = 1; ok && k < n_traces; k++)
		ok = pairs_make(c, first, k, &p[k]);
	ok = ok && merge(c, n_traces, p, ret);
	for (size_t k = 0; p && k < n_traces; k++)
		free(p[k].v);
	free(p);
	free(first);
	return ok ? 0 : -ENOMEM;
}

void rows_deinit(struct rows *r, size_t n_traces)
{
	for (size_t k = 0; r->of && k < n_traces; k++)
		free(r->of[k].v);
	free(r->of);
}
