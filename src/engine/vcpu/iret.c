/*
 * iret.c - what an IRET outside real mode does without a fault and without a task switch (SDM volume 2
 * "IRET"), for those that vmstep does itself.
 */
#include "engine/vcpu/vcpu.h"

/* Flags IRET loads, beside those that depend on CPL and IOPL. */
#define FL_LOADED (FL_CF | FL_PF | FL_AF | FL_ZF | FL_SF | FL_TF | FL_DF | FL_OF | FL_NT | FL_RF | \
		   FL_AC | FL_ID)

struct image {
	u64 rip, cs, rflags, rsp, ss;
	bool has_stack;
	unsigned size; /* bytes of one slot */
};

static bool image_read(struct vcpu *k, u64 lin, unsigned size, struct image *ret)
{
	u64 v[5] = { 0 };
	bool long_mode = k->cpu.efer & EFER_LMA;
	unsigned n = 3;

	for (unsigned i = 0; i < n; i++) {
		if (linear_read(&k->cpu, &k->phys, lin + i * size, &v[i], size) != size)
			return false;
		/* Outside 64-bit mode the stack is only there when the ring changes. */
		if (i == 2 && (k->at.mode == MODE_LONG || (v[1] & 3) > k->at.cpl))
			n = 5;
	}
	*ret = (struct image){
		.rip = v[0], .cs = (u16)v[1], .rflags = v[2], .rsp = v[3], .ss = (u16)v[4],
		.has_stack = n == 5, .size = size,
	};
	return long_mode || !(v[2] & FL_VM);
}

/* A descriptor as a loaded segment; the accessed bit is set as loading it does. */
static bool load(struct cpu_state *c, struct vcpu *k, u16 sel, bool code, unsigned cpl,
		 struct segment *ret)
{
	struct descriptor d;

	if (!code && !(sel & ~3) && (c->efer & EFER_LMA) && cpl < 3) {
		*ret = (struct segment){ .sel = sel, .attr = cpl << 5 }; /* null SS, 64-bit mode */
		return true;
	}
	if (descriptor_read(c, &k->phys, sel, &d) || !d.present ||
	    d.kind != (code ? DESC_CODE : DESC_DATA))
		return false;
	if (code ? ((d.type & 4) ? d.dpl > cpl : d.dpl != cpl) : (d.dpl != cpl || !(d.type & 2)))
		return false;
	*ret = (struct segment){ .base = d.base, .limit = d.limit, .sel = sel, .attr = d.attr | 1 };
	return true;
}

/* Going to an outer ring nulls data segments it may not use (SDM "IRET", RETURN-TO-OUTER). */
static void drop_inner_segments(struct cpu_state *c, unsigned cpl)
{
	static const u8 list[] = { SEG_ES, SEG_DS, SEG_FS, SEG_GS };

	for (unsigned i = 0; i < ARRAY_SIZE(list); i++) {
		struct segment *s = &c->seg[list[i]];
		bool conforming = (ATTR_TYPE(s->attr) & 12) == 12;

		if (s->attr != ATTR_UNUSABLE && ATTR_DPL(s->attr) < cpl && !conforming)
			*s = (struct segment){ .base = s->base, .attr = ATTR_UNUSABLE };
	}
}

static u64 flags_after(const struct cpu_state *c, const struct image *im, unsigned cpl)
{
	u64 mask = FL_LOADED;

	if (cpl <= (c->rflags >> 12 & 3))
		mask |= FL_IF;
	if (!cpl)
		mask |= FL_IOPL | FL_VIF | FL_VIP;
	if (im->size == 2)
		mask &= 0xffff;
	return (c->rflags & ~mask) | (im->rflags & mask) | FL_FIXED;
}

static bool rip_valid(const struct cpu_state *c, const struct segment *cs, u64 rip)
{
	if ((c->efer & EFER_LMA) && (cs->attr & ATTR_L)) {
		unsigned bits = c->cr4 & CR4_LA57 ? 57 : 48;

		return (u64)((s64)(rip << (64 - bits)) >> (64 - bits)) == rip;
	}
	return (u32)rip <= cs->limit;
}

static u64 stack_top(const struct cpu_state *c, const struct segment *ss, u64 old, u64 sp)
{
	if (c->seg[SEG_CS].attr & ATTR_L)
		return sp;
	return ss->attr & ATTR_DB ? (u32)sp : (old & ~0xffffull) | (u16)sp;
}

static bool image_apply(struct vcpu *k, const struct image *im, struct cpu_state *c)
{
	unsigned old = k->at.cpl, cpl = im->cs & 3;
	struct segment cs, ss = c->seg[SEG_SS];

	if (cpl < old || !load(c, k, im->cs, true, cpl, &cs) || !rip_valid(c, &cs, im->rip))
		return false;
	if (im->has_stack && !load(c, k, im->ss, false, cpl, &ss))
		return false;
	c->rflags = flags_after(c, im, old);
	c->seg[SEG_CS] = cs;
	c->seg[SEG_SS] = ss;
	c->gpr[GPR_RSP] = stack_top(c, &ss, c->gpr[GPR_RSP],
				    im->has_stack ? im->rsp : c->gpr[GPR_RSP] + 3 * im->size);
	c->rip = cs.attr & ATTR_L ? im->rip : cs.attr & ATTR_DB ? (u32)im->rip : (u16)im->rip;
	if (cpl > old)
		drop_inner_segments(c, cpl);
	c->nmi_blocked = false; /* SDM "Handling Multiple NMIs": IRET unblocks */
	c->shadow = SHADOW_NONE;
	return true;
}

bool iret_apply(struct vcpu *k, u64 lin, unsigned size, struct cpu_state *c)
{
	struct image im;

	return image_read(k, lin, size, &im) && image_apply(k, &im, c);
}
