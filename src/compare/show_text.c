/*
 * show_text.c - rows for a reader: where and what, then a cell for each engine; under a row that
 * differs what differs and, for the first of them, `why`.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <vmstep/teach.h>
#include <vmstep/trace.h>

#include "compare/row.h"

enum { COL_PLACE = 8, CELL_LEAST = 12 };

static const char *paint(const struct compare *c, const char *code)
{
	return c->cfg->color ? code : "";
}

struct columns {
	unsigned place, insn, cell; /* widths */
};

/* Two fifths of the line say where the row is, at most 60 columns; the cells share the rest. */
static struct columns columns_of(const struct compare *c)
{
	unsigned head = c->cfg->width * 2 / 5, cell;
	struct columns col;

	if (head > 60)
		head = 60;
	if (head < 34)
		head = 34;
	cell = c->cfg->width > head + 1 ? (c->cfg->width - head - 1) / c->cfg->n_engines : 0;
	col.place = (head - COL_PLACE) / 2;
	col.insn = head - COL_PLACE - col.place;
	col.cell = cell < CELL_LEAST ? CELL_LEAST : cell;
	return col;
}

/* Cut or filled to exactly `width`, of which the last column stays free. */
static void column_put(struct strbuf *out, const char *text, unsigned width)
{
	const size_t n = strlen(text);

	if (n < width)
		strbuf_addf(out, "%-*s", (int)width, text);
	else
		strbuf_addf(out, "%.*s> ", (int)width - 2, text);
}

static void place_put(struct compare *c, const struct lane *l, unsigned width)
{
	char text[200], symbol[160];

	snprintf(text, sizeof(text), "0x%" PRIx64, l->now.stop.lin);
	if (session_symbols(l->s) && session_symbolize(l->s, l->now.stop.lin, symbol, sizeof(symbol)) &&
	    strlen(text) + strlen(symbol) + 2 < width) {
		strcat(text, " ");
		strcat(text, symbol);
	}
	column_put(&c->out, text, width);
}

static void insn_put(struct compare *c, const struct stop *st, unsigned width)
{
	char text[128] = "-";

	if (st->n_bytes)
		insn_format(mode_bits(st->mode), st->bytes, st->n_bytes, st->lin, NULL, NULL, text,
			    sizeof(text));
	column_put(&c->out, text, width);
}

/* What the engine says of the boundary, in few words. */
static void cell_text(const struct lane *l, const struct stop *ref, struct strbuf *out)
{
	const struct stop *st = &l->now.stop;

	stop_causes(st, out);
	if (st->lin != ref->lin)
		strbuf_addf(out, " at 0x%" PRIx64, st->lin);
	if (st->has_event && st->event_rep)
		strbuf_adds(out, " iteration");
	else if (st->has_event)
		strbuf_addf(out, " vector %u", st->event_vector);
	if (st->pending)
		strbuf_addf(out, " pending %u", st->pending_vector);
	if (st->retired > 1)
		strbuf_addf(out, " (%d instructions)", st->retired);
	if (l->now.gap != GAP_NONE)
		strbuf_adds(out, " behind a gap");
	if (st->proof == PROOF_DEDUCED)
		strbuf_adds(out, " (deduced)");
}

static void cells_put(struct compare *c, const struct row *r, const struct columns *col)
{
	struct strbuf text;

	strbuf_init(&text);
	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		const bool differs = r->differ[i].mask;

		strbuf_reset(&text);
		if (r->present[i])
			cell_text(&c->lane[i], &c->lane[r->ref].now.stop, &text);
		else
			strbuf_addc(&text, '.');
		if (differs)
			strbuf_adds(&c->out, paint(c, r->differ[i].unlisted ? "\033[1;31m" : "\033[33m"));
		column_put(&c->out, strbuf_str(&text), col->cell);
		if (differs)
			strbuf_adds(&c->out, paint(c, "\033[0m"));
	}
	strbuf_deinit(&text);
	while (c->out.n && c->out.s[c->out.n - 1] == ' ')
		c->out.s[--c->out.n] = '\0';
	strbuf_addc(&c->out, '\n');
}

