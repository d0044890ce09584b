/*
 * ring.c - the ring of stops between an engine and who asked it to run.
 */
#include <vmstep/engine.h>

#include <errno.h>
#include <stdlib.h>

int ring_init(struct ring *r, u32 size)
{
	struct stop *slot;

	if (!size || (size & (size - 1)))
		return -EINVAL;
	slot = calloc(size, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*r = (struct ring){ .slot = slot, .size = size };
	return 0;
}

void ring_deinit(struct ring *r)
{
	free(r->slot);
	*r = (struct ring){ 0 };
}
