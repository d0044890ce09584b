/* unwind_name.c - what the function of a frame is called, and the bodies inlined into it that are
 * frames of their own; see up.h. */
#include <vmstep/source.h>
#include "up.h"

enum { BODIES = 32 }; /* deeper ones are shown as part of the 32nd */

static void name_function(struct session *s, struct frame *f)
{
	struct source_function fn;
	const struct symbol *sym;

	if (s->symbols && source_function_at(s->symbols, f->lookup, &fn)) {
		f->function = fn.entry;
		f->name = fn.name;
		return;
	}
	sym = s->symbols ? symbols_at(s->symbols, f->lookup) : NULL;
	f->function = sym ? sym->addr : 0;
	f->name = sym ? sym->name : NULL;
}

/* `depth` bodies around it: 0 is the function itself. */
static void name_at(struct session *s, struct frame *f, const struct source_function *body,
		    unsigned n, unsigned depth)
{
	f->inline_depth = depth;
	if (!depth) {
		name_function(s, f);
		return;
	}
	f->function = body[n - depth].entry;
	f->name = body[n - depth].name;
}

void frame_name(struct session *s, struct frame *f)
{
	struct source_function body[BODIES];
	unsigned n = s->symbols ? source_inlines_at(s->symbols, f->lookup, body, BODIES) : 0;
	/* A body whose first instruction is next was not entered yet, as line stepping sees it. */
	unsigned hidden = f->level ? 0 : s->inline_hidden;

	name_at(s, f, body, n, hidden < n ? n - hidden : 0);
}

void frame_around(struct session *s, const struct frame *from, struct frame *ret)
{
	struct source_function body[BODIES];
	unsigned n = source_inlines_at(s->symbols, from->lookup, body, BODIES);

	*ret = *from;
	ret->level = from->level + 1;
	ret->how = FRAME_INLINED;
	ret->deduced = ret->interrupted = false;
	ret->event = (__typeof__(ret->event)){ 0 };
	name_at(s, ret, body, n, from->inline_depth <= n ? from->inline_depth - 1 : 0);
}
