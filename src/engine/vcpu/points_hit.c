/*
 * points_hit.c - which of the user's points a stop is at.
 */
#include "engine/vcpu/vcpu.h"

const struct served *point_exec_at(const struct vcpu *k, u64 lin)
{
	for (size_t i = 0; i < k->n_points; i++)
		if (k->points[i].p.kind == POINT_EXEC && k->points[i].p.addr == lin)
			return &k->points[i];
	return NULL;
}

u8 guest_breaks_at(const struct vcpu *k, u64 lin)
{
	const struct kvm_debugregs *d = &k->guest_dr;
	u8 found = 0;

	for (unsigned n = 0; n < SLOTS; n++)
		if ((d->dr7 & DR7_LG(n)) && DR7_RW(d->dr7, n) == DR_RW_EXEC && d->db[n] == lin)
			found |= BIT(n);
	return found;
}

bool planted_had_rf(const struct vcpu *k)
{
	return !(k->at.shadow & SHADOW_MOV_SS) && guest_breaks_at(k, k->at.lin);
}

static bool overlaps(const struct point *p, u64 lin, u16 size)
{
	return p->addr < lin + size && lin < p->addr + p->len;
}

/* Did the instruction stepped touch the watched bytes? By its operands where they are formulas. */
static bool touched(const struct vcpu *k, const struct step *st, const struct served *s)
{
	for (unsigned i = 0; i < st->n_mem; i++) {
		const struct insn_mem *m = &st->from.insn.mem[i];

		if ((s->p.kind == POINT_READ ? m->read : m->read || m->write) &&
		    overlaps(&s->p, st->mem_lin[i], m->size))
			return true;
	}
	return false;
}

static void cause_point(struct stop *s, const struct served *p, enum cause c, u8 how)
{
	s->causes |= CAUSE_BIT(c);
	if (s->first == CAUSE_NONE)
		s->first = c;
	stop_point_set(s, c, p->p.id, how, how == POINT_HOW_DR ? p->slot : -1);
}

/* Without a debug register: by the value, and by the operands where they are formulas. */
static bool data_seen(const struct vcpu *k, const struct step *st, const struct served *s,
		      bool changed)
{
	if (s->p.kind == POINT_READ)
		return touched(k, st, s);
	return changed || (s->p.kind == POINT_ACCESS && touched(k, st, s));
}

static bool data_hit(struct vcpu *k, struct step *st, struct served *s)
{
	u64 now = point_value(k, &s->p);
	bool by_dr = s->slot >= 0 && (st->v.host_hits & BIT(s->slot));
	bool changed = s->has_value && now != s->value, hit;

	/* There is no read-only watch in the debug registers: a write is told by the value. */
	if (by_dr && s->p.kind == POINT_READ && changed)
		by_dr = false;
	hit = by_dr || (s->slot < 0 && data_seen(k, st, s, changed));
	if (hit && !(st->stop.causes & CAUSE_BIT(CAUSE_UWATCH) && st->stop.point)) {
		cause_point(&st->stop, s, CAUSE_UWATCH, by_dr ? POINT_HOW_DR : POINT_HOW_ADDRESS);
		st->stop.hit_addr = s->p.addr;
		st->stop.old_value = s->value;
		st->stop.new_value = now;
	}
	s->value = now;
	return hit;
}

/* What brought the guest to a halt there: while stepping it is the comparison of addresses. */
static u8 how_seen(const struct step *st, const struct served *p)
{
	if (st->v.planted_hit)
		return POINT_HOW_INT3;
	return p->slot >= 0 && (st->v.host_hits & BIT(p->slot)) ? POINT_HOW_DR : POINT_HOW_ADDRESS;
}

static void values_refresh(struct vcpu *k)
{
	for (size_t i = 0; i < k->n_points; i++)
		if (k->points[i].p.kind != POINT_EXEC)
			k->points[i].value = point_value(k, &k->points[i].p);
}

/* Conditions read memory: they must not see our INT3s (planted again before the next entry). */
static bool accepted(struct vcpu *k, struct stop *s)
{
	points_unplant(k);
	return !k->r.plan->accept || k->r.plan->accept(k->r.plan->accept_arg, s);
}

static void cause_remove(struct stop *s, enum cause c)
{
	s->causes &= ~CAUSE_BIT(c);
	if (s->first == c)
		s->first = s->causes ? __builtin_ctz(s->causes) : CAUSE_NONE;
}

bool points_check(struct vcpu *k, struct step *st)
{
	struct stop *s = &st->stop;
	const struct served *exec;
	bool hit = false;

	if (!k->n_points)
		return false;
	if (k->r.plan->quiet_points) {
		values_refresh(k);
		return false;
	}
	for (size_t i = 0; i < k->n_points; i++)
		if (k->points[i].p.kind != POINT_EXEC)
			hit |= data_hit(k, st, &k->points[i]);
	if (!hit && (s->causes & CAUSE_BIT(CAUSE_UWATCH)))
		cause_remove(s, CAUSE_UWATCH);
	exec = point_exec_at(k, s->lin);
	if (exec && (s->lin != st->from.lin || s->retired)) {
		hit = true;
		if (!(s->causes & CAUSE_BIT(CAUSE_UWATCH)))
			cause_point(s, exec, CAUSE_BREAK, how_seen(st, exec));
		else
			s->causes |= CAUSE_BIT(CAUSE_BREAK);
	}
	return hit && accepted(k, s);
}
