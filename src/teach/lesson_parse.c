/*
 * lesson_parse.c - a lesson's text as items; the format is in lesson.h. One pass over the lines: a
 * line in column 1 is an item, an indented one goes on with the item before, or is an instruction
 * of `code`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>
#include "lesson.h"

struct parser {
	struct lesson *l;
	unsigned line;
	bool in_code;
	u64 addr; /* of the next line of code */
	u8 asked; /* LESSON_ASK, CHOICE, VALUE, REPLY: what an open question has so far; 0: none is
		     open */
};

static int wrong(const struct parser *p, struct err *err, const char *what, const char *text)
{
	return err_set(err, EINVAL, "%s:%u: %s \"%.60s\"", p->l->file, p->line, what, text);
}

/* ---- items -------------------------------------------------------------------------------------
 */

static const char *const keywords[LESSON_KINDS] = {
	[LESSON_SAY] = "say",
	[LESSON_DO] = "do",
	[LESSON_EXPECT] = "expect",
	[LESSON_QUIET] = "quiet",
	[LESSON_PRINTS] = "prints",
	[LESSON_DIFFERS] = "differs",
	[LESSON_ASK] = "ask",
	[LESSON_CHOICE] = "choice",
	[LESSON_VALUE] = "value",
	[LESSON_REPLY] = "reply",
	[LESSON_OTHERWISE] = "otherwise",
	[LESSON_ANSWER] = "answer",
	[LESSON_TRY] = "try",
};

static struct lesson_item *item_add(struct parser *p, u8 kind)
{
	struct lesson *l = p->l;
	struct lesson_item *more = realloc(l->item, (l->n_items + 1) * sizeof(*more));

	if (!more)
		return NULL;
	l->item = more;
	more[l->n_items] =
		(struct lesson_item){ .kind = kind, .flavours = LESSON_ALL, .line = p->line };
	return &more[l->n_items++];
}

/* What may follow what in a question, so that the player need not ask. */
static const char *order_wrong(const struct parser *p, u8 kind)
{
	const bool answer = kind == LESSON_CHOICE || kind == LESSON_VALUE;

	if (kind == LESSON_ASK && p->asked)
		return "a question inside a question, the one before has no answer yet:";
	if ((answer || kind == LESSON_ANSWER || kind == LESSON_OTHERWISE) && !p->asked)
		return "no question is open for";
	if (kind == LESSON_REPLY && p->asked != LESSON_CHOICE)
		return "a reply belongs straight behind its choice:";
	return NULL;
}

static void question_follow(struct parser *p, u8 kind)
{
	if (kind == LESSON_ANSWER)
		p->asked = 0;
	else if (kind == LESSON_ASK ||
		 (p->asked && (kind == LESSON_CHOICE || kind == LESSON_REPLY)))
		p->asked = kind;
}

/* "COND : TEXT" of a choice, "FLAVOURS K2: TEXT" of a differs. */
static int cond_take(struct parser *p, struct lesson_item *it, const char **text, struct err *err)
{
	const char *sep = strstr(*text, it->kind == LESSON_CHOICE ? " : " : ": ");

	if (!sep)
		return wrong(p, err,
			     it->kind == LESSON_CHOICE ? "a choice is \"CONDITION : TEXT\":"
						       : "differs is \"FLAVOURS ID: TEXT\":",
			     *text);
	it->cond = strndup(*text, sep - *text);
	*text = sep + strspn(sep, " :");
	return it->cond ? 0 : -ENOMEM;
}

static int item_parse(struct parser *p, u8 kind, const char *text, struct err *err)
{
	const char *order = order_wrong(p, kind);
	struct lesson_item *it;
	int r = 0;

	if (order)
		return wrong(p, err, order, text);
	it = item_add(p, kind);
	if (!it)
		return err_set(err, ENOMEM, "no memory for the lesson");
	it->flavours = lesson_flavours_take(&text, kind == LESSON_DIFFERS ? " " : ":");
	if (kind == LESSON_DIFFERS && it->flavours == LESSON_ALL)
		return wrong(p, err, "differs names no engine:", text);
	if (kind == LESSON_CHOICE || kind == LESSON_DIFFERS)
		r = cond_take(p, it, &text, err);
	if (r)
		return r;
	it->text = strdup(text);
	question_follow(p, kind);
	return it->text ? 0 : err_set(err, ENOMEM, "no memory for the lesson");
}

/* ---- the head ----------------------------------------------------------------------------------
 */

static int guest_parse(struct parser *p, const char *text, struct err *err)
{
	const size_t n = strcspn(text, " ");
	const char *load = text + n + strspn(text + n, " ");

	free(p->l->mode);
	p->l->mode = strndup(text, n);
	if (!p->l->mode || (strcmp(p->l->mode, "real") && strcmp(p->l->mode, "protected") &&
			    strcmp(p->l->mode, "long")))
		return wrong(p, err, "a guest is real, protected or long, not", text);
	p->l->load = strcmp(p->l->mode, "real") ? 0x100000 : 0x1000;
	p->addr = p->l->load;
	if (!*load)
		return 0;
	if (number_parse(load, "load address", &p->l->load, err))
		return err_prefix(err, "%s:%u", p->l->file, p->line);
	p->addr = p->l->load;
	return 0;
}

