/*
 * access.h - an access by linear address once the checks of its segment are done: the fast way, inline,
 * through the TLB's host pages, and the slow one of linear.c. For memory.c and linear.c.
 */
#ifndef VMSTEP_MODEL_ACCESS_H
#define VMSTEP_MODEL_ACCESS_H

#include <string.h>

#include "model/model.h"

enum { PAGE = 4096 };

/* Where an access lies: one page or two. */
struct span {
	u64 gpa[2];
	u8 n[2];
};
/* linear.c. An access that crosses a page is translated whole before a byte moves. */
enum ex span_get(struct model *m, u64 lin, unsigned size, u8 need, struct span *ret);
enum ex slow_read(struct model *m, u64 lin, unsigned size, u8 need, void *buf);
enum ex slow_write(struct model *m, u64 lin, unsigned size, u8 need, const void *buf);

static inline bool canonical(u64 lin)
{
	return (u64)((s64)(lin << 16) >> 16) == lin;
}

/* Who asks, as TLB_READ and TLB_WRITE are shifted. */
static inline u8 asker(const struct model *m, u8 cpl)
{
	if (cpl == 3)
		return TLB_USER;
	return m->c.rflags & FL_AC ? TLB_ANY : TLB_SUPERVISOR;
}

/* The host's bytes when the TLB has them all and may. */
static inline u8 *host_bytes(const struct model *m, u64 lin, unsigned size, u8 need)
{
	const struct tlb_entry *e = &m->tlb[lin >> 12 & (TLB_SIZE - 1)];

	if (likely(e->page == tlb_page(m, lin) && e->rights & need && e->hva &&
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

/* As value_read() and value_write(), of any few bytes; most are 16, of an SSE register. */
static inline void bytes_copy(void *to, const void *from, unsigned size)
{
	if (likely(size == 16))
		memcpy(to, from, 16);
	else
		memcpy(to, from, size);
}

static inline enum ex bytes_read(struct model *m, u64 lin, unsigned size, u8 need, void *ret)
{
	const u8 *p = host_bytes(m, lin, size, need);

	if (unlikely(!p))
		return slow_read(m, lin, size, need, ret);
	bytes_copy(ret, p, size);
	return EX_DONE;
}

static inline enum ex bytes_write(struct model *m, u64 lin, unsigned size, u8 need, const void *buf)
{
	u8 *p = host_bytes(m, lin, size, need);

	if (unlikely(!p))
		return slow_write(m, lin, size, need, buf);
	bytes_copy(p, buf, size);
	return EX_DONE;
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

#endif
