/*
 * view.h - the full-screen view as the rest of src/cli/ knows it. Implemented by tui.c and keys.c.
 */
#ifndef VMSTEP_CLI_TUI_VIEW_H
#define VMSTEP_CLI_TUI_VIEW_H

#include <vmstep/err.h>
#include <vmstep/stop.h>

struct cli;

/* Turning on fails with a sentence where the terminal cannot do it. */
int tui_enable(struct cli *c, struct err *err);
void tui_disable(struct cli *c);
bool tui_on(void);
/* Draws all of it again; tui_redraw() from nothing, as after foreign output. */
void tui_refresh(void);
void tui_redraw(void);
/* The terminal has another size. */
void tui_resize(void);
/* Another program uses the terminal between these. */
void tui_pause(void);
void tui_resume(void);
/* Between them: what the program showed stays until a key is pressed. */
void tui_wait_key(void);
/* For the history; cheap, also called where no view is on. */
void tui_stop_note(const struct stop *st);
/* readline begins a line; it is done, and goes up into the text. */
void tui_line_begin(void);
void tui_line_done(void);
/* keys.c: Ctrl-X a, 1 and 2, Page Up, Page Down, Ctrl-L. */
void tui_keys_bind(struct cli *c);
/* Behind a line: Ctrl-X a ended it, the view is turned on or off and the line is to begin again. */
bool tui_switch(void);

#endif
