/*
 * x87_control.c - the x87 environment: FNINIT, FNCLEX, control and status word, FNSTENV, FLDENV, FNSAVE,
 * FRSTOR, FWAIT.
 *
 * SDM volume 1, "Saving the x87 FPU's State with FSTENV/FNSTENV and FSAVE/FNSAVE"; volume 2, the
 * instructions' sections. Selectors are not kept, as CPUID says: their fields are zero, and an image
 * of real-address mode, which has linear addresses, has the offsets.
 */
#include <string.h>
#include <Zydis/Zydis.h>

#include "model/operand.h"
#include "model/x87.h"

enum { ENV_FIELDS = 7, ENV_MOST = 4 * ENV_FIELDS, ST_SIZE = 80, IMAGE_MOST = ENV_MOST + ST_SIZE };

/* --- the tag word --- */

enum tag { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

static enum tag tag_of(const union fpu_st *st)
{
	unsigned exponent = st->exponent & 0x7fff;

	if (!exponent && !st->significand)
		return TAG_ZERO;
	if (!exponent || exponent == 0x7fff || !(st->significand >> 63))
		return TAG_SPECIAL;
	return TAG_VALID;
}

/* Two bits for each physical register. */
static u16 tags_make(const struct fpu *f)
{
	unsigned top = fpu_top(f);
	u16 tags = 0;

	for (unsigned i = 0; i < 8; i++) {
		enum tag t = f->ftw >> i & 1 ? tag_of(&f->st[(i - top) & 7]) : TAG_EMPTY;

		tags |= t << 2 * i;
	}
	return tags;
}

static u8 tags_take(u16 tags)
{
	u8 ftw = 0;

	for (unsigned i = 0; i < 8; i++)
		ftw |= (tags >> 2 * i & 3) != TAG_EMPTY ? 1 << i : 0;
	return ftw;
}

/* --- the environment in memory: seven fields of 16 or 32 bits --- */

static bool is_real(const struct model *m)
{
	return m->mode == MODE_REAL || m->mode == MODE_V86;
}

static unsigned field_size(const struct op *o)
{
	return o->opsize == 2 ? 2 : 4;
}

static void field_put(u8 *image, unsigned size, unsigned n, u32 v)
{
	memcpy(image + size * n, &v, size);
}

static u32 field_get(const u8 *image, unsigned size, unsigned n)
{
	u32 v = 0;

	memcpy(&v, image + size * n, size);
	return v;
}

/* Upper halves that are reserved are stored as ones. */
#define ONES 0xffff0000u

static void env_pointers_put(const struct model *m, const struct fpu *f, unsigned size, u8 *image)
{
	u32 fip = f->fip, fdp = f->fdp, high = size == 2 ? 0xf : 0xffff;

	field_put(image, size, 3, fip);
	field_put(image, size, 5, fdp);
	if (!is_real(m)) {
		field_put(image, size, 4, size == 2 ? 0 : (u32)(f->fop & 0x7ff) << 16);
		field_put(image, size, 6, size == 2 ? 0 : ONES);
		return;
	}
	field_put(image, size, 3, size == 2 ? fip : ONES | (fip & 0xffff));
	field_put(image, size, 5, size == 2 ? fdp : ONES | (fdp & 0xffff));
	field_put(image, size, 4, (fip >> 16 & high) << 12 | (f->fop & 0x7ff));
	field_put(image, size, 6, (fdp >> 16 & high) << 12);
}

static void env_make(const struct model *m, const struct op *o, u8 *image)
{
	const struct fpu *f = fpu_of((struct model *)m);
	unsigned size = field_size(o);

	field_put(image, size, 0, ONES | f->fcw);
	field_put(image, size, 1, ONES | f->fsw);
	field_put(image, size, 2, ONES | tags_make(f));
	env_pointers_put(m, f, size, image);
}

static void env_pointers_take(const struct model *m, struct fpu *f, unsigned size, const u8 *image)
{
	u32 fip = field_get(image, size, 3), fdp = field_get(image, size, 5);
	u32 second = field_get(image, size, 4), last = field_get(image, size, 6);

	f->fop = !is_real(m) ? (size == 2 ? 0 : second >> 16 & 0x7ff) : second & 0x7ff;
	if (is_real(m)) {
		fip = (fip & 0xffff) | (second >> 12 & 0xffff) << 16;
		fdp = (fdp & 0xffff) | (last >> 12 & 0xffff) << 16;
	}
	f->fip = fip;
	f->fdp = fdp;
}

/* ES and B are not loaded, they follow the flags and their masks. */
static void env_take(const struct model *m, const struct op *o, struct fpu *f, const u8 *image)
{
	unsigned size = field_size(o);

	f->fcw = (field_get(image, size, 0) & FCW_DEFINED) | FCW_ONES;
	fpu_status_set(f, field_get(image, size, 1));
	f->ftw = tags_take(field_get(image, size, 2));
	env_pointers_take(m, f, size, image);
	fpu_summary(f);
}

/* Alignment: of a field (SDM volume 3, "Alignment Requirements by Data Type"). */
static enum ex image_store(struct model *m, const struct op *o, unsigned size, const u8 *image)
{
	const struct opnd *d = x87_operand(o);

