/*
 * align.c - which records belong together. A row has what each engine shows behind the same number of retired
 * instructions. Where an engine has more records there than another, 0-records, the ones without a
 * counterpart come alone. Where the guests take different paths each goes on alone until all are at one place.
 */
#include <inttypes.h>
#include <stdio.h>

#include "compare/row.h"

enum {
	WAIT_MAX = 100000, /* rows a lane behind a gap of unknown length waits to be met */
	ZEROS_MAX = 64,    /* 0-records looked through for a counterpart */
};

static bool counts(const struct compare *c, unsigned i)
{
	return !c->done[i] && !c->lane[i].lost;
}

/* The least number of retired instructions that a lane is at; false: none that counts. */
static bool target_find(const struct compare *c, u64 *ret, unsigned *ret_lane)
{
	bool found = false;

	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		if (!counts(c, i) || (found && c->lane[i].retired >= *ret))
			continue;
		*ret = c->lane[i].retired;
		*ret_lane = i;
		found = true;
	}
	return found;
}

/* Behind a gap of unknown length a lane counts again from where another one comes to the same place. */
static void lost_join(struct compare *c, unsigned at)
{
	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		struct lane *l = &c->lane[i];

		if (c->done[i] || !l->lost || !records_meet(&l->now, &c->lane[at].now))
			continue;
		l->lost = false;
		l->retired = c->lane[at].retired;
		c->waited = 0;
	}
}

/* None counts: where all are, they are together. */
static void all_lost(struct compare *c, u64 *ret, unsigned *ret_lane)
{
	u64 most = 0;

	for (unsigned i = 0; i < c->cfg->n_engines; i++)
		if (c->lane[i].retired > most)
			most = c->lane[i].retired;
	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		c->lane[i].lost = false;
		c->lane[i].retired = most;
	}
	target_find(c, ret, ret_lane);
}

static bool lost_waits(const struct compare *c)
{
	for (unsigned i = 0; i < c->cfg->n_engines; i++)
		if (!c->done[i] && c->lane[i].lost)
			return true;
	return false;
}

/* ---- 0-records ------------------------------------------------------------------------------- */

/* The 0-records in front of lane i have the counterpart of where lane j is. */
static int comes_to(struct compare *c, unsigned i, unsigned j, bool *ret, struct err *err)
{
	const struct record *p;
	int r = 0;

	*ret = false;
	for (size_t n = 1; !r && !*ret && n <= ZEROS_MAX; n++) {
		r = lane_peek(&c->lane[i], c->cfg, n, &p, err);
		if (r || !p || p->retired || p->lost)
			break;
		*ret = records_meet(p, &c->lane[j].now);
	}
	return r;
}

/* Lane i is not where some other is, but will be without an instruction between. */
static int has_zeros_first(struct compare *c, const struct row *r, unsigned i, bool *ret, struct err *err)
{
	int e = 0;

	*ret = false;
	for (unsigned j = 0; !e && !*ret && j < c->cfg->n_engines; j++)
		if (r->present[j] && c->lane[j].now.stop.lin != c->lane[i].now.stop.lin)
			e = comes_to(c, i, j, ret, err);
	return e;
}

static int zeros_part(struct compare *c, struct row *r, struct err *err)
{
	bool first[COMPARE_ENGINES] = { false }, any = false;
	int e = 0;

	for (unsigned i = 0; !e && i < c->cfg->n_engines; i++) {
		if (r->present[i])
			e = has_zeros_first(c, r, i, &first[i], err);
		any |= first[i];
	}
	for (unsigned i = 0; any && i < c->cfg->n_engines; i++)
		r->present[i] &= first[i];
	return e;
}

/* ---- a row ----------------------------------------------------------------------------------- */

static void ref_choose(struct compare *c, struct row *r)
{
	r->ref = 0;
	while (!r->present[r->ref])
		r->ref++;
	r->retired = c->lane[r->ref].retired;
}

/* Lanes on their way to where they meet come one by one. */
static bool alone_pick(struct compare *c, struct row *r)
{
	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		if (!c->alone[i])
			continue;
		c->alone[i]--;
		r->present[i] = true;
		return true;
	}
	return false;
}

static int together_pick(struct compare *c, struct row *r, struct err *err)
{
	u64 target = 0;
	unsigned at = 0;

	if (!target_find(c, &target, &at))
		all_lost(c, &target, &at);
	lost_join(c, at);
	if (lost_waits(c) && ++c->waited > WAIT_MAX)
		snprintf(c->parted, sizeof(c->parted),
			 "no other engine came to where one went on behind a gap of unknown length");
	for (unsigned i = 0; i < c->cfg->n_engines; i++)
		r->present[i] = counts(c, i) && c->lane[i].retired == target;
	return zeros_part(c, r, err);
}

int row_pick(struct compare *c, struct row *r, struct err *err)
{
	int e = alone_pick(c, r) ? 0 : together_pick(c, r, err);

	ref_choose(c, r);
	return e;
}
