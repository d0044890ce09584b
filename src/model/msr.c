/*
 * msr.c - model-specific registers and the counters: RDMSR, WRMSR, RDTSC, RDTSCP, RDPID, RDPMC.
 *
 * SDM 4 "Model-Specific Registers (MSRs)"; SDM 3 "Memory Type Range Registers (MTRRs)". What is not
 * listed here raises #GP, as the processor does. Memory types are kept and change nothing: there
 * are no caches.
 */
#include <Zydis/Zydis.h>

#include "model/system.h"

enum {
	MSR_PLATFORM_ID = 0x17,
	MSR_BIOS_SIGN_ID = 0x8b,
	MSR_MTRRCAP = 0xfe,
	MSR_MISC_ENABLE = 0x1a0,
	MSR_MTRR_VAR = 0x200,
	MSR_MTRR_DEF_TYPE = 0x2ff,
	MSR_TSC_AUX = 0xc0000103,
};
#define PHYS_RESERVED 0xfff0000000000000ull
/* Eight variable ranges, the fixed ones, write-combining. */
#define MTRRCAP (MTRR_VARIABLE | BIT(8) | BIT(10))

enum check {
	CHECK_MASK, /* `reserved` bits must be 0 */
	CHECK_CANONICAL,
	CHECK_PAT,  /* eight memory types, UC- among them */
	CHECK_MTRR, /* eight memory types */
};

struct msr_row {
	u32 msr;
	u8 check;   /* enum check */
	u16 offset; /* in struct model */
	u64 reserved;
};
#define CPU_FIELD(f) offsetof(struct model, c.f)
#define MSR_FIELD(f) offsetof(struct model, msr.f)

/* EFER and the segment bases have more to them than a field: below. */
static const struct msr_row msrs[] = {
	{ MSR_TSC, CHECK_MASK, CPU_FIELD(tsc), 0 },
	{ MSR_APIC_BASE, CHECK_MASK, CPU_FIELD(apic_base), PHYS_RESERVED | 0x6ff },
	{ MSR_BIOS_SIGN_ID, CHECK_MASK, MSR_FIELD(bios_sign), 0 },
	{ MSR_SYSENTER_CS, CHECK_MASK, CPU_FIELD(sysenter_cs), 0 },
	{ MSR_SYSENTER_ESP, CHECK_CANONICAL, CPU_FIELD(sysenter_esp), 0 },
	{ MSR_SYSENTER_EIP, CHECK_CANONICAL, CPU_FIELD(sysenter_eip), 0 },
	{ MSR_MISC_ENABLE, CHECK_MASK, MSR_FIELD(misc_enable), ~1ull /* fast strings */ },
	{ MSR_DEBUGCTL, CHECK_MASK, CPU_FIELD(debugctl), ~(DEBUGCTL_LBR | DEBUGCTL_BTF) },
	{ MSR_PAT, CHECK_PAT, CPU_FIELD(pat), 0 },
	{ MSR_MTRR_DEF_TYPE, CHECK_MASK, MSR_FIELD(mtrr_def_type), ~0xcffull },
	{ MSR_STAR, CHECK_MASK, CPU_FIELD(star), 0 },
	{ MSR_LSTAR, CHECK_CANONICAL, CPU_FIELD(lstar), 0 },
	{ MSR_CSTAR, CHECK_CANONICAL, CPU_FIELD(cstar), 0 },
	{ MSR_SFMASK, CHECK_MASK, CPU_FIELD(sfmask), 0xffffffff00000000ull },
	{ MSR_KERNEL_GS_BASE, CHECK_CANONICAL, CPU_FIELD(kernel_gs_base), 0 },
	{ MSR_TSC_AUX, CHECK_MASK, MSR_FIELD(tsc_aux), 0xffffffff00000000ull },
	{ MSR_FS_BASE, CHECK_CANONICAL, CPU_FIELD(seg[SEG_FS].base), 0 },
	{ MSR_GS_BASE, CHECK_CANONICAL, CPU_FIELD(seg[SEG_GS].base), 0 },
};

/* --- MTRRs --- */

/* Numbers of the fixed-range registers, in order (SDM 3 "Fixed Range MTRRs"). */
static const u32 fixed_msrs[MTRR_FIXED] = {
	0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f,
};

static bool mtrr_row(u32 msr, struct msr_row *ret)
{
	unsigned i = msr - MSR_MTRR_VAR;

	if (msr >= MSR_MTRR_VAR && i < 2 * MTRR_VARIABLE) {
		*ret = (struct msr_row){ msr, CHECK_MASK, MSR_FIELD(mtrr_var) + 8 * i,
					 PHYS_RESERVED | (i & 1 ? 0x7ff : 0xf00) };
		return true;
	}
	for (i = 0; i < MTRR_FIXED; i++)
		if (fixed_msrs[i] == msr) {
			*ret = (struct msr_row){ msr, CHECK_MTRR, MSR_FIELD(mtrr_fixed) + 8 * i,
						 0 };
			return true;
		}
	return false;
}

/* --- lookup --- */

