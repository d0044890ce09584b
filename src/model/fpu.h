/*
 * fpu.h - the x87, MMX and SSE registers of the model, and the checks that come before their
 * instructions. The registers are kept as the FXSAVE image that cpu_state has: what the user and the
 * other engines see is the state itself.
 *
 *   fpu.c      checks, exceptions, MMX's view of the x87 registers
 *   fxsave.c   FXSAVE, FXRSTOR, LDMXCSR, STMXCSR
 *   xsave.c    the XSAVE family, XGETBV, XSETBV
 *   x87*.c     x87
 *   sse*.c     MMX and SSE
 */
#ifndef VMSTEP_MODEL_FPU_H
#define VMSTEP_MODEL_FPU_H

#include "model/model.h"

/* An x87 register in its 16 bytes: the value is the first 10, an MMX register the first 8. */
union fpu_st {
	u8 byte[16];
	u64 mantissa;
	struct {
		u64 significand;
		u16 exponent; /* sign in bit 15 */
	};
};

union xmm {
	u8 byte[16];
	u16 word[8];
	u32 dword[4];
	u64 qword[2];
	float f32[4];
	double f64[2];
};

/*
 * SDM volume 1, "FXSAVE Area", the form of REX.W: FIP and FDP of 64 bits, no selectors (CPUID shows
 * that they are gone). st[0] is ST(0), wherever TOP says it lies; `ftw` has a bit for each *physical*
 * register, set when it is not empty.
 */
struct fpu {
	u16 fcw, fsw;
	u8 ftw, reserved;
	u16 fop;
	u64 fip, fdp;
	u32 mxcsr, mxcsr_mask;
	union fpu_st st[8];
	union xmm xmm[16];
	u8 rest[96];
};
_Static_assert(sizeof(struct fpu) == 512, "an FXSAVE image");

enum {
	FSW_ES = BIT(7),
	FSW_TOP_SHIFT = 11,
	FSW_B = BIT(15),
	X87_EXCEPTIONS = 0x3f, /* of FSW; masked by the same bits of FCW */
	FCW_INIT = 0x37f,
	FCW_DEFINED = 0x1f3f, /* exception masks, PC, RC and X, the 287's infinity control */
	FCW_ONES = 0x40,      /* reads as 1 */
	MXCSR_INIT = 0x1f80,
	MXCSR_MASK = 0xffff,
};
/* MXCSR: flags IE DE ZE OE UE PE in bits 0-5, DAZ, their masks in 7-12, RC 13-14, FTZ. */
enum {
	MXCSR_IE = BIT(0),
	MXCSR_DE = BIT(1),
	MXCSR_ZE = BIT(2),
	MXCSR_OE = BIT(3),
	MXCSR_UE = BIT(4),
	MXCSR_PE = BIT(5),
	MXCSR_FLAGS = 0x3f,
	MXCSR_DAZ = BIT(6),
	MXCSR_MASK_SHIFT = 7,
	MXCSR_FTZ = BIT(15),
};
enum {
	XCR0_X87 = BIT(0),
	XCR0_SSE = BIT(1),
	XCR0_DEFINED = XCR0_X87 | XCR0_SSE,
	XSAVE_SIZE = 576, /* the legacy part and the header */
};

static inline struct fpu *fpu_of(struct model *m)
{
	return (struct fpu *)m->c.fxsave;
}

static inline unsigned fpu_top(const struct fpu *f)
{
	return f->fsw >> FSW_TOP_SHIFT & 7;
}

/* ---- fpu.c -------------------------------------------------------------------------------------- */

/* Power-up by FNINIT: FCW_INIT, all registers empty; the registers' contents stay. */
void fpu_init(struct fpu *f);
/* FSW with another TOP: the registers stay where they are, and so st[] is turned. */
void fpu_status_set(struct fpu *f, u16 fsw);
/* ES and B are the unmasked exceptions of FSW (SDM volume 1, "x87 FPU Status Register"). */
void fpu_summary(struct fpu *f);
/* What comes before an instruction, in this order: #UD or #NM by the control bits, a pending x87
 * exception. The last is fpu_wait(): #MF, and what CR0.NE=0 makes of it. */
enum ex fpu_wait(struct model *m);
enum ex need_x87(struct model *m);         /* EM or TS: #NM */
enum ex need_x87_waiting(struct model *m); /* and fpu_wait() */
enum ex need_mmx(struct model *m);         /* EM: #UD, TS: #NM, fpu_wait() */
enum ex need_sse(struct model *m);         /* EM or no OSFXSR: #UD, TS: #NM */
/*
 * A SIMD exception: `raised` (MXCSR_IE...) is what the operation met. Sets the flags; where one is
 * unmasked, #XM, or #UD without CR4.OSXMMEXCPT, and the destination must stay as it is.
 */
enum ex simd_raise(struct model *m, u32 raised);
/* Before an MMX instruction touches a register: TOP becomes 0, all registers valid, and st[i] MMi
 * (SDM volume 1, "MMX Instructions and the x87 FPU Tag Word"). */
void mmx_enter(struct model *m);
/* MMi as it is, entered or not. */
u64 mmx_get(struct model *m, unsigned i);
/* An operand's linear address must be a multiple of `align`, else #GP(0). */
enum ex need_aligned(struct model *m, const struct op *o, unsigned i, unsigned align);
/* Under alignment checks `off` must be a multiple of `align`, else #AC(0): for what has a size of its own. */
enum ex need_alignment(struct model *m, u8 seg, u64 off, unsigned align);
/* Blocks of any size, less than a page, in steps of 16 bytes. The write is checked whole before its first byte. */
enum ex block_read(struct model *m, u8 seg, u64 off, unsigned size, void *buf);
enum ex block_probe(struct model *m, u8 seg, u64 off, unsigned size);
enum ex block_write(struct model *m, u8 seg, u64 off, unsigned size, const void *buf);

/* ---- fxsave.c: the image as instructions lay it out ------------------------------------------------ */

/* Bytes 0-31 but MXCSR and its mask, and ST0-7: with FIP and FDP of 64 bits, or of 32. */
void image_x87_save(const struct fpu *f, bool wide, u8 *image);
void image_x87_restore(struct fpu *f, bool wide, const u8 *image);
/* XMM registers: 16 in 64-bit mode, 8 elsewhere. */
unsigned image_xmm_count(const struct model *m);

#endif
