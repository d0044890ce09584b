/*
 * meet.c - where guests that took different paths are at one place again: a handler that one of them went through, a
 * few instructions more. Looked for ahead, in what the lanes read in advance.
 */
#include "compare/row.h"

/* Records looked through, at first and at last. */
enum { LOOK_FIRST = 64, LOOK_MAX = 2048 };

/* The first of the lane's records, up to `max`, that is at the place of `at`. */
static int place_find(struct compare *c, unsigned i, const struct record *at, size_t max, bool *ret_found,
		      size_t *ret, struct err *err)
{
	const struct record *p;
	int r = 0;

	*ret_found = false;
	for (size_t n = 0; !r && !*ret_found && n <= max; n++) {
		r = lane_peek(&c->lane[i], c->cfg, n, &p, err);
		if (r || !p)
			break;
		*ret_found = records_meet(p, at);
		*ret = n;
	}
	return r;
}

static bool takes_part(const struct compare *c, unsigned i)
{
	return !c->done[i] && !c->lane[i].lost;
}

/* All the others come to where lane `ref` is at `at`; *ret: how many records each is away from it. */
static int all_find(struct compare *c, unsigned ref, const struct record *at, size_t max, bool *ret_found,
		    size_t *ret, struct err *err)
{
	const struct record here = *at; /* reading ahead moves it */
	int r = 0;

	*ret_found = true;
	for (unsigned i = 0; !r && *ret_found && i < c->cfg->n_engines; i++)
		if (i != ref && takes_part(c, i))
			r = place_find(c, i, &here, max, ret_found, &ret[i], err);
	return r;
}

static int look(struct compare *c, unsigned ref, size_t max, bool *ret_found, size_t *ret, struct err *err)
{
	const struct record *at;
	int r = 0;

	*ret_found = false;
	for (size_t n = 0; !r && !*ret_found && n <= max; n++) {
		r = lane_peek(&c->lane[ref], c->cfg, n, &at, err);
		if (r || !at)
			break;
		r = all_find(c, ref, at, max, ret_found, ret, err);
		ret[ref] = n;
	}
	return r;
}

/* From there on they count the same. */
static void lanes_level(struct compare *c, const size_t *away)
{
	u64 most = 0, at[COMPARE_ENGINES] = { 0 };
	const struct record *p;

	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		if (!takes_part(c, i))
			continue;
		at[i] = c->lane[i].retired;
		for (size_t n = 1; n <= away[i]; n++) {
			lane_peek(&c->lane[i], c->cfg, n, &p, NULL);
			at[i] += p->retired;
		}
		most = at[i] > most ? at[i] : most;
	}
	for (unsigned i = 0; i < c->cfg->n_engines; i++)
		if (takes_part(c, i))
			c->lane[i].retired += most - at[i];
}

int lanes_meet(struct compare *c, struct row *r, bool *ret_found, struct err *err)
{
	size_t away[COMPARE_ENGINES] = { 0 };
	int e = 0;

	*ret_found = false;
	for (size_t max = LOOK_FIRST; !e && !*ret_found && max <= LOOK_MAX; max *= 2)
		e = look(c, r->ref, max, ret_found, away, err);
	if (e || !*ret_found)
		return e;
	lanes_level(c, away);
	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		r->away[i] = away[i];
		r->waits[i] = !away[i];
		/* The row that parted them has the first. */
		c->alone[i] = away[i] - (r->present[i] && away[i]);
	}
	r->meets = true;
	return 0;
}
