/*
 * jsonl_occasion.c - the members of a record that are there only where there is something: a delivery, an
 * event that waits, points of the user; see put.h.
 */
#include "put.h"

static void point(const struct stop *st, const struct stop_point *p, bool watch, struct strbuf *out)
{
	PUT(out, "{\"number\":");
	strbuf_adddec(out, p->number);
	PUT(out, ",\"how\":\"");
	point_how_put(p, out);
	strbuf_addc(out, '"');
	if (watch) {
		HEX(out, ",\"addr\":", st->hit_addr);
		HEX(out, ",\"old\":", st->old_value);
		HEX(out, ",\"new\":", st->new_value);
	}
	strbuf_addc(out, '}');
}

/* "point" is the first of them; where there are several, "points" has them all. */
static void points(const struct stop *st, struct strbuf *out)
{
	static const enum cause kinds[] = { CAUSE_UWATCH, CAUSE_BREAK, CAUSE_CATCH };
	const struct stop_point first = { st->point, st->point_how, st->point_dr };
	unsigned n = 0;

	if (!st->point)
		return;
	PUT(out, ",\"point\":");
	point(st, &first, st->causes & CAUSE_BIT(CAUSE_UWATCH), out);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		n += !!(st->causes & CAUSE_BIT(kinds[i]));
	for (size_t i = 0, k = 0; n > 1 && i < ARRAY_SIZE(kinds); i++) {
		const struct stop_point p = stop_point(st, kinds[i]);

		if (!(st->causes & CAUSE_BIT(kinds[i])))
			continue;
		strbuf_adds(out, k++ ? "," : ",\"points\":[");
		point(st, &p, kinds[i] == CAUSE_UWATCH, out);
	}
	if (n > 1)
		strbuf_addc(out, ']');
}

void jsonl_occasion_put(const struct stop *st, struct strbuf *out)
{
	if (st->has_event && st->event_rep) {
		PUT(out, ",\"event\":\"rep\"");
	} else if (st->has_event) {
		PUT(out, ",\"event\":{\"vector\":");
		strbuf_adddec(out, st->event_vector);
		PUT(out, ",\"type\":");
		strbuf_adddec(out, st->event_type);
		if (st->event_has_error)
			HEX(out, ",\"error\":", st->event_error);
		strbuf_addc(out, '}');
	}
	if (st->pending) {
		PUT(out, ",\"pending\":");
		strbuf_adddec(out, st->pending_vector);
	}
	points(st, out);
}
