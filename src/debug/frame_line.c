/* frame_line.c - the source line a frame is at, calls of inlined bodies included; see unwind.h. */
#include <vmstep/source.h>
#include <vmstep/unwind.h>
#include "private.h"

enum { BODIES = 16 };

/* Bodies around the code of `f` that are frames of their own, or are to be entered yet. */
static unsigned bodies_inside(struct session *s, const struct frame *f, unsigned n)
{
	if (!f->level)
		return s->inline_hidden <= n ? s->inline_hidden : 0;
	return f->how == FRAME_INLINED && f->inline_depth < n ? n - f->inline_depth : 0;
}

bool frame_line(struct session *s, const struct frame *f, struct frame_source *ret)
{
	struct source_function body[BODIES];
	struct source_line row;
	unsigned n, inside;

	if (!s->symbols || !source_line_at(s->symbols, f->lookup, &row))
		return false;
	*ret = (struct frame_source){ .file = row.file,
				      .line = row.line,
				      .begins = f->pc == row.start && row.is_stmt };
	n = source_inlines_at(s->symbols, f->lookup, body, BODIES);
	inside = bodies_inside(s, f, n);
	if (inside && body[inside - 1].call_line && body[inside - 1].call_file) {
		ret->file = body[inside - 1].call_file;
		ret->line = body[inside - 1].call_line;
	}
	return true;
}
