/*
 * lane.h - one engine of a comparison: its session, the record it is at, those read ahead of it, and how
 * many instructions it has retired by then. Internal to src/compare/.
 */
#ifndef VMSTEP_COMPARE_LANE_H
#define VMSTEP_COMPARE_LANE_H

#include "compare/compare.h"

struct record {
	struct stop stop;
	u64 retired;      /* instructions since the record before, gaps included */
	u64 gap_from;     /* a gap lies before it: where it began */
	u8 gap;           /* enum gap_reason, GAP_NONE: no gap */
	bool lost;        /* a gap of unknown length is among `retired` */
	bool ended;       /* it is the last */
};
struct lane {
	const char *name;
	struct session *s;
	struct record now;      /* the record it is at */
	u64 retired;            /* instructions up to it */
	bool lost;              /* since a gap of unknown length `retired` counts from somewhere else */
	struct record *ahead;   /* read in advance: n_ahead from first_ahead on */
	size_t first_ahead, n_ahead, max_ahead;
	/* The next record; *ret_none: the guest runs no more, or a signal came. Tests have their own. */
	int (*read)(struct lane *l, const struct compare_config *cfg, struct record *ret, bool *ret_none,
		    struct err *err);
};

int lane_open(struct lane *l, const struct compare_config *cfg, const char *engine, struct err *err);
void lane_close(struct lane *l);
/* To the next record; it stays where none comes. */
int lane_next(struct lane *l, const struct compare_config *cfg, struct err *err);
/* The record n behind the one it is at, 0 being that one; NULL where the guest ends before. Valid until
 * the next call. */
int lane_peek(struct lane *l, const struct compare_config *cfg, size_t n, const struct record **ret,
	      struct err *err);
/* The same instruction about to run, with the same general registers. */
bool records_meet(const struct record *a, const struct record *b);

#endif
