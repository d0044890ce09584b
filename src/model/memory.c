/*
 * memory.c - accesses by segment and offset, and by linear address: checks, translation, the bytes.
 *
 * An access that crosses a page is translated whole before a byte moves. Alignment is checked
 * before the page is: the SDM leaves the order of the two open (volume 3, "Priority Among
 * Concurrent Events").
 */
#include <string.h>

#include "model/model.h"

enum { PAGE = 4096 };

static enum ex seg_fault(struct model *m, u8 seg)
{
	return raise_code(m, seg == SEG_SS ? EXC_SS : EXC_GP, 0);
}

static bool canonical(u64 lin)
{
	return (u64)((s64)(lin << 16) >> 16) == lin;
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

/* Who asks, as TLB_READ and TLB_WRITE are shifted. */
static inline u8 asker(const struct model *m, u8 cpl)
{
	if (cpl == 3)
		return TLB_USER;
	return m->c.rflags & FL_AC ? TLB_ANY : TLB_SUPERVISOR;
}

/* SDM volume 3, "Interrupt 17 - Alignment Check Exception (#AC)". */
static bool misaligned(const struct model *m, u64 lin, unsigned size)
{
	return lin & (size - 1) && m->cpl == 3 && m->c.rflags & FL_AC && m->c.cr0 & CR0_AM;
}

/* Where an access lies: one page or two. */
struct span {
	u64 gpa[2];
	u8 n[2];
};

static enum ex span_get(struct model *m, u64 lin, unsigned size, u8 need, struct span *ret)
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

static enum ex slow_read(struct model *m, u64 lin, unsigned size, u8 need, void *buf)
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

static enum ex slow_write(struct model *m, u64 lin, unsigned size, u8 need, const void *buf)
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

/* The host's bytes when the TLB has them all and may. */
static inline u8 *host_bytes(const struct model *m, u64 lin, unsigned size, u8 need)
{
	const struct tlb_entry *e = &m->tlb[lin >> 12 & (TLB_SIZE - 1)];

	if (likely(e->page == ((lin & ~(u64)(PAGE - 1)) | 1) && e->rights & need && e->hva &&
		   lin % PAGE + size <= PAGE))
		return e->hva + lin % PAGE;
	return NULL;
}

static inline u64 load(const u8 *p, unsigned size)
{
	u64 v = 0;

	switch (size) {
	case 1:
		return *p;
	case 2:
		memcpy(&v, p, 2);
		return v;
	case 4:
		memcpy(&v, p, 4);
		return v;
	default:
		memcpy(&v, p, 8);
		return v;
	}
}

static inline void store(u8 *p, unsigned size, u64 v)
{
	switch (size) {
	case 1:
		*p = v;
		break;
	case 2:
		memcpy(p, &v, 2);
		break;
	case 4:
		memcpy(p, &v, 4);
		break;
	default:
		memcpy(p, &v, 8);
		break;
	}
}

static inline enum ex value_read(struct model *m, u64 lin, unsigned size, u8 need, u64 *ret)
{
	const u8 *p = host_bytes(m, lin, size, need);

	if (likely(p != NULL)) {
		*ret = load(p, size);
		return EX_DONE;
	}
	*ret = 0;
	return slow_read(m, lin, size, need, ret);
}

static inline enum ex value_write(struct model *m, u64 lin, unsigned size, u8 need, u64 value)
{
	u8 *p = host_bytes(m, lin, size, need);

	if (likely(p != NULL)) {
		store(p, size, value);
		return EX_DONE;
	}
	return slow_write(m, lin, size, need, &value);
}

enum ex mem_read(struct model *m, u8 seg, u64 off, unsigned size, u64 *ret)
{
	u64 lin;
	enum ex r = seg_linear(m, seg, off, size, false, &lin);

	if (unlikely(r != EX_DONE))
		return r;
	if (unlikely(misaligned(m, lin, size)))
		return raise_code(m, EXC_AC, 0);
	r = value_read(m, lin, size, TLB_READ << asker(m, m->cpl), ret);
	if (unlikely(m->data_points) && r == EX_DONE)
		access_note(m, lin, size, false);
	return r;
}

enum ex mem_write(struct model *m, u8 seg, u64 off, unsigned size, u64 value)
{
	u64 lin;
	enum ex r = seg_linear(m, seg, off, size, true, &lin);

	if (unlikely(r != EX_DONE))
		return r;
	if (unlikely(misaligned(m, lin, size)))
		return raise_code(m, EXC_AC, 0);
	r = value_write(m, lin, size, TLB_WRITE << asker(m, m->cpl), value);
	if (unlikely(m->data_points) && r == EX_DONE)
		access_note(m, lin, size, true);
	return r;
}

enum ex mem_probe_write(struct model *m, u8 seg, u64 off, unsigned size)
{
	struct span s;
	u64 lin;
	enum ex r = seg_linear(m, seg, off, size, true, &lin);

	if (unlikely(r != EX_DONE))
		return r;
	if (unlikely(misaligned(m, lin, size)))
		return raise_code(m, EXC_AC, 0);
	if (likely(host_bytes(m, lin, size, TLB_WRITE << asker(m, m->cpl)) != NULL))
		return EX_DONE;
	return span_get(m, lin, size, TLB_WRITE << asker(m, m->cpl), &s);
}

enum ex mem_read_bytes(struct model *m, u8 seg, u64 off, unsigned size, void *ret)
{
	u64 lin;
	enum ex r = seg_linear(m, seg, off, size, false, &lin);

	if (r == EX_DONE)
		r = slow_read(m, lin, size, TLB_READ << asker(m, m->cpl), ret);
	if (m->data_points && r == EX_DONE)
		access_note(m, lin, size, false);
	return r;
}

enum ex mem_write_bytes(struct model *m, u8 seg, u64 off, unsigned size, const void *buf)
{
	u64 lin;
	enum ex r = seg_linear(m, seg, off, size, true, &lin);

	if (r == EX_DONE)
		r = slow_write(m, lin, size, TLB_WRITE << asker(m, m->cpl), buf);
	if (m->data_points && r == EX_DONE)
		access_note(m, lin, size, true);
	return r;
}

/* A linear address nobody computed by a segment. */
static u64 lin_cut(const struct model *m, u64 lin)
{
	return m->c.efer & EFER_LMA ? lin : (u32)lin;
}

static bool lin_bad(const struct model *m, u64 lin, unsigned size)
{
	return !canonical(lin) || !canonical(lin + size - 1);
}

enum ex sys_read(struct model *m, u64 lin, unsigned size, u64 *ret)
{
	lin = lin_cut(m, lin);
	if (lin_bad(m, lin, size))
		return raise_code(m, EXC_GP, 0);
	return value_read(m, lin, size, TLB_READ << TLB_SUPERVISOR, ret);
}

enum ex sys_write(struct model *m, u64 lin, unsigned size, u64 value)
{
	lin = lin_cut(m, lin);
	if (lin_bad(m, lin, size))
		return raise_code(m, EXC_GP, 0);
	return value_write(m, lin, size, TLB_WRITE << TLB_SUPERVISOR, value);
}

enum ex lin_read(struct model *m, u64 lin, unsigned size, u8 cpl, u64 *ret)
{
	enum ex r;

	lin = lin_cut(m, lin);
	if (lin_bad(m, lin, size))
		return raise_code(m, EXC_GP, 0);
	r = value_read(m, lin, size, TLB_READ << asker(m, cpl), ret);
	if (m->data_points && r == EX_DONE)
		access_note(m, lin, size, false);
	return r;
}

enum ex lin_probe_write(struct model *m, u64 lin, unsigned size, u8 cpl)
{
	struct span s;

	lin = lin_cut(m, lin);
	if (lin_bad(m, lin, size))
		return raise_code(m, EXC_GP, 0);
	return span_get(m, lin, size, TLB_WRITE << asker(m, cpl), &s);
}

enum ex lin_write(struct model *m, u64 lin, unsigned size, u8 cpl, u64 value)
{
	enum ex r;

	lin = lin_cut(m, lin);
	if (lin_bad(m, lin, size))
		return raise_code(m, EXC_GP, 0);
	r = value_write(m, lin, size, TLB_WRITE << asker(m, cpl), value);
	if (m->data_points && r == EX_DONE)
		access_note(m, lin, size, true);
	return r;
}