static bool row_find(u32 msr, struct msr_row *ret)
{
	for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++)
		if (msrs[i].msr == msr) {
			*ret = msrs[i];
			return true;
		}
	return mtrr_row(msr, ret);
}

static u64 *row_field(struct model *m, const struct msr_row *r)
{
	return (u64 *)((u8 *)m + r->offset);
}

/* --- reading --- */

static bool msr_read(struct model *m, u32 msr, u64 *ret)
{
	struct msr_row r;

	if (msr == MSR_EFER)
		*ret = m->c.efer;
	else if (msr == MSR_MTRRCAP)
		*ret = MTRRCAP;
	else if (msr == MSR_PLATFORM_ID)
		*ret = 0;
	else if (row_find(msr, &r))
		*ret = *row_field(m, &r);
	else
		return false;
	return true;
}

/* --- writing --- */

/* Memory types: UC 0, WC 1, WT 4, WP 5, WB 6, and in the PAT UC- 7. */
static bool types_valid(u64 value, bool pat)
{
	for (; value; value >>= 8) {
		unsigned t = value & 0xff;

		if (t > (pat ? 7 : 6) || t == 2 || t == 3)
			return false;
	}
	return true;
}

static bool value_valid(const struct msr_row *r, u64 value)
{
	switch (r->check) {
	case CHECK_MASK:
		return !(value & r->reserved);
	case CHECK_CANONICAL:
		return canonical(value);
	case CHECK_PAT:
		return types_valid(value, true);
	case CHECK_MTRR:
		return types_valid(value, false);
	default:
		return false;
	}
}

/* LMA is the processor's; LME cannot change while paging is on (SDM 3 "Initializing IA-32e Mode").
 */
static bool efer_write(struct model *m, u64 value)
{
	u64 old = m->c.efer;

	if (value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE))
		return false;
	if (((value ^ old) & EFER_LME) && (m->c.cr0 & CR0_PG))
		return false;
	m->c.efer = (value & ~EFER_LMA) | (old & EFER_LMA);
	model_derive(m);
	return true;
}

static bool msr_write(struct model *m, u32 msr, u64 value)
{
	struct msr_row r;

	if (msr == MSR_EFER)
		return efer_write(m, value);
	if (!row_find(msr, &r) || !value_valid(&r, value))
		return false;
	*row_field(m, &r) = value;
	m->c.fs_base_msr = m->c.seg[SEG_FS].base;
	m->c.gs_base_msr = m->c.seg[SEG_GS].base;
	return true;
}

/* --- instructions --- */

static enum ex rdmsr(struct model *m, const struct op *o)
{
	u64 *gpr = m->c.gpr, value;

	TRY(need_cpl0(m));
	if (!msr_read(m, gpr[GPR_RCX], &value))
		return raise_code(m, EXC_GP, 0);
	gpr[GPR_RAX] = (u32)value;
	gpr[GPR_RDX] = value >> 32;
	return EX_DONE;
}

static enum ex wrmsr(struct model *m, const struct op *o)
{
	const u64 *gpr = m->c.gpr;

	TRY(need_cpl0(m));
	if (!msr_write(m, gpr[GPR_RCX], gpr[GPR_RDX] << 32 | (u32)gpr[GPR_RAX]))
		return raise_code(m, EXC_GP, 0);
	return EX_DONE;
}

/* The virtual clock: c.tsc, which step.c advances. */
static enum ex rdtsc(struct model *m, const struct op *o)
{
	if ((m->c.cr4 & CR4_TSD) && m->cpl)
		return raise_code(m, EXC_GP, 0);
	m->c.gpr[GPR_RAX] = (u32)m->c.tsc;
	m->c.gpr[GPR_RDX] = m->c.tsc >> 32;
	return EX_DONE;
}

static enum ex rdtscp(struct model *m, const struct op *o)
{
	TRY(rdtsc(m, o));
	m->c.gpr[GPR_RCX] = m->msr.tsc_aux;
	return EX_DONE;
}

/* The operand has the width of the mode, whatever the prefixes (SDM 2 "RDPID"). */
static enum ex rdpid(struct model *m, const struct op *o)
{
	m->c.gpr[o->opnd[0].reg] = m->msr.tsc_aux;
	return EX_DONE;
}

/* No counter exists, so that every number is beyond the last (SDM 2 "RDPMC"). */
static enum ex rdpmc(struct model *m, const struct op *o)
{
	return raise_code(m, EXC_GP, 0);
}

const struct op_row msr_ops[] = {
	{ ZYDIS_MNEMONIC_RDMSR, rdmsr }, { ZYDIS_MNEMONIC_WRMSR, wrmsr },
	{ ZYDIS_MNEMONIC_RDTSC, rdtsc }, { ZYDIS_MNEMONIC_RDPMC, rdpmc },
	{ ZYDIS_MNEMONIC_RDTSCP, rdtscp }, { ZYDIS_MNEMONIC_RDPID, rdpid },
	{ ZYDIS_MNEMONIC_CPUID, cpuid }, { 0, NULL },
};
