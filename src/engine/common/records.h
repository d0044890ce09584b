/*
 * records.h - from stops to the ring, as every engine does it: numbers, notes of what was done between
 * two stops, what stops that are not shown retired, and the records a full ring had no room for.
 * Used by the engines only.
 */
#ifndef VMSTEP_ENGINE_RECORDS_H
#define VMSTEP_ENGINE_RECORDS_H

#include <vmstep/engine.h>

/* A step begins with one free slot and can bring gaps before its stop. */
enum { RECORD_NOTES = 2, RECORD_BACKLOG = 4 };

struct records {
	struct ring *ring;     /* of the run() that is on */
	u8 n_backlog;
	struct stop backlog[RECORD_BACKLOG]; /* handed out first by the next run() */
	struct stop spare;     /* record_slot() without a slot */
	struct did note[RECORD_NOTES];
	u8 n_notes;
	s64 dropped;           /* instructions retired at stops that were not shown; -1: unknown */
	u64 seq;               /* number of the last stop */
};

/* Something done before the next stop, for it to tell. */
void record_note(struct records *r, enum did_kind kind, u8 arg, u64 a, u64 b);
/* A stop without causes, with the notes so far in its did[]. */
void record_begin(const struct records *r, struct stop *ret);
/*
 * Where the next stop can be made: the slot of the ring that it will have, so that record_push() copies
 * nothing. No other record may be pushed in between.
 */
struct stop *record_slot(struct records *r);
/* Number it, forget the notes, put it into the ring or the backlog. */
void record_push(struct records *r, struct stop *s);
/* Instead of record_push(): what the user must know of it goes to the next one. */
void record_drop(struct records *r, const struct stop *s);
/* Instructions that ran without a stop of their own; -1: nobody knows how many. */
void record_dropped(struct records *r, s64 retired);
/* What nobody saw, at `lin` and behind it; no stop, no number. */
void record_gap(struct records *r, enum gap_reason why, u64 lin, s32 retired);
/* As much of the backlog as the ring has room for. */
void record_backlog_out(struct records *r);

#endif