static int name_set(char **place, const char *text, struct err *err)
{
	free(*place);
	*place = strdup(text);
	return *place ? 0 : err_set(err, ENOMEM, "no memory for the lesson");
}

static int head_parse(struct parser *p, const char *word, size_t n, const char *text,
		      struct err *err)
{
	if (n == 6 && !memcmp(word, "lesson", n))
		return name_set(&p->l->name, text, err);
	if (n == 5 && !memcmp(word, "title", n))
		return name_set(&p->l->title, text, err);
	if (n == 5 && !memcmp(word, "guest", n))
		return guest_parse(p, text, err);
	if (n == 5 && !memcmp(word, "needs", n) && !strcmp(text, "mtf")) {
		p->l->needs_mtf = true;
		return 0;
	}
	if (n == 4 && !memcmp(word, "code", n) && p->l->mode) {
		p->in_code = true;
		return 0;
	}
	if (n == 4 && !memcmp(word, "code", n))
		return wrong(p, err, "code comes behind guest, which says in which mode:", text);
	return wrong(p, err, "no item of a lesson begins with", word);
}

/* ---- lines -------------------------------------------------------------------------------------
 */

static int item_line(struct parser *p, const char *line, struct err *err)
{
	const size_t n = strcspn(line, " ");
	const char *text = line + n + strspn(line + n, " ");

	p->in_code = false;
	for (u8 k = 0; k < LESSON_KINDS; k++)
		if (strlen(keywords[k]) == n && !memcmp(keywords[k], line, n))
			return item_parse(p, k, text, err);
	return head_parse(p, line, n, text, err);
}

static int more_line(struct parser *p, const char *text, struct err *err)
{
	struct lesson *l = p->l;
	struct lesson_item *it = l->n_items ? &l->item[l->n_items - 1] : NULL;
	char *joined;

	if (p->in_code) {
		const int r = lesson_code_line(l, &p->addr, text, err);

		return r ? err_prefix(err, "%s:%u", l->file, p->line) : 0;
	}
	if (!it)
		return wrong(p, err, "nothing before goes on with", text);
	joined = malloc(strlen(it->text) + strlen(text) + 2);
	if (!joined)
		return err_set(err, ENOMEM, "no memory for the lesson");
	strcat(strcat(strcpy(joined, it->text), *it->text ? " " : ""), text);
	free(it->text);
	it->text = joined;
	return 0;
}

static int line_parse(struct parser *p, char *line, struct err *err)
{
	size_t n = strlen(line);

	while (n && (line[n - 1] == ' ' || line[n - 1] == '\r' || line[n - 1] == '\t'))
		line[--n] = '\0';
	if (!n || *line == '#')
		return 0;
	if (*line == ' ' || *line == '\t')
		return more_line(p, line + strspn(line, " \t"), err);
	return item_line(p, line, err);
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

/* Conditions name labels and words, which are all known now. */
static int conditions_check(const struct lesson *l, struct err *err)
{
	bool value = false;

	for (size_t i = 0; i < l->n_items; i++) {
		const struct lesson_item *it = &l->item[i];
		const char *cond = it->kind == LESSON_EXPECT   ? it->text
				   : it->kind == LESSON_CHOICE ? it->cond
							       : NULL;

		if (it->kind == LESSON_ASK)
			value = false;
		value |= it->kind == LESSON_VALUE;
		if (cond && !(value && it->kind == LESSON_CHOICE) &&
		    lesson_cond_check(l, cond, err))
			return err_prefix(err, "%s:%u", l->file, it->line);
	}
	return 0;
}

static int whole_check(const struct parser *p, struct err *err)
{
	const struct lesson *l = p->l;

	if (!l->name || !l->title || !l->n_code)
		return err_set(err, EINVAL, "%s: this is no lesson: it has no %s", l->file,
			       !l->name    ? "name (a line \"lesson NAME\")"
			       : !l->title ? "title"
					   : "code");
	if (p->asked)
		return err_set(err, EINVAL, "%s: the last question has no answer", l->file);
	return conditions_check(l, err);
}

static int lines_parse(struct parser *p, char *text, struct err *err)
{
	int r = 0;

	for (char *line = text, *end; !r && line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		p->line++;
		r = line_parse(p, line, err);
	}
	return r ? r : whole_check(p, err);
}

int lesson_parse(const char *text, size_t n, const char *file, struct lesson **ret, struct err *err)
{
	struct parser p = { .l = calloc(1, sizeof(struct lesson)) };
	char *copy = strndup(text, n);
	int r = -ENOMEM;

	if (p.l && copy) {
		p.l->file = file;
		r = lines_parse(&p, copy, err);
	}
	free(copy);
	if (r)
		lesson_destroy(p.l);
	else
		*ret = p.l;
	return r;
}

void lesson_destroy(struct lesson *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n_items; i++) {
		free(l->item[i].cond);
		free(l->item[i].text);
	}
	for (size_t i = 0; i < l->n_code; i++) {
		free(l->code[i].label);
		free(l->code[i].text);
	}
	free(l->item);
	free(l->code);
	free(l->name);
	free(l->title);
	free(l->mode);
	free(l);
}
