/* symbols.c - life of an index; see symbols.h. */
#include <errno.h>
#include <stdlib.h>
#include "private.h"

void symbols_destroy(struct symbols *s)
{
	if (!s)
		return;
	for (u32 i = 0; i < s->n_strings; i++)
		free(s->strings[i]);
	free(s->strings);
	free(s->entry);
	free(s->by_name);
	free(s->reach);
	free(s);
}

int symbols_load(const char *path, u64 bias, struct symbols **ret, struct err *err)
{
	struct symbols *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_set(err, ENOMEM, "%s: no memory for its symbols", path);
	rc = elf_symbols_read(s, path, bias, 0, err);
	if (!rc && index_finish(s))
		rc = err_set(err, ENOMEM, "%s: no memory for its symbols", path);
	if (rc) {
		symbols_destroy(s);
		return rc;
	}
	*ret = s;
	return 0;
}
