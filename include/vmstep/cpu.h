/*
 * cpu.h - the state of one virtual CPU as the debugger sees it. Freestanding.
 *
 * Filled and applied by the engines in groups (enum reg_group), read by everybody. A group that an
 * engine did not fill has its bit clear in `known`. RFLAGS is the *guest's*: the trap flag in it is
 * the guest's own, never the debugger's.
 */
#ifndef VMSTEP_CPU_H
#define VMSTEP_CPU_H

#include <vmstep/types.h>
#include <vmstep/x86.h>

enum gpr { GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX, GPR_RSP, GPR_RBP, GPR_RSI, GPR_RDI,
	   GPR_R8, GPR_R9, GPR_R10, GPR_R11, GPR_R12, GPR_R13, GPR_R14, GPR_R15, GPR_COUNT };
enum seg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_COUNT };

/*
 * A segment register with its hidden part. `attr` is the second descriptor doubleword's bits 8-15
 * and 20-23, as in VMCS access rights and LAR>>8:
 *   15 14  13  12  | 11..8 | 7 | 6..5 | 4 | 3..0
 *   G  D/B  L  AVL | (0)   | P | DPL  | S | type
 */
struct segment {
	u64 base;
	u32 limit; /* in bytes, already scaled by G */
	u16 sel;
	u16 attr;
};
#define ATTR_TYPE(a) ((a) & 15)
#define ATTR_S       BIT(4)
#define ATTR_DPL(a)  (((a) >> 5) & 3)
#define ATTR_P       BIT(7)
#define ATTR_AVL     BIT(12)
#define ATTR_L       BIT(13)
#define ATTR_DB      BIT(14)
#define ATTR_G       BIT(15)
#define ATTR_UNUSABLE 0 /* attr 0: null selector, not usable */

struct table_reg {
	u64 base;
	u16 limit;
};

/* Shadows: KVM's numbers (KVM_X86_SHADOW_INT_*), not the VMCS's. */
enum shadow { SHADOW_NONE = 0, SHADOW_MOV_SS = 1, SHADOW_STI = 2 };
enum activity { ACT_ACTIVE, ACT_HLT, ACT_SHUTDOWN, ACT_WAIT_SIPI };

enum reg_group {
	REGS_GPR = BIT(0),    /* gpr, rip, rflags */
	REGS_SYS = BIT(1),    /* segments, tables, control registers, efer, apic_base */
	REGS_DEBUG = BIT(2),  /* dr0-3, dr6, dr7: the guest's own */
	REGS_EVENTS = BIT(3), /* shadow, activity, nmi_blocked, pending exception of the engine */
	REGS_MSR = BIT(4),    /* the MSRs below */
	REGS_FPU = BIT(5),    /* fxsave */
	REGS_ALL = BIT(6) - 1,
};

/* PAE's PDPTE registers, loaded under `cr3`; not loaded: the walk reads memory (SDM "PDPTE Registers"). */
struct pdptes {
	bool loaded;
	u64 cr3, entry[4];
};

struct cpu_state {
	u32 known; /* mask of enum reg_group */
	u64 gpr[GPR_COUNT];
	u64 rip, rflags;
	struct segment seg[SEG_COUNT], ldtr, tr;
	struct table_reg gdtr, idtr;
	u64 cr0, cr2, cr3, cr4, cr8, efer, apic_base;
	u64 dr[4], dr6, dr7;
	u8 shadow;       /* enum shadow, a mask */
	bool shadow_known;
	u8 activity;     /* enum activity */
	bool nmi_blocked;
	u64 star, lstar, cstar, sfmask, fs_base_msr, gs_base_msr, kernel_gs_base;
	u64 sysenter_cs, sysenter_esp, sysenter_eip, debugctl, tsc, pat;
	struct pdptes pdptes; /* the processor model's */
	u8 fxsave[512] __attribute__((aligned(16))); /* FXSAVE64 image: x87, MXCSR, XMM0-15 */
};

static inline bool pdptes_hold(const struct cpu_state *c)
{
	return c->pdptes.loaded && c->pdptes.cr3 == c->cr3;
}

enum cpu_mode { MODE_REAL, MODE_V86, MODE_PROT16, MODE_PROT32, MODE_COMPAT16, MODE_COMPAT32, MODE_LONG,
		MODE_COUNT };

/* The mode that CR0, EFER, RFLAGS.VM and CS say (SDM "Modes of Operation"). */
static inline enum cpu_mode cpu_mode_of(u64 cr0, u64 efer, u64 rflags, u16 cs_attr)
{
	if (!(cr0 & CR0_PE))
		return MODE_REAL;
	if (efer & EFER_LMA) {
		if (cs_attr & ATTR_L)
			return MODE_LONG;
		return cs_attr & ATTR_DB ? MODE_COMPAT32 : MODE_COMPAT16;
	}
	if (rflags & FL_VM)
		return MODE_V86;
	return cs_attr & ATTR_DB ? MODE_PROT32 : MODE_PROT16;
}

static inline enum cpu_mode cpu_mode(const struct cpu_state *c)
{
	return cpu_mode_of(c->cr0, c->efer, c->rflags, c->seg[SEG_CS].attr);
}

/* Width of the code segment in bits: 16, 32 or 64. */
static inline unsigned mode_bits(enum cpu_mode m)
{
	switch (m) {
	case MODE_LONG:
		return 64;
	case MODE_PROT32:
	case MODE_COMPAT32:
		return 32;
	default:
		return 16;
	}
}

static inline unsigned cpu_cpl(const struct cpu_state *c)
{
	if (!(c->cr0 & CR0_PE))
		return 0;
	if ((c->rflags & FL_VM) && !(c->efer & EFER_LMA))
		return 3;
	return ATTR_DPL(c->seg[SEG_SS].attr);
}

/* Linear address of the instruction at RIP. */
static inline u64 cpu_linear_rip(const struct cpu_state *c)
{
	enum cpu_mode m = cpu_mode(c);

	if (m == MODE_LONG)
		return c->rip;
	/* 16-bit code of protected mode may lie beyond 64 KiB of its segment. */
	return (u32)(c->seg[SEG_CS].base + (m == MODE_REAL || m == MODE_V86 ? (u16)c->rip : (u32)c->rip));
}

#endif
