/* scroll.c - see scroll.h. */
#include "scroll.h"

enum { PLAIN, ESCAPED /* behind ESC */, SEQUENCE /* ESC [ ... */, COMMAND /* ESC ] ... BEL or ESC \ */ };

static struct strbuf *last(struct scroll *s)
{
	return &s->line[(s->n - 1) % SCROLL_LINES];
}

static void line_begin(struct scroll *s)
{
	s->n++;
	s->back = false;
	strbuf_reset(last(s));
}

static void character_add(struct scroll *s, char c)
{
	struct strbuf *b = last(s);

	if (s->back)
		strbuf_reset(b);
	s->back = false;
	if (b->n < SCROLL_LINE_MAX)
		strbuf_addc(b, c);
}

static void tab_add(struct scroll *s)
{
	do
		character_add(s, ' ');
	while (last(s)->n % 8 && last(s)->n < SCROLL_LINE_MAX);
}

/* One character back, which in UTF-8 may be several bytes. */
static void back_one(struct scroll *s)
{
	struct strbuf *b = last(s);

	while (b->n && (b->s[b->n - 1] & 0xc0) == 0x80)
		b->s[--b->n] = '\0';
	if (b->n)
		b->s[--b->n] = '\0';
}

static bool escape_take(struct scroll *s, char c)
{
	switch (s->escape) {
	case PLAIN:
		s->escape = c == '\033' ? ESCAPED : PLAIN;
		return c == '\033';
	case ESCAPED:
		s->escape = c == '[' ? SEQUENCE : c == ']' ? COMMAND : PLAIN;
		return true;
	case SEQUENCE:
		if (c == 'K' && s->back) /* erase to the end: of a line whose start one is at */
			strbuf_reset(last(s));
		s->escape = c >= '@' && c <= '~' ? PLAIN : SEQUENCE;
		return true;
	default:
		s->escape = c == '\033' ? ESCAPED : c == '\a' || c == '\n' ? PLAIN : COMMAND;
		return true;
	}
}

static void one_add(struct scroll *s, char c)
{
	if (escape_take(s, c))
		return;
	if (c == '\n')
		line_begin(s);
	else if (c == '\r')
		s->back = true;
	else if (c == '\t')
		tab_add(s);
	else if (c == '\b')
		back_one(s);
	else if ((unsigned char)c >= ' ' && c != 0x7f)
		character_add(s, c);
}

void scroll_add(struct scroll *s, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		one_add(s, text[i]);
}

size_t scroll_count(const struct scroll *s)
{
	return s->n < SCROLL_LINES ? s->n : SCROLL_LINES;
}

const char *scroll_line(const struct scroll *s, size_t i)
{
	return strbuf_str(&s->line[(s->n - scroll_count(s) + i) % SCROLL_LINES]);
}

void scroll_init(struct scroll *s)
{
	*s = (struct scroll){ 0 };
	for (size_t i = 0; i < SCROLL_LINES; i++)
		strbuf_init(&s->line[i]);
	line_begin(s);
}

void scroll_deinit(struct scroll *s)
{
	for (size_t i = 0; i < SCROLL_LINES; i++)
		strbuf_deinit(&s->line[i]);
}
