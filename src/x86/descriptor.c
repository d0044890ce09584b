/*
 * descriptor.c - GDT, LDT and IDT entries; see x86_tables.h.
 * Freestanding: the core and the shim use it too.
 */
#include <vmstep/x86_tables.h>

#include "errno_min.h"

/*
 * A segment descriptor (SDM volume 3, "Segment Descriptors"), second doubleword above the first:
 *   31..24       23 22  21 20  19..16       15 14..13 12 11..8  7..0
 *   base 31..24  G  D/B L  AVL limit 19..16 P  DPL    S  type   base 23..16
 *   31..16                                  15..0
 *   base 15..0                              limit 15..0
 * In IA-32e mode system descriptors have 16 bytes: base 63..32 (offset for gates) is the third.
 * A gate (SDM "Gate Descriptors in the IDT", "Call Gates"):
 *   31..16            15 14..13 12 11..8  7..0
 *   offset 31..16     P  DPL    0  type   parameter count, or IST in bits 2..0
 *   selector          offset 15..0
 */

/* SDM table "System-Segment and Gate-Descriptor Types", by the 4-bit type. */
static const u8 kinds_legacy[16] = {
	DESC_INVALID,   DESC_TSS16,     DESC_LDT,      DESC_TSS16,
	DESC_CALL_GATE, DESC_TASK_GATE, DESC_INT_GATE, DESC_TRAP_GATE,
	DESC_INVALID,   DESC_TSS32,     DESC_INVALID,  DESC_TSS32,
	DESC_CALL_GATE, DESC_INVALID,   DESC_INT_GATE, DESC_TRAP_GATE,
};
static const u8 kinds_long[16] = {
	DESC_INVALID,   DESC_INVALID, DESC_LDT,      DESC_INVALID,   DESC_INVALID, DESC_INVALID,
	DESC_INVALID,   DESC_INVALID, DESC_INVALID,  DESC_TSS64,     DESC_INVALID, DESC_TSS64,
	DESC_CALL_GATE, DESC_INVALID, DESC_INT_GATE, DESC_TRAP_GATE,
};

static u32 dword(const u8 *raw, unsigned at)
{
	u32 v;

	__builtin_memcpy(&v, raw + at, 4);
	return v;
}

static enum desc_kind kind_of(const u8 *raw, bool long_mode)
{
	u32 hi = dword(raw, 4);
	unsigned type = hi >> 8 & 15;

	if (!hi && !dword(raw, 0))
		return DESC_NULL;
	if (hi & BIT(12))
		return type & 8 ? DESC_CODE : DESC_DATA;
	return long_mode ? kinds_long[type] : kinds_legacy[type];
}

/* Kinds that take 16 bytes in IA-32e mode. */
static bool kind_wide(enum desc_kind kind)
{
	return kind == DESC_LDT || kind == DESC_TSS64 || kind >= DESC_CALL_GATE;
}

static void segment_decode(const u8 *raw, bool wide, struct descriptor *ret)
{
	u32 lo = dword(raw, 0), hi = dword(raw, 4);

	ret->base = lo >> 16 | (hi & 0xff) << 16 | (hi & 0xff000000);
	if (wide)
		ret->base |= (u64)dword(raw, 8) << 32;
	ret->limit = (lo & 0xffff) | (hi & 0xf0000);
	if (hi & BIT(23))
		ret->limit = ret->limit << 12 | 0xfff;
	ret->attr = hi >> 8 & 0xf0ff;
	ret->busy =
		(ret->kind == DESC_TSS16 || ret->kind == DESC_TSS32 || ret->kind == DESC_TSS64) &&
		ret->type & 2;
}

