/*
 * xsave.c - XSAVE, XSAVEOPT, XSAVEC, XRSTOR, XGETBV, XSETBV, with two state components: x87 and SSE.
 *
 * SDM volume 1, "Managing State Using the XSAVE Feature Set"; the order of checks is that of volume
 * 2's operation sections. A component is in use when it differs from its initial configuration
 * ("Processor Tracking of XSAVE-Managed State" leaves it to the processor to say so more often).
 *
 *   0 legacy area (FXSAVE's) | 512 XSTATE_BV | 520 XCOMP_BV | 528 reserved | 576
 */
#include <string.h>
#include <Zydis/Zydis.h>

#include "model/fpu.h"
#include "model/system.h"

#define XCOMP_COMPACT BIT64(63)

enum {
	X87_HEAD = 24, /* FCW to FDP; MXCSR and its mask follow */
	AT_MXCSR = 24,
	AT_ST = 32,
	AT_XMM = 160,
	AT_HEADER = 512,
};

struct xsave_header {
	u64 xstate_bv, xcomp_bv, reserved[6];
};

/* Where, which components, in which layout. */
struct xsave {
	u8 seg;
	u64 at;
	u64 rfbm; /* requested-feature bitmap */
	bool wide;
};

static enum ex xsave_begin(struct model *m, const struct op *o, struct xsave *ret)
{
	const struct opnd *d = &o->opnd[0];
	u64 *gpr = m->c.gpr;

	if (!(m->c.cr4 & CR4_OSXSAVE))
		return raise_vector(m, EXC_UD);
	if (m->c.cr0 & CR0_TS)
		return raise_vector(m, EXC_NM);
	ret->seg = d->seg;
	ret->at = op_address(m, o, d);
	ret->rfbm = m->xcr0 & (gpr[GPR_RDX] << 32 | (u32)gpr[GPR_RAX]);
	ret->wide = o->mnemonic == ZYDIS_MNEMONIC_XSAVE64 || o->mnemonic == ZYDIS_MNEMONIC_XRSTOR64 ||
		    o->mnemonic == ZYDIS_MNEMONIC_XSAVEC64 || o->mnemonic == ZYDIS_MNEMONIC_XSAVEOPT64;
	return need_aligned(m, o, 0, 64);
}

/* --- which components are in use --- */

static bool is_zero(const void *p, size_t n)
{
	const u8 *b = p;

	return !*b && !memcmp(b, b + 1, n - 1);
}

static bool x87_in_use(const struct fpu *f)
{
	return f->fcw != FCW_INIT || f->fsw || f->ftw || f->fop || f->fip || f->fdp ||
	       !is_zero(f->st, sizeof(f->st));
}

static u64 xinuse(struct model *m)
{
	const struct fpu *f = fpu_of(m);

	return (x87_in_use(f) ? XCR0_X87 : 0) | (is_zero(f->xmm, sizeof(f->xmm)) ? 0 : XCR0_SSE);
}

/* --- saving --- */

/* The components of `which`, and MXCSR, which is not all of SSE's. */
static enum ex components_write(struct model *m, const struct xsave *x, u64 which, bool mxcsr)
{
	const struct fpu *f = fpu_of(m);
	u8 image[AT_XMM];

	image_x87_save(f, x->wide, image);
	memcpy(image + AT_MXCSR, &f->mxcsr, 4);
	memcpy(image + AT_MXCSR + 4, &(u32){ MXCSR_MASK }, 4);
	if (which & XCR0_X87) {
		TRY(block_write(m, x->seg, x->at, X87_HEAD, image));
		TRY(block_write(m, x->seg, x->at + AT_ST, AT_XMM - AT_ST, image + AT_ST));
	}
	if (which & XCR0_SSE)
		TRY(block_write(m, x->seg, x->at + AT_XMM, 16 * image_xmm_count(m), f->xmm));
	if (mxcsr)
		TRY(block_write(m, x->seg, x->at + AT_MXCSR, 8, image + AT_MXCSR));
	return EX_DONE;
}

/* XSAVE, XSAVEOPT: bits of components not asked for stay as they are in memory. */
static enum ex save_standard(struct model *m, const struct xsave *x, u64 which)
{
	u64 bv;

	TRY(mem_read(m, x->seg, x->at + AT_HEADER, 8, &bv));
	TRY(block_probe(m, x->seg, x->at, XSAVE_SIZE));
	TRY(components_write(m, x, which, x->rfbm & XCR0_SSE));
	bv = (bv & ~x->rfbm) | (xinuse(m) & x->rfbm);
	return mem_write(m, x->seg, x->at + AT_HEADER, 8, bv);
}

static enum ex op_xsave(struct model *m, const struct op *o)
{
	struct xsave x;

	TRY(xsave_begin(m, o, &x));
	return save_standard(m, &x, x.rfbm);
}

/* What is in its initial configuration is not written; that a component was not modified is not used. */
static enum ex op_xsaveopt(struct model *m, const struct op *o)
{
	struct xsave x;

	TRY(xsave_begin(m, o, &x));
	return save_standard(m, &x, x.rfbm & xinuse(m));
}

