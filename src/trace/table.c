/* table.c - the trace formats; to add one, see sink.h. */
#include "sink.h"

const struct sink_ops *const sink_table[] = { &sink_text, &sink_jsonl, NULL };

const struct sink_ops *sink_find(const char *name)
{
	for (size_t i = 0; sink_table[i]; i++)
		if (!strcmp(sink_table[i]->name, name))
			return sink_table[i];
	return NULL;
}
