/* point_set.c - see point_set.h. */
#include "engine/common/point_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_addr(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return x->addr != y->addr ? (x->addr < y->addr ? -1 : 1) : x->id < y->id ? -1 : x->id > y->id;
}

void point_set_deinit(struct point_set *s)
{
	free(s->code);
	free(s->data);
	free(s->ranges);
	free(s->filter);
	*s = (struct point_set){ 0 };
}

static void code_add(struct point_set *s, const struct point *p)
{
	unsigned h = model_break_hash(p->addr);

	s->code[s->n_code++] = *p;
	s->filter[h / 64] |= BIT64(h % 64);
}

static void data_add(struct point_set *s, const struct point *p)
{
	s->ranges[s->n_data] = (struct model_range){ p->addr, p->len };
	s->data[s->n_data++] = (struct data_point){ .p = *p };
}

static int alloc(struct point_set *s, size_t n)
{
	s->code = calloc(n, sizeof(*s->code));
	s->data = calloc(n, sizeof(*s->data));
	s->ranges = calloc(n, sizeof(*s->ranges));
	s->filter = calloc(MODEL_BREAK_BITS / 64, sizeof(*s->filter));
	return s->code && s->data && s->ranges && s->filter ? 0 : -ENOMEM;
}

int point_set_make(struct point_set *s, struct point *p, size_t n, struct err *err)
{
	struct point_set new = { 0 };
	struct point *sorted = n ? calloc(n, sizeof(*sorted)) : NULL;

	if (n && (!sorted || alloc(&new, n))) {
		free(sorted);
		point_set_deinit(&new);
		return err_set(err, ENOMEM, "no memory for %zu points", n);
	}
	for (size_t i = 0; i < n; i++) {
		p[i].got = POINT_HOW_ADDRESS;
		p[i].cost = NULL;
		sorted[i] = p[i];
	}
	if (n)
		qsort(sorted, n, sizeof(*sorted), by_addr);
	for (size_t i = 0; i < n; i++)
		(sorted[i].kind == POINT_EXEC ? code_add : data_add)(&new, &sorted[i]);
	if (!new.n_code) {
		free(new.filter);
		new.filter = NULL;
	}
	free(sorted);
	point_set_deinit(s);
	*s = new;
	return 0;
}

const struct point *point_set_code(const struct point_set *s, u64 lin)
{
	unsigned h = model_break_hash(lin);
	size_t lo = 0, hi = s->n_code;

	if (!s->filter || !(s->filter[h / 64] >> h % 64 & 1))
		return NULL;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->code[mid].addr < lin)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n_code && s->code[lo].addr == lin ? &s->code[lo] : NULL;
}

/* Points are at most 8 bytes long, so that none before the first candidate reaches in. */
static size_t first_near(const struct point_set *s, u64 lin)
{
	u64 from = lin < 8 ? 0 : lin - 8;
	size_t lo = 0, hi = s->n_data;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->data[mid].p.addr < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct data_point *point_set_data(const struct point_set *s, u64 lin, u64 size, size_t *i)
{
	if (!*i)
		*i = first_near(s, lin);
	for (; *i < s->n_data && s->data[*i].p.addr < lin + size; ++*i) {
		struct data_point *d = &s->data[*i];

		if (d->p.addr + d->p.len > lin) {
			++*i;
			return d;
		}
	}
	return NULL;
}
