/*
 * linear.c - accesses by linear address: of the processor's own tables and stacks, and the slow way of
 * them all. An access that crosses a page is translated whole before a byte moves.
 */
#include "model/access.h"

enum ex span_get(struct model *m, u64 lin, unsigned size, u8 need, struct span *ret)
{
	u64 second = (lin & ~(u64)(PAGE - 1)) + PAGE;
	unsigned first = PAGE - lin % PAGE;
	struct tlb_entry *e;
	enum ex r;

	ret->n[0] = size < first ? size : first;
	ret->n[1] = size - ret->n[0];
	r = tlb_get(m, lin, need, &e);
	if (r != EX_DONE)
		return r;
	ret->gpa[0] = e->gpa + lin % PAGE;
	if (!ret->n[1])
		return EX_DONE;
	if (!(m->c.efer & EFER_LMA))
		second = (u32)second;
	r = tlb_get(m, second, need, &e);
	ret->gpa[1] = e->gpa;
	return r;
}

enum ex slow_read(struct model *m, u64 lin, unsigned size, u8 need, void *buf)
{
	struct span s;
	enum ex r = span_get(m, lin, size, need, &s);

	if (r != EX_DONE)
		return r;
	phys_get(m, s.gpa[0], buf, s.n[0]);
	if (s.n[1])
		phys_get(m, s.gpa[1], (u8 *)buf + s.n[0], s.n[1]);
	return EX_DONE;
}

enum ex slow_write(struct model *m, u64 lin, unsigned size, u8 need, const void *buf)
{
	struct span s;
	enum ex r = span_get(m, lin, size, need, &s);

	if (r != EX_DONE)
		return r;
	phys_put(m, s.gpa[0], buf, s.n[0]);
	if (s.n[1])
		phys_put(m, s.gpa[1], (const u8 *)buf + s.n[0], s.n[1]);
	return EX_DONE;
}

/* A linear address nobody computed by a segment. */
static enum ex lin_check(struct model *m, u64 *lin, unsigned size)
{
	if (!(m->c.efer & EFER_LMA))
		*lin = (u32)*lin;
	if (!canonical(*lin) || !canonical(*lin + size - 1))
		return raise_code(m, EXC_GP, 0);
	return EX_DONE;
}

enum ex sys_read(struct model *m, u64 lin, unsigned size, u64 *ret)
{
	TRY(lin_check(m, &lin, size));
	return value_read(m, lin, size, TLB_READ << TLB_SUPERVISOR, ret);
}

enum ex sys_write(struct model *m, u64 lin, unsigned size, u64 value)
{
	TRY(lin_check(m, &lin, size));
	return value_write(m, lin, size, TLB_WRITE << TLB_SUPERVISOR, value);
}

enum ex lin_read(struct model *m, u64 lin, unsigned size, u8 cpl, u64 *ret)
{
	TRY(lin_check(m, &lin, size));
	TRY(value_read(m, lin, size, TLB_READ << asker(m, cpl), ret));
	if (unlikely(m->data_points))
		access_note(m, lin, size, false);
	return EX_DONE;
}

enum ex lin_probe_write(struct model *m, u64 lin, unsigned size, u8 cpl)
{
	struct span s;

	TRY(lin_check(m, &lin, size));
	return span_get(m, lin, size, TLB_WRITE << asker(m, cpl), &s);
}

enum ex lin_write(struct model *m, u64 lin, unsigned size, u8 cpl, u64 value)
{
	TRY(lin_check(m, &lin, size));
	TRY(value_write(m, lin, size, TLB_WRITE << asker(m, cpl), value));
	if (unlikely(m->data_points))
		access_note(m, lin, size, true);
	return EX_DONE;
}
