/*
 * form.c - bytes for a row of a family's table, with any registers and any way to address memory that
 * 64-bit code has. SDM volume 2, "Instruction Format", "Intel Advanced Vector Extensions (Intel AVX)".
 */
#include <string.h>

#include "native.h"

/* ModRM with what follows it, and the bits its registers need in REX or VEX. */
struct modrm {
	u8 bytes[6];
	u8 n;
	bool r, x, b;
	bool rip;    /* the displacement is from the instruction's end, which is not known yet */
	u64 target;
};

/* In the data, now and then across its end or nowhere. */
static u64 target_make(u64 *seed, const struct form *f)
{
	u64 off = random_below(seed, DATA_SIZE - 512);

	if (one_in(seed, 40))
		return AT_HOLE - random_below(seed, 32);
	if (one_in(seed, 200))
		return random_u64(seed);
	if (f->align && !one_in(seed, 30))
		off &= ~(u64)(f->align - 1);
	return AT_DATA + off;
}

static void disp_put(struct modrm *m, u32 disp, unsigned n)
{
	memcpy(m->bytes + m->n, &disp, n);
	m->n += n;
}

static void base_aim(struct native_case *c, const struct modrm *m, unsigned base, u64 rest)
{
	c->before.gpr[base] = m->target - rest;
}

/* [base + disp]: RSP and R12 need a SIB, mod 0 is not for RBP and R13. */
static void base_put(u64 *seed, struct native_case *c, u8 reg, struct modrm *m)
{
	unsigned base = random_below(seed, 16), mod = 1 + random_below(seed, 2);
	u32 disp = mod == 1 ? (u32)(s32)(s8)random_u64(seed) : (u32)random_u64(seed);

	if ((base & 7) != GPR_RBP && one_in(seed, 3))
		mod = 0, disp = 0;
	m->b = base & 8;
	m->bytes[m->n++] = mod << 6 | reg << 3 | (base & 7);
	if ((base & 7) == GPR_RSP)
		m->bytes[m->n++] = 0x24;
	disp_put(m, disp, mod == 2 ? 4 : mod);
	base_aim(c, m, base, (s64)(s32)disp);
}

static void index_put(u64 *seed, struct native_case *c, u8 reg, struct modrm *m)
{
	unsigned base = random_below(seed, 16), index, scale = random_below(seed, 4);
	u32 disp = (u32)random_u64(seed);

	do
		index = random_below(seed, 16);
	while (index == base || index == GPR_RSP);
	m->b = base & 8;
	m->x = index & 8;
	m->bytes[m->n++] = 0x84 | reg << 3;
	m->bytes[m->n++] = scale << 6 | (index & 7) << 3 | (base & 7);
	disp_put(m, disp, 4);
	base_aim(c, m, base, (s64)(s32)disp + (c->before.gpr[index] << scale));
}

static void fixed_put(struct modrm *m, u8 reg, bool rip)
{
	m->rip = rip;
	if ((s64)m->target != (s32)m->target)
		m->target = AT_DATA;
	m->bytes[m->n++] = (rip ? 5 : 4) | reg << 3;
	if (!rip)
		m->bytes[m->n++] = 0x25;
	disp_put(m, m->target, 4);
}

static void memory_put(u64 *seed, const struct form *f, struct native_case *c, u8 reg, struct modrm *m)
{
	m->target = target_make(seed, f);
	switch (random_below(seed, 8)) {
	case 0:
		fixed_put(m, reg, false);
		break;
	case 1:
		fixed_put(m, reg, true);
		break;
	case 2:
	case 3:
		index_put(seed, c, reg, m);
		break;
	default:
		base_put(seed, c, reg, m);
	}
}

static void modrm_make(u64 *seed, const struct form *f, struct native_case *c, struct modrm *m)
{
	unsigned reg = f->ext >= 0 ? (unsigned)f->ext : random_below(seed, 16);
	unsigned rm = f->rm ? (unsigned)f->rm & 7 : random_below(seed, 16);

	memset(m, 0, sizeof(*m));
	if (f->flags & FORM_NO_MODRM)
		return;
	m->r = reg & 8;
	if (f->flags & FORM_MEM || (!(f->flags & FORM_REG) && one_in(seed, 2))) {
		memory_put(seed, f, c, reg & 7, m);
		return;
	}
	m->b = rm & 8;
	m->bytes[m->n++] = 0xc0 | (reg & 7) << 3 | (rm & 7);
}

/* F3 and 66 in their VEX form: pp. */
static u8 vex_pp(u8 prefix)
{
	return prefix == 0x66 ? 1 : prefix == 0xf3 ? 2 : prefix == 0xf2 ? 3 : 0;
}

static u8 *vex_put(u64 *seed, const struct form *f, const struct modrm *m, u8 *p)
{
	unsigned v = f->flags & FORM_NO_V ? 0 : random_below(seed, 16);
	bool w = f->flags & FORM_W && one_in(seed, 2);

	*p++ = 0xc4;
	*p++ = (m->r ? 0 : 0x80) | (m->x ? 0 : 0x40) | (m->b ? 0 : 0x20) | f->map;
	*p++ = (w ? 0x80 : 0) | (~v & 15) << 3 | vex_pp(f->prefix);
	return p;
}

static u8 *legacy_put(u64 *seed, const struct form *f, const struct modrm *m, u8 *p)
{
	u8 rex = (m->r ? 4 : 0) | (m->x ? 2 : 0) | (m->b ? 1 : 0);

	if (f->flags & FORM_66 && one_in(seed, 3))
		*p++ = 0x66;
	if (f->prefix)
		*p++ = f->prefix;
	if (f->flags & FORM_W && one_in(seed, 3))
		rex |= 8;
	if (rex || one_in(seed, 8))
		*p++ = 0x40 | rex;
	if (f->map != MAP_ONE)
		*p++ = 0x0f;
	if (f->map >= MAP_0F38)
		*p++ = f->map == MAP_0F38 ? 0x38 : 0x3a;
	return p;
}

void form_encode(u64 *seed, const struct form *f, struct native_case *c)
{
	struct modrm m;
	u8 *p = c->code, *disp;

	modrm_make(seed, f, c, &m);
	c->target = m.target;
	p = f->flags & FORM_VEX ? vex_put(seed, f, &m, p) : legacy_put(seed, f, &m, p);
	*p++ = f->opcode;
	memcpy(p, m.bytes, m.n);
	p += m.n;
	disp = p - 4;
	if (f->flags & FORM_IMM8)
		*p++ = random_u64(seed);
	c->len = p - c->code;
	if (m.rip) {
		u32 from_end = m.target - (AT_CODE + c->len);

		memcpy(disp, &from_end, 4);
	}
}
