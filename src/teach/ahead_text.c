/* ahead_text.c - a prediction and a stop in the same words, so that they can be read side by side. */
#include "teach/ahead.h"

enum { COMPARED = ~(CAUSE_BIT(CAUSE_BREAK) | CAUSE_BIT(CAUSE_UWATCH) | CAUSE_BIT(CAUSE_CATCH) |
		    CAUSE_BIT(CAUSE_IO) | CAUSE_BIT(CAUSE_MMIO) | CAUSE_BIT(CAUSE_INTERRUPT) |
		    CAUSE_BIT(CAUSE_LIMIT) | CAUSE_BIT(CAUSE_EXIT)) };

u32 ahead_causes(u32 causes)
{
	return causes & COMPARED;
}

static void causes_put(u8 first, u32 causes, struct strbuf *out)
{
	causes = ahead_causes(causes);
	if (causes & CAUSE_BIT(first)) {
		strbuf_adds(out, cause_name(first));
		causes &= ~CAUSE_BIT(first);
	} else if (!causes) {
		strbuf_adds(out, "no event");
	}
	for (unsigned c = 0; c < CAUSE_COUNT; c++)
		if (causes & CAUSE_BIT(c))
			strbuf_addf(out, "+%s", cause_name(c));
}

static void dr6_put(u64 dr6, struct strbuf *out)
{
	static const struct {
		u64 bit;
		const char *name;
	} bits[] = { { DR6_B(0), "B0" }, { DR6_B(1), "B1" }, { DR6_B(2), "B2" }, { DR6_B(3), "B3" },
		     { DR6_BD, "BD" },	 { DR6_BS, "BS" },   { DR6_BT, "BT" } };
	const char *sep = ", DR6 ";

	if (!(dr6 & DR6_CAUSE))
		strbuf_adds(out, ", DR6 without a cause bit");
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		if (!(dr6 & bits[i].bit))
			continue;
		strbuf_addf(out, "%s%s", sep, bits[i].name);
		sep = " ";
	}
}

static void rest_put(bool has_event, u8 vector, bool pending, u8 pending_vector, struct strbuf *out)
{
	if (has_event)
		strbuf_addf(out, ", vector %u's handler", vector);
	if (pending)
		strbuf_addf(out, ", vector %u owed to the guest", pending_vector);
}

void ahead_put(const struct ahead *n, bool shadow, struct strbuf *out)
{
	static const char *const shadows[] = { "", ", in a MOV-SS shadow", ", in a STI shadow",
					       ", in both shadows" };

	if (!n->known) {
		strbuf_addf(out, "not told, it depends on %s", unseen_text(n->unseen));
		return;
	}
	causes_put(n->first, n->causes, out);
	strbuf_addf(out, " at 0x%llx", (unsigned long long)n->lin);
	if (n->has_dr6)
		dr6_put(n->dr6, out);
	rest_put(n->has_event, n->vector, n->pending, n->pending_vector, out);
	if (n->rep)
		strbuf_adds(out, ", between iterations");
	if (shadow)
		strbuf_adds(out, shadows[n->shadow & 3]);
	if (shadow && n->unseen != UNSEEN_NONE)
		strbuf_addf(out, ", unless %s comes first", unseen_text(n->unseen));
}

void ahead_put_stop(const struct stop *st, const struct ahead *n, struct strbuf *out)
{
	causes_put(st->first, st->causes, out);
	strbuf_addf(out, " at 0x%llx", (unsigned long long)st->lin);
	if (st->has_dr && n->has_dr6)
		dr6_put(st->dr6, out);
	rest_put(st->has_event && !st->event_rep, st->event_vector, st->pending, st->pending_vector, out);
	if (st->has_event && st->event_rep)
		strbuf_adds(out, ", between iterations");
}
