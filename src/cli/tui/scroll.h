/*
 * scroll.h - what was written to the command pane, as lines: as much of a terminal as vmstep's own
 * output needs, and nothing a guest's text could do harm with. Pure; implemented by scroll.c.
 */
#ifndef VMSTEP_CLI_TUI_SCROLL_H
#define VMSTEP_CLI_TUI_SCROLL_H

#include <vmstep/strbuf.h>

enum { SCROLL_LINES = 2000, SCROLL_LINE_MAX = 4096 };

struct scroll {
	struct strbuf line[SCROLL_LINES]; /* a ring */
	u64 n;       /* lines begun; the last one is still written to */
	bool back;   /* a CR came: the next text replaces the line */
	u8 escape;   /* inside an escape sequence: enum in scroll.c */
};

void scroll_init(struct scroll *s);
void scroll_deinit(struct scroll *s);
/* LF ends a line, CR goes back to its start, TAB goes to the next multiple of 8, BS one back, ESC [ K behind a CR
 * empties the line; other escape sequences and other control characters are dropped, a line beyond SCROLL_LINE_MAX bytes is cut. */
void scroll_add(struct scroll *s, const char *text, size_t n);
/* Lines there are, and number i of them (0: the oldest kept). */
size_t scroll_count(const struct scroll *s);
const char *scroll_line(const struct scroll *s, size_t i);

#endif
