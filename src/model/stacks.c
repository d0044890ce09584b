/*
 * stacks.c - stacks seen as a whole: looking into the current one without popping, and frames for
 * one that is not yet current (SDM 3 "Stack Switching", "Stack Switching in IA-32e Mode").
 */
#include "model/system.h"

static u64 width_mask(unsigned width)
{
	return width == 64 ? ~0ull : BIT64(width) - 1;
}

static unsigned stack_width(const struct model *m)
{
	if (m->bits == 64)
		return 64;
	return m->c.seg[SEG_SS].attr & ATTR_DB ? 32 : 16;
}

/* RSP with its low `width` bits replaced; a 32-bit one clears what is above. */
static u64 sp_merge(u64 rsp, unsigned width, u64 sp)
{
	return width == 16 ? (rsp & ~0xffffull) | (u16)sp : sp & width_mask(width);
}

enum ex stack_peek(struct model *m, unsigned at, unsigned size, u64 *ret)
{
	u64 off = (m->c.gpr[GPR_RSP] + at) & width_mask(stack_width(m));

	return mem_read(m, SEG_SS, off, size, ret);
}

void stack_drop(struct model *m, s64 n)
{
	u64 *rsp = &m->c.gpr[GPR_RSP];

	*rsp = sp_merge(*rsp, stack_width(m), *rsp + n);
}

void stack_set(struct model *m, u64 sp)
{
	u64 *rsp = &m->c.gpr[GPR_RSP];

	*rsp = sp_merge(*rsp, stack_width(m), sp);
}

void frame_push(struct inner_frame *f, u64 value)
{
	f->value[f->n++] = value;
}

/* SDM 3 "Limit Checking": expand-down segments are valid above their limit. */
static bool limit_holds(const struct inner_frame *f, u64 first, u64 last)
{
	if (f->width == 64)
		return true;
	if ((ATTR_TYPE(f->ss.attr) & 0xc) == 4)
		return first > f->ss.limit && last <= (f->width == 32 ? 0xffffffffull : 0xffffull);
	return last <= f->ss.limit;
}

enum ex frame_check(struct model *m, struct inner_frame *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		f->sp = (f->sp - f->size) & width_mask(f->width);
		if (!limit_holds(f, f->sp, f->sp + f->size - 1))
			return raise_sel(m, EXC_SS, f->ss.sel);
		f->lin[i] = f->width == 64 ? f->sp : (u32)(f->ss.base + f->sp);
		if (f->width == 64 && !(canonical(f->sp) && canonical(f->sp + f->size - 1)))
			return raise_sel(m, EXC_SS, f->ss.sel);
		TRY(lin_probe_write(m, f->lin[i], f->size, f->cpl));
	}
	return EX_DONE;
}

enum ex frame_store(struct model *m, const struct inner_frame *f)
{
	for (unsigned i = 0; i < f->n; i++)
		TRY(lin_write(m, f->lin[i], f->size, f->cpl, f->value[i]));
	return EX_DONE;
}

static enum ex tss_field(struct model *m, u32 at, unsigned size, u64 *ret)
{
	if (at + size - 1 > m->c.tr.limit)
		return raise_sel(m, EXC_TS, m->c.tr.sel);
	return sys_read(m, m->c.tr.base + at, size, ret);
}

/* IA-32e: RSPn at 4 + 8n, and a null SS with the new ring as its RPL. */
static enum ex from_tss64(struct model *m, u8 cpl, struct inner_frame *f)
{
	TRY(tss_field(m, 4u + 8u * cpl, 8, &f->sp));
	f->ss = (struct segment){ .sel = cpl, .attr = cpl << 5 };
	f->width = 64;
	return EX_DONE;
}

static enum ex inner_ss_check(struct model *m, u16 sel, u8 cpl, struct descriptor *d)
{
	if (sel_null(sel))
		return raise_sel(m, EXC_TS, sel);
	TRY(desc_fetch(m, sel, EXC_TS, d));
	if ((sel & 3) != cpl || d->dpl != cpl || d->kind != DESC_DATA || !(d->type & 2))
		return raise_sel(m, EXC_TS, sel);
	if (!d->present)
		return raise_sel(m, EXC_SS, sel);
	return desc_touch(m, sel, d);
}

/* 32-bit TSS: ESPn at 4 + 8n, SSn behind it; 16-bit TSS: SPn at 2 + 4n, SSn behind it. */
enum ex frame_from_tss(struct model *m, u8 cpl, struct inner_frame *f)
{
	unsigned w = (ATTR_TYPE(m->c.tr.attr) & ~2) == 1 ? 2 : 4;
	struct descriptor d;
	u64 sel;

	f->cpl = cpl;
	if (is_long(m))
		return from_tss64(m, cpl, f);
	TRY(tss_field(m, w + 2 * w * cpl, w, &f->sp));
	TRY(tss_field(m, 2 * w + 2 * w * cpl, 2, &sel));
	TRY(inner_ss_check(m, sel, cpl, &d));
	f->ss = (struct segment){ d.base, d.limit, sel, d.attr };
	f->width = d.attr & ATTR_DB ? 32 : 16;
	f->sp &= width_mask(f->width);
	return EX_DONE;
}
