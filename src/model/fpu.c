/*
 * fpu.c - what comes before x87, MMX and SSE instructions, and their exceptions.
 *
 * SDM volume 3, "Interrupt 7 - Device Not Available Exception (#NM)", "Interrupt 16 - x87 FPU
 * Floating-Point Error (#MF)", "Interrupt 19 - SIMD Floating-Point Exception (#XM)"; which of #UD and
 * #NM comes is in volume 2, "Exceptions Type" tables.
 */
#include <stdio.h>
#include <string.h>

#include "model/fpu.h"
#include "model/system.h"

void fpu_init(struct fpu *f)
{
	f->fcw = FCW_INIT;
	f->fsw = f->fop = 0;
	f->ftw = 0;
	f->fip = f->fdp = 0;
}

void fpu_summary(struct fpu *f)
{
	f->fsw &= ~(FSW_ES | FSW_B);
	if (f->fsw & ~f->fcw & X87_EXCEPTIONS)
		f->fsw |= FSW_ES | FSW_B;
}

/*
 * With CR0.NE clear the error goes out by the pin FERR# and comes back as interrupt 13, if the
 * machine is wired so; this one is not.
 */
enum ex fpu_wait(struct model *m)
{
	if (likely(!(fpu_of(m)->fsw & FSW_ES)))
		return EX_DONE;
	if (m->c.cr0 & CR0_NE)
		return raise_vector(m, EXC_MF);
	snprintf(m->missing, sizeof(m->missing),
		 "an x87 exception with CR0.NE=0: FERR# is wired to nothing here");
	return EX_MISSING;
}

enum ex need_x87(struct model *m)
{
	if (unlikely(m->c.cr0 & (CR0_EM | CR0_TS)))
		return raise_vector(m, EXC_NM);
	return EX_DONE;
}

enum ex need_x87_waiting(struct model *m)
{
	TRY(need_x87(m));
	return fpu_wait(m);
}

enum ex need_mmx(struct model *m)
{
	if (unlikely(m->c.cr0 & (CR0_EM | CR0_TS)))
		return raise_vector(m, m->c.cr0 & CR0_EM ? EXC_UD : EXC_NM);
	return fpu_wait(m);
}

enum ex need_sse(struct model *m)
{
	if (unlikely(m->c.cr0 & CR0_EM || !(m->c.cr4 & CR4_OSFXSR)))
		return raise_vector(m, EXC_UD);
	if (unlikely(m->c.cr0 & CR0_TS))
		return raise_vector(m, EXC_NM);
	return EX_DONE;
}

enum ex simd_raise(struct model *m, u32 raised)
{
	struct fpu *f = fpu_of(m);

	f->mxcsr |= raised;
	if (likely(!(raised & ~(f->mxcsr >> MXCSR_MASK_SHIFT))))
		return EX_DONE;
	return raise_vector(m, m->c.cr4 & CR4_OSXMMEXCPT ? EXC_XM : EXC_UD);
}

/* R(i) is ST(i - TOP). */
static void registers_turn(struct fpu *f, unsigned top)
{
	union fpu_st was[8];

	memcpy(was, f->st, sizeof(was));
	for (unsigned i = 0; i < 8; i++)
		f->st[i] = was[(i - top) & 7];
}

void mmx_enter(struct model *m)
{
	struct fpu *f = fpu_of(m);

	if (fpu_top(f))
		registers_turn(f, fpu_top(f));
	f->fsw &= ~(7 << FSW_TOP_SHIFT);
	f->ftw = 0xff;
}

enum ex need_aligned(struct model *m, const struct op *o, unsigned i, unsigned align)
{
	const struct opnd *d = &o->opnd[i];

	if (unlikely(seg_linear(m, d->seg, op_address(m, o, d)) & (align - 1)))
		return raise_code(m, EXC_GP, 0);
	return EX_DONE;
}

enum { STEP = 16 };

static unsigned step_size(unsigned left)
{
	return left < STEP ? left : STEP;
}

enum ex block_read(struct model *m, u8 seg, u64 off, unsigned size, void *buf)
{
	for (unsigned i = 0; i < size; i += STEP)
		TRY(mem_read_bytes(m, seg, off + i, step_size(size - i), (u8 *)buf + i));
	return EX_DONE;
}

/* Steps of 8, the most that a probe takes. */
enum ex block_probe(struct model *m, u8 seg, u64 off, unsigned size)
{
	for (unsigned i = 0; i < size; i += 8)
		TRY(mem_probe_write(m, seg, off + i, size - i < 8 ? size - i : 8));
	return EX_DONE;
}

enum ex block_write(struct model *m, u8 seg, u64 off, unsigned size, const void *buf)
{
	TRY(block_probe(m, seg, off, size));
	for (unsigned i = 0; i < size; i += STEP)
		TRY(mem_write_bytes(m, seg, off + i, step_size(size - i), (const u8 *)buf + i));
	return EX_DONE;
}
