/*
 * points.c - the user's points at a stop. All are noticed by their address, in every mode and
 * any number: the model notes accesses to watched ranges, code is a bit in a filter.
 */
#include "engine/soft/soft.h"

static u64 value_of(struct soft_engine *e, const struct point *p)
{
	u64 v = 0;

	linear_read(e->c, &e->phys, p->addr, &v, p->len);
	return v;
}

int soft_points_set(struct soft_engine *e, struct point *p, size_t n, struct err *err)
{
	int r = point_set_make(&e->points, p, n, err);

	if (r)
		return r;
	model_watch(e->m, e->points.ranges, e->points.n_data);
	soft_points_refresh(e);
	return 0;
}

void soft_points_refresh(struct soft_engine *e)
{
	for (size_t i = 0; i < e->points.n_data; i++)
		e->points.data[i].value = value_of(e, &e->points.data[i].p);
}

static bool kind_meets(u8 kind, bool write)
{
	return kind == POINT_ACCESS || (kind == POINT_WRITE) == write;
}

static void data_tell(struct soft_engine *e, struct data_point *d, struct stop *s)
{
	u64 now = value_of(e, &d->p);

	if (!(s->causes & CAUSE_BIT(CAUSE_UWATCH))) {
		s->causes |= CAUSE_BIT(CAUSE_UWATCH);
		if (s->first == CAUSE_NONE)
			s->first = CAUSE_UWATCH;
		stop_point_set(s, CAUSE_UWATCH, d->p.id, POINT_HOW_ADDRESS, -1);
		s->hit_addr = d->p.addr;
		s->old_value = d->value;
		s->new_value = now;
	}
	d->value = now;
}

static bool data_check(struct soft_engine *e, struct stop *s)
{
	unsigned n;
	const struct model_touch *t = model_touched(e->m, &n);
	bool hit = false;

	for (unsigned i = 0; i < n; i++) {
		struct data_point *d;
		size_t from = 0;

		while ((d = point_set_data(&e->points, t[i].lin, t[i].size, &from))) {
			if (!kind_meets(d->p.kind, t[i].write)) {
				d->value = value_of(e, &d->p);
				continue;
			}
			data_tell(e, d, s);
			hit = true;
		}
	}
	return hit;
}

static bool code_check(struct soft_engine *e, struct step *st)
{
	struct stop *s = st->stop;
	const struct point *p = point_set_code(&e->points, s->lin);

	if (!p || (s->lin == st->from.insn.lin && !s->retired))
		return false;
	s->causes |= CAUSE_BIT(CAUSE_BREAK);
	if (s->first == CAUSE_NONE)
		s->first = CAUSE_BREAK;
	stop_point_set(s, CAUSE_BREAK, p->id, POINT_HOW_ADDRESS, -1);
	return true;
}

bool soft_points_check(struct soft_engine *e, struct step *st)
{
	bool hit;

	if (!e->points.n_code && !e->points.n_data)
		return false;
	if (e->r.plan->quiet_points)
		return false;
	hit = data_check(e, st->stop);
	hit |= code_check(e, st);
	return hit && (!e->r.plan->accept || e->r.plan->accept(e->r.plan->accept_arg, st->stop));
}
