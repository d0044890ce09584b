/*
 * history.h - the way the guest came, as far as it can be gone again. Inside src/debug/ only.
 *
 *   saved.c       one state, whole; shared by who holds it
 *   checkpoint.c  those the user keeps
 *   history.c     those kept on the way, and the journal: under which plans the guest ran between them
 *   replay.c      running it again
 *   reverse.c     reverse-stepi
 *
 * A deterministic engine runs the same way again from a saved state if it is run by the same rules. Those
 * are the fields of its plans that a guest can tell by (struct run_rules); an entry of the journal says from
 * which position on they held. What the user changes by hand cannot be run again: a state is kept behind it.
 * On another engine (kvm) the way is only looked for: it is the same if it comes to the same state.
 */
#ifndef VMSTEP_DEBUG_HISTORY_H
#define VMSTEP_DEBUG_HISTORY_H

#include <vmstep/session.h>

/* ---- saved.c ---------------------------------------------------------------------------------- */

/* Where the guest is. `digest`: of its registers and of what waits to be delivered. */
struct place_mark {
	u64 position; /* engine_ops.position(); else boundaries told so far */
	u64 digest;
	bool dead;
};

struct saved {
	u32 refs;
	struct machine_saved *machine;
	char *cpu;       /* engine_ops.state_get()'s */
	size_t n_cpu;
	struct place_mark at;
	struct stop last;
	bool event_queued;
	u64 n_stops;
	int exit_value;
	u8 pending_once;
	unsigned inline_hidden;
	bool has_stop;    /* `last` tells of this very boundary */
	size_t n_rules;   /* of the journal that is kept with it */
	u64 free_runs;    /* up to it */
};
/* The state of now. Memory is shared with `base`, which may be NULL. `pending`: as mark_here(). */
int saved_take(struct session *s, const struct saved *base, bool pending, struct saved **ret, struct err *err);
struct saved *saved_ref(struct saved *v);
void saved_unref(struct saved *v); /* NULL too */
/* A failure leaves a guest that is neither: it is ended then. */
int saved_put_back(struct session *s, const struct saved *v, struct err *err);
u64 history_position(const struct session *s);
/* `pending`: an event is, says the record that told of this boundary. */
int mark_here(struct session *s, bool pending, struct place_mark *ret, struct err *err);

/* ---- history.c -------------------------------------------------------------------------------- */

struct run_rules {
	bool hold_irq, tf_hygiene, mtf, intercept_db, intercept_bp;
	u8 icebp, int3, skip;
	u8 pending_once; /* for the first resume under them */
};
struct rule_entry {
	struct place_mark from;
	struct run_rules rules;
};
enum { HISTORY_STATES = 48 };
struct history {
	struct saved *state[HISTORY_STATES]; /* in order of position */
	bool cut[HISTORY_STATES];            /* the user changed something there: no way leads to it */
	size_t n;
	struct rule_entry *rule;
	size_t n_rules, cap_rules;
	u64 told;      /* records so far: the position where the engine knows none */
	u64 free_runs; /* so far */
	u64 next;      /* position at which the next state is kept */
	bool changed;  /* by the user, since the last resume */
	bool ran_free; /* on an engine without positions, since the last state */
	bool off;      /* the engine has no states, or there was no memory */
};
void history_clear(struct history *h);
int history_copy(struct history *to, const struct history *from, struct err *err);
/* The guest was put back: what is behind `at` has not happened. */
void history_cut(struct history *h, const struct place_mark *at, size_t n_rules);
/* Keep v in its place. `cut`: the user changed the guest there, and the state before it is of the same
 * boundary, unchanged. */
void history_keep(struct history *h, struct saved *v, bool cut);
/* Before each resume; `here`: the record of the boundary, NULL: nobody told of it. */
void history_before(struct session *s, const struct plan *plan, const struct stop *here);
/* Where a free run is to come back for the next state; 0: nowhere. */
u64 history_until(const struct session *s);
/* Before the user changes the guest. */
void history_change(struct session *s);

#endif
