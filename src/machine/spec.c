/*
 * spec.c - the machine's own copy of the caller's wishes, so that a reset can load the guest again.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* NULL stays NULL. False when memory ran out: what could not be copied is NULL as well. */
static bool strings_copy(const char **const s[], size_t n)
{
	bool good = true;

	for (size_t i = 0; i < n; i++) {
		const char *from = *s[i];

		*s[i] = from ? strdup(from) : NULL;
		if (from && !*s[i])
			good = false;
	}
	return good;
}

static void modules_free(const char *const *list)
{
	for (size_t i = 0; list && list[i]; i++)
		free((char *)list[i]);
	free((void *)list);
}

static bool modules_copy(struct guest_spec *s)
{
	const char *const *from = s->modules;
	const char **to;
	size_t n = 0;

	s->modules = NULL;
	while (from && from[n])
		n++;
	if (!n)
		return true;
	to = calloc(n + 1, sizeof(*to));
	if (!to)
		return false;
	s->modules = to;
	for (size_t i = 0; i < n; i++) {
		to[i] = strdup(from[i]);
		if (!to[i])
			return false;
	}
	return true;
}

void spec_deinit(struct guest_spec *s)
{
	const char *strings[] = { s->path, s->hex, s->mode, s->entry, s->append, s->initrd };

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		free((char *)strings[i]);
	modules_free(s->modules);
	*s = (struct guest_spec){ 0 };
}

int spec_copy(struct guest_spec *to, const struct guest_spec *from, struct err *err)
{
	const char **const strings[] = { &to->path,  &to->hex,    &to->mode,
					 &to->entry, &to->append, &to->initrd };
	bool good;

	*to = *from;
	good = strings_copy(strings, ARRAY_SIZE(strings));
	if (modules_copy(to) && good)
		return 0;
	spec_deinit(to);
	return err_set(err, ENOMEM, "out of memory for the guest's options");
}
