/*
 * records.h - from stops to the ring, as every engine does it: numbers, notes of what was done between
 * two stops, what stops that are not shown retired, and the one record a full ring had no room for.
 * Used by the engines only.
 */
#ifndef VMSTEP_ENGINE_RECORDS_H
#define VMSTEP_ENGINE_RECORDS_H

#include <vmstep/engine.h>

enum { RECORD_NOTES = 2 };

struct records {
	struct ring *ring;     /* of the run() that is on */
	bool has_backlog;
	struct stop backlog;   /* handed out first by the next run() */
	struct did note[RECORD_NOTES];
	u8 n_notes;
	s64 dropped;           /* instructions retired at stops that were not shown; -1: unknown */
	u64 seq;               /* number of the last stop */
};

/* Something done before the next stop, for it to tell. */
void record_note(struct records *r, enum did_kind kind, u8 arg, u64 a, u64 b);
/* The notes so far into the stop's did[]. */
void record_notes_tell(const struct records *r, struct stop *s);
/* Number it, forget the notes, put it into the ring or the backlog. */
void record_push(struct records *r, struct stop *s);
/* Instead of record_push(): what the user must know of it goes to the next one. */
void record_drop(struct records *r, const struct stop *s);
/* Instructions that ran without a stop of their own; -1: nobody knows how many. */
void record_dropped(struct records *r, s64 retired);
/* The backlog into the ring; false: there is none. */
bool record_backlog(struct records *r, struct ring *ring);

#endif
