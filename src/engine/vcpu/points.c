/*
 * points.c - the user's points: how each is noticed, planting and unplanting INT3s, and which of them
 * a stop is at.
 *
 * While stepping an execute point is an address to compare. Running free it is an INT3 in guest
 * memory, there only while the guest runs; or a debug register, if asked for, if the code cannot be
 * written, or on the software flavour, where INT3 is not intercepted in real mode (K16); or else
 * noticed by stepping all the way. Data points are debug registers where those fire, else stepping
 * and looking at the memory.
 */
#include "engine/vcpu/vcpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char cost_address[] =
	"continue single-steps the guest to notice it: thousands of times slower than running free";
static const char cost_ring3[] =
	"a debug register, which on this KVM does not fire in ring 3: code run there is not stopped in";
static const char cost_data[] =
	"debug registers do not watch data on this KVM: continue single-steps the guest and looks "
	"after each instruction";

u64 point_value(struct vcpu *k, const struct point *p)
{
	u64 v = 0;

	linear_read(&k->cpu, &k->phys, p->addr, &v, p->len);
	return v;
}

u64 point_dr7(const struct served *p)
{
	static const u8 len[9] = { [1] = DR_LEN_1, [2] = DR_LEN_2, [4] = DR_LEN_4, [8] = DR_LEN_8 };
	bool exec = p->p.kind == POINT_EXEC;
	u64 rw = exec ? DR_RW_EXEC : p->p.kind == POINT_WRITE ? DR_RW_WRITE : DR_RW_RW;
	u64 l = exec ? DR_LEN_1 : len[p->p.len & 15 ? p->p.len : 1];

	return DR7_G(p->slot) | rw << DR7_RW_SHIFT(p->slot) | l << DR7_LEN_SHIFT(p->slot);
}

/* ---- choosing ------------------------------------------------------------------------------------- */

static bool may_write_code(struct vcpu *k, u64 lin, u64 *ret_gpa)
{
	u8 b;

	return !linear_to_phys(&k->cpu, &k->phys, lin, ret_gpa) &&
	       machine_hva(k->r.base.machine, *ret_gpa, 1) && !k->phys.read(k->phys.arg, *ret_gpa, &b, 1);
}

/* The software flavour runs pages of the user's natively, where neither INT3 nor DR exits. */
static bool is_user_page(struct vcpu *k, u64 lin)
{
	struct page_walk w;

	page_walk(&k->cpu, &k->phys, lin, &w);
	return (k->cpu.cr0 & CR0_PG) && w.present && w.user;
}

static s8 slot_free(struct vcpu *k, u8 used)
{
	for (unsigned n = 0; n < SLOTS; n++)
		if (!(used & BIT(n)) && !(k->guest_dr.dr7 & DR7_LG(n)))
			return n;
	return -1;
}

/* DRn needs natural alignment (SDM "Debug Address Registers"). */
static bool fits_dr(const struct point *p)
{
	return p->kind == POINT_EXEC || (p->len && p->len <= 8 && !(p->addr & (p->len - 1)));
}

static void serve_data(struct vcpu *k, struct served *s, u8 *used)
{
	bool dr = k->quirks.data_points && s->p.how != POINT_HOW_ADDRESS && fits_dr(&s->p);
	s8 slot = dr ? slot_free(k, *used) : -1;

	if (slot >= 0) {
		s->slot = slot;
		*used |= BIT(slot);
		s->p.got = POINT_HOW_DR;
		/* x86 has no read-only watch: rwatch is read-write, and tells a write by its value. */
	} else {
		s->p.got = POINT_HOW_ADDRESS;
		s->p.cost = cost_data;
	}
	s->value = point_value(k, &s->p);
	s->has_value = true;
}

static void serve_exec(struct vcpu *k, struct served *s, u8 *used)
{
	bool soft = k->quirks.software, dr = s->p.how != POINT_HOW_ADDRESS;
	bool may_int3 = !soft && dr && s->p.how != POINT_HOW_DR;
	bool user = soft && is_user_page(k, s->p.addr);
	u64 gpa;

	if (may_int3 && may_write_code(k, s->p.addr, &gpa)) {
		s->p.got = POINT_HOW_INT3;
		s->planted = k->n_planted;
		k->planted[k->n_planted++] = (struct planted){ .lin = s->p.addr, .gpa = gpa };
		return;
	}
	s->slot = dr && !(user && k->at.cpl == 3) ? slot_free(k, *used) : -1;
	if (s->slot >= 0) {
		*used |= BIT(s->slot);
		s->p.got = POINT_HOW_DR;
		s->p.cost = user ? cost_ring3 : NULL;
		return;
	}
	s->p.got = POINT_HOW_ADDRESS;
	s->p.cost = cost_address;
}

