/*
 * line.h - one step by source line on its way: what line_step.c judges by and line_go.c moves. Inside
 * src/debug/ only.
 */
#ifndef VMSTEP_DEBUG_LINE_H
#define VMSTEP_DEBUG_LINE_H

#include "spot.h"
#include "step.h"

struct line_step {
	struct run *r;
	bool over;                      /* next, until: calls and inlined bodies are gone over */
	u64 start, end;                 /* the range that is stepped through */
	const struct source_file *file; /* the line it belongs to; line 0: none */
	u32 line;
	struct spot origin; /* the frame in which the range was set */
	bool left;          /* that frame was left since */
	struct place p;     /* before the last instruction */
	bool done;
};

/* A stop that the user must see, wherever the line ends. */
bool line_is_news(const struct stop *st);
/* The last step led into a callee: into its body or over it. */
int line_go_call(struct line_step *l, struct err *err);
/*
 * The last step led into a handler. An interrupt, or the event that was pending when the step set out,
 * is like a call; an exception nobody expected is the news.
 */
int line_go_handler(struct line_step *l, struct err *err);
/* Back to the caller of code of which not even the name is known; where the caller cannot be told the
 * step ends. */
int line_go_out(struct line_step *l, struct err *err);

#endif
