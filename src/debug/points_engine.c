/* points_engine.c - from the user's points to the engine's set of them and the plan's catches. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "private.h"

static u8 engine_kind(const struct upoint *p)
{
	switch (p->type) {
	case UPOINT_WATCH:
		return POINT_WRITE;
	case UPOINT_RWATCH:
		return POINT_READ;
	case UPOINT_AWATCH:
		return POINT_ACCESS;
	default:
		return POINT_EXEC;
	}
}

/* The same place as one that is in the set: the engine gets it once, accept() sees to both. */
static bool is_double(const struct point *set, size_t n, u64 addr)
{
	for (size_t i = 0; i < n; i++)
		if (set[i].kind == POINT_EXEC && set[i].addr == addr)
			return true;
	return false;
}

static void collect_places(const struct upoint *p, struct point *set, size_t *n)
{
	for (size_t i = 0; i < p->n_places; i++) {
		if (!p->place[i].enabled || is_double(set, *n, p->place[i].addr))
			continue;
		set[(*n)++] = (struct point){
			.id = p->num,
			.kind = POINT_EXEC,
			.how = p->type == UPOINT_HBREAK ? POINT_HOW_DR : POINT_HOW_AUTO,
			.len = 1,
			.addr = p->place[i].addr,
		};
	}
}

/* The place of a watchpoint and what it is read through; any write to that may move it. */
static void collect_watch(const struct upoint *p, struct point *set, size_t *n)
{
	if (p->by_step)
		return;
	if (p->len)
		set[(*n)++] = (struct point){
			.id = p->num,
			.kind = engine_kind(p),
			.how = POINT_HOW_AUTO,
			.len = p->len,
			.addr = p->addr,
		};
	for (unsigned i = 0; i < p->n_parts; i++)
		set[(*n)++] = (struct point){
			.id = p->num,
			.kind = POINT_WRITE,
			.how = POINT_HOW_AUTO,
			.len = p->part[i].len,
			.addr = p->part[i].addr,
		};
}

static size_t collect(struct session *s, struct point *set)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_points; i++) {
		const struct upoint *p = s->point[i];

		if (!p->enabled || p->type == UPOINT_CATCH)
			continue;
		if (point_is_code(p))
			collect_places(p, set, &n);
		else
			collect_watch(p, set, &n);
	}
	for (size_t i = 0; i < s->n_points; i++) /* where watched locals end */
		if (s->point[i]->scoped && s->point[i]->enabled &&
		    !is_double(set, n, s->point[i]->scope_pc))
			set[n++] = (struct point){ .kind = POINT_EXEC,
						   .len = 1,
						   .addr = s->point[i]->scope_pc };
	for (unsigned i = 0; i < s->n_temp; i++)
		if (!is_double(set, n, s->temp[i].addr))
			set[n++] = (struct point){ .kind = POINT_EXEC,
						   .len = 1,
						   .addr = s->temp[i].addr };
	return n;
}

/* What the engine says of a place; the point itself shows its first one's. */
static void take_place(struct upoint *p, const struct point *from)
{
	for (size_t i = 0; i < p->n_places; i++)
		if (p->place[i].addr == from->addr) {
			p->place[i].got = from->got;
			p->place[i].cost = from->cost;
		}
}

static size_t places_max(const struct session *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_points; i++)
		n += s->point[i]->n_places + s->point[i]->n_parts + 2;
	return n;
}

static void take_back(struct session *s, const struct point *set, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct upoint *p = set[i].id ? session_point(s, set[i].id) : NULL;

		if (p) { /* of several the dearest */
			p->got = p->cost && p->n_parts ? p->got : set[i].got;
			p->cost = p->cost && p->n_parts ? p->cost : set[i].cost;
			take_place(p, &set[i]);
		}
	}
}

static void kinds_note(struct session *s)
{
	s->any_catch = s->any_by_step = false;
	for (size_t i = 0; i < s->n_points; i++) {
		s->any_catch |= s->point[i]->type == UPOINT_CATCH;
		s->any_by_step |= s->point[i]->by_step;
	}
}

int points_apply(struct session *s, struct err *err)
{
	struct point *set;
	size_t n;
	int rc;

	if (!s->engine || !s->points_dirty)
		return 0;
	set = calloc(places_max(s) + s->n_temp + 1, sizeof(*set));
	if (!set)
		return err_set(err, ENOMEM, "no memory for the points");
	n = collect(s, set);
	rc = s->engine->ops->set_points(s->engine, set, n, err);
	if (!rc) {
		take_back(s, set, n);
		s->points_dirty = false;
		kinds_note(s);
	}
	free(set);
	return rc;
}

static void widen_ports(struct plan *plan, const struct upoint *p, bool first)
{
	if (first || p->port_lo < plan->catch_port_lo)
		plan->catch_port_lo = p->port_lo;
	if (first || p->port_hi > plan->catch_port_hi)
		plan->catch_port_hi = p->port_hi;
}

/* The plan has one range of ports and one set of vectors: the hull; accept() looks at each
 * point. */
void points_catches(const struct session *s, struct plan *plan)
{
	bool all_vectors = false;

	if (!s->points_dirty && !s->any_catch)
		return;
	for (size_t i = 0; i < s->n_points; i++) {
		const struct upoint *p = s->point[i];

		if (!p->enabled || p->type != UPOINT_CATCH)
			continue;
		if (p->catches & CATCH_IO)
			widen_ports(plan, p, !(plan->catches & CATCH_IO));
		if (p->catches & CATCH_EXCEPTION) {
			all_vectors |= !p->vectors;
			plan->catch_vectors |= p->vectors;
		}
		plan->catches |= p->catches;
	}
	if (all_vectors)
		plan->catch_vectors = 0;
}

void points_refresh_values(struct session *s)
{
	for (size_t i = 0; i < s->n_points; i++)
		if (point_is_watch(s->point[i]))
			watch_read(s, s->point[i], &s->point[i]->old_value);
}
