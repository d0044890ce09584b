/*
 * view.h - the source the user looks at: the search path, what `list` goes on with, what the last
 * stop showed. Inside src/cli/ only; one lies in struct cli.
 */
#ifndef VMSTEP_CLI_VIEW_H
#define VMSTEP_CLI_VIEW_H

#include <vmstep/location.h>
#include <vmstep/srctext.h>
#include <vmstep/unwind.h>

/* A source file by its names: those of the symbols go away with them. */
struct view_file {
	char *name, *dir, *path; /* see struct source_file; NULL: none */
};

struct view {
	struct srctext *text;
	u8 hidden; /* set source off: 0 on (as settings count), 1 off */
	u32 listsize;

	struct view_file file; /* that `list` and LINE are about */
	u32 first, last;       /* lines listed last; 0: nothing yet */
	u32 next;              /* `list` goes on here */
	u32 shown_line;        /* of the last stop, what +N and -N count from */

	bool has_frame; /* of the last stop shown */
	u64 function, cfa;
	u32 line;
	struct view_file stop_file;

	char *missing; /* path of the file that was told to be missing last */
};

struct cli;
int view_init(struct view *v);
void view_deinit(struct view *v);
/* The default for LINE, +N and -N. */
struct location_default view_default(struct cli *c);
/* The view moves to that line of that file, as gdb's does to where the guest stopped. */
void view_move(struct cli *c, const struct source_file *f, u32 line);
/* Lines first..last of the view's file, those that are there; notes them as listed. */
int view_lines(struct cli *c, u32 first, u32 last, bool told, struct err *err);
/* At a stop: the function where it is another one, then the source line; quiet without lines. With
 * `always` also where the stop is in the middle of the line the user saw last. */
void view_stop(struct cli *c, bool always);
/* The line a selected frame is at. */
void view_line(struct cli *c, const struct frame *f, const struct frame_source *at);
/* The guest starts anew: the next stop shows everything. */
void view_forget(struct cli *c);

#endif
