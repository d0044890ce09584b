/*
 * table.c - the engines there are, in order of preference. A new engine is one row here.
 */
#include <vmstep/engine.h>

#include "engine/kvm/kvm_engine.h"
#include "engine/mtf/mtf_engine.h"
#include "engine/soft/soft_engine.h"

#include <string.h>

const struct engine_ops *engine_find(const char *name)
{
	for (size_t i = 0; engine_table[i]; i++)
		if (!strcmp(engine_table[i]->name, name))
			return engine_table[i];
	return NULL;
}

const struct engine_ops *const engine_table[] = {
	&kvm_engine_ops,
	&mtf_engine_ops,
	&soft_engine_ops,
	NULL,
};
