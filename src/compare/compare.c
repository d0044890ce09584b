/* compare.c - row after row to the end of the guests; see compare.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "compare/row.h"

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
			 cause_name(c->lane[who].now.stop.first), c->lane[i].name,
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
		if (!r->present[i] || r->waits[i])
			continue;
		if (c->lane[i].now.ended)
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
	return all_done(c) ? cause_name(c->lane[0].now.stop.first) : "LIMIT";
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

/* Where they meet again the comparison goes on. */
static int paths_part(struct compare *c, struct row *r, struct err *err)
{
	bool found;
	int e = lanes_meet(c, r, &found, err);

	if (!e && !found)
		parted_tell(c, r);
	return e;
}

static void flush(struct compare *c)
{
	c->cfg->write(c->cfg->write_arg, strbuf_str(&c->out), c->out.n);
	strbuf_reset(&c->out);
}

int compare_rows(struct compare *c, const struct row_view *view, struct err *err)
{
	int ret = 0;

	view->begin(c);
	for (u64 n = 0; !ret && !all_done(c) && !c->parted[0] && !signalled(c); n++) {
		struct row r = { .n = n };

		ret = row_pick(c, &r, err);
		if (ret)
			break;
		row_judge(c, &r);
		if (r.parts)
			ret = paths_part(c, &r, err);
		view->row(c, &r);
		flush(c);
		c->total.rows = n;
		if (c->cfg->rows && n >= c->cfg->rows)
			break;
		ret = ret ? ret : lanes_advance(c, &r, err);
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
		if (!(c->lane[i].now.stop.causes & (CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_ERROR))))
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
		r = compare_rows(&c, cfg->json ? &view_json : &view_text, err);
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
