/*
 * layout.h - where the panes of the full-screen view lie. Pure; implemented by layout.c.
 */
#ifndef VMSTEP_CLI_TUI_LAYOUT_H
#define VMSTEP_CLI_TUI_LAYOUT_H

#include <vmstep/types.h>

enum pane {
	PANE_CODE,      /* instructions or source; source alone where PANE_ASM is there */
	PANE_ASM,       /* instructions, below the source */
	PANE_REGISTERS,
	PANE_DUE,       /* what is pending, and what holds it back */
	PANE_HISTORY,   /* the stops so far */
	PANE_COMMAND,
	PANE_COUNT
};

/* In cells of the screen; h 0: the pane is not there. The first row of each is its title. */
struct rect {
	int y, x, h, w;
};

enum {
	LAYOUT_ROWS_MIN = 5, LAYOUT_COLS_MIN = 20, /* of the screen; below nothing can be shown */
	LAYOUT_COMMAND_MIN = 3,                    /* title, a line of output, the prompt */
	REGISTERS_W = 43,                          /* two columns of "rax ffffffffffffffff*" and the border */
};

struct layout_wish {
	bool registers, split; /* the user wants that pane; source and instructions both */
	int command;    /* rows of the command pane, 0: a third of the screen */
};
/* The panes tile the screen, with a column free left of REGISTERS and HISTORY for a line. What does not
 * fit is left out, ASM first, the command pane last of all. */
void layout_make(int rows, int cols, const struct layout_wish *wish, struct rect ret[PANE_COUNT]);

#endif
