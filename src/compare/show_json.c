/*
 * show_json.c - rows for programs, JSON Lines: a header, an object for each row, a total. Numbers that
 * can pass 2^53 are strings in hexadecimal, as in traces.
 */
#include <inttypes.h>
#include <vmstep/teach.h>
#include <vmstep/trace.h>

#include "compare/row.h"

static void string_put(struct strbuf *out, const char *text)
{
	strbuf_addc(out, '"');
	strbuf_addjson(out, text, strlen(text));
	strbuf_addc(out, '"');
}

static void begin(struct compare *c)
{
	const struct guest_spec *g = &c->cfg->session.guest;

	strbuf_adds(&c->out, "{\"vmstep_compare\":1,\"guest\":");
	string_put(&c->out, g->path ? g->path : g->hex ? g->hex : "");
	strbuf_adds(&c->out, ",\"engines\":[");
	for (unsigned i = 0; i < c->cfg->n_engines; i++)
		strbuf_addf(&c->out, "%s\"%s\"", i ? "," : "", c->lane[i].name);
	strbuf_adds(&c->out, "]}\n");
}

static void stop_put(struct strbuf *out, const struct lane *l)
{
	const struct stop *st = &l->now.stop;
	struct strbuf text;

	strbuf_init(&text);
	stop_causes(st, &text);
	strbuf_addf(out, "{\"n\":%" PRIu64 ",\"cause\":", st->n);
	string_put(out, strbuf_str(&text));
	strbuf_addf(out, ",\"proof\":\"%s\",\"lin\":\"0x%" PRIx64 "\",\"retired\":%d",
		    st->proof == PROOF_SEEN ? "seen" : "deduced", st->lin, st->retired);
	if (st->n_from && st->first != CAUSE_START)
		strbuf_addf(out, ",\"from\":\"0x%" PRIx64 "\"", st->from_lin);
	if (st->has_event && st->event_rep)
		strbuf_adds(out, ",\"event\":\"rep\"");
	else if (st->has_event)
		strbuf_addf(out, ",\"event\":%u", st->event_vector);
	if (st->pending)
		strbuf_addf(out, ",\"pending\":%u", st->pending_vector);
	strbuf_reset(&text);
	stop_evidence(st, &text);
	strbuf_adds(out, ",\"evidence\":");
	string_put(out, strbuf_str(&text));
	strbuf_addf(out, ",\"gap\":%s}", l->now.gap == GAP_NONE ? "false" : "true");
	strbuf_deinit(&text);
}

static void value_put(struct strbuf *out, const struct lane *l, unsigned f)
{
	struct strbuf text;

	strbuf_init(&text);
	field_put(l, f, &text);
	string_put(out, l->name);
	strbuf_addc(out, ':');
	string_put(out, strbuf_str(&text));
	strbuf_deinit(&text);
}

static void differences_put(struct compare *c, const struct row *r)
{
	const char *sep = "";

	for (unsigned i = r->ref + 1; i < c->cfg->n_engines; i++)
		for (unsigned f = 0; f < FIELD_COUNT; f++) {
			const char *reason = r->differ[i].reason[f];

			if (!(r->differ[i].mask & BIT(f)))
				continue;
			strbuf_addf(&c->out, "%s{\"field\":\"%s\",", sep, field_name(f));
			value_put(&c->out, &c->lane[r->ref], f);
			strbuf_addc(&c->out, ',');
			value_put(&c->out, &c->lane[i], f);
			strbuf_addf(&c->out, ",\"%s\":", reason && reason == c->input ? "input" : "known");
			if (reason)
				string_put(&c->out, reason);
			else
				strbuf_adds(&c->out, "null");
			strbuf_addc(&c->out, '}');
			sep = ",";
		}
}

static void why_put(struct compare *c, const struct row *r)
{
	const char *sep = "";
	struct strbuf text;

	strbuf_init(&text);
	strbuf_adds(&c->out, ",\"why\":{");
	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		if (i != r->ref && !r->differ[i].mask)
			continue;
		strbuf_reset(&text);
		why_explain(c->lane[i].s, &c->lane[i].now.stop, &text);
		strbuf_addf(&c->out, "%s\"%s\":", sep, c->lane[i].name);
		string_put(&c->out, strbuf_str(&text));
		sep = ",";
	}
	strbuf_addc(&c->out, '}');
	strbuf_deinit(&text);
}

/* After how many records each is where all meet again. */
static void meets_put(struct compare *c, const struct row *r)
{
	const char *sep = "";

	strbuf_adds(&c->out, ",\"meets\":{");
	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		if (c->done[i])
			continue;
		strbuf_addf(&c->out, "%s\"%s\":%zu", sep, c->lane[i].name, r->away[i]);
		sep = ",";
	}
	strbuf_addc(&c->out, '}');
}

static void row(struct compare *c, const struct row *r)
{
	const char *sep = "";

	if (c->cfg->quiet && !r->differs)
		return;
	strbuf_addf(&c->out, "{\"row\":%" PRIu64 ",\"retired\":%" PRIu64 ",\"stops\":{", r->n, r->retired);
	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		if (!r->present[i])
			continue;
		strbuf_addf(&c->out, "%s\"%s\":", sep, c->lane[i].name);
		stop_put(&c->out, &c->lane[i]);
		sep = ",";
	}
	strbuf_adds(&c->out, "},\"differences\":[");
	differences_put(c, r);
	strbuf_addc(&c->out, ']');
	if (r->explain)
		why_put(c, r);
	if (r->meets)
		meets_put(c, r);
	strbuf_adds(&c->out, "}\n");
}

static void end(struct compare *c, const char *ended)
{
	strbuf_addf(&c->out,
		    "{\"total\":%" PRIu64 ",\"differences\":%" PRIu64 ",\"known\":%" PRIu64
		    ",\"known_unused\":%u,\"input\":",
		    c->total.rows, c->total.differences, c->total.known, known_unused(c->known));
	if (c->input)
		string_put(&c->out, c->input);
	else
		strbuf_adds(&c->out, "null");
	strbuf_adds(&c->out, ",\"ended\":");
	string_put(&c->out, ended);
	strbuf_adds(&c->out, "}\n");
}

const struct row_view view_json = { begin, row, end };
