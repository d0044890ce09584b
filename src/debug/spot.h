/*
 * spot.h - where the guest stands as a line stepper sees it: the row of the line table, the function,
 * and the inlined bodies around. Inside src/debug/ only.
 */
#ifndef VMSTEP_DEBUG_SPOT_H
#define VMSTEP_DEBUG_SPOT_H

#include <vmstep/source.h>
#include "private.h"

enum { SPOT_BODIES = 16 }; /* nested inlined bodies looked at */

struct spot {
	u64 pc;
	bool has_row;
	struct source_line row; /* of pc */
	/* The line of the visible frame: of the call where bodies are hidden, else that of the row. */
	const struct source_file *file;
	u32 line;
	u64 function, function_end; /* of the code around, not inlined; 0: unknown */
	const char *name;
	u64 body[SPOT_BODIES];      /* DIEs of the inlined bodies around, the innermost first */
	unsigned n_bodies;
	unsigned hidden;            /* the first so many are not entered yet: pc is where they begin */
};

/* All bodies that begin at pc are hidden. */
void spot_at(struct session *s, u64 pc, struct spot *ret);
/* The body of the visible frame; 0: it is the function itself. */
static inline u64 spot_body(const struct spot *p)
{
	return p->hidden < p->n_bodies ? p->body[p->hidden] : 0;
}
/* One body less is hidden. */
void spot_enter(struct session *s, struct spot *p);
/*
 * What the stop the guest is at hides: all bodies that begin there, but not one the user has set a
 * breakpoint in.
 */
void spot_hide(struct session *s);

#endif
