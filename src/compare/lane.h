/*
 * lane.h - one engine of a comparison: its session, the record it is at, and how many instructions it
 * has retired by then. Internal to src/compare/.
 */
#ifndef VMSTEP_COMPARE_LANE_H
#define VMSTEP_COMPARE_LANE_H

#include "compare/compare.h"

struct lane {
	const char *name;
	struct session *s;
	struct stop stop; /* the record it is at */
	u64 retired;      /* instructions up to it, gaps included */
	u64 gap_from;     /* a gap lies before the record: where it began */
	u8 gap;           /* enum gap_reason, GAP_NONE: no gap */
	bool lost;        /* a gap of unknown length: `retired` counts from somewhere else */
	bool ended;       /* the record is the last */
};

int lane_open(struct lane *l, const struct compare_config *cfg, const char *engine, struct err *err);
void lane_close(struct lane *l);
/* To the next record. */
int lane_next(struct lane *l, const struct compare_config *cfg, struct err *err);

#endif
