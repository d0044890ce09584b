/*
 * row.h - one row of a comparison: who makes it, who judges it, who shows it. Internal to src/compare/.
 */
#ifndef VMSTEP_COMPARE_ROW_H
#define VMSTEP_COMPARE_ROW_H

#include "compare/differ.h"

/* In what one engine's record differs from the reference's, as new in this row. */
struct row_differ {
	u32 mask;                         /* BIT(field) */
	u32 unlisted;                     /* of mask: no line of the list has it */
	const char *reason[FIELD_COUNT];  /* of the others */
};
struct row {
	u64 n;                            /* from 0, the start */
	u64 retired;                      /* instructions behind which it is */
	unsigned ref;                     /* the engine the others are held against */
	bool present[COMPARE_ENGINES];    /* the engine has a record here */
	struct row_differ differ[COMPARE_ENGINES];
	bool differs, unlisted;
	bool explain;                     /* the first difference: with `why` */
	bool parts;                       /* not all are at one place */
	bool meets;                       /* ... and they come to one again: */
	size_t away[COMPARE_ENGINES];     /* after so many records */
	bool waits[COMPARE_ENGINES];      /* the engine is there already */
};
struct compare {
	const struct compare_config *cfg;
	struct lane lane[COMPARE_ENGINES];
	bool done[COMPARE_ENGINES];       /* the lane's last record was shown */
	struct known *known;
	u32 standing[COMPARE_ENGINES];    /* against lane `standing_ref`: differ already */
	u64 flags[COMPARE_ENGINES];       /* the bits of RFLAGS among that */
	unsigned standing_ref;
	size_t alone[COMPARE_ENGINES];    /* rows the lane has before it meets the others */
	u64 waited;                       /* rows a lane behind a gap waits to be met */
	const char *input;                /* what made guests differ rightly, NULL: nothing did */
	bool input_passes;                /* it is forgotten once the registers are equal again */
	u64 input_row;
	bool explained;
	char parted[300];                 /* why it ends before the guests do; "": it does not */
	struct compare_result total;
	struct strbuf out;
	struct strbuf held[3];            /* quiet: the rows before a difference */
	u64 n_held;
};

/* align.c: to the next row, and who is in it. */
int row_pick(struct compare *c, struct row *r, struct err *err);
/* judge.c: what of it differs. */
void row_judge(struct compare *c, struct row *r);
/* meet.c: the guests are at different places; *ret_found: they will be at one again, and the rows up to there
 * have one engine each. */
int lanes_meet(struct compare *c, struct row *r, bool *ret_found, struct err *err);

struct row_view {
	void (*begin)(struct compare *c);
	void (*row)(struct compare *c, const struct row *r);
	void (*end)(struct compare *c, const char *ended);
};
extern const struct row_view view_text, view_json;
/* compare.c: all of them, from where the lanes are to their end. */
int compare_rows(struct compare *c, const struct row_view *view, struct err *err);

#endif
