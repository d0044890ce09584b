/*
 * lesson_prompt.c - what a student types in a lesson: a line, or ! for a prompt of his own, behind
 * which the lesson goes on where it was: its commands are played again, unseen, on a fresh guest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lesson_play.h"
#include "term.h"

static bool is_command(const struct player *p, size_t i)
{
	const u8 k = p->l->item[i].kind;

	return (k == LESSON_DO || k == LESSON_QUIET) && player_has(p, i);
}

static void points_delete(struct cli *c)
{
	struct err err = { 0 };

	command_execute(c, "delete", &err);
}

/* The guest as it was at item p->at. */
static void guest_rewind(struct player *p)
{
	const u64 stops = p->stops;
	struct err err = { 0 };

	p->c->out.mute = true;
	points_delete(p->c);
	if (session_start(p->c->s, &err)) {
		p->c->out.mute = false;
		output_error(&p->c->out, false, err.text);
		p->leave = true;
		return;
	}
	p->last_n = 0;
	for (size_t i = 0; i < p->at && !p->leave; i++)
		if (is_command(p, i) && command_play(p, i, true))
			p->leave = true;
	p->c->out.mute = false;
	p->stops = stops;
}

/* A prompt of the student's own; quit or Ctrl-D there comes back. */
static void prompt_open(struct player *p)
{
	const struct settings saved = *session_settings(p->c->s);
	struct source *src = p->c->src;

	say(p->c, "The guest is yours. quit or Ctrl-D goes on with the lesson, where it was.\n");
	prompt_loop(p->c);
	p->c->src = src;
	p->c->quit = false;
	*session_settings(p->c->s) = saved;
	guest_rewind(p);
	if (term_ending())
		p->leave = true;
}

int player_line(struct player *p, const char *prompt, char **ret)
{
	while (!p->leave) {
		char *line;
		const char *text;

		if (input_line(p->c, prompt, true, &line)) {
			p->leave = true;
			break;
		}
		text = blanks_skip(line);
		if (*text == '!') {
			prompt_open(p);
		} else if (!strcmp(text, "q") || !strcmp(text, "quit")) {
			p->leave = true;
		} else {
			*ret = line;
			return 0;
		}
		free(line);
	}
	return -EINTR;
}