static void gate_decode(const u8 *raw, bool wide, struct descriptor *ret)
{
	u32 lo = dword(raw, 0), hi = dword(raw, 4);

	ret->sel = lo >> 16;
	ret->attr = hi >> 8 & 0xff;
	if (ret->kind == DESC_TASK_GATE)
		return;
	ret->gate32 = ret->type & 8;
	ret->gate64 = wide;
	ret->offset = lo & 0xffff;
	if (ret->gate32)
		ret->offset |= hi & 0xffff0000;
	if (!wide)
		return;
	ret->offset |= (u64)dword(raw, 8) << 32;
	if (ret->kind != DESC_CALL_GATE)
		ret->ist = hi & 7;
}

void descriptor_decode(const u8 raw[16], bool long_mode, struct descriptor *ret)
{
	u32 hi = dword(raw, 4);

	__builtin_memset(ret, 0, sizeof(*ret));
	ret->kind = kind_of(raw, long_mode);
	ret->type = hi >> 8 & 15;
	ret->dpl = hi >> 13 & 3;
	ret->present = hi & BIT(15);
	if (ret->kind >= DESC_CODE && ret->kind <= DESC_TSS64)
		segment_decode(raw, long_mode && kind_wide(ret->kind), ret);
	else if (ret->kind >= DESC_CALL_GATE && ret->kind <= DESC_TRAP_GATE)
		gate_decode(raw, long_mode, ret);
	else
		ret->attr = hi >> 8 & 0xf0ff;
}

/* Reads an entry of `n` bytes at `at` of a table. */
static int entry_read(const struct cpu_state *c, const struct phys_ops *mem, u64 base, u32 limit,
		      u32 at, size_t n, u8 *raw)
{
	if (at + n - 1 > limit)
		return -EINVAL;
	return linear_read(c, mem, base + at, raw, n) == n ? 0 : -EFAULT;
}

int descriptor_read(const struct cpu_state *c, const struct phys_ops *mem, u16 sel,
		    struct descriptor *ret)
{
	bool long_mode = c->efer & EFER_LMA, ldt = sel & 4;
	u64 base = ldt ? c->ldtr.base : c->gdtr.base;
	u32 limit = ldt ? c->ldtr.limit : c->gdtr.limit;
	u8 raw[16] = { 0 };
	int r;

	if (!(sel & ~3)) {
		descriptor_decode(raw, long_mode, ret);
		return 0;
	}
	if (ldt && !(c->ldtr.attr & ATTR_P))
		return -EINVAL;
	r = entry_read(c, mem, base, limit, sel & ~7, 8, raw);
	if (r == 0 && long_mode && kind_wide(kind_of(raw, true)))
		r = entry_read(c, mem, base, limit, sel & ~7, 16, raw);
	if (r == 0)
		descriptor_decode(raw, long_mode, ret);
	return r;
}

/* SDM "Real-Address Mode Operation", interrupt vector table: offset, then segment. */
static int ivt_read(const struct cpu_state *c, const struct phys_ops *mem, u8 vector,
		    struct descriptor *ret)
{
	u8 raw[4];
	int r = entry_read(c, mem, c->idtr.base, c->idtr.limit, vector * 4u, sizeof(raw), raw);

	if (r)
		return r;
	__builtin_memset(ret, 0, sizeof(*ret));
	ret->kind = DESC_INT_GATE;
	ret->type = 6; /* as a 16-bit interrupt gate: clears IF */
	ret->present = true;
	ret->offset = dword(raw, 0) & 0xffff;
	ret->sel = dword(raw, 0) >> 16;
	return 0;
}

int gate_read(const struct cpu_state *c, const struct phys_ops *mem, u8 vector,
	      struct descriptor *ret)
{
	bool long_mode = c->efer & EFER_LMA;
	u32 size = long_mode ? 16 : 8;
	u8 raw[16] = { 0 };
	int r;

	if (!(c->cr0 & CR0_PE))
		return ivt_read(c, mem, vector, ret);
	r = entry_read(c, mem, c->idtr.base, c->idtr.limit, vector * size, size, raw);
	if (r == 0)
		descriptor_decode(raw, long_mode, ret);
	return r;
}
