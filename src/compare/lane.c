/* lane.c - see lane.h. */
#include <errno.h>

#include "compare/lane.h"

/* These end a run; what nothing ends is told again and again: a HLT without an interrupt, a fault
 * without a handler. */
enum { ENDS = CAUSE_BIT(CAUSE_HLT) | CAUSE_BIT(CAUSE_EXCEPTION) | CAUSE_BIT(CAUSE_ERROR) };

static bool take(void *arg, const struct stop *st)
{
	struct lane *l = arg;

	if (st->retired < 0)
		l->lost = true;
	else
		l->retired += st->retired;
	if (st->kind == RECORD_STOP) {
		l->stop = *st;
		return false;
	}
	if (l->gap == GAP_NONE)
		l->gap_from = st->lin;
	l->gap = st->gap;
	return true;
}

int lane_open(struct lane *l, const struct compare_config *cfg, const char *engine, struct err *err)
{
	struct session_config sc = cfg->session;
	int r;

	*l = (struct lane){ .name = engine };
	sc.engine = engine;
	r = session_create(&sc, &l->s, err);
	if (r)
		return -ENXIO;
	r = session_start(l->s, err);
	if (r)
		return -ENOEXEC;
	l->stop = *session_last_stop(l->s);
	return 0;
}

void lane_close(struct lane *l)
{
	session_destroy(l->s);
	l->s = NULL;
}

/* An engine may leave gaps alone in a run; the stop comes with the next one. */
int lane_next(struct lane *l, const struct compare_config *cfg, struct err *err)
{
	const u64 n = l->stop.n;
	int r = 0;

	l->gap = GAP_NONE;
	while (!r && l->stop.n == n && session_alive(l->s)) {
		cfg->running(l->s);
		r = session_trace(l->s, 1, false, take, l, err);
		cfg->running(NULL);
		if (!r && l->stop.n == n && cfg->signal && *cfg->signal)
			return 0;
	}
	l->ended = !session_alive(l->s) || l->stop.causes & ENDS;
	return r ? err_prefix(err, "engine %s", l->name) : 0;
}