/* A MXCSR that is not the initial one counts as SSE in use; it is written only then. */
static enum ex op_xsavec(struct model *m, const struct op *o)
{
	struct xsave x;
	u64 bv;

	TRY(xsave_begin(m, o, &x));
	bv = x.rfbm & (xinuse(m) | (fpu_of(m)->mxcsr != MXCSR_INIT ? XCR0_SSE : 0));
	TRY(block_probe(m, x.seg, x.at, XSAVE_SIZE));
	TRY(components_write(m, &x, bv, bv & XCR0_SSE));
	TRY(mem_write(m, x.seg, x.at + AT_HEADER, 8, bv));
	return mem_write(m, x.seg, x.at + AT_HEADER + 8, 8, x.rfbm | XCOMP_COMPACT);
}

/* --- restoring --- */

static bool header_valid(const struct model *m, const struct xsave_header *h)
{
	if (!is_zero(h->reserved, sizeof(h->reserved)))
		return false;
	if (h->xcomp_bv & XCOMP_COMPACT)
		return !(h->xcomp_bv & ~XCOMP_COMPACT & ~m->xcr0) && !(h->xstate_bv & ~h->xcomp_bv);
	return !h->xcomp_bv && !(h->xstate_bv & ~m->xcr0);
}

static void x87_restore(struct fpu *f, bool wide, const u8 *image)
{
	if (image) {
		image_x87_restore(f, wide, image);
		return;
	}
	fpu_init(f);
	memset(f->st, 0, sizeof(f->st));
}

/* The compacted form initializes MXCSR with SSE, the standard one always takes it from memory. */
static enum ex op_xrstor(struct model *m, const struct op *o)
{
	struct fpu *f = fpu_of(m);
	u8 area[XSAVE_SIZE];
	struct xsave_header h;
	struct xsave x;
	u32 mxcsr;
	bool take;

	TRY(xsave_begin(m, o, &x));
	TRY(block_read(m, x.seg, x.at, sizeof(area), area));
	memcpy(&h, area + AT_HEADER, sizeof(h));
	memcpy(&mxcsr, area + AT_MXCSR, 4);
	take = h.xstate_bv & XCR0_SSE || !(h.xcomp_bv & XCOMP_COMPACT);
	if (!header_valid(m, &h) || (x.rfbm & XCR0_SSE && take && mxcsr & ~MXCSR_MASK))
		return raise_code(m, EXC_GP, 0);
	if (x.rfbm & XCR0_X87)
		x87_restore(f, x.wide, h.xstate_bv & XCR0_X87 ? area : NULL);
	if (x.rfbm & XCR0_SSE) {
		f->mxcsr = take ? mxcsr : MXCSR_INIT;
		if (!(h.xstate_bv & XCR0_SSE))
			memset(area + AT_XMM, 0, sizeof(f->xmm));
		memcpy(f->xmm, area + AT_XMM, 16 * image_xmm_count(m));
	}
	return EX_DONE;
}

/* --- XCR0 --- */

/* ECX 1: what is in use of XCR0 (shown by leaf d, subleaf 1). */
static enum ex op_xgetbv(struct model *m, const struct op *o)
{
	u64 *gpr = m->c.gpr, v = m->xcr0;

	if (!(m->c.cr4 & CR4_OSXSAVE))
		return raise_vector(m, EXC_UD);
	if ((u32)gpr[GPR_RCX] > 1)
		return raise_code(m, EXC_GP, 0);
	if ((u32)gpr[GPR_RCX] == 1)
		v &= xinuse(m);
	gpr[GPR_RAX] = (u32)v;
	gpr[GPR_RDX] = v >> 32;
	return EX_DONE;
}

static enum ex op_xsetbv(struct model *m, const struct op *o)
{
	u64 *gpr = m->c.gpr, v = gpr[GPR_RDX] << 32 | (u32)gpr[GPR_RAX];

	if (!(m->c.cr4 & CR4_OSXSAVE))
		return raise_vector(m, EXC_UD);
	TRY(need_cpl0(m));
	if ((u32)gpr[GPR_RCX] || v & ~(u64)XCR0_DEFINED || !(v & XCR0_X87))
		return raise_code(m, EXC_GP, 0);
	m->xcr0 = v;
	return EX_DONE;
}

const struct op_row xsave_ops[] = {
	{ ZYDIS_MNEMONIC_XSAVE, op_xsave },         { ZYDIS_MNEMONIC_XSAVE64, op_xsave },
	{ ZYDIS_MNEMONIC_XSAVEOPT, op_xsaveopt },   { ZYDIS_MNEMONIC_XSAVEOPT64, op_xsaveopt },
	{ ZYDIS_MNEMONIC_XSAVEC, op_xsavec },       { ZYDIS_MNEMONIC_XSAVEC64, op_xsavec },
	{ ZYDIS_MNEMONIC_XRSTOR, op_xrstor },       { ZYDIS_MNEMONIC_XRSTOR64, op_xrstor },
	{ ZYDIS_MNEMONIC_XGETBV, op_xgetbv },       { ZYDIS_MNEMONIC_XSETBV, op_xsetbv },
	{ 0 },
};
