/* flag.c - single flags, LAHF and SAHF, CLI and STI; PUSHF and POPF. */
#include <Zydis/Zydis.h>

#include "model/operand.h"

static enum ex op_clc(struct model *m, const struct op *o)
{
	flags_set(m, FL_CF, 0);
	return EX_DONE;
}

static enum ex op_stc(struct model *m, const struct op *o)
{
	flags_set(m, FL_CF, FL_CF);
	return EX_DONE;
}

static enum ex op_cmc(struct model *m, const struct op *o)
{
	m->c.rflags ^= FL_CF;
	return EX_DONE;
}

static enum ex op_cld(struct model *m, const struct op *o)
{
	flags_set(m, FL_DF, 0);
	return EX_DONE;
}

static enum ex op_std(struct model *m, const struct op *o)
{
	flags_set(m, FL_DF, FL_DF);
	return EX_DONE;
}

#define FL_LOW (FL_SF | FL_ZF | FL_AF | FL_PF | FL_CF)

static enum ex op_lahf(struct model *m, const struct op *o)
{
	m->c.gpr[GPR_RAX] = (m->c.gpr[GPR_RAX] & ~0xff00ull) | ((m->c.rflags & FL_LOW) | FL_FIXED)
								       << 8;
	return EX_DONE;
}

static enum ex op_sahf(struct model *m, const struct op *o)
{
	flags_set(m, FL_LOW, m->c.gpr[GPR_RAX] >> 8 & FL_LOW);
	return EX_DONE;
}

static unsigned iopl(const struct model *m)
{
	return (m->c.rflags & FL_IOPL) >> 12;
}

/* VIF instead of IF: v86 under CR4.VME, and ring 3 under CR4.PVI (SDM volume 2, CLI and STI). */
static bool virtual_if(const struct model *m)
{
	if (m->mode == MODE_V86)
		return m->c.cr4 & CR4_VME;
	return m->mode != MODE_REAL && m->cpl == 3 && m->c.cr4 & CR4_PVI;
}

static enum ex op_cli(struct model *m, const struct op *o)
{
	if (m->mode == MODE_REAL || m->cpl <= iopl(m))
		flags_set(m, FL_IF, 0);
	else if (virtual_if(m))
		flags_set(m, FL_VIF, 0);
	else
		return raise_code(m, EXC_GP, 0);
	return EX_DONE;
}

/* The shadow opens only if IF was 0 (SDM volume 2, STI). */
static enum ex op_sti(struct model *m, const struct op *o)
{
	if (m->mode == MODE_REAL || m->cpl <= iopl(m)) {
		if (!(m->c.rflags & FL_IF))
			m->shadow_next = SHADOW_STI;
		flags_set(m, FL_IF, FL_IF);
		return EX_DONE;
	}
	if (!virtual_if(m) || m->c.rflags & FL_VIP)
		return raise_code(m, EXC_GP, 0);
	flags_set(m, FL_VIF, FL_VIF);
	return EX_DONE;
}

/* v86 with IOPL below 3: only the 16-bit forms under VME, with VIF in IF's place. */
static enum ex v86_refuses(struct model *m, const struct op *o, bool *ret_vme)
{
	*ret_vme = false;
	if (m->mode != MODE_V86 || iopl(m) == 3)
		return EX_DONE;
	if (!(m->c.cr4 & CR4_VME) || o->opsize != 2)
		return raise_code(m, EXC_GP, 0);
	*ret_vme = true;
	return EX_DONE;
}

static enum ex op_pushf(struct model *m, const struct op *o)
{
	u64 f = m->c.rflags & ~(FL_VM | FL_RF);
	bool vme;

	TRY(v86_refuses(m, o, &vme));
	if (vme) {
		f = (f & ~FL_IF) | FL_IOPL;
		if (m->c.rflags & FL_VIF)
			f |= FL_IF;
	}
	return push(m, o->opsize, f & size_mask(o->opsize));
}

/* What POPF may change (SDM volume 2, table "Effect of POPF/POPFD on the EFLAGS Register"). */
static u64 popf_mask(const struct model *m, const struct op *o)
{
	u64 mask = FL_ARITH | FL_TF | FL_DF | FL_NT;

	if (o->opsize != 2)
		mask |= FL_AC | FL_ID;
	if (m->mode == MODE_REAL || m->cpl <= iopl(m))
		mask |= FL_IF;
	if (m->cpl == 0)
		mask |= FL_IOPL;
	return mask;
}

static enum ex popf_vme(struct model *m, u64 f, u64 old_sp)
{
	if (f & FL_TF || (f & FL_IF && m->c.rflags & FL_VIP)) {
		m->c.gpr[GPR_RSP] = old_sp;
		return raise_code(m, EXC_GP, 0);
	}
	flags_set(m, FL_VIF, f & FL_IF ? FL_VIF : 0);
	flags_set(m, FL_ARITH | FL_TF | FL_DF | FL_NT, f & (FL_ARITH | FL_TF | FL_DF | FL_NT));
	return EX_DONE;
}

static enum ex op_popf(struct model *m, const struct op *o)
{
	u64 f, mask, old_sp = m->c.gpr[GPR_RSP];
	bool vme;

	TRY(v86_refuses(m, o, &vme));
	TRY(pop(m, o->opsize, &f));
	if (vme)
		return popf_vme(m, f, old_sp);
	mask = popf_mask(m, o);
	flags_set(m, mask, f & mask);
	return EX_DONE;
}

/* Of ring 0 only, and not in virtual-8086 mode (SDM volume 2, CLAC, STAC). */
static enum ex ac_set(struct model *m, u64 value)
{
	if (m->cpl)
		return raise_vector(m, EXC_UD);
	flags_set(m, FL_AC, value);
	return EX_DONE;
}

static enum ex op_clac(struct model *m, const struct op *o)
{
	return ac_set(m, 0);
}

static enum ex op_stac(struct model *m, const struct op *o)
{
	return ac_set(m, FL_AC);
}

const struct op_row flag_ops[] = {
	{ ZYDIS_MNEMONIC_CLC, op_clc },      { ZYDIS_MNEMONIC_STC, op_stc },
	{ ZYDIS_MNEMONIC_CMC, op_cmc },      { ZYDIS_MNEMONIC_CLD, op_cld },
	{ ZYDIS_MNEMONIC_STD, op_std },      { ZYDIS_MNEMONIC_LAHF, op_lahf },
	{ ZYDIS_MNEMONIC_SAHF, op_sahf },    { ZYDIS_MNEMONIC_CLI, op_cli },
	{ ZYDIS_MNEMONIC_STI, op_sti },      { ZYDIS_MNEMONIC_CLAC, op_clac },
	{ ZYDIS_MNEMONIC_STAC, op_stac },    { ZYDIS_MNEMONIC_PUSHF, op_pushf },
	{ ZYDIS_MNEMONIC_PUSHFD, op_pushf }, { ZYDIS_MNEMONIC_PUSHFQ, op_pushf },
	{ ZYDIS_MNEMONIC_POPF, op_popf },    { ZYDIS_MNEMONIC_POPFD, op_popf },
	{ ZYDIS_MNEMONIC_POPFQ, op_popf },   { 0 },
};
