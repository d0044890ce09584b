/* compare.c - the rows: which records belong together, what counts as a difference; see compare.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compare/row.h"

enum {
	WAIT_MAX = 100000, /* rows a lane behind a gap of unknown length waits to be met */
	/* What a guest has from then on; the others belong to one record. */
	LASTING = BIT(FIELD_COUNT) - BIT(FIELD_GPR) + BIT(FIELD_MODE) + BIT(FIELD_FLAGS) +
		  BIT(FIELD_SEGMENT) + BIT(FIELD_CONTROL) + BIT(FIELD_TF),
	/* What input from outside may change, and where it leads. */
	INPUTS = BIT(FIELD_COUNT) - BIT(FIELD_GPR) + BIT(FIELD_FLAGS) + BIT(FIELD_CONTROL),
	EVENTS = BIT(FIELD_CAUSE) + BIT(FIELD_PENDING),
	PATH = BIT(FIELD_RIP) + BIT(FIELD_EVENT) + BIT(FIELD_ENDED),
};

/* ---- which records belong together ----------------------------------------------------------- */

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

static bool same_place(const struct lane *a, const struct lane *b)
{
	return a->stop.lin == b->stop.lin && !memcmp(a->stop.gpr, b->stop.gpr, sizeof(a->stop.gpr));
}

/* Behind a gap of unknown length a lane counts again from where another one comes to the same place. */
static void lost_join(struct compare *c, unsigned at)
{
	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		struct lane *l = &c->lane[i];

		if (c->done[i] || !l->lost || !same_place(l, &c->lane[at]))
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

static void row_pick(struct compare *c, struct row *r)
{
	u64 target = 0;
	unsigned at = 0;

	if (!target_find(c, &target, &at))
		all_lost(c, &target, &at);
	lost_join(c, at);
	if (lost_waits(c) && ++c->waited > WAIT_MAX)
		snprintf(c->parted, sizeof(c->parted),
			 "no other engine came to where one went on behind a gap of unknown length");
	r->retired = target;
	r->ref = COMPARE_ENGINES;
	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		r->present[i] = counts(c, i) && c->lane[i].retired == target;
		if (r->present[i] && r->ref == COMPARE_ENGINES)
			r->ref = i;
	}
}

/* ---- what differs ---------------------------------------------------------------------------- */

/* Input that not all of them got at this place is told even when nothing differs yet. */
static void input_look(struct compare *c, const struct row *r, u32 differ)
{
	const char *word = NULL;
	bool alone = false;

	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		const char *w = r->present[i] ? input_taken(&c->lane[i]) : NULL;

		word = w ? w : word;
		alone = alone || !r->present[i];
	}
	if (!word || (!(differ & (INPUTS | PATH)) && !(alone && !strcmp(word, "an interrupt"))))
		return;
	c->input = word;
	c->input_row = r->n;
	c->input_passes = !strcmp(word, "cpuid") || !strcmp(word, "rdmsr");
}

/* A flag that an instruction leaves undefined differs rightly, until another one sets it. */
static bool flags_fresh(struct compare *c, const struct row *r, unsigned i, bool same_ref)
{
	const struct stop *a = &c->lane[r->ref].stop, *b = &c->lane[i].stop;
	const u64 bits = flags_differ(a, b), old = same_ref ? c->flags[i] : 0;

	c->flags[i] = bits;
	return bits & ~old & ~flags_undefined(b);
}

static u32 lanes_differ(struct compare *c, struct row *r, unsigned i)
{
	const u32 mask = stops_differ(&c->lane[r->ref], &c->lane[i]);
	const bool same_ref = c->standing_ref == r->ref;
	u32 fresh = mask;

	if (same_ref)
		fresh &= ~c->standing[i];
	fresh &= ~BIT(FIELD_FLAGS);
	if (flags_fresh(c, r, i, same_ref))
		fresh |= BIT(FIELD_FLAGS);
	c->standing[i] = mask & LASTING;
	/* What two other places do to the registers says nothing. */
	return fresh & BIT(FIELD_RIP) ? fresh & (PATH | EVENTS) : fresh;
}

static void differ_judge(struct compare *c, struct row *r, unsigned i, u32 mask)
{
	struct row_differ *d = &r->differ[i];

	if (c->input)
		mask &= ~INPUTS;
	d->mask = mask;
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		if (!(mask & BIT(f)))
			continue;
		d->reason[f] = known_find(c->known, f, &c->lane[r->ref], &c->lane[i]);
		if (!d->reason[f] && c->input && (mask & BIT(FIELD_RIP) || BIT(f) & PATH))
			d->reason[f] = c->input;
		if (!d->reason[f])
			d->unlisted |= BIT(f);
		c->total.differences += !d->reason[f];
		c->total.known += d->reason[f] && d->reason[f] != c->input;
	}
	r->differs |= mask != 0;
	r->unlisted |= d->unlisted != 0;
}

static void parted_tell(struct compare *c, const struct row *r)
{
	if (c->parted[0])
		return;
	if (c->input)
		snprintf(c->parted, sizeof(c->parted),
			 "the guests take different paths from row %" PRIu64 " on: %s at row %" PRIu64
			 " gave them different input, which is no difference of the engines",
			 r->n, c->input, c->input_row);
	else
		snprintf(c->parted, sizeof(c->parted),
			 "the guests take different paths from row %" PRIu64 " on", r->n);
}

