/*
 * task.c - hardware task switches through 16- and 32-bit TSSs: by JMP, CALL, IRET and task gates.
 *
 * SDM 3 "Task Switching", tables "Exception Conditions Checked During a Task Switch" and "Effect of
 * a Task Switch on Busy Flag, NT Flag, Previous Task Link Field, and TS Flag". Faults found before
 * the new task is current are the old task's; those behind it the new one's, at its first
 * instruction.
 */
#include "model/task.h"

/* Where the fields of the two formats lie; 0xff: not there. */
struct tss_layout {
	u8 word, cr3, ip, flags, gpr, segs, n_segs, ldt, trap;
	u8 min_limit, save_limit;
};
static const struct tss_layout layouts[] = {
	{ 2, 0xff, 14, 16, 18, 34, 4, 42, 0xff, 0x2b, 0x29 },
	{ 4, 28, 32, 36, 40, 72, 6, 96, 100, 0x67, 0x5f },
};

static const struct tss_layout *layout_of(unsigned type)
{
	return &layouts[type & 8 ? 1 : 0];
}

/* --- the new TSS --- */

/* Which exception a bad descriptor is: returning to a task says #TS, entering one #GP. */
static enum ex tss_check(struct model *m, const struct task_switch *t, struct descriptor *d)
{
	bool back = t->from == TASK_IRET, there = false;
	u8 vector = back ? EXC_TS : EXC_GP;

	if (!(t->sel & 4) && !sel_null(t->sel))
		TRY(desc_read(m, t->sel, &there, d));
	if (!there || (d->kind != DESC_TSS16 && d->kind != DESC_TSS32) || d->busy != back)
		return raise_ext(m, vector, t->sel, t->ext);
	if (!d->present)
		return raise_ext(m, EXC_NP, t->sel, t->ext);
	if (d->limit < layout_of(d->type)->min_limit)
		return raise_ext(m, EXC_TS, t->sel, t->ext);
	return EX_DONE;
}

static enum ex tss_read(struct model *m, const struct descriptor *d, struct tss_image *ret)
{
	const struct tss_layout *l = layout_of(d->type);
	unsigned w = l->word;

	*ret = (struct tss_image){ 0 };
	if (l->cr3 != 0xff)
		TRY(sys_read(m, d->base + l->cr3, 4, &ret->cr3));
	TRY(sys_read(m, d->base + l->ip, w, &ret->ip));
	TRY(sys_read(m, d->base + l->flags, w, &ret->flags));
	for (unsigned i = 0; i < 8; i++)
		TRY(sys_read(m, d->base + l->gpr + i * w, w, &ret->gpr[i]));
	for (unsigned i = 0; i < l->n_segs; i++)
		TRY(sys_read(m, d->base + l->segs + i * w, 2, &ret->seg[i]));
	TRY(sys_read(m, d->base + l->ldt, 2, &ret->ldt));
	if (l->trap != 0xff)
		TRY(sys_read(m, d->base + l->trap, 2, &ret->trap));
	return EX_DONE;
}

/* --- the old TSS --- */

static enum ex save_probe(struct model *m, const struct task_switch *t)
{
	const struct tss_layout *l = layout_of(ATTR_TYPE(m->c.tr.attr));
	u64 base = m->c.tr.base;

	if (m->c.tr.limit < l->save_limit)
		return raise_ext(m, EXC_TS, m->c.tr.sel, t->ext);
	TRY(lin_probe_write(m, base + l->ip, 1, 0));
	return lin_probe_write(m, base + l->save_limit, 1, 0);
}

static enum ex state_save(struct model *m, const struct task_switch *t)
{
	const struct tss_layout *l = layout_of(ATTR_TYPE(m->c.tr.attr));
	u64 base = m->c.tr.base, flags = t->old_flags | FL_FIXED;
	unsigned w = l->word;

	if (t->from == TASK_IRET)
		flags &= ~FL_NT;
	TRY(sys_write(m, base + l->ip, w, t->old_rip));
	TRY(sys_write(m, base + l->flags, w, flags));
	for (unsigned i = 0; i < 8; i++)
		TRY(sys_write(m, base + l->gpr + i * w, w, m->c.gpr[i]));
	for (unsigned i = 0; i < l->n_segs; i++)
		TRY(sys_write(m, base + l->segs + i * w, 2, m->c.seg[tss_segs[i]].sel));
	return EX_DONE;
}

/* --- the new task --- */

