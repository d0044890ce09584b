/* tui_scroll.c - text of the command pane: lines, what control characters do, what is kept. */
#include <stdio.h>
#include <stdlib.h>
#include "../../src/cli/tui/scroll.h"
#include "tap.h"

static const struct {
	const char *text, *wanted, *name; /* lines joined by | */
} row[] = {
	{ "", "", "nothing yet" },
	{ "one", "one", "a line begun" },
	{ "one\n", "one|", "and ended" },
	{ "one\ntwo\n", "one|two|", "two" },
	{ "12%\r100%", "100%", "CR: the line is written over" },
	{ "long text\rab", "ab", "whole" },
	{ "asks\r\033[Kdone\n", "done|", "erased, then another" },
	{ "asks\r\033[K", "", "erased" },
	{ "a\r\nb", "a|b", "CR LF keeps the line" },
	{ "\033[31mred\033[0m\033[1;32mgreen\033[m", "redgreen", "colours are dropped" },
	{ "a\033[2Jb\033[5;5Hc", "abc", "so is what would move or clear" },
	{ "a\033]0;title\ab", "ab", "and a title" },
	{ "a\033]0;title\033\\b", "ab", "ended either way" },
	{ "a\033]0;never ends\nb", "ab", "or by the line's end" },
	{ "x\ty", "x       y", "a tab" },
	{ "12345678\ty", "12345678        y", "at a stop" },
	{ "ab\bc", "ac", "backspace" },
	{ "a\303\244\bc", "ac", "over two bytes of one character" },
	{ "\b\bx", "x", "at the start" },
	{ "a\001\002\177b\a", "ab", "control characters" },
	{ "\303\244\342\202\254", "\303\244\342\202\254", "UTF-8 as it is" },
};

static void texts(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct scroll *s = malloc(sizeof(*s));
		struct strbuf all;

		strbuf_init(&all);
		scroll_init(s);
		/* A character at a time: sequences may come in pieces. */
		for (const char *p = row[i].text; *p; p++)
			scroll_add(s, p, 1);
		for (size_t k = 0; k < scroll_count(s); k++)
			strbuf_addf(&all, "%s%s", k ? "|" : "", scroll_line(s, k));
		tap_str(strbuf_str(&all), row[i].wanted, "%s", row[i].name);
		strbuf_deinit(&all);
		scroll_deinit(s);
		free(s);
	}
}

static void limits(void)
{
	struct scroll *s = malloc(sizeof(*s));
	char text[32];

	scroll_init(s);
	for (int i = 0; i < 3 * SCROLL_LINES + 5; i++)
		scroll_add(s, text, snprintf(text, sizeof(text), "line %d\n", i));
	tap_eq(scroll_count(s), SCROLL_LINES, "the newest lines are kept");
	tap_str(scroll_line(s, SCROLL_LINES - 2), "line 6004", "the last of them");
	tap_str(scroll_line(s, 0), "line 4006", "the first");
	for (int i = 0; i < 3 * SCROLL_LINE_MAX; i++)
		scroll_add(s, "x", 1);
	tap_eq(strlen(scroll_line(s, SCROLL_LINES - 1)), SCROLL_LINE_MAX, "a line without end is cut");
	scroll_add(s, "\t\t\n", 3);
	tap_eq(strlen(scroll_line(s, SCROLL_LINES - 2)), SCROLL_LINE_MAX, "a tab at its end, too");
	scroll_deinit(s);
	free(s);
}

int main(void)
{
	texts();
	limits();
	return tap_done();
}