static void row_judge(struct compare *c, struct row *r)
{
	u32 fresh[COMPARE_ENGINES] = { 0 }, all = 0, standing = 0;

	for (unsigned i = r->ref + 1; i < c->cfg->n_engines; i++)
		if (r->present[i])
			all |= fresh[i] = lanes_differ(c, r, i);
	c->standing_ref = r->ref;
	input_look(c, r, all);
	for (unsigned i = r->ref + 1; i < c->cfg->n_engines; i++) {
		if (r->present[i])
			differ_judge(c, r, i, fresh[i]);
		standing |= c->standing[i];
	}
	if (c->input_passes && !(standing & INPUTS))
		c->input = NULL;
	if (all & BIT(FIELD_RIP))
		parted_tell(c, r);
	r->explain = r->differs && !c->explained;
	c->explained |= r->explain;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* One guest is over and another has gone on behind it: that is no 0-record more. */
static void ended_look(struct compare *c, const struct row *r)
{
	u64 end = 0;
	unsigned i, who = COMPARE_ENGINES;

	for (i = 0; i < c->cfg->n_engines; i++) {
		if (!c->done[i])
			continue;
		who = i;
		end = c->lane[i].retired > end ? c->lane[i].retired : end;
	}
	for (i = 0; i < c->cfg->n_engines && who < COMPARE_ENGINES && !c->parted[0]; i++) {
		if (c->done[i] || c->lane[i].lost || c->lane[i].retired <= end)
			continue;
		snprintf(c->parted, sizeof(c->parted),
			 "the guest has ended on %s (%s) and goes on on %s%s%s", c->lane[who].name,
			 cause_name(c->lane[who].stop.first), c->lane[i].name,
			 c->input ? ", with different input from " : "", c->input ? c->input : "");
		if (!c->input && !(r->differ[i].mask & BIT(FIELD_ENDED)) &&
		    !(r->differ[who].mask & BIT(FIELD_ENDED)))
			c->total.differences++;
	}
}

static bool all_done(const struct compare *c)
{
	for (unsigned i = 0; i < c->cfg->n_engines; i++)
		if (!c->done[i])
			return false;
	return true;
}

static bool signalled(const struct compare *c)
{
	return c->cfg->signal && *c->cfg->signal;
}

static int lanes_advance(struct compare *c, const struct row *r, struct err *err)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < c->cfg->n_engines; i++) {
		if (!r->present[i])
			continue;
		if (c->lane[i].ended)
			c->done[i] = true;
		else
			ret = lane_next(&c->lane[i], c->cfg, err);
	}
	return ret;
}

static const char *ended_text(const struct compare *c)
{
	if (signalled(c))
		return "interrupted";
	if (c->parted[0])
		return c->parted;
	return all_done(c) ? cause_name(c->lane[0].stop.first) : "LIMIT";
}

static void flush(struct compare *c)
{
	c->cfg->write(c->cfg->write_arg, strbuf_str(&c->out), c->out.n);
	strbuf_reset(&c->out);
}

static int rows_run(struct compare *c, const struct row_view *view, struct err *err)
{
	int ret = 0;

	view->begin(c);
	for (u64 n = 0; !ret && !all_done(c) && !c->parted[0] && !signalled(c); n++) {
		struct row r = { .n = n };

		row_pick(c, &r);
		row_judge(c, &r);
		view->row(c, &r);
		flush(c);
		c->total.rows = n;
		if (c->cfg->rows && n >= c->cfg->rows)
			break;
		ret = lanes_advance(c, &r, err);
		if (!ret && !all_done(c))
			ended_look(c, &r);
	}
	view->end(c, ret ? err->text : ended_text(c));
	flush(c);
	return ret;
}

static bool lanes_died(const struct compare *c)
{
	for (unsigned i = 0; i < c->cfg->n_engines; i++)
		if (!(c->lane[i].stop.causes & (CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_ERROR))))
			return false;
	return true;
}

int compare_run(const struct compare_config *cfg, struct compare_result *ret, struct err *err)
{
	struct compare c = { .cfg = cfg, .standing_ref = COMPARE_ENGINES };
	int r = known_read(cfg->known, &c.known, err);

	strbuf_init(&c.out);
	for (unsigned i = 0; i < ARRAY_SIZE(c.held); i++)
		strbuf_init(&c.held[i]);
	for (unsigned i = 0; !r && i < cfg->n_engines; i++)
		r = lane_open(&c.lane[i], cfg, cfg->engine[i], err);
	if (!r)
		r = rows_run(&c, cfg->json ? &view_json : &view_text, err);
	c.total.died = !r && lanes_died(&c);
	for (unsigned i = 0; i < cfg->n_engines; i++)
		if (c.lane[i].s)
			lane_close(&c.lane[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(c.held); i++)
		strbuf_deinit(&c.held[i]);
	strbuf_deinit(&c.out);
	known_free(c.known);
	*ret = c.total;
	return r;
}
