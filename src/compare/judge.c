/* judge.c - in what the records of one row differ, and which of that counts; see compare.h. */
#include <string.h>

#include "compare/row.h"

enum {
	/* What a guest has from then on; the others belong to one record. */
	LASTING = BIT(FIELD_COUNT) - BIT(FIELD_GPR) + BIT(FIELD_MODE) + BIT(FIELD_FLAGS) +
		  BIT(FIELD_SEGMENT) + BIT(FIELD_CONTROL) + BIT(FIELD_TF),
	/* What input from outside may change, and where it leads. */
	INPUTS = BIT(FIELD_COUNT) - BIT(FIELD_GPR) + BIT(FIELD_FLAGS) + BIT(FIELD_CONTROL),
	EVENTS = BIT(FIELD_CAUSE) + BIT(FIELD_PENDING),
	PATH = BIT(FIELD_RIP) + BIT(FIELD_EVENT) + BIT(FIELD_ENDED),
};

/* Input that not all of them got at this place is told even when nothing differs yet. */
static void input_look(struct compare *c, const struct row *r, u32 differ)
{
	const char *word = NULL;
	bool alone = false, irq;

	for (unsigned i = 0; i < c->cfg->n_engines; i++) {
		const char *w = r->present[i] ? input_taken(&c->lane[i]) : NULL;

		word = w ? w : word;
		alone = alone || !r->present[i];
	}
	/* Only an interrupt leads elsewhere by itself; a value does where the guest branches on it. */
	irq = word && !strcmp(word, "an interrupt");
	if (!word || (!(differ & (irq ? INPUTS | PATH : INPUTS)) && !(alone && irq)))
		return;
	c->input = word;
	c->input_row = r->n;
	c->input_passes = !strcmp(word, "cpuid") || !strcmp(word, "rdmsr");
}

/* A flag that an instruction leaves undefined differs rightly, until another one sets it. */
static bool flags_fresh(struct compare *c, const struct row *r, unsigned i, bool same_ref)
{
	const struct stop *a = &c->lane[r->ref].now.stop, *b = &c->lane[i].now.stop;
	const u64 bits = flags_differ(a, b), old = same_ref ? c->flags[i] : 0;

	if (a->lin == b->lin)
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
	/* What two other places do to the registers says nothing. */
	if (fresh & BIT(FIELD_RIP))
		return fresh & (PATH | EVENTS);
	c->standing[i] = mask & LASTING;
	return fresh;
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

static bool is_alone(const struct compare *c, const struct row *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->cfg->n_engines; i++)
		n += r->present[i];
	return n < 2;
}

void row_judge(struct compare *c, struct row *r)
{
	u32 fresh[COMPARE_ENGINES] = { 0 }, all = 0, standing = 0;

	for (unsigned i = r->ref + 1; i < c->cfg->n_engines; i++)
		if (r->present[i])
			all |= fresh[i] = lanes_differ(c, r, i);
	if (!is_alone(c, r))
		c->standing_ref = r->ref;
	input_look(c, r, all);
	for (unsigned i = r->ref + 1; i < c->cfg->n_engines; i++) {
		if (r->present[i])
			differ_judge(c, r, i, fresh[i]);
		standing |= c->standing[i];
	}
	if (c->input_passes && !(standing & INPUTS))
		c->input = NULL;
	r->parts = all & BIT(FIELD_RIP);
	r->explain = r->differs && !c->explained;
	c->explained |= r->explain;
}
