/* lesson_ask.c - a lesson's questions: the student predicts, the stops decide. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lesson_play.h"

/* One past the items of the question at `ask`. */
static size_t question_end(const struct player *p, size_t ask)
{
	size_t i = ask + 1;

	while (i < p->l->n_items) {
		const u8 k = p->l->item[i].kind;

		if (k != LESSON_CHOICE && k != LESSON_REPLY && k != LESSON_VALUE &&
		    k != LESSON_OTHERWISE)
			break;
		i++;
	}
	return i;
}

/* The item of a kind in the question, or 0, which is never one of them. */
static size_t part_find(const struct player *p, u8 kind)
{
	for (size_t i = p->ask + 1; i < question_end(p, p->ask); i++)
		if (p->l->item[i].kind == kind && player_has(p, i))
			return i;
	return 0;
}

static char letter_of(const struct player *p, size_t choice)
{
	char letter = 'a';

	for (size_t i = p->ask + 1; i < choice; i++)
		letter += p->l->item[i].kind == LESSON_CHOICE && player_has(p, i);
	return letter;
}

static size_t choice_of(const struct player *p, char letter)
{
	for (size_t i = p->ask + 1; i < question_end(p, p->ask); i++)
		if (p->l->item[i].kind == LESSON_CHOICE && player_has(p, i) && letter-- == 'a')
			return i;
	return 0;
}

static void choices_show(struct player *p)
{
	for (size_t i = p->ask + 1; i < question_end(p, p->ask); i++)
		if (p->l->item[i].kind == LESSON_CHOICE && player_has(p, i))
			say(p->c, "  %c) %s\n", letter_of(p, i), p->l->item[i].text);
}

static bool prediction_take(struct player *p, const char *text, bool value)
{
	struct err err = { 0 };

	if (!*text)
		return true;
	if (value) {
		p->predicted = !expr_u64(p->c->s, text, &p->value, &err);
		if (!p->predicted)
			say(p->c, "%s\n", err.text);
		return p->predicted;
	}
	p->choice = text[1] ? 0 : choice_of(p, tolower((unsigned char)*text));
	p->predicted = p->choice;
	if (!p->predicted)
		say(p->c, "Give one of the letters, or Enter alone.\n");
	return p->predicted;
}

void question_ask(struct player *p)
{
	const bool value = (p->ask = p->at, part_find(p, LESSON_VALUE));
	char *line;

	p->predicted = false;
	p->stops = 0;
	say(p->c, "\n");
	say_wrapped(p->c, p->l->item[p->at].text);
	if (!value)
		choices_show(p);
	while (p->c->interactive &&
	       !player_line(p,
			    value ? "Your prediction, a number: " : "Your prediction, a letter: ",
			    &line)) {
		const bool done = prediction_take(p, blanks_skip(line), value);

		free(line);
		if (done)
			break;
	}
	say(p->c, "\n");
}

/* ---- the verdict -------------------------------------------------------------------------------
 */

/* One paragraph of several texts. */
static void __attribute__((format(printf, 2, 3))) paragraph(struct player *p, const char *fmt, ...)
{
	struct strbuf b;
	va_list ap;

	strbuf_init(&b);
	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	say_wrapped(p->c, strbuf_str(&b));
	strbuf_deinit(&b);
}

static const char *reply_of(const struct player *p, size_t choice)
{
	const struct lesson_item *it = p->l->item;

	return choice + 1 < p->l->n_items && it[choice + 1].kind == LESSON_REPLY
		       ? it[choice + 1].text
		       : "";
}

/* The one choice whose conditions hold. 0 with the difference told: none or several do. */
static size_t choice_right(struct player *p)
{
	const struct lesson_at at = player_at(p);
	size_t right = 0;

	for (size_t i = p->ask + 1; i < question_end(p, p->ask); i++) {
		struct err err = { 0 };

		if (p->l->item[i].kind != LESSON_CHOICE || !player_has(p, i) ||
		    lesson_holds(&at, p->l->item[i].cond, &err) != 1)
			continue;
		if (right) {
			player_differs(p, i, "two of the answers hold");
			return 0;
		}
		right = i;
	}
	if (!right)
		player_differs(p, p->ask, "none of the answers holds");
	return right;
}

static void choices_answer(struct player *p)
{
	const size_t right = choice_right(p);

	if (!right)
		return;
	if (p->predicted && p->choice != right)
		paragraph(p, "You said %c), which is not what happened. %s",
			  letter_of(p, p->choice), reply_of(p, p->choice));
	paragraph(p, "%s %c) %s. %s", p->predicted && p->choice == right ? "Right:" : "The answer:",
		  letter_of(p, right), p->l->item[right].text, reply_of(p, right));
	for (size_t i = p->ask + 1; !p->c->interactive && i < question_end(p, p->ask); i++) {
		if (p->l->item[i].kind != LESSON_CHOICE || !player_has(p, i) || i == right)
			continue;
		paragraph(p, "Not %c: %s", letter_of(p, i), reply_of(p, i));
	}
}

/* The choice that stands for `value`, 0: nobody foresaw it. */
static size_t value_choice(struct player *p, u64 value)
{
	for (size_t i = p->ask + 1; i < question_end(p, p->ask); i++) {
		struct err err = { 0 };
		u64 v;

		if (p->l->item[i].kind == LESSON_CHOICE && player_has(p, i) &&
		    !expr_u64(p->c->s, p->l->item[i].cond, &v, &err) && v == value)
			return i;
	}
	return 0;
}

static const char *value_reply(struct player *p, u64 value)
{
	const size_t choice = value_choice(p, value), otherwise = part_find(p, LESSON_OTHERWISE);

	if (choice)
		return reply_of(p, choice);
	return otherwise ? p->l->item[otherwise].text : "";
}

static void value_answer(struct player *p, size_t value)
{
	struct err err = { 0 };
	u64 v;

	if (expr_u64(p->c->s, p->l->item[value].text, &v, &err)) {
		player_differs(p, value, err.text);
		return;
	}
	if (!value_choice(p, v))
		player_differs(p, value, "the answer is one that the lesson does not foresee");
	if (p->predicted && p->value != v)
		paragraph(p, "You said %#llx, which is not what happened. %s",
			  (unsigned long long)p->value, value_reply(p, p->value));
	paragraph(p, "%s %#llx. %s",
		  p->predicted && p->value == v ? "Right:" : "The answer:", (unsigned long long)v,
		  value_reply(p, v));
	for (size_t i = p->ask + 1; !p->c->interactive && i < question_end(p, p->ask); i++) {
		if (p->l->item[i].kind != LESSON_CHOICE || !player_has(p, i) ||
		    i == value_choice(p, v))
			continue;
		paragraph(p, "Not %s: %s", p->l->item[i].cond, reply_of(p, i));
	}
}

void question_answer(struct player *p)
{
	const size_t value = part_find(p, LESSON_VALUE);

	say(p->c, "\n");
	if (value)
		value_answer(p, value);
	else
		choices_answer(p);
	say(p->c, "\n");
	say_wrapped(p->c, p->l->item[p->at].text);
	say(p->c, "\n");
}
