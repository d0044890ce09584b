/*
 * memory.c - accesses by segment and offset: the checks of the segment, then the linear access.
 * Alignment is checked before the page is: the SDM leaves the order of the two open (volume 3,
 * "Priority Among Concurrent Events").
 */
#include "model/access.h"

static enum ex seg_fault(struct model *m, u8 seg)
{
	return raise_code(m, seg == SEG_SS ? EXC_SS : EXC_GP, 0);
}

/* SDM volume 3, "Type Checking": real and virtual-8086 mode have no types. */
static bool type_allows(const struct model *m, const struct segment *s, bool write)
{
	bool code = s->attr & BIT(3), writable_or_readable = s->attr & BIT(1);

	if (m->mode == MODE_REAL || m->mode == MODE_V86)
		return true;
	if (!(s->attr & ATTR_P))
		return false;
	return write ? !code && writable_or_readable : !code || writable_or_readable;
}

/* SDM volume 3, "Limit Checking". With a limit of 4 GiB an access may wrap: it does here. */
static bool limit_allows(const struct segment *s, u64 off, unsigned size)
{
	bool down = (s->attr & (ATTR_S | BIT(3) | BIT(2))) == (ATTR_S | BIT(2));
	u64 last = off + size - 1;

	if (down)
		return off > s->limit && last <= (s->attr & ATTR_DB ? 0xffffffffu : 0xffffu);
	return last <= s->limit || s->limit == 0xffffffffu;
}

static inline enum ex seg_linear(struct model *m, u8 seg, u64 off, unsigned size, bool write,
				 u64 *ret)
{
	const struct segment *s = &m->c.seg[seg];

	if (m->mode == MODE_LONG) {
		*ret = seg >= SEG_FS ? off + s->base : off;
		if (likely(canonical(*ret) && canonical(*ret + size - 1)))
			return EX_DONE;
		return seg_fault(m, seg);
	}
	*ret = (u32)(off + s->base);
	if (likely(limit_allows(s, off, size) && type_allows(m, s, write)))
		return EX_DONE;
	return seg_fault(m, seg);
}

/* SDM volume 3, "Interrupt 17 - Alignment Check Exception (#AC)". */
static bool misaligned(const struct model *m, u64 lin, unsigned size)
{
	return lin & (size - 1) && m->cpl == 3 && m->c.rflags & FL_AC && m->c.cr0 & CR0_AM;
}

static inline enum ex mem_linear(struct model *m, u8 seg, u64 off, unsigned size, bool write, u64 *ret)
{
	TRY(seg_linear(m, seg, off, size, write, ret));
	if (unlikely(misaligned(m, *ret, size)))
		return raise_code(m, EXC_AC, 0);
	return EX_DONE;
}

enum ex mem_read(struct model *m, u8 seg, u64 off, unsigned size, u64 *ret)
{
	u64 lin;

	TRY(mem_linear(m, seg, off, size, false, &lin));
	TRY(value_read(m, lin, size, TLB_READ << asker(m, m->cpl), ret));
	if (unlikely(m->data_points))
		access_note(m, lin, size, false);
	return EX_DONE;
}

enum ex mem_write(struct model *m, u8 seg, u64 off, unsigned size, u64 value)
{
	u64 lin;

	TRY(mem_linear(m, seg, off, size, true, &lin));
	TRY(value_write(m, lin, size, TLB_WRITE << asker(m, m->cpl), value));
	if (unlikely(m->data_points))
		access_note(m, lin, size, true);
	return EX_DONE;
}

enum ex mem_probe_write(struct model *m, u8 seg, u64 off, unsigned size)
{
	struct span s;
	u64 lin;

	TRY(mem_linear(m, seg, off, size, true, &lin));
	if (likely(host_bytes(m, lin, size, TLB_WRITE << asker(m, m->cpl)) != NULL))
		return EX_DONE;
	return span_get(m, lin, size, TLB_WRITE << asker(m, m->cpl), &s);
}

enum ex mem_check(struct model *m, u8 seg, u64 off, unsigned size, bool write)
{
	u64 lin;

	return mem_linear(m, seg, off, size, write, &lin);
}

enum ex mem_read_bytes(struct model *m, u8 seg, u64 off, unsigned size, void *ret)
{
	u64 lin;

	TRY(seg_linear(m, seg, off, size, false, &lin));
	TRY(bytes_read(m, lin, size, TLB_READ << asker(m, m->cpl), ret));
	if (unlikely(m->data_points))
		access_note(m, lin, size, false);
	return EX_DONE;
}

enum ex mem_write_bytes(struct model *m, u8 seg, u64 off, unsigned size, const void *buf)
{
	u64 lin;

	TRY(seg_linear(m, seg, off, size, true, &lin));
	TRY(bytes_write(m, lin, size, TLB_WRITE << asker(m, m->cpl), buf));
	if (unlikely(m->data_points))
		access_note(m, lin, size, true);
	return EX_DONE;
}
