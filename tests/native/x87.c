/*
 * x87.c - all of D8-DF, what is no instruction included: every kind of value in the registers and in
 * memory, any control word, exceptions masked, unmasked and pending, registers empty and full.
 */
#include <string.h>

#include "../x87_random.h"
#include "native.h"

#define M(op, ext) { .name = #op " /" #ext " on memory", 0, MAP_ONE, 0x##op, ext, FORM_MEM }
#define R(op, ext) { .name = #op " /" #ext " on registers", 0, MAP_ONE, 0x##op, ext, FORM_REG }
#define EIGHT(kind, op) kind(op, 0), kind(op, 1), kind(op, 2), kind(op, 3), kind(op, 4), kind(op, 5), kind(op, 6), kind(op, 7)
#define FUNCTIONS(op)	R(op, 4), R(op, 5), R(op, 6), R(op, 7)

static const struct form forms[] = {
	EIGHT(M, d8), EIGHT(M, d9), EIGHT(M, da), EIGHT(M, db), EIGHT(M, dc), EIGHT(M, dd), EIGHT(M, de),
	EIGHT(M, df), EIGHT(R, d8), EIGHT(R, d9), EIGHT(R, da), EIGHT(R, db), EIGHT(R, dc), EIGHT(R, dd),
	EIGHT(R, de), EIGHT(R, df), FUNCTIONS(d9), FUNCTIONS(d9), FUNCTIONS(d9), FUNCTIONS(d9),
	{ .name = "fwait", 0, MAP_ONE, 0x9b, -1, FORM_NO_MODRM },
	{ .name = "fxsave, fxsave64", 0, MAP_0F, 0xae, 0, FORM_MEM | FORM_W, 16 },
	{ .name = "fxrstor, fxrstor64", 0, MAP_0F, 0xae, 1, FORM_MEM | FORM_W, 16 },
};

static void packed_make(u64 *seed, u8 *p)
{
	for (unsigned i = 0; i < 9; i++)
		p[i] = random_below(seed, 10) << 4 | random_below(seed, 10);
	p[9] = one_in(seed, 2) ? 0x80 : 0;
	if (one_in(seed, 4))
		memset(p + 1 + random_below(seed, 8), 0, 1);
}

/* By the processor's own conversion of an extended one: floats and doubles of every kind. */
static void double_make(u64 *seed, u8 *p)
{
	u64 v = random_u64(seed);
	static const u64 exponents[] = { 0, 0x7ff, 1, 0x7fe, 0x3ff, 0x3fe, 0x400 };

	if (one_in(seed, 2))
		v = (v & ~0x7ff0000000000000) | exponents[random_below(seed, ARRAY_SIZE(exponents))] << 52;
	if (one_in(seed, 3))
		v &= ~0ull << random_below(seed, 52);
	memcpy(p, &v, 8);
}

static void single_make(u64 *seed, u8 *p)
{
	static const u8 exponents[] = { 0, 0xff, 1, 0xfe, 0x7f, 0x7e, 0x80 };
	u32 v = random_u64(seed);

	if (one_in(seed, 2))
		v = (v & ~0x7f800000u) | (u32)exponents[random_below(seed, ARRAY_SIZE(exponents))] << 23;
	if (one_in(seed, 3))
		v &= ~0u << random_below(seed, 23);
	memcpy(p, &v, 4);
}

static void memory_make(u64 *seed, const struct form *f, u64 target)
{
	u8 buf[16];
	u64 v = value_any(seed);

	memcpy(buf, &v, 8);
	memcpy(buf + 8, &v, 8);
	if (f->opcode == 0xd8 || f->opcode == 0xd9)
		single_make(seed, buf);
	else if (f->opcode == 0xdc || f->opcode == 0xdd)
		double_make(seed, buf);
	else if (f->opcode == 0xdb && f->ext == 5)
		extended_make(seed, buf);
	else if (f->opcode == 0xdf && f->ext == 4)
		packed_make(seed, buf);
	data_put(target, buf, 10);
}

/* FLDCW, FLDENV, FRSTOR, FXRSTOR: words of their own; FXRSTOR faults on bits that MXCSR lacks. */
static void environment_make(u64 *seed, const struct form *f, u64 target)
{
	u8 image[512];
	u32 mxcsr = random_u64(seed) & 0xffff;

	for (unsigned i = 0; i < sizeof(image); i += 8) {
		u64 v = random_u64(seed);

		memcpy(image + i, &v, 8);
	}
	if (f->map == MAP_0F)
		memcpy(image + 24, &mxcsr, 4);
	data_put(target, image, f->map == MAP_0F ? 512 : 108);
}

static bool loads_environment(const struct form *f)
{
	return (f->map == MAP_0F && f->ext == 1) || (f->flags & FORM_MEM && f->opcode == 0xd9 && f->ext >= 4) ||
	       (f->flags & FORM_MEM && f->opcode == 0xdd && f->ext == 4);
}

static void prepare(u64 *seed, const struct form *f, struct native_case *c)
{
	struct fpu *x = (struct fpu *)c->before.fx;

	x87_state_make(seed, x);
	if (loads_environment(f))
		environment_make(seed, f, c->target);
	else if (f->flags & FORM_MEM)
		memory_make(seed, f, c->target);
}

/*
 * The pointers to the last instruction in what FNSTENV, FNSAVE and FXSAVE store: processors differ in
 * when they keep them. MXCSR's mask and the end of the area are the processor's own. Which byte of a
 * large operand faults first no manual says.
 */
static void settle(const struct form *f, const struct native_case *c, struct native_state *host,
		   const struct native_state *model)
{
	static const u8 nothing[96];

	if (host->cr2 >> 12 == model->cr2 >> 12)
		host->cr2 = model->cr2;
	/* SDM volume 2, FXSAVE: whether #AC or #GP is the processor's own affair. */
	if (f->map == MAP_0F && host->vector == EXC_AC && model->vector == EXC_GP)
		host->vector = EXC_GP;

	if (f->map == MAP_0F && f->ext == 0) {
		data_put(c->target + 6, nothing, 18);
		data_put(c->target + 28, nothing, 4);
		data_put(c->target + 416, nothing, 96); /* the processor's own */
	} else if (f->flags & FORM_MEM && ((f->opcode == 0xd9 && f->ext == 6) || (f->opcode == 0xdd && f->ext == 6))) {
		data_put(c->target + 12, nothing, 16);
	}
}

const struct native_family x87_family = { "x87", forms, ARRAY_SIZE(forms), prepare, settle, NULL };
