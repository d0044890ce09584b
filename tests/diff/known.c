/*
 * known.c - where the KVM at hand is known to depart from the processor: each row says when, why we
 * hold it wrong, and makes its result what it should have been, so that everything else still
 * counts. A row that no instance needed in a run of full length is a failure, but for those that
 * are rare: the list is to stay true.
 */
#include <string.h>

#include "known.h"

/* An event's frame and the order of what faults first; then the rest. */
static const struct known *const groups[] = { known_delivery, known_interpreter, known_processor,
					      known_system };

const struct known *known_row(size_t i)
{
	for (unsigned g = 0; g < ARRAY_SIZE(groups); g++)
		for (const struct known *k = groups[g]; k->name; k++)
			if (!i--)
				return k;
	return NULL;
}
