/*
 * fpu.c - what comes before x87, MMX and SSE instructions, and their exceptions.
 *
 * SDM volume 3, "Interrupt 7 - Device Not Available Exception (#NM)", "Interrupt 16 - x87 FPU
 * Floating-Point Error (#MF)", "Interrupt 19 - SIMD Floating-Point Exception (#XM)"; which of #UD and
 * #NM comes is in volume 2, "Exceptions Type" tables.
 */
#include <string.h>

#include "model/fpu.h"
#include "model/system.h"

/* R(i) is ST(i - TOP): TOP moves, the registers do not. */
void fpu_status_set(struct fpu *f, u16 fsw)
{
	union fpu_st was[8];
	unsigned by;

	by = (fsw >> FSW_TOP_SHIFT) - fpu_top(f);
	f->fsw = fsw;
	if (!(by & 7))
		return;
	memcpy(was, f->st, sizeof(was));
	for (unsigned i = 0; i < 8; i++)
		f->st[i] = was[(i + by) & 7];
}

void fpu_init(struct fpu *f)
{
	f->fcw = FCW_INIT;
	fpu_status_set(f, 0);
	f->fop = 0;
	f->ftw = 0;
	f->fip = f->fdp = 0;
}

void fpu_summary(struct fpu *f)
{
	f->fsw &= ~(FSW_ES | FSW_B);
	if (f->fsw & ~f->fcw & X87_EXCEPTIONS)
		f->fsw |= FSW_ES | FSW_B;
}

static bool ferr_set(struct model *m, bool on)
{
	m->ferr = on;
	return m->cfg.bus.ferr(m->cfg.bus.arg, on);
}

/*
 * With CR0.NE clear the error goes out by the pin FERR#, and the processor waits before the instruction for
 * the interrupt that the machine makes of it, or goes on where the machine answers with IGNNE# (SDM volume 1,
 * "MS-DOS Compatibility Sub-mode"). FERR# falls, as far as the machine can tell, with the next instruction
 * that waits and finds no error.
 */
static enum ex error_report(struct model *m)
{
	if (m->c.cr0 & CR0_NE)
		return raise_vector(m, EXC_MF);
	if (!m->cfg.bus.ferr) {
		m->lack = LACK_FERR;
		return EX_MISSING;
	}
	if (ferr_set(m, true))
		return EX_DONE;
	m->frozen_rip = m->c.rip;
	return EX_FROZEN;
}

enum ex fpu_wait(struct model *m)
{
	if (unlikely(fpu_of(m)->fsw & FSW_ES))
		return error_report(m);
	if (unlikely(m->ferr))
		ferr_set(m, false);
	return EX_DONE;
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

void mmx_enter(struct model *m)
{
	struct fpu *f = fpu_of(m);

	fpu_status_set(f, f->fsw & ~(7 << FSW_TOP_SHIFT));
	f->ftw = 0xff;
}

u64 mmx_get(struct model *m, unsigned i)
{
	const struct fpu *f = fpu_of(m);

	return f->st[(i - fpu_top(f)) & 7].mantissa;
}

enum ex need_aligned(struct model *m, const struct op *o, unsigned i, unsigned align)
{
	const struct opnd *d = &o->opnd[i];
	u64 lin = seg_linear(m, d->seg, op_address(m, o, d));

	if (likely(!(lin & (align - 1))))
		return EX_DONE;
	/* An address that is not canonical comes first: of the stack it is another fault. */
	return raise_code(m, m->bits == 64 && d->seg == SEG_SS && !canonical(lin) ? EXC_SS : EXC_GP, 0);
}

enum { STEP = 16, PAGE_SIZE = 4096 };

static unsigned step_size(unsigned left)
{
	return left < STEP ? left : STEP;
}

enum ex need_alignment(struct model *m, u8 seg, u64 off, unsigned align)
{
	u64 lin;

	if (likely(!(m->c.rflags & FL_AC)) || m->cpl != 3 || !(m->c.cr0 & CR0_AM))
		return EX_DONE;
	/* Where the address is no good the access says so. */
	lin = seg_linear(m, seg, off);
	if (!(lin & (align - 1)) || (m->bits == 64 && !canonical(lin)))
		return EX_DONE;
	return raise_code(m, EXC_AC, 0);
}

enum ex block_read(struct model *m, u8 seg, u64 off, unsigned size, void *buf)
{
	for (unsigned i = 0; i < size; i += STEP)
		TRY(mem_read_bytes(m, seg, off + i, step_size(size - i), (u8 *)buf + i));
	return EX_DONE;
}

/* Its ends, and where it enters another page. */
enum ex block_probe(struct model *m, u8 seg, u64 off, unsigned size)
{
	unsigned first = PAGE_SIZE - seg_linear(m, seg, off) % PAGE_SIZE;

	TRY(mem_probe_write(m, seg, off, 1));
	if (first < size)
		TRY(mem_probe_write(m, seg, off + first, 1));
	return mem_probe_write(m, seg, off + size - 1, 1);
}

enum ex block_write(struct model *m, u8 seg, u64 off, unsigned size, const void *buf)
{
	TRY(block_probe(m, seg, off, size));
	for (unsigned i = 0; i < size; i += STEP)
		TRY(mem_write_bytes(m, seg, off + i, step_size(size - i), (const u8 *)buf + i));
	return EX_DONE;
}
