/*
 * point_places.c - the places of a breakpoint: one for an address, many for a function that was
 * inlined, none while it waits for symbols; see session.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/location.h>
#include "private.h"

static void free_list(struct point_place *place, size_t n)
{
	for (size_t i = 0; place && i < n; i++) {
		free(place[i].function);
		free(place[i].file);
		expr_destroy(place[i].cond);
	}
	free(place);
}

static char *copy(const char *text, bool *fine)
{
	char *new = text ? strdup(text) : NULL;

	*fine &= new || !text;
	return new;
}

void places_free(struct upoint *p)
{
	free_list(p->place, p->n_places);
	p->place = NULL;
	p->n_places = 0;
}

/* A place that was switched off stays so when it is found again. */
static bool was_disabled(const struct upoint *p, const struct location *l)
{
	for (size_t i = 0; i < p->n_places; i++)
		if (p->place[i].addr == l->addr)
			return !p->place[i].enabled;
	return false;
}

int places_set(struct upoint *p, const struct location *at, size_t n, struct err *err)
{
	struct point_place *new = calloc(n + 1, sizeof(*new));
	bool fine = new;

	for (size_t i = 0; i < n && fine; i++) {
		new[i].addr = at[i].addr;
		new[i].enabled = !was_disabled(p, &at[i]);
		new[i].function = copy(at[i].function, &fine);
		new[i].file = copy(at[i].file ? at[i].file->name : NULL, &fine);
		new[i].line = at[i].line;
	}
	if (!fine) {
		free_list(new, n);
		return err_set(err, ENOMEM, "no memory for the places of the point");
	}
	places_free(p);
	p->place = new;
	p->n_places = n;
	p->addr = n ? new[0].addr : 0;
	return 0;
}

/* Where the name is not known any more the places stay: the code is still there. */
void places_resolve(struct session *s, struct upoint *p)
{
	struct locations l;
	const char *end;
	bool was_pending = !p->n_places;

	if (p->exact || !p->what || !*p->what ||
	    location_resolve(s, p->what, NULL, LOCATION_CODE, &l, &end, NULL))
		return;
	if (!*end && !places_set(p, l.at, l.n, NULL) && was_pending)
		note(s, "breakpoint %u is no longer pending: %s is known now", p->num, p->what);
	locations_deinit(&l);
}

const struct point_place *places_at(const struct upoint *p, u64 addr)
{
	for (size_t i = 0; i < p->n_places; i++)
		if (p->place[i].enabled && p->place[i].addr == addr)
			return &p->place[i];
	return NULL;
}

static void cond_set(struct point_place *at, struct expr *cond)
{
	expr_destroy(at->cond);
	at->cond = cond;
}

int places_compile(struct session *s, struct upoint *p, const char *text, struct err *err)
{
	struct err first = { 0 }, why = { 0 };
	struct expr *cond;
	size_t good = 0;

	if (!text)
		for (size_t i = 0; i < p->n_places; i++)
			cond_set(&p->place[i], NULL);
	for (size_t i = 0; text && i < p->n_places; i++) /* none is changed if none will do */
		if (!expr_parse_in(s, p->place[i].addr, text, &cond, first.code ? &why : &first)) {
			expr_destroy(cond);
			good++;
		}
	if (text && p->n_places && !good)
		return err_set(err, first.code, "%s", first.text);
	for (size_t i = 0; text && i < p->n_places; i++) {
		if (!expr_parse_in(s, p->place[i].addr, text, &cond, &why)) {
			cond_set(&p->place[i], cond);
			continue;
		}
		p->place[i].enabled = false;
		note(s, "place %zu of the breakpoint is disabled: its condition means nothing there: %s",
		     i + 1, why.text);
	}
	return 0;
}

int session_place_enable(struct session *s, u32 num, u32 place, bool on, struct err *err)
{
	struct upoint *p = session_point(s, num);
	bool old;
	int rc;

	if (!p || !place || place > p->n_places)
		return err_set(err, ENOENT,
			       "there is no place %u.%u of a breakpoint; see info breakpoints", num,
			       place);
	old = p->place[place - 1].enabled;
	p->place[place - 1].enabled = on;
	s->points_dirty = true;
	rc = points_apply(s, err);
	if (rc) {
		p->place[place - 1].enabled = old;
		s->points_dirty = true;
		points_apply(s, NULL);
	}
	return rc;
}
