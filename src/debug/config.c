/* config.c - the session's own copy of its configuration: every string is owned. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"

static bool copy(const char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return !from || *to;
}

static void drop(const char **p)
{
	free((char *)*p);
	*p = NULL;
}

void config_free_guest(struct guest_spec *g, char **modules)
{
	drop(&g->path);
	drop(&g->hex);
	drop(&g->mode);
	drop(&g->entry);
	drop(&g->append);
	drop(&g->initrd);
	for (size_t i = 0; i < MODULES_MAX && modules[i]; i++) {
		free(modules[i]);
		modules[i] = NULL;
	}
	memset(g, 0, sizeof(*g));
}

void config_clear_guest(struct session *s)
{
	config_free_guest(&s->cfg.guest, s->modules);
}

int config_copy_guest(struct session *s, const struct guest_spec *from, struct err *err)
{
	struct guest_spec *g = &s->cfg.guest;
	bool fine;

	*g = *from;
	g->modules = NULL;
	/* All of them, so that a failure leaves no borrowed pointer behind. */
	fine = copy(&g->path, from->path);
	fine &= copy(&g->hex, from->hex);
	fine &= copy(&g->mode, from->mode);
	fine &= copy(&g->entry, from->entry);
	fine &= copy(&g->append, from->append);
	fine &= copy(&g->initrd, from->initrd);
	for (size_t i = 0; fine && from->modules && from->modules[i]; i++) {
		if (i + 1 >= MODULES_MAX)
			return err_set(err, E2BIG, "too many modules: at most %d", MODULES_MAX - 1);
		s->modules[i] = strdup(from->modules[i]);
		fine = s->modules[i];
		g->modules = (const char *const *)s->modules;
	}
	return fine ? 0 : err_set(err, ENOMEM, "no memory for the session");
}

int config_copy(struct session *s, const struct session_config *from, struct err *err)
{
	bool fine;
	int rc;

	s->cfg.machine = from->machine;
	fine = copy(&s->cfg.machine.serial, from->machine.serial);
	fine &= copy(&s->cfg.machine.debugcon, from->machine.debugcon);
	fine &= copy(&s->cfg.engine, from->engine);
	rc = symbol_sources_copy(s, from->symbols, err);
	if (!rc)
		rc = config_copy_guest(s, &from->guest, err);
	return rc ?: fine ? 0 : err_set(err, ENOMEM, "no memory for the session");
}

void config_clear(struct session *s)
{
	config_clear_guest(s);
	drop(&s->cfg.machine.serial);
	drop(&s->cfg.machine.debugcon);
	drop(&s->cfg.engine);
	symbol_sources_clear(s);
}
