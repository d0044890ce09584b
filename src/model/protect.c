/*
 * protect.c - questions about selectors: LAR, LSL, VERR, VERW, and ARPL.
 *
 * SDM 2, the sections of these names. They answer in ZF and do not fault for a bad selector.
 */
#include <Zydis/Zydis.h>

#include "model/system.h"

struct query {
	u16 sel;
	bool visible; /* inside its table and not hidden by privilege */
	struct descriptor d;
};

/* Conforming code is visible from every ring. */
static bool privilege_holds(const struct model *m, u16 sel, const struct descriptor *d)
{
	if (d->kind == DESC_CODE && desc_conforming(d))
		return true;
	return m->cpl <= d->dpl && (sel & 3) <= d->dpl;
}

static enum ex query_selector(struct model *m, const struct op *o, unsigned i, struct query *q)
{
	u64 v;

	if (!is_protected(m))
		return raise_vector(m, EXC_UD);
	TRY(op_read(m, o, i, &v));
	q->sel = v;
	q->visible = false;
	if (sel_null(q->sel))
		return EX_DONE;
	TRY(desc_read(m, q->sel, &q->visible, &q->d));
	q->visible = q->visible && privilege_holds(m, q->sel, &q->d);
	return EX_DONE;
}

static enum ex answer(struct model *m, bool yes)
{
	m->c.rflags = (m->c.rflags & ~FL_ZF) | (yes ? FL_ZF : 0);
	return EX_DONE;
}

/* The second doubleword, base and limit bits masked (SDM leaves 19:16 open: 0 here). */
static enum ex access_rights(struct model *m, u16 sel, u64 *ret)
{
	u64 base = sel & 4 ? m->c.ldtr.base : m->c.gdtr.base;

	TRY(sys_read(m, base + (sel & ~7u) + 4, 4, ret));
	*ret &= 0x00f0ff00;
	return EX_DONE;
}

static enum ex lar(struct model *m, const struct op *o)
{
	struct query q;
	u64 rights;

	TRY(query_selector(m, o, 1, &q));
	if (!q.visible || q.d.kind == DESC_INVALID || q.d.kind == DESC_NULL ||
	    q.d.kind == DESC_INT_GATE || q.d.kind == DESC_TRAP_GATE)
		return answer(m, false);
	TRY(access_rights(m, q.sel, &rights));
	answer(m, true);
	return op_write(m, o, 0, rights);
}

static enum ex lsl(struct model *m, const struct op *o)
{
	struct query q;

	TRY(query_selector(m, o, 1, &q));
	if (!q.visible || q.d.kind < DESC_CODE || q.d.kind > DESC_TSS64)
		return answer(m, false);
	answer(m, true);
	return op_write(m, o, 0, q.d.limit);
}

static enum ex verr(struct model *m, const struct op *o)
{
	struct query q;

	TRY(query_selector(m, o, 0, &q));
	return answer(m, q.visible && (q.d.kind == DESC_DATA ||
				       (q.d.kind == DESC_CODE && (q.d.type & 2))));
}

static enum ex verw(struct model *m, const struct op *o)
{
	struct query q;

	TRY(query_selector(m, o, 0, &q));
	return answer(m, q.visible && q.d.kind == DESC_DATA && (q.d.type & 2));
}

static enum ex arpl(struct model *m, const struct op *o)
{
	u64 dest, src;

	if (!is_protected(m))
		return raise_vector(m, EXC_UD);
	TRY(op_read(m, o, 1, &src));
	TRY(op_rmw(m, o, 0, &dest));
	if ((dest & 3) >= (src & 3))
		return answer(m, false);
	TRY(op_write(m, o, 0, (dest & ~3ull) | (src & 3)));
	return answer(m, true);
}

const struct op_row protect_ops[] = {
	{ ZYDIS_MNEMONIC_LAR, lar },   { ZYDIS_MNEMONIC_LSL, lsl },   { ZYDIS_MNEMONIC_VERR, verr },
	{ ZYDIS_MNEMONIC_VERW, verw }, { ZYDIS_MNEMONIC_ARPL, arpl }, { 0, NULL },
};
