/*
 * lesson_play.c - goes through a lesson's items. Commands are the session's own, and what they lead
 * to is held against what the lesson expects: a run that goes otherwise says so and fails.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lesson_play.h"
#include "session_main.h"
#include "term.h"

struct lesson_at player_at(const struct player *p)
{
	return (struct lesson_at){ .lesson = p->l,
				   .session = p->c->s,
				   .stop = session_last_stop(p->c->s),
				   .stops = p->stops,
				   .flavour = p->flavour };
}

bool player_has(const struct player *p, size_t i)
{
	return p->l->item[i].flavours & p->flavour;
}

void player_differs(struct player *p, size_t i, const char *sentence)
{
	say(p->c, "This run is not as the lesson says (%s, %s:%u): %s.\n",
	    lesson_flavour_name(p->flavour), p->l->name, p->l->item[i].line, sentence);
	p->otherwise++;
}

/* ---- commands ----------------------------------------------------------------------------------
 */

static void stops_count(struct player *p)
{
	const struct stop *st = session_last_stop(p->c->s);
	const u64 n = st ? st->n : 0;

	p->stops += n < p->last_n ? n : n - p->last_n;
	p->last_n = n;
}

int command_play(struct player *p, size_t i, bool mute)
{
	struct cli *c = p->c;
	struct err err = { 0 };
	int r;

	strbuf_reset(&p->said);
	c->out.copy = &p->said;
	c->out.mute = mute;
	r = line_run(c, p->l->item[i].text, true, &err);
	c->out.copy = NULL;
	c->out.mute = false;
	stops_count(p);
	if (r && r != -EINTR)
		player_differs(p, i, err.text);
	return r == -EINTR ? r : 0;
}

static void command_show(struct player *p)
{
	const char *text = p->l->item[p->at].text;
	struct strbuf prompt;
	char *line;

	strbuf_init(&prompt);
	strbuf_addf(&prompt, "(vmstep) %s", text);
	if (p->c->interactive) {
		strbuf_adds(&prompt, "   [Enter] ");
		if (!player_line(p, strbuf_str(&prompt), &line))
			free(line);
	} else {
		say(p->c, "%s\n", strbuf_str(&prompt));
	}
	strbuf_deinit(&prompt);
	if (!p->leave && command_play(p, p->at, false))
		p->leave = true;
}

/* ---- what is held against the run --------------------------------------------------------------
 */

/* An expectation for this engine stands instead of the one for all, of those that follow one
 * command. */
static bool overruled(const struct player *p, size_t i)
{
	const struct lesson_item *it = p->l->item;
	const u8 kind = it[i].kind;
	size_t first = i;

	if (kind != LESSON_EXPECT || it[i].flavours != LESSON_ALL)
		return false;
	while (first && it[first - 1].kind == kind)
		first--;
	for (; first < p->l->n_items && it[first].kind == kind; first++)
		if (it[first].flavours != LESSON_ALL && player_has(p, first))
			return true;
	return false;
}

static void stop_check(struct player *p)
{
	const struct lesson_at at = player_at(p);
	struct err err = { 0 };

	if (lesson_holds(&at, p->l->item[p->at].text, &err) != 1)
		player_differs(p, p->at, err.text);
}

/* One blank for any run of blanks and line breaks. */
static char *text_flatten(const char *text)
{
	char *flat = strdup(text), *to = flat;

	for (const char *p = text; flat && *p; p++)
		if (!isspace((unsigned char)*p))
			*to++ = *p;
		else if (to > flat && to[-1] != ' ')
			*to++ = ' ';
	if (flat)
		*to = '\0';
	return flat;
}

static void said_check(struct player *p)
{
	char *said = text_flatten(strbuf_str(&p->said)),
	     *wanted = text_flatten(p->l->item[p->at].text);

	if (!said || !wanted || !strstr(said, wanted))
		player_differs(p, p->at,
			       "the command does not print what the lesson says it prints");
	free(said);
	free(wanted);
}

/* ---- items -------------------------------------------------------------------------------------
 */

