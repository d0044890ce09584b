/*
 * saved.c - the whole processor as bytes, to come back to; see model.h. The TLB is part of it: a guest can
 * tell by a page table entry it changed and did not flush.
 */
#include <string.h>

#include "model/model.h"

size_t model_saved_size(void)
{
	return sizeof(struct model);
}

void model_save(const struct model *m, void *ret)
{
	memcpy(ret, m, sizeof(*m));
}

/* What it is wired to, and what is watched in it, are no state of its own. */
void model_restore(struct model *m, const void *saved)
{
	const struct model_config cfg = m->cfg;
	const struct phys_ops phys = m->phys;
	const struct model_range *watch = m->watch;
	const size_t n_watch = m->n_watch;
	struct code_cache *code = m->code;

	memcpy(m, saved, sizeof(*m));
	m->cfg = cfg;
	m->phys = phys;
	m->code = code;
	model_watch(m, watch, n_watch);
	model_derive(m);
}
