/*
 * teach.h - a stop in words. Implemented by src/teach/ over the core; no sentence claims more than the
 * stop's evidence, each claim names its SDM section or kernel reference.
 */
#ifndef VMSTEP_TEACH_H
#define VMSTEP_TEACH_H

#include <vmstep/session.h>

/* `why`: the current stop explained. */
void why_explain(struct session *s, const struct stop *st, struct strbuf *out);
/*
 * `why not CAUSE`: why this stop has not that cause, by the same evidence and the guest's registers. CAUSE is
 * a name of info stop in either case, BREAK/2 for a point. -EINVAL for a word that is none.
 */
int why_not_explain(struct session *s, const struct stop *st, const char *cause, struct strbuf *out, struct err *err);
/* `why not`: the same of each cause that an instruction or a point of the user's could have made and did not, a
 * paragraph "CAUSE: ..." each. */
void why_not_each(struct session *s, const struct stop *st, struct strbuf *out);
/* Topics of `help` that are no command: the i-th, NULL behind the last; by name. `text` is paragraphs. */
struct topic {
	const char *name, *title, *text, *source;
};
const struct topic *topic_at(size_t i);
const struct topic *topic_find(const char *name);
/* `predict`: what the architecture says the next stop is, from the state at the boundary. */
int predict_explain(struct session *s, struct strbuf *out, struct err *err);

/*
 * What waits or is armed at the boundary the guest stands at, a line each, in the order in which the
 * processor takes them (SDM 3 "Priority Among Concurrent Events"), and the masks that hold it back ("" none).
 * Pending traps are those the engine showed; where it shows none they are not claimed.
 */
enum { DUE_LINES = 6 };
struct due_line {
	u8 due;     /* enum due */
	bool waits; /* there is something to hold back */
	char state[64], held[64];
};
int due_explain(struct session *s, struct due_line ret[DUE_LINES], struct err *err);

/* ---- `set predict on`, `vmstep predict`: each step held against what was predicted for it ------ */

enum check_result { CHECK_NONE, CHECK_SAME, CHECK_DIFFERS, CHECK_OPEN };
struct check {
	u8 result;        /* enum check_result; NONE: no stop was looked at yet */
	const char *open; /* OPEN: what could not be told from the state alone */
	char predicted[200], was[200]; /* both in the same words; OPEN: empty */
};
struct check_total {
	u64 checked, differences, open;
};
struct checker;
/*
 * The session is stepped one stop a resume while a checker is there. With `stops` a difference ends the
 * command's run. Costs a step of the processor model and reading all registers at each stop.
 */
int checker_create(struct session *s, bool stops, struct checker **ret, struct err *err);
void checker_destroy(struct checker *c);
/* Of the last stop; valid until the next. */
const struct check *checker_last(const struct checker *c);
const struct check_total *checker_total(const struct checker *c);
/* A difference not told yet, as lines of text: false if there is none. */
bool checker_tell(struct checker *c, struct strbuf *out);

#endif
