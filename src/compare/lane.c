/* lane.c - see lane.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compare/lane.h"

/* These end a run; what nothing ends is told again and again: a HLT without an interrupt, a fault
 * without a handler. */
enum { ENDS = CAUSE_BIT(CAUSE_HLT) | CAUSE_BIT(CAUSE_EXCEPTION) | CAUSE_BIT(CAUSE_ERROR) };

struct taking {
	struct record *to;
	bool stopped;
};

static bool take(void *arg, const struct stop *st)
{
	struct taking *t = arg;

	if (st->retired < 0)
		t->to->lost = true;
	else
		t->to->retired += st->retired;
	if (st->kind == RECORD_STOP) {
		t->to->stop = *st;
		t->stopped = true;
		return false;
	}
	if (t->to->gap == GAP_NONE)
		t->to->gap_from = st->lin;
	t->to->gap = st->gap;
	return true;
}

/* An engine may leave gaps alone in a run; the stop comes with the next one. */
static int guest_read(struct lane *l, const struct compare_config *cfg, struct record *ret,
			bool *ret_none, struct err *err)
{
	struct taking t = { .to = ret };
	int r = 0;

	*ret = (struct record){ .gap = GAP_NONE };
	while (!r && !t.stopped && session_alive(l->s)) {
		cfg->running(l->s);
		r = session_trace(l->s, 1, false, take, &t, err);
		cfg->running(NULL);
		if (cfg->signal && *cfg->signal)
			break;
	}
	*ret_none = !t.stopped;
	ret->ended = !session_alive(l->s) || ret->stop.causes & ENDS;
	return r ? err_prefix(err, "engine %s", l->name) : 0;
}

int lane_open(struct lane *l, const struct compare_config *cfg, const char *engine, struct err *err)
{
	struct session_config sc = cfg->session;
	int r;

	*l = (struct lane){ .name = engine, .read = guest_read };
	sc.engine = engine;
	r = session_create(&sc, &l->s, err);
	if (r)
		return -ENXIO;
	r = session_start(l->s, err);
	if (r)
		return -ENOEXEC;
	l->now.stop = *session_last_stop(l->s);
	return 0;
}

void lane_close(struct lane *l)
{
	session_destroy(l->s);
	free(l->ahead);
	l->s = NULL;
	l->ahead = NULL;
}

/* ---- read in advance ------------------------------------------------------------------------- */

static int room_make(struct lane *l, struct err *err)
{
	struct record *p;
	size_t max;

	if (l->first_ahead + l->n_ahead < l->max_ahead)
		return 0;
	if (l->first_ahead) {
		memmove(l->ahead, l->ahead + l->first_ahead, l->n_ahead * sizeof(*l->ahead));
		l->first_ahead = 0;
		return 0;
	}
	max = l->max_ahead ? 2 * l->max_ahead : 8;
	p = realloc(l->ahead, max * sizeof(*p));
	if (!p)
		return err_set(err, ENOMEM, "no memory for %zu records of engine %s", max, l->name);
	l->ahead = p;
	l->max_ahead = max;
	return 0;
}

static struct record *newest(struct lane *l)
{
	return l->n_ahead ? &l->ahead[l->first_ahead + l->n_ahead - 1] : &l->now;
}

/* One more; n_ahead stays where the guest has ended. */
static int read_more(struct lane *l, const struct compare_config *cfg, struct err *err)
{
	bool none = false;
	int r;

	if (newest(l)->ended)
		return 0;
	r = room_make(l, err);
	if (!r)
		r = l->read(l, cfg, &l->ahead[l->first_ahead + l->n_ahead], &none, err);
	if (!r && !none)
		l->n_ahead++;
	else if (!r && !(cfg->signal && *cfg->signal))
		newest(l)->ended = true;
	return r;
}

int lane_peek(struct lane *l, const struct compare_config *cfg, size_t n, const struct record **ret,
	      struct err *err)
{
	size_t had;
	int r = 0;

	do {
		had = l->n_ahead;
		if (had < n)
			r = read_more(l, cfg, err);
	} while (!r && l->n_ahead < n && l->n_ahead > had);
	*ret = !n ? &l->now : l->n_ahead >= n ? &l->ahead[l->first_ahead + n - 1] : NULL;
	return r;
}

int lane_next(struct lane *l, const struct compare_config *cfg, struct err *err)
{
	const struct record *next = NULL;
	int r = lane_peek(l, cfg, 1, &next, err);

	if (r || !next)
		return r;
	l->now = *next;
	l->first_ahead++;
	l->n_ahead--;
	l->retired += l->now.retired;
	l->lost |= l->now.lost;
	return 0;
}

bool records_meet(const struct record *a, const struct record *b)
{
	return a->stop.lin == b->stop.lin && a->stop.rip == b->stop.rip &&
	       !memcmp(a->stop.gpr, b->stop.gpr, sizeof(a->stop.gpr));
}
