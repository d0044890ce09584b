/*
 * desc.c - segment and system descriptors in guest memory, and the hidden parts they fill.
 *
 * SDM 3 "Segment Descriptors", "System Descriptor Types", "Segment Descriptor Tables in IA-32e
 * Mode".
 */
#include "model/system.h"

enum ex raise_sel(struct model *m, u8 vector, u16 sel)
{
	return raise_code(m, vector, sel & 0xfffc);
}

/* False: the selector is beyond its table. */
static bool desc_locate(const struct model *m, u16 sel, unsigned size, u64 *ret)
{
	const struct cpu_state *c = &m->c;
	u64 base = sel & 4 ? c->ldtr.base : c->gdtr.base;
	u32 limit = sel & 4 ? c->ldtr.limit : c->gdtr.limit;

	if ((sel & 4) && !(c->ldtr.attr & ATTR_P))
		return false;
	*ret = base + (sel & ~7u);
	if (!is_long(m))
		*ret = (u32)*ret;
	return (sel & ~7u) + size - 1 <= limit;
}

/* In IA-32e mode LDT, TSS and call-gate descriptors take two entries. */
static bool desc_wide(const struct model *m, const struct descriptor *d)
{
	return is_long(m) &&
	       (d->kind == DESC_LDT || d->kind == DESC_TSS64 || d->kind == DESC_CALL_GATE);
}

enum ex desc_read(struct model *m, u16 sel, bool *ret_there, struct descriptor *ret)
{
	u64 raw[2] = { 0 }, la;

	*ret_there = desc_locate(m, sel, 8, &la);
	if (!*ret_there)
		return EX_DONE;
	TRY(sys_read(m, la, 8, &raw[0]));
	descriptor_decode((const u8 *)raw, is_long(m), ret);
	if (!desc_wide(m, ret))
		return EX_DONE;
	*ret_there = desc_locate(m, sel, 16, &la);
	if (!*ret_there)
		return EX_DONE;
	TRY(sys_read(m, la + 8, 8, &raw[1]));
	descriptor_decode((const u8 *)raw, true, ret);
	/* The upper half's type field must be 0 (SDM 3 "Call Gates", figure for IA-32e mode). */
	*ret_there = !(raw[1] >> 40 & 0x1f);
	return EX_DONE;
}

enum ex desc_fetch(struct model *m, u16 sel, u8 vector, struct descriptor *ret)
{
	bool there;

	TRY(desc_read(m, sel, &there, ret));
	return there ? EX_DONE : raise_sel(m, vector, sel);
}

static enum ex desc_set_type(struct model *m, u16 sel, u8 set, u8 clear)
{
	u64 la, access;

	desc_locate(m, sel, 8, &la);
	TRY(sys_read(m, la + 5, 1, &access));
	return sys_write(m, la + 5, 1, (access | set) & ~(u64)clear);
}

enum ex desc_touch(struct model *m, u16 sel, struct descriptor *d)
{
	if (d->attr & 1)
		return EX_DONE;
	d->attr |= 1;
	d->type |= 1;
	return desc_set_type(m, sel, 1, 0);
}

enum ex desc_busy(struct model *m, u16 sel, bool busy)
{
	return desc_set_type(m, sel & ~7, busy ? 2 : 0, busy ? 0 : 2);
}

static void seg_base_msrs(struct model *m, u8 seg)
{
	if (seg == SEG_FS)
		m->c.fs_base_msr = m->c.seg[SEG_FS].base;
	if (seg == SEG_GS)
		m->c.gs_base_msr = m->c.seg[SEG_GS].base;
}

void seg_set(struct model *m, u8 seg, u16 sel, const struct descriptor *d)
{
	m->c.seg[seg] = (struct segment){ d->base, d->limit, sel, d->attr };
	seg_base_msrs(m, seg);
}

/* A null SS of 64-bit mode still has a DPL: the CPL. */
void seg_set_null(struct model *m, u8 seg, u16 sel)
{
	u16 attr = seg == SEG_SS ? (sel & 3) << 5 : ATTR_UNUSABLE;

	m->c.seg[seg] = (struct segment){ .sel = sel, .attr = attr };
	seg_base_msrs(m, seg);
}

/*
 * Real-address mode leaves the limit as it is, so that one loaded in protected mode lives on;
 * virtual-8086 mode has fixed ones (SDM 3 "Virtual-8086 Mode", "Address Translation").
 */
void seg_set_real(struct model *m, u8 seg, u16 sel)
{
	struct segment *s = &m->c.seg[seg];

	s->sel = sel;
	s->base = (u64)sel << 4;
	if (m->c.rflags & FL_VM && m->c.cr0 & CR0_PE) {
		s->limit = 0xffff;
		s->attr = 0xf3;
	} else if (seg != SEG_CS) {
		s->attr = (s->attr & (ATTR_G | ATTR_DB | ATTR_AVL)) | 0x93;
	}
	seg_base_msrs(m, seg);
}

u64 seg_linear(const struct model *m, u8 seg, u64 off)
{
	if (m->bits == 64)
		return seg == SEG_FS || seg == SEG_GS ? m->c.seg[seg].base + off : off;
	return (u32)(m->c.seg[seg].base + off);
}
