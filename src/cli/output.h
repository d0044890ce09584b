/*
 * output.h - everything a session prints goes through here: tool text and guest text kept on lines
 * of their own, pages on a terminal, errors.
 */
#ifndef VMSTEP_CLI_OUTPUT_H
#define VMSTEP_CLI_OUTPUT_H

#include <vmstep/machine.h>
#include <vmstep/strbuf.h>

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct output {
	int fd, err_fd;
	bool tty; /* fd is a terminal */
	bool color;
	bool paging;         /* this command's output stops at a full screen */
	bool quit;           /* the user answered q: the rest of this command's output is dropped */
	int broken;          /* errno of the write that failed, 0: none; nothing is written then */
	bool ends;           /* a failed write ends the program, also while the guest runs */
	bool guest_midline;  /* the guest's last text did not end its line */
	unsigned rows, cols; /* of the terminal */
	unsigned row, col;   /* since the last prompt */
	bool mute;           /* nothing is shown */
	struct strbuf *copy; /* gets what a command says, shown or not; NULL: nothing does */
	struct strbuf buf;
	void (*screen)(void *arg, const char *text, size_t n); /* takes everything in place of fd; NULL: none */
	void *screen_arg;
};

void output_init(struct output *o, int fd, int err_fd);
void output_deinit(struct output *o);
/* auto: a terminal that is not dumb, and NO_COLOR unset or empty. */
void output_set_color(struct output *o, enum color_when when);
/* Reads the terminal's size; to be called at start and when it changed. */
void output_resize(struct output *o);
/* A new command starts: the screen counts from here. */
void output_begin(struct output *o, bool paging);
void output_add(struct output *o, const char *text, size_t n);
void output_flush(struct output *o);
/* Flushes and, if the guest left a line open, ends it. */
void output_fresh(struct output *o);
/* One sentence to the error channel: "vmstep: " is put before it when `program`. */
void output_error(struct output *o, bool program, const char *sentence);
/* A line that is written over, such as progress: CR and erasing are the caller's. */
void output_status(struct output *o, const char *text, size_t n);
/* A console_write_fn; arg is the struct output. */
void output_guest(void *output, enum console_channel ch, const u8 *data, size_t n);

#endif