	TRY(need_alignment(m, d->seg, op_address(m, o, d), field_size(o)));
	return block_write(m, d->seg, op_address(m, o, d), size, image);
}

static enum ex image_load(struct model *m, const struct op *o, unsigned size, u8 *image)
{
	const struct opnd *d = x87_operand(o);

	TRY(need_alignment(m, d->seg, op_address(m, o, d), field_size(o)));
	return block_read(m, d->seg, op_address(m, o, d), size, image);
}

/* --- instructions: those with an N wait for nothing --- */

/* All exceptions are masked behind it. */
static enum ex op_fnstenv(struct model *m, const struct op *o)
{
	u8 image[ENV_MOST];

	TRY(need_x87(m));
	env_make(m, o, image);
	TRY(image_store(m, o, ENV_FIELDS * field_size(o), image));
	fpu_of(m)->fcw |= X87_EXCEPTIONS;
	fpu_summary(fpu_of(m));
	return EX_DONE;
}

static enum ex op_fldenv(struct model *m, const struct op *o)
{
	u8 image[ENV_MOST];

	TRY(need_x87_waiting(m));
	TRY(image_load(m, o, ENV_FIELDS * field_size(o), image));
	env_take(m, o, fpu_of(m), image);
	return EX_DONE;
}

static enum ex op_fnsave(struct model *m, const struct op *o)
{
	unsigned env = ENV_FIELDS * field_size(o);
	u8 image[IMAGE_MOST];

	TRY(need_x87(m));
	env_make(m, o, image);
	for (unsigned i = 0; i < 8; i++)
		memcpy(image + env + 10 * i, &fpu_of(m)->st[i], 10);
	TRY(image_store(m, o, env + ST_SIZE, image));
	fpu_init(fpu_of(m));
	return EX_DONE;
}

static enum ex op_frstor(struct model *m, const struct op *o)
{
	unsigned env = ENV_FIELDS * field_size(o);
	u8 image[IMAGE_MOST];

	TRY(need_x87_waiting(m));
	TRY(image_load(m, o, env + ST_SIZE, image));
	env_take(m, o, fpu_of(m), image);
	for (unsigned i = 0; i < 8; i++)
		memcpy(&fpu_of(m)->st[i], image + env + 10 * i, 10);
	return EX_DONE;
}

static enum ex op_fninit(struct model *m, const struct op *o)
{
	TRY(need_x87(m));
	fpu_init(fpu_of(m));
	return EX_DONE;
}

/* The exception flags, the stack fault, ES and B. */
static enum ex op_fnclex(struct model *m, const struct op *o)
{
	TRY(need_x87(m));
	fpu_of(m)->fsw &= ~(0xff | FSW_B);
	return EX_DONE;
}

/* What it unmasks may be pending already: the next instruction that waits meets it. */
static enum ex op_fldcw(struct model *m, const struct op *o)
{
	u64 v;

	TRY(need_x87_waiting(m));
	TRY(op_read(m, o, 0, &v));
	fpu_of(m)->fcw = (v & FCW_DEFINED) | FCW_ONES;
	fpu_summary(fpu_of(m));
	return EX_DONE;
}

static enum ex op_fnstcw(struct model *m, const struct op *o)
{
	TRY(need_x87(m));
	return op_write(m, o, 0, fpu_of(m)->fcw);
}

/* To memory or AX. */
static enum ex op_fnstsw(struct model *m, const struct op *o)
{
	TRY(need_x87(m));
	return op_write(m, o, 0, fpu_of(m)->fsw);
}

/* EM does not matter to it (SDM volume 3, "Interrupt 7 - Device Not Available Exception (#NM)"). */
static enum ex op_fwait(struct model *m, const struct op *o)
{
	if ((m->c.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
		return raise_vector(m, EXC_NM);
	return fpu_wait(m);
}

const struct op_row x87_control_ops[] = {
	{ ZYDIS_MNEMONIC_FNSTENV, op_fnstenv }, { ZYDIS_MNEMONIC_FLDENV, op_fldenv },
	{ ZYDIS_MNEMONIC_FNSAVE, op_fnsave },   { ZYDIS_MNEMONIC_FRSTOR, op_frstor },
	{ ZYDIS_MNEMONIC_FNINIT, op_fninit },   { ZYDIS_MNEMONIC_FNCLEX, op_fnclex },
	{ ZYDIS_MNEMONIC_FLDCW, op_fldcw },     { ZYDIS_MNEMONIC_FNSTCW, op_fnstcw },
	{ ZYDIS_MNEMONIC_FNSTSW, op_fnstsw },   { ZYDIS_MNEMONIC_FWAIT, op_fwait },
	{ 0 },
};
