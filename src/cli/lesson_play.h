/*
 * lesson_play.h - a lesson played in a session: lesson_play.c goes through its items, lesson_ask.c
 * asks and judges predictions, lesson_prompt.c reads what the student types.
 */
#ifndef VMSTEP_CLI_LESSON_PLAY_H
#define VMSTEP_CLI_LESSON_PLAY_H

#include <vmstep/lesson.h>

#include "cli.h"

struct player {
	struct cli *c;
	const struct lesson *l;
	u8 flavour; /* one bit of enum lesson_flavour */
	size_t at;  /* the item that is played */
	bool leave;
	unsigned otherwise; /* what did not go as the lesson says */
	/* the open question */
	size_t ask;
	bool predicted;
	size_t choice; /* item predicted, where it has choices to show */
	u64 value;
	unsigned stops;     /* since it was asked */
	u64 last_n;         /* number of the last stop seen */
	struct strbuf said; /* the last command's output */
};

/* A session_body: `lesson` is a struct lesson. */
void lesson_play(struct cli *c, const void *lesson);

/* What conditions are held against now. */
struct lesson_at player_at(const struct player *p);
/* Tell that this run is not as the lesson says at item `i`, and count it. */
void player_differs(struct player *p, size_t i, const char *sentence);
/* The command of item `i`; -EINTR: the student has left by Ctrl-C. */
int command_play(struct player *p, size_t i, bool mute);
/* lesson_prompt.c: one line from the student: 0 with *ret (free it), else the lesson is left. !
 * opens a prompt, q leaves. */
int player_line(struct player *p, const char *prompt, char **ret);
bool player_has(const struct player *p, size_t i);

/* lesson_ask.c: the question at p->at with its choices, and the prediction. */
void question_ask(struct player *p);
/* The verdict at p->at. */
void question_answer(struct player *p);

#endif