static void differ_put(struct compare *c, const struct row *r, unsigned i)
{
	const struct row_differ *d = &r->differ[i];
	const struct lane *a = &c->lane[r->ref], *b = &c->lane[i];

	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		if (!(d->mask & BIT(f)))
			continue;
		strbuf_addf(&c->out, "%s%*s%s: %s ",
			    paint(c, d->unlisted & BIT(f) ? "\033[31m" : "\033[33m"), COL_PLACE, "",
			    field_name(f), a->name);
		field_put(a, f, &c->out);
		strbuf_addf(&c->out, ", %s ", b->name);
		field_put(b, f, &c->out);
		if (d->reason[f])
			strbuf_addf(&c->out, " (%s: %s)", d->reason[f] == c->input ? "input" : "known",
				    d->reason[f]);
		strbuf_addf(&c->out, "%s\n", paint(c, "\033[0m"));
	}
}

static void meets_put(struct compare *c, const struct row *r)
{
	const char *sep = "";

	strbuf_addf(&c->out, "%*sthe paths part here and meet again: ", COL_PLACE, "");
	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		if (c->done[i])
			continue;
		strbuf_addf(&c->out, "%s%s after %zu record%s", sep, c->lane[i].name, r->away[i],
			    r->away[i] == 1 ? "" : "s");
		sep = ", ";
	}
	strbuf_addc(&c->out, '\n');
}

static void why_put(struct compare *c, const struct row *r)
{
	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		if (i != r->ref && !r->differ[i].mask)
			continue;
		strbuf_addf(&c->out, "%swhy, on %s:%s\n", paint(c, "\033[1m"), c->lane[i].name,
			    paint(c, "\033[0m"));
		why_explain(c->lane[i].s, &c->lane[i].now.stop, &c->out);
		if (c->out.n && c->out.s[c->out.n - 1] != '\n')
			strbuf_addc(&c->out, '\n');
	}
}

static void begin(struct compare *c)
{
	const struct columns col = columns_of(c);

	strbuf_addf(&c->out, "%*s", COL_PLACE, "");
	column_put(&c->out, "at", col.place);
	column_put(&c->out, "instruction", col.insn);
	for (unsigned i = 0; i < c->cfg->n_engines; i++)
		strbuf_addf(&c->out, "%-*s", i + 1 < c->cfg->n_engines ? (int)col.cell : 0, c->lane[i].name);
	strbuf_addc(&c->out, '\n');
}

/* Quiet: the last rows before a difference are shown with it. */
static bool row_hold(struct compare *c, const struct row *r, size_t from)
{
	struct strbuf *h;

	if (!c->cfg->quiet || r->differs)
		return false;
	h = &c->held[c->n_held++ % ARRAY_SIZE(c->held)];
	strbuf_reset(h);
	strbuf_addn(h, c->out.s + from, c->out.n - from);
	c->out.n = from;
	c->out.s[from] = '\0';
	return true;
}

static void held_put(struct compare *c)
{
	const u64 n = ARRAY_SIZE(c->held);

	for (u64 i = c->n_held > n ? c->n_held - n : 0; i < c->n_held; i++)
		strbuf_adds(&c->out, strbuf_str(&c->held[i % n]));
	c->n_held = 0;
}

static void row(struct compare *c, const struct row *r)
{
	const struct columns col = columns_of(c);
	const size_t from = c->out.n;

	if (c->cfg->quiet && r->differs)
		held_put(c);
	strbuf_addf(&c->out, "%s%-*" PRIu64 " ", r->unlisted ? "!" : r->differs ? "~" : " ", COL_PLACE - 2, r->n);
	place_put(c, &c->lane[r->ref], col.place);
	insn_put(c, &c->lane[r->ref].now.stop, col.insn);
	cells_put(c, r, &col);
	if (row_hold(c, r, from))
		return;
	for (unsigned i = r->ref + 1; i < c->cfg->n_engines; i++)
		differ_put(c, r, i);
	if (r->explain)
		why_put(c, r);
	if (r->meets)
		meets_put(c, r);
}

static void end(struct compare *c, const char *ended)
{
	const unsigned unused = known_unused(c->known);

	if (c->input && !c->parted[0])
		strbuf_addf(&c->out,
			    "registers and flags are not compared from row %" PRIu64
			    " on: %s gave the guests different input\n",
			    c->input_row, c->input);
	if (unused)
		strbuf_addf(&c->out, "%u known difference%s of the list did not come\n", unused,
			    unused == 1 ? "" : "s");
	strbuf_addf(&c->out,
		    "total %" PRIu64 " rows, %" PRIu64 " differences, %" PRIu64
		    " more that the list knows; ended: %s\n",
		    c->total.rows, c->total.differences, c->total.known, ended);
}

const struct row_view view_text = { begin, row, end };
