/*
 * run_fold.c - the records of a run: shown as they come, or the stops on the way folded into the one
 * that is shown at the end; see private.h.
 */
#include <string.h>
#include "spot.h"

enum { USER_CAUSES = CAUSE_BIT(CAUSE_BREAK) | CAUSE_BIT(CAUSE_UWATCH) | CAUSE_BIT(CAUSE_CATCH) };

static void show_gap(struct run *r, const struct stop *gap)
{
	if (r->each && !r->each(r->arg, gap))
		r->ended = true;
}

/* A stop on the way: the next one, or the command's end, takes its instructions over. */
static void fold(struct run *r, const struct stop *st)
{
	if (!r->n_folded++)
		r->first = *st;
	r->retired = r->retired < 0 || st->retired < 0 ? -1 : r->retired + st->retired;
	r->stop = *st;
	r->has_stop = true;
}

u64 run_drain(struct run *r, bool show, u32 catches)
{
	bool watches = !r->quiet_points && watch_by_step(r->s);
	struct stop *st;
	u64 n = 0;

	while ((st = (struct stop *)ring_pop(&r->s->ring))) {
		if (r->s->watcher.after && !r->s->watcher.after(r->s->watcher.arg, st))
			r->ended = true;
		if (st->kind == RECORD_GAP) {
			show_gap(r, st);
			continue;
		}
		n++;
		if (catches || watches)
			points_after_step(r->s, st, catches);
		if (st->causes & USER_CAUSES)
			r->ended = true;
		if (!show)
			fold(r, st);
		else if (!run_show(r->s, st, r->each, r->arg))
			r->ended = true;
	}
	return n;
}

bool run_show(struct session *s, struct stop *st, stop_observer *each, void *arg)
{
	st->n = ++s->n_stops;
	s->last = *st;
	s->has_last = true;
	return !each || each(arg, st);
}

/* What was done when the command set out (a delivery, a swallow) before what was done at the end. */
static void unfold_did(struct run *r)
{
	unsigned n = r->first.n_did;

	if (n + r->stop.n_did > STOP_DIDS)
		n = STOP_DIDS - r->stop.n_did;
	memmove(r->stop.did + n, r->stop.did, r->stop.n_did * sizeof(r->stop.did[0]));
	memcpy(r->stop.did, r->first.did, n * sizeof(r->stop.did[0]));
	r->stop.n_did += n;
}

/* What was folded in belongs to the stop that is shown. */
static void unfold(struct run *r)
{
	if (r->n_folded < 2)
		return;
	r->stop.retired = r->retired;
	r->stop.from = r->first.from;
	r->stop.from_lin = r->first.from_lin;
	r->stop.from_mode = r->first.from_mode;
	r->stop.n_from = r->first.n_from;
	memcpy(r->stop.from_bytes, r->first.from_bytes, sizeof(r->stop.from_bytes));
	unfold_did(r);
}

void run_flush(struct run *r)
{
	if (!r->has_stop)
		return;
	unfold(r);
	if (!run_show(r->s, &r->stop, r->each, r->arg))
		r->ended = true;
	if (!r->by_insn && !r->view_set)
		spot_hide(r->s);
	r->has_stop = false;
	r->n_folded = 0;
	r->retired = 0;
}

int run_finish(struct run *r, int rc)
{
	struct err lost = { 0 };

	while (machine_console_lost(r->s->machine, &lost))
		note(r->s, "%s", lost.text);
	run_flush(r);
	points_delete_temporary(r->s);
	/* Nothing of ours stays in the guest while the user looks at it. */
	points_apply(r->s, NULL);
	return rc;
}
