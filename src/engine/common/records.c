/* records.c - see records.h. */
#include "engine/common/records.h"

#include <string.h>

void record_note(struct records *r, enum did_kind kind, u8 arg, u64 a, u64 b)
{
	if (r->n_notes < RECORD_NOTES)
		r->note[r->n_notes++] = (struct did){ kind, arg, a, b };
}

void record_begin(const struct records *r, struct stop *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->kind = RECORD_STOP;
	ret->first = CAUSE_NONE;
	ret->point_dr = -1;
	for (unsigned i = 0; i < r->n_notes; i++)
		stop_did(ret, r->note[i].kind, r->note[i].arg, r->note[i].a, r->note[i].b);
}

static bool has_slot(const struct records *r)
{
	return !r->n_backlog && !ring_full(r->ring);
}

struct stop *record_slot(struct records *r)
{
	return has_slot(r) ? ring_next(r->ring) : &r->spare;
}

static void copy(struct stop *to, const struct stop *s)
{
	if (to != s)
		*to = *s;
}

static void out(struct records *r, const struct stop *s)
{
	if (has_slot(r))
		copy(ring_push(r->ring), s);
	else if (r->n_backlog < RECORD_BACKLOG)
		r->backlog[r->n_backlog++] = *s;
}

/* The count is since the last record. */
static void dropped_take(struct records *r, struct stop *s)
{
	s64 n = r->dropped < 0 || s->retired < 0 ? -1 : r->dropped + s->retired;

	s->retired = n > INT32_MAX ? -1 : n;
	r->dropped = 0;
}

void record_push(struct records *r, struct stop *s)
{
	r->n_notes = 0;
	dropped_take(r, s);
	s->n = ++r->seq;
	out(r, s);
}

void record_gap(struct records *r, enum gap_reason why, u64 lin, s32 retired)
{
	const struct stop s = { .kind = RECORD_GAP, .gap = why, .lin = lin, .retired = retired };

	out(r, &s);
}

void record_dropped(struct records *r, s64 retired)
{
	r->dropped = r->dropped < 0 || retired < 0 ? -1 : r->dropped + retired;
}

void record_drop(struct records *r, const struct stop *s)
{
	r->n_notes = 0;
	record_dropped(r, s->retired);
	for (unsigned i = 0; i < s->n_did; i++)
		if (s->did[i].kind == DID_SWALLOW || s->did[i].kind == DID_WRONG_SKIP)
			record_note(r, s->did[i].kind, s->did[i].arg, s->did[i].a, s->did[i].b);
}

void record_backlog_out(struct records *r)
{
	u8 n = 0;

	while (n < r->n_backlog && !ring_full(r->ring))
		*ring_push(r->ring) = r->backlog[n++];
	r->n_backlog -= n;
	memmove(r->backlog, r->backlog + n, r->n_backlog * sizeof(r->backlog[0]));
}
