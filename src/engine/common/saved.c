/* saved.c - what every engine keeps between two runs, to come back to; see runner.h. */
#include "engine/common/runner.h"

#include <errno.h>
#include <string.h>

void runner_save(const struct runner *r, struct runner_saved *ret)
{
	ret->rec = r->rec;
	ret->rec.ring = NULL;
	ret->late_end = r->late_end;
	ret->dead = r->dead;
	ret->owed = r->owed;
	ret->pending = r->pending;
	ret->event = r->event;
	ret->event_value = r->event_value;
}

/* The user's interrupt() is not undone. */
void runner_restore(struct runner *r, const struct runner_saved *s)
{
	struct ring *ring = r->rec.ring;

	r->rec = s->rec;
	r->rec.ring = ring;
	r->late_end = s->late_end;
	r->dead = s->dead;
	r->owed = s->owed;
	r->pending = s->pending;
	r->event = s->event;
	r->event_value = s->event_value;
}

int runner_saved_whole(const struct strbuf *out, struct err *err)
{
	return out->failed ? err_set(err, ENOMEM, "no memory for a copy of the processor's state") : 0;
}