static void headed_say(struct player *p, const char *head, const char *text)
{
	struct strbuf b;

	strbuf_init(&b);
	strbuf_addf(&b, "%s: %s", head, text);
	say_wrapped(p->c, strbuf_str(&b));
	strbuf_deinit(&b);
}

static void differs_say(struct player *p, const struct lesson_item *it)
{
	char head[60];

	snprintf(head, sizeof(head), "On this engine (%s, %.8s)", session_engine_name(p->c->s),
		 it->cond);
	headed_say(p, head, it->text);
	say(p->c, "\n");
}

static void item_play(struct player *p)
{
	const struct lesson_item *it = &p->l->item[p->at];

	output_begin(&p->c->out, session_settings(p->c->s)->pagination);
	switch ((enum lesson_kind)it->kind) {
	case LESSON_SAY:
		say_wrapped(p->c, it->text);
		say(p->c, "\n");
		break;
	case LESSON_DO:
		command_show(p);
		break;
	case LESSON_QUIET:
		p->leave = command_play(p, p->at, true) != 0;
		break;
	case LESSON_EXPECT:
		stop_check(p);
		break;
	case LESSON_PRINTS:
		said_check(p);
		break;
	case LESSON_DIFFERS:
		differs_say(p, it);
		break;
	case LESSON_ASK:
		question_ask(p);
		break;
	case LESSON_ANSWER:
		question_answer(p);
		break;
	case LESSON_TRY:
		headed_say(p, "Try next", it->text);
		break;
	case LESSON_CHOICE:
	case LESSON_VALUE:
	case LESSON_REPLY:
	case LESSON_OTHERWISE:
	case LESSON_KINDS:
		break;
	}
}

static u8 flavour_of(struct cli *c)
{
	const char *name = session_engine_name(c->s);
	const struct engine_ops *ops = engine_find(name);
	struct engine_probe probe = { 0 };

	if (!strcmp(name, "soft"))
		return LESSON_SOFT;
	if (!strcmp(name, "mtf"))
		return LESSON_MTF;
	if (ops)
		ops->probe(&probe);
	return probe.hardware ? LESSON_KVM : LESSON_PVM;
}

static void heading(struct player *p)
{
	struct strbuf b;

	strbuf_init(&b);
	strbuf_addf(&b, "%s: %s\n", p->l->name, p->l->title);
	strbuf_addf(&b, "Engine %s: %s\n", session_engine_name(p->c->s),
		    session_engine_reason(p->c->s));
	if (p->c->interactive)
		strbuf_adds(&b, "Enter goes on, ! opens a prompt, q or Ctrl-C leaves.\n");
	strbuf_adds(&b, "\nThe guest:\n\n");
	lesson_listing(p->l, &b);
	strbuf_addc(&b, '\n');
	say_buf(p->c, &b);
	strbuf_deinit(&b);
}

static void ending(struct player *p)
{
	struct cli *c = p->c;
	char *line;

	if (p->otherwise && !c->status)
		c->status = STATUS_COMMAND;
	if (p->leave || !c->interactive)
		return;
	p->at = p->l->n_items;
	if (!player_line(p, "That was the lesson. Enter leaves, ! opens a prompt: ", &line))
		free(line);
}

void lesson_play(struct cli *c, const void *lesson)
{
	struct player p = { .c = c, .l = lesson, .flavour = flavour_of(c) };
	struct source src = { .name = NULL };
	struct err err = { 0 };

	c->src = &src;
	session_settings(c->s)->confirm = false;
	strbuf_init(&p.said);
	heading(&p);
	if (start_show(c, &err)) {
		output_error(&c->out, true, err.text);
		c->status = start_failed_status(c->s);
		p.leave = true;
	}
	for (p.at = 0; p.at < p.l->n_items && !p.leave && !term_ending() && !c->out.broken; p.at++)
		if (player_has(&p, p.at) && !overruled(&p, p.at))
			item_play(&p);
	ending(&p);
	strbuf_deinit(&p.said);
	c->src = NULL;
}
