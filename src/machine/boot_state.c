/*
 * boot_state.c - the CPU's registers at a guest's first instruction.
 */
#include "internal.h"

#include <string.h>

/* Segment attributes as in struct segment: accessed code and data, ring 0. */
#define ATTR_REAL_CODE 0x009b
#define ATTR_REAL_DATA 0x0093
#define ATTR_CODE32    0xc09b
#define ATTR_CODE64    0xa09b
#define ATTR_DATA32    0xc093
#define ATTR_LDT       0x0082
#define ATTR_TSS_BUSY  0x008b

static void fpu_reset(u8 *fx)
{
	/* After FNINIT and RESET: all exceptions masked (SDM volume 1, "FXSAVE area"). */
	memset(fx, 0, 512);
	put_le16(fx, 0x37f);
	put_le32(fx + 24, 0x1f80);
	put_le32(fx + 28, 0xffff);
}

/* SDM volume 3, "IA-32 and Intel 64 Processor States Following Power-up, Reset, or INIT". */
void boot_state_reset(struct cpu_state *c)
{
	memset(c, 0, sizeof(*c));
	c->known = REGS_ALL;
	c->rip = 0xfff0;
	c->rflags = FL_FIXED;
	c->gpr[GPR_RDX] = 0x600;
	for (int i = 0; i < SEG_COUNT; i++)
		c->seg[i] = (struct segment){ .limit = 0xffff, .attr = ATTR_REAL_DATA };
	c->seg[SEG_CS] = (struct segment){
		.base = 0xffff0000, .limit = 0xffff, .sel = 0xf000, .attr = ATTR_REAL_CODE
	};
	c->ldtr = (struct segment){ .limit = 0xffff, .attr = ATTR_LDT };
	c->tr = (struct segment){ .limit = 0xffff, .attr = ATTR_TSS_BUSY };
	c->gdtr.limit = c->idtr.limit = 0xffff;
	c->cr0 = CR0_CD | CR0_NW | CR0_ET;
	c->apic_base = 0xfee00900;
	c->dr6 = DR6_INIT;
	c->dr7 = DR7_FIXED;
	c->shadow_known = true;
	c->pat = 0x0007040600070406ull;
	fpu_reset(c->fxsave);
}

static void set_all_data(struct cpu_state *c, u16 sel, u64 base, u32 limit, u16 attr)
{
	static const enum seg data[] = { SEG_ES, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		c->seg[data[i]] =
			(struct segment){ .base = base, .limit = limit, .sel = sel, .attr = attr };
}

void boot_state_real(struct cpu_state *c, u16 cs, u16 ip)
{
	boot_state_reset(c);
	c->rip = ip;
	c->gpr[GPR_RDX] = 0;
	c->cr0 = CR0_ET;
	c->idtr.limit = 0x3ff;
	c->seg[SEG_CS] = (struct segment){
		.base = (u64)cs << 4, .limit = 0xffff, .sel = cs, .attr = ATTR_REAL_CODE
	};
	set_all_data(c, cs, (u64)cs << 4, 0xffff, ATTR_REAL_DATA);
}

void boot_state_protected(struct cpu_state *c, u32 eip)
{
	boot_state_reset(c);
	c->rip = eip;
	c->gpr[GPR_RDX] = 0;
	c->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE;
	c->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
	c->seg[SEG_CS] = (struct segment){ .limit = 0xffffffff, .sel = 8, .attr = ATTR_CODE32 };
	set_all_data(c, 0x10, 0, 0xffffffff, ATTR_DATA32);
}

void boot_state_long(struct cpu_state *c, u64 rip)
{
	boot_state_protected(c, 0);
	c->rip = rip;
	c->cr0 |= CR0_WP | CR0_PG;
	c->cr4 |= CR4_PAE;
	c->efer = EFER_SCE | EFER_LME | EFER_LMA;
	c->seg[SEG_CS].attr = ATTR_CODE64;
}
