/*
 * tui.h - the full-screen view: code or source, registers, what is due, the stops so far, and the command
 * line. Implemented by tui.c (its life), command_pane.c (the command line), code_pane.c (source and instructions),
 * panes.c (the others).
 *
 * While it is on, everything the session prints comes by struct output's `screen`, readline edits the
 * line without drawing it, and ncurses alone writes to the terminal.
 */
#ifndef VMSTEP_CLI_TUI_H
#define VMSTEP_CLI_TUI_H

#include <ncurses.h>

#include "cli/cli.h"
#include "cli/tui/layout.h"
#include "cli/tui/scroll.h"
#include "cli/tui/view.h"

enum { HISTORY_STOPS = 256 };
enum code_view { CODE_ASM, CODE_SOURCE, CODE_SPLIT, CODE_VIEWS };

struct tui {
	struct cli *cli;
	bool on;
	SCREEN *screen;
	int rows, cols;
	struct layout_wish wish;
	struct rect rect[PANE_COUNT];
	WINDOW *win[PANE_COUNT];
	u8 code;  /* enum code_view */
	u8 focus; /* enum pane: which one Page Up and Page Down move */
	int shift[PANE_COUNT]; /* rows away from where the pane would be by itself */
	struct scroll text;
	FILE *nowhere, *prompt_out; /* for what readline would draw, and where it drew before */
	bool typing;   /* readline has a line at work */
	char *line;    /* prompt and line typed, as last drawn */
	struct stop history[HISTORY_STOPS]; /* a ring */
	u64 stops;
	u64 before[GPR_COUNT + 2], now[GPR_COUNT + 2]; /* registers at the last two stops; rip, rflags behind */
	u64 at;        /* number of the stop `now` is from, plus 1 */
};

/* panes.c: everything but the command pane, as the guest is now. */
void panes_draw(struct tui *t);
/* A frame's title, in reverse across the pane. */
void pane_title(const struct tui *t, enum pane p, const char *text);

/* A row of text below the title, cut at the pane's width. */
void pane_row(const struct tui *t, enum pane p, int row, attr_t attr, const char *text);

/* code_pane.c: source, instructions or both, as the layout has it. */
void code_draw(struct tui *t, const struct cpu_state *cpu);

/* command_pane.c. Drawn, and put on the screen with all that was drawn before. */
void command_show(struct tui *t);
/* For struct output's `screen`. */
void command_write(void *arg, const char *text, size_t n);
/* What readline calls in place of its own drawing. */
void command_redisplay(void);
void command_matches(char **matches, int n, int longest);

/* tui.c */
struct tui *tui_get(struct cli *c);
/* The same; readline's hooks get no argument. */
struct tui *tui_only(void);
/* Another code view, with the windows it needs. */
void tui_code_set(u8 view);

#endif
