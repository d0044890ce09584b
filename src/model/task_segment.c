/*
 * task_segment.c - the segment registers of a new task, in the order and with the exceptions of the
 * SDM's table "Exception Conditions Checked During a Task Switch" (3 "Task Switching").
 */
#include "model/task.h"

static enum ex ldt_load(struct model *m, u16 sel, u32 ext)
{
	struct descriptor d;
	bool there = false;

	m->c.ldtr = (struct segment){ .sel = sel };
	if (sel_null(sel))
		return EX_DONE;
	if (!(sel & 4))
		TRY(desc_read(m, sel, &there, &d));
	if (!there || d.kind != DESC_LDT || !d.present)
		return raise_ext(m, EXC_TS, sel, ext);
	m->c.ldtr = (struct segment){ d.base, d.limit, sel, d.attr };
	return EX_DONE;
}

static enum ex fetch_ext(struct model *m, u16 sel, u32 ext, struct descriptor *ret)
{
	bool there;

	TRY(desc_read(m, sel, &there, ret));
	return there ? EX_DONE : raise_ext(m, EXC_TS, sel, ext);
}

/* First of all only the ring: CS's own checks come behind those of SS. */
static enum ex cs_ring_check(struct model *m, u16 sel, u32 ext, struct descriptor *d)
{
	bool conforming;

	if (sel_null(sel))
		return raise_ext(m, EXC_TS, sel, ext);
	TRY(fetch_ext(m, sel, ext, d));
	conforming = d->kind == DESC_CODE && desc_conforming(d);
	if (conforming ? d->dpl > (sel & 3) : d->dpl != (sel & 3))
		return raise_ext(m, EXC_TS, sel, ext);
	return EX_DONE;
}

static enum ex cs_load(struct model *m, u16 sel, u32 ext, struct descriptor *d)
{
	if (d->kind != DESC_CODE)
		return raise_ext(m, EXC_TS, sel, ext);
	if (!d->present)
		return raise_ext(m, EXC_NP, sel, ext);
	TRY(desc_touch(m, sel, d));
	seg_set(m, SEG_CS, sel, d);
	return EX_DONE;
}

static enum ex ss_load(struct model *m, u16 sel, unsigned cpl, u32 ext)
{
	struct descriptor d;

	if (sel_null(sel))
		return raise_ext(m, EXC_TS, sel, ext);
	TRY(fetch_ext(m, sel, ext, &d));
	if (d.kind != DESC_DATA || !(d.type & 2))
		return raise_ext(m, EXC_TS, sel, ext);
	if (!d.present)
		return raise_ext(m, EXC_SS, sel, ext);
	if (d.dpl != cpl || (sel & 3) != cpl)
		return raise_ext(m, EXC_TS, sel, ext);
	TRY(desc_touch(m, sel, &d));
	seg_set(m, SEG_SS, sel, &d);
	return EX_DONE;
}

static enum ex data_load(struct model *m, u8 seg, u16 sel, unsigned cpl, u32 ext)
{
	struct descriptor d;
	bool code;

	if (sel_null(sel))
		return EX_DONE;
	TRY(fetch_ext(m, sel, ext, &d));
	code = d.kind == DESC_CODE;
	if (d.kind != DESC_DATA && !(code && (d.type & 2)))
		return raise_ext(m, EXC_TS, sel, ext);
	if (!(code && desc_conforming(&d)) && ((sel & 3) > d.dpl || cpl > d.dpl))
		return raise_ext(m, EXC_TS, sel, ext);
	if (!d.present)
		return raise_ext(m, EXC_NP, sel, ext);
	TRY(desc_touch(m, sel, &d));
	seg_set(m, seg, sel, &d);
	return EX_DONE;
}

enum ex task_segments_load(struct model *m, const struct tss_image *i, u32 ext)
{
	static const u8 data[] = { 3, 0, 4, 5 }; /* DS, ES, FS, GS */
	unsigned cpl = i->seg[1] & 3;
	struct descriptor code;

	TRY(ldt_load(m, i->ldt, ext));
	if (m->c.rflags & FL_VM) {
		for (unsigned n = 0; n < ARRAY_SIZE(tss_segs); n++)
			seg_set_real(m, tss_segs[n], i->seg[n]);
		return EX_DONE;
	}
	TRY(cs_ring_check(m, i->seg[1], ext, &code));
	TRY(ss_load(m, i->seg[2], cpl, ext));
	TRY(cs_load(m, i->seg[1], ext, &code));
	for (unsigned n = 0; n < ARRAY_SIZE(data); n++)
		TRY(data_load(m, tss_segs[data[n]], i->seg[data[n]], cpl, ext));
	return EX_DONE;
}