static int refuse(const struct point *p, struct err *err)
{
	return err_set(err, ENOSPC, "no debug register is left for point %u at %#llx: delete one or "
				    "let vmstep choose how to notice it",
		       p->id, (unsigned long long)p->addr);
}

int points_set(struct vcpu *k, struct point *p, size_t n, struct err *err)
{
	struct served *served = calloc(n ? n : 1, sizeof(*served));
	struct planted *planted = calloc(n ? n : 1, sizeof(*planted));
	u8 used = 0;
	int r = regs_guest_dr(k, err);

	if (!served || !planted || r) {
		free(served);
		free(planted);
		return r ? r : err_set(err, ENOMEM, "no memory for %zu points", n);
	}
	points_free(k);
	k->points = served;
	k->planted = planted;
	/* Data points first: nothing but a debug register serves them well. */
	for (int data = 1; data >= 0; data--) {
		for (size_t i = 0; i < n; i++) {
			struct served *s = &served[i];

			if ((p[i].kind != POINT_EXEC) != data)
				continue;
			*s = (struct served){ .p = p[i], .slot = -1, .planted = -1 };
			s->p.cost = NULL;
			(data ? serve_data : serve_exec)(k, s, &used);
			if (s->p.how == POINT_HOW_DR && s->p.got != POINT_HOW_DR &&
			    (data ? k->quirks.data_points : true)) {
				points_free(k);
				return refuse(&p[i], err);
			}
			k->by_address |= s->p.got == POINT_HOW_ADDRESS;
		}
	}
	k->n_points = n;
	for (size_t i = 0; i < n; i++) {
		p[i].got = served[i].p.got;
		p[i].cost = served[i].p.cost;
	}
	return 0;
}

/*
 * K8: the guest's own breakpoints come first. A point of the user's moves to another register; if none is left
 * it is noticed by stepping from then on, which is slow and misses nothing.
 */
void points_make_room(struct vcpu *k)
{
	u8 used = 0;

	for (size_t i = 0; i < k->n_points; i++)
		if (k->points[i].slot >= 0)
			used |= BIT(k->points[i].slot);
	for (size_t i = 0; i < k->n_points; i++) {
		struct served *s = &k->points[i];

		if (s->slot < 0 || !(k->guest_dr.dr7 & DR7_LG(s->slot)))
			continue;
		s->slot = slot_free(k, used);
		if (s->slot >= 0)
			used |= BIT(s->slot);
		else
			k->by_address = true;
	}
}

void points_free(struct vcpu *k)
{
	points_unplant(k);
	free(k->points);
	free(k->planted);
	k->points = NULL;
	k->planted = NULL;
	k->n_points = k->n_planted = 0;
	k->by_address = false;
}

/* ---- planting ------------------------------------------------------------------------------------- */

static void plant(struct vcpu *k, struct planted *p)
{
	const u8 cc = 0xcc;
	u8 now;

	/* The mapping may be another one since: the point is at the linear address. */
	if (!p->in && linear_to_phys(&k->cpu, &k->phys, p->lin, &p->gpa))
		return;
	if (k->phys.read(k->phys.arg, p->gpa, &now, 1) || (p->in && now == cc))
		return;
	p->orig = now; /* also when the guest has overwritten our INT3 */
	p->in = !k->phys.write(k->phys.arg, p->gpa, &cc, 1);
}

void points_plant(struct vcpu *k)
{
	for (size_t i = 0; i < k->n_planted; i++)
		plant(k, &k->planted[i]);
}

void point_plant(struct vcpu *k, u64 lin)
{
	for (size_t i = 0; i < k->n_planted; i++)
		if (k->planted[i].lin == lin)
			plant(k, &k->planted[i]);
}

void points_unplant(struct vcpu *k)
{
	u8 now;

	for (size_t i = 0; i < k->n_planted; i++) {
		struct planted *p = &k->planted[i];

		if (p->in && !k->phys.read(k->phys.arg, p->gpa, &now, 1) && now == 0xcc)
			k->phys.write(k->phys.arg, p->gpa, &p->orig, 1);
		p->in = false;
	}
}

bool point_is_int3(const struct vcpu *k, u64 lin)
{
	for (size_t i = 0; i < k->n_planted; i++)
		if (k->planted[i].lin == lin)
			return true;
	return false;
}

bool point_is_planted(const struct vcpu *k, u64 lin)
{
	for (size_t i = 0; i < k->n_planted; i++)
		if (k->planted[i].in && k->planted[i].lin == lin)
			return true;
	return false;
}
