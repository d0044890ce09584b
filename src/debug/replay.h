/*
 * replay.h - running the guest again from a state that was kept, by the journal's rules. Inside
 * src/debug/ only; implemented by replay.c, used by reverse.c.
 */
#ifndef VMSTEP_DEBUG_REPLAY_H
#define VMSTEP_DEBUG_REPLAY_H

#include "private.h"

struct replay {
	struct session *s;
	size_t rule;       /* entries of the journal reached so far: the last of them holds */
	bool fresh;        /* nothing was resumed under it yet */
	bool has_stop;
	struct stop stop;  /* the last one told */
	u64 steps;         /* stops since replay_begin() */
};
/* Put the state back. What it is run through from there leaves no trace outside the guest. */
int replay_begin(struct replay *r, struct session *s, const struct saved *from, struct err *err);
/* One stop on; -EINTR with no sentence after Ctrl-C. */
int replay_step(struct replay *r, struct err *err);
/* Free, to the first boundary at or behind `position` (deterministic engines). */
int replay_free(struct replay *r, u64 position, struct err *err);
/* Is the guest at that boundary? `memory`, if not NULL, is compared too. */
bool replay_is_at(struct replay *r, const struct place_mark *at, const struct machine_saved *memory);
/* A state here, for those that go on from here later. */
int replay_keep(struct replay *r, const struct saved *base, struct saved **ret, struct err *err);

#endif