/* The visible state, from which on a fault is the new task's. Nothing of it can fail. */
static void state_load(struct model *m, const struct task_switch *t, const struct descriptor *d,
		       const struct tss_image *i)
{
	struct cpu_state *c = &m->c;
	bool wide = d->kind == DESC_TSS32;

	c->tr = (struct segment){ d->base, d->limit, t->sel, d->attr | 2 };
	c->cr0 |= CR0_TS;
	c->rip = m->next = i->ip;
	c->rflags = (i->flags & 0x3f7fd7) | FL_FIXED;
	if (t->from == TASK_CALL || t->from == TASK_EVENT)
		c->rflags |= FL_NT;
	for (unsigned n = 0; n < 8; n++)
		c->gpr[n] = i->gpr[n];
	for (unsigned n = 0; n < ARRAY_SIZE(tss_segs); n++)
		c->seg[tss_segs[n]] = (struct segment){ .sel = i->seg[n] };
	/* Until its descriptor is loaded SS says the ring, and CS the width. */
	c->seg[SEG_SS].attr = (i->seg[1] & 3) << 5;
	c->seg[SEG_CS].attr = wide ? ATTR_DB : 0;
	/* SDM 3 "Debug Control Register": a task switch clears the local enables. */
	c->dr7 &= ~(DR7_L(0) | DR7_L(1) | DR7_L(2) | DR7_L(3) | DR7_LE);
	m->rf_next = c->rflags & FL_RF;
}

static enum ex error_push(struct model *m, const struct task_switch *t, bool wide)
{
	u64 next = m->next;

	if (!t->has_error)
		return EX_DONE;
	TRY(push(m, wide ? 4 : 2, t->error));
	m->next = next;
	return EX_DONE;
}

static enum ex task_start(struct model *m, const struct task_switch *t, const struct descriptor *d,
			  const struct tss_image *i)
{
	bool wide = d->kind == DESC_TSS32;
	enum ex r;

	if (wide && (m->c.cr0 & CR0_PG))
		TRY(cr3_write(m, i->cr3));
	r = task_segments_load(m, i, t->ext);
	model_derive(m);
	if (r != EX_DONE)
		return r;
	if (m->c.rip > m->c.seg[SEG_CS].limit)
		return raise_code(m, EXC_GP, t->ext);
	TRY(error_push(m, t, wide));
	m->tbit = i->trap & 1;
	return EX_DONE;
}

/* Busy flags and the back link: the table of the SDM named above. */
static enum ex links_write(struct model *m, const struct task_switch *t, const struct descriptor *d)
{
	if (t->from == TASK_JMP || t->from == TASK_IRET)
		TRY(desc_busy(m, m->c.tr.sel, false));
	if (t->from == TASK_CALL || t->from == TASK_EVENT)
		TRY(sys_write(m, d->base, 2, m->c.tr.sel));
	if (t->from != TASK_IRET)
		TRY(desc_busy(m, t->sel, true));
	return EX_DONE;
}

enum ex task_switch(struct model *m, const struct task_switch *t)
{
	struct tss_image image;
	struct descriptor d;

	TRY(tss_check(m, t, &d));
	TRY(tss_read(m, &d, &image));
	TRY(save_probe(m, t));
	if (t->from == TASK_CALL || t->from == TASK_EVENT)
		TRY(lin_probe_write(m, d.base, 2, 0));
	TRY(state_save(m, t));
	/* A task that switches to itself reads what was just saved. */
	TRY(tss_read(m, &d, &image));
	TRY(links_write(m, t, &d));
	state_load(m, t, &d, &image);
	return task_start(m, t, &d, &image);
}

/* --- from instructions --- */

enum ex task_transfer(struct model *m, u16 sel, const struct descriptor *d, bool call)
{
	struct task_switch t = {
		.from = call ? TASK_CALL : TASK_JMP,
		.sel = sel,
		.old_rip = m->next,
		.old_flags = m->c.rflags & ~FL_RF,
	};
	bool gate = d->kind == DESC_TASK_GATE;

	if (is_long(m) || (!gate && d->kind != DESC_TSS16 && d->kind != DESC_TSS32))
		return raise_sel(m, EXC_GP, sel);
	if (d->dpl < m->cpl || d->dpl < (sel & 3))
		return raise_sel(m, EXC_GP, sel);
	if (gate && !d->present)
		return raise_sel(m, EXC_NP, sel);
	if (gate)
		t.sel = d->sel;
	return task_switch(m, &t);
}

enum ex task_return(struct model *m)
{
	struct task_switch t = {
		.from = TASK_IRET,
		.old_rip = m->next,
		.old_flags = m->c.rflags & ~FL_RF,
	};
	u64 link;

	TRY(sys_read(m, m->c.tr.base, 2, &link));
	t.sel = link;
	return task_switch(m, &t);
}
