/*
 * fxsave.c - FXSAVE and FXRSTOR, LDMXCSR and STMXCSR.
 *
 * SDM volume 1, "FXSAVE Area"; volume 2, "FXSAVE - Save x87 FPU, MMX Technology, and SSE State". A
 * byte that the SDM reserves is not written. CPUID shows that selectors of FIP and FDP are not kept:
 * their fields are zero.
 */
#include <string.h>
#include <Zydis/Zydis.h>

#include "model/fpu.h"

enum {
	IMAGE = 512,
	IMAGE_FIP = 8,
	IMAGE_FDP = 16,
	IMAGE_MXCSR = 24,
	IMAGE_ST = 32,
	IMAGE_XMM = 160,
};

static bool op_is_wide(const struct op *o)
{
	return o->mnemonic == ZYDIS_MNEMONIC_FXSAVE64 || o->mnemonic == ZYDIS_MNEMONIC_FXRSTOR64;
}

void image_x87_save(const struct fpu *f, bool wide, u8 *image)
{
	memcpy(image, f, IMAGE_MXCSR);
	image[5] = 0;
	if (!wide) {
		memset(image + IMAGE_FIP + 4, 0, 4);
		memset(image + IMAGE_FDP + 4, 0, 4);
	}
	for (unsigned i = 0; i < 8; i++) {
		memcpy(image + IMAGE_ST + 16 * i, &f->st[i], 10);
		memset(image + IMAGE_ST + 16 * i + 10, 0, 6);
	}
}

void image_x87_restore(struct fpu *f, bool wide, const u8 *image)
{
	memcpy(f, image, IMAGE_MXCSR);
	f->fcw = (f->fcw & FCW_DEFINED) | FCW_ONES;
	f->reserved = 0;
	if (!wide) {
		f->fip = (u32)f->fip;
		f->fdp = (u32)f->fdp;
	}
	for (unsigned i = 0; i < 8; i++) {
		memset(&f->st[i], 0, sizeof(f->st[i]));
		memcpy(&f->st[i], image + IMAGE_ST + 16 * i, 10);
	}
	fpu_summary(f);
}

unsigned image_xmm_count(const struct model *m)
{
	return m->bits == 64 ? 16 : 8;
}

/* EM is #NM here and not #UD. */
static enum ex op_fxsave(struct model *m, const struct op *o)
{
	const struct opnd *d = &o->opnd[0];
	const struct fpu *f = fpu_of(m);
	u64 at = op_address(m, o, d);
	unsigned size = IMAGE_XMM + 16 * image_xmm_count(m);
	u8 image[IMAGE];

	TRY(need_x87(m));
	TRY(need_aligned(m, o, 0, 16));
	image_x87_save(f, op_is_wide(o), image);
	memcpy(image + IMAGE_MXCSR, &f->mxcsr, 4);
	memcpy(image + IMAGE_MXCSR + 4, &(u32){ MXCSR_MASK }, 4);
	memcpy(image + IMAGE_XMM, f->xmm, sizeof(f->xmm));
	return block_write(m, d->seg, at, size, image);
}

static enum ex op_fxrstor(struct model *m, const struct op *o)
{
	const struct opnd *d = &o->opnd[0];
	struct fpu *f = fpu_of(m);
	u8 image[IMAGE];
	u32 mxcsr;

	TRY(need_x87(m));
	TRY(need_aligned(m, o, 0, 16));
	TRY(block_read(m, d->seg, op_address(m, o, d), IMAGE, image));
	memcpy(&mxcsr, image + IMAGE_MXCSR, 4);
	if (mxcsr & ~MXCSR_MASK)
		return raise_code(m, EXC_GP, 0);
	image_x87_restore(f, op_is_wide(o), image);
	f->mxcsr = mxcsr;
	memcpy(f->xmm, image + IMAGE_XMM, 16 * image_xmm_count(m));
	return EX_DONE;
}

static enum ex op_ldmxcsr(struct model *m, const struct op *o)
{
	u64 v;

	TRY(need_sse(m));
	TRY(op_read(m, o, 0, &v));
	if (v & ~(u64)MXCSR_MASK)
		return raise_code(m, EXC_GP, 0);
	fpu_of(m)->mxcsr = v;
	return EX_DONE;
}

static enum ex op_stmxcsr(struct model *m, const struct op *o)
{
	TRY(need_sse(m));
	return op_write(m, o, 0, fpu_of(m)->mxcsr);
}

const struct op_row fxsave_ops[] = {
	{ ZYDIS_MNEMONIC_FXSAVE, op_fxsave },     { ZYDIS_MNEMONIC_FXSAVE64, op_fxsave },
	{ ZYDIS_MNEMONIC_FXRSTOR, op_fxrstor },   { ZYDIS_MNEMONIC_FXRSTOR64, op_fxrstor },
	{ ZYDIS_MNEMONIC_LDMXCSR, op_ldmxcsr },   { ZYDIS_MNEMONIC_STMXCSR, op_stmxcsr },
	{ 0 },
};
