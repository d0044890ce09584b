/* registers.c - the register list; see x86_tables.h. The table is long, and is all there is. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <vmstep/x86_tables.h>

/* How a register lies in struct cpu_state, and what writing it does to the rest of its field. */
enum reg_how {
	HOW_FIELD, /* the whole field; narrower values are cut */
	HOW_CLEAR, /* low part, the rest becomes 0 (eax, eip) */
	HOW_MERGE, /* low part (or bits 8-15), the rest stays (ax, al, ah) */
	HOW_PC,    /* width of the code segment */
	HOW_STACK, /* width of the stack segment (sp, fp) */
	HOW_READ_ONLY,
};

/* clang-format off */
#define FIELD(f) offsetof(struct cpu_state, f), sizeof(((struct cpu_state *)0)->f)
#define GPR(name, r) { name, REGK_GPR, 8, REGS_GPR, true, HOW_FIELD, 0, FIELD(gpr[r]) }
#define SEL(name, s) { name, REGK_SEG, 2, REGS_SYS, true, HOW_FIELD, 0, FIELD(seg[s].sel) }
#define REG(name, kind, size, group, info, f) \
	{ name, kind, size, group, info, HOW_FIELD, 0, FIELD(f) }
/* In the FXSAVE image (SDM volume 1, "FXSAVE Area"). */
#define FX(name, kind, size, at) \
	{ name, kind, size, REGS_FPU, false, HOW_FIELD, 0, offsetof(struct cpu_state, fxsave) + (at), size }
#define FPU(name, size, at) FX(name, REGK_FPU, size, at)
#define ST(name, n)         FX(name, REGK_ST, 10, 32 + 16 * (n))
#define XMM(name, n)        FX(name, REGK_XMM, 16, 160 + 16 * (n))
#define SUB(name, size, how, shift, f) { name, REGK_SUB, size, REGS_GPR, false, how, shift, FIELD(f) }
#define SUB4(name, r)       SUB(name, 4, HOW_CLEAR, 0, gpr[r])
#define SUB2(name, r)       SUB(name, 2, HOW_MERGE, 0, gpr[r])
#define SUB1(name, r)       SUB(name, 1, HOW_MERGE, 0, gpr[r])
#define HIGH(name, r)       SUB(name, 1, HOW_MERGE, 8, gpr[r])
/* Their width comes from the segments. */
#define MODAL(name, how, f) { name, REGK_SUB, 8, REGS_GPR | REGS_SYS, false, how, 0, FIELD(f) }

/* gdb's order for amd64; the sub-registers come last. */
static const struct reg_desc regs[] = {
	GPR("rax", GPR_RAX), GPR("rbx", GPR_RBX), GPR("rcx", GPR_RCX), GPR("rdx", GPR_RDX),
	GPR("rsi", GPR_RSI), GPR("rdi", GPR_RDI), GPR("rbp", GPR_RBP), GPR("rsp", GPR_RSP),
	GPR("r8", GPR_R8), GPR("r9", GPR_R9), GPR("r10", GPR_R10), GPR("r11", GPR_R11),
	GPR("r12", GPR_R12), GPR("r13", GPR_R13), GPR("r14", GPR_R14), GPR("r15", GPR_R15),
	REG("rip", REGK_RIP, 8, REGS_GPR, true, rip),
	REG("eflags", REGK_FLAGS, 8, REGS_GPR, true, rflags),
	SEL("cs", SEG_CS), SEL("ss", SEG_SS), SEL("ds", SEG_DS),
	SEL("es", SEG_ES), SEL("fs", SEG_FS), SEL("gs", SEG_GS),
	REG("fs_base", REGK_SYS, 8, REGS_SYS, true, seg[SEG_FS].base),
	REG("gs_base", REGK_SYS, 8, REGS_SYS, true, seg[SEG_GS].base),
	REG("k_gs_base", REGK_MSR, 8, REGS_MSR, true, kernel_gs_base),
	REG("cr0", REGK_CR, 8, REGS_SYS, true, cr0), REG("cr2", REGK_CR, 8, REGS_SYS, true, cr2),
	REG("cr3", REGK_CR, 8, REGS_SYS, true, cr3), REG("cr4", REGK_CR, 8, REGS_SYS, true, cr4),
	REG("cr8", REGK_CR, 8, REGS_SYS, true, cr8), REG("efer", REGK_CR, 8, REGS_SYS, true, efer),
	REG("dr0", REGK_DR, 8, REGS_DEBUG, true, dr[0]), REG("dr1", REGK_DR, 8, REGS_DEBUG, true, dr[1]),
	REG("dr2", REGK_DR, 8, REGS_DEBUG, true, dr[2]), REG("dr3", REGK_DR, 8, REGS_DEBUG, true, dr[3]),
	REG("dr6", REGK_DR, 8, REGS_DEBUG, true, dr6), REG("dr7", REGK_DR, 8, REGS_DEBUG, true, dr7),

	REG("cs_base", REGK_SYS, 8, REGS_SYS, false, seg[SEG_CS].base),
	REG("ss_base", REGK_SYS, 8, REGS_SYS, false, seg[SEG_SS].base),
	REG("ds_base", REGK_SYS, 8, REGS_SYS, false, seg[SEG_DS].base),
	REG("es_base", REGK_SYS, 8, REGS_SYS, false, seg[SEG_ES].base),
	/* A selector here without its descriptor would be a state no CPU is in: bases and limits only. */
	{ "ldtr", REGK_SYS, 2, REGS_SYS, false, HOW_READ_ONLY, 0, FIELD(ldtr.sel) },
	REG("ldtr_base", REGK_SYS, 8, REGS_SYS, false, ldtr.base),
	REG("ldtr_limit", REGK_SYS, 4, REGS_SYS, false, ldtr.limit),
	{ "tr", REGK_SYS, 2, REGS_SYS, false, HOW_READ_ONLY, 0, FIELD(tr.sel) },
	REG("tr_base", REGK_SYS, 8, REGS_SYS, false, tr.base),
	REG("tr_limit", REGK_SYS, 4, REGS_SYS, false, tr.limit),
	REG("gdtr_base", REGK_SYS, 8, REGS_SYS, false, gdtr.base),
	REG("gdtr_limit", REGK_SYS, 2, REGS_SYS, false, gdtr.limit),
	REG("idtr_base", REGK_SYS, 8, REGS_SYS, false, idtr.base),
	REG("idtr_limit", REGK_SYS, 2, REGS_SYS, false, idtr.limit),
	REG("apic_base", REGK_MSR, 8, REGS_SYS, false, apic_base),
	REG("star", REGK_MSR, 8, REGS_MSR, false, star), REG("lstar", REGK_MSR, 8, REGS_MSR, false, lstar),
	REG("cstar", REGK_MSR, 8, REGS_MSR, false, cstar), REG("sfmask", REGK_MSR, 8, REGS_MSR, false, sfmask),
	REG("sysenter_cs", REGK_MSR, 8, REGS_MSR, false, sysenter_cs),
	REG("sysenter_esp", REGK_MSR, 8, REGS_MSR, false, sysenter_esp),
	REG("sysenter_eip", REGK_MSR, 8, REGS_MSR, false, sysenter_eip),
	REG("debugctl", REGK_MSR, 8, REGS_MSR, false, debugctl),
	REG("tsc", REGK_MSR, 8, REGS_MSR, false, tsc), REG("pat", REGK_MSR, 8, REGS_MSR, false, pat),

	ST("st0", 0), ST("st1", 1), ST("st2", 2), ST("st3", 3),
	ST("st4", 4), ST("st5", 5), ST("st6", 6), ST("st7", 7),
	FPU("fctrl", 2, 0), FPU("fstat", 2, 2), FPU("ftag", 1, 4), FPU("fop", 2, 6), FPU("mxcsr", 4, 24),
	XMM("xmm0", 0), XMM("xmm1", 1), XMM("xmm2", 2), XMM("xmm3", 3), XMM("xmm4", 4), XMM("xmm5", 5),
	XMM("xmm6", 6), XMM("xmm7", 7), XMM("xmm8", 8), XMM("xmm9", 9), XMM("xmm10", 10), XMM("xmm11", 11),
	XMM("xmm12", 12), XMM("xmm13", 13), XMM("xmm14", 14), XMM("xmm15", 15),

	MODAL("pc", HOW_PC, rip), MODAL("sp", HOW_STACK, gpr[GPR_RSP]), MODAL("fp", HOW_STACK, gpr[GPR_RBP]),
	SUB4("eax", GPR_RAX), SUB4("ebx", GPR_RBX), SUB4("ecx", GPR_RCX), SUB4("edx", GPR_RDX),
	SUB4("esi", GPR_RSI), SUB4("edi", GPR_RDI), SUB4("ebp", GPR_RBP), SUB4("esp", GPR_RSP),
	SUB4("r8d", GPR_R8), SUB4("r9d", GPR_R9), SUB4("r10d", GPR_R10), SUB4("r11d", GPR_R11),
	SUB4("r12d", GPR_R12), SUB4("r13d", GPR_R13), SUB4("r14d", GPR_R14), SUB4("r15d", GPR_R15),
	SUB("eip", 4, HOW_CLEAR, 0, rip),
	/* The 16-bit name sp is gdb's alias of the whole stack pointer above. */
	SUB2("ax", GPR_RAX), SUB2("bx", GPR_RBX), SUB2("cx", GPR_RCX), SUB2("dx", GPR_RDX),
	SUB2("si", GPR_RSI), SUB2("di", GPR_RDI), SUB2("bp", GPR_RBP),
	SUB2("r8w", GPR_R8), SUB2("r9w", GPR_R9), SUB2("r10w", GPR_R10), SUB2("r11w", GPR_R11),
	SUB2("r12w", GPR_R12), SUB2("r13w", GPR_R13), SUB2("r14w", GPR_R14), SUB2("r15w", GPR_R15),
	SUB("ip", 2, HOW_CLEAR, 0, rip),
	SUB1("al", GPR_RAX), SUB1("bl", GPR_RBX), SUB1("cl", GPR_RCX), SUB1("dl", GPR_RDX),
	SUB1("sil", GPR_RSI), SUB1("dil", GPR_RDI), SUB1("bpl", GPR_RBP), SUB1("spl", GPR_RSP),
	SUB1("r8l", GPR_R8), SUB1("r9l", GPR_R9), SUB1("r10l", GPR_R10), SUB1("r11l", GPR_R11),
	SUB1("r12l", GPR_R12), SUB1("r13l", GPR_R13), SUB1("r14l", GPR_R14), SUB1("r15l", GPR_R15),
	HIGH("ah", GPR_RAX), HIGH("bh", GPR_RBX), HIGH("ch", GPR_RCX), HIGH("dh", GPR_RDX),
};

/* gdb's, and the names other manuals use. */
static const struct {
	const char *alias, *name;
} aliases[] = {
	{ "flags", "eflags" }, { "ps", "eflags" }, { "rflags", "eflags" },
	{ "kernel_gs_base", "k_gs_base" }, { "fmask", "sfmask" },
	{ "r8b", "r8l" }, { "r9b", "r9l" }, { "r10b", "r10l" }, { "r11b", "r11l" },
	{ "r12b", "r12l" }, { "r13b", "r13l" }, { "r14b", "r14l" }, { "r15b", "r15l" },
};
/* clang-format on */

const struct reg_desc *reg_table(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(regs);
	return regs;
}

const struct reg_desc *reg_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(aliases); i++)
		if (!strcasecmp(name, aliases[i].alias)) {
			name = aliases[i].name;
			break;
		}
	for (unsigned i = 0; i < ARRAY_SIZE(regs); i++)
		if (!strcasecmp(name, regs[i].name))
			return &regs[i];
	return NULL;
}

unsigned reg_width(const struct cpu_state *c, const struct reg_desc *r)
{
	if (r->_how == HOW_PC)
		return mode_bits(cpu_mode(c)) / 8;
	if (r->_how == HOW_STACK)
		return cpu_mode(c) == MODE_LONG ? 8 : c->seg[SEG_SS].attr & ATTR_DB ? 4 : 2;
	return r->size;
}

static u64 width_mask(unsigned bytes)
{
	return bytes >= 8 ? ~(u64)0 : BIT64(8 * bytes) - 1;
}

const u8 *reg_bytes(const struct cpu_state *c, const struct reg_desc *r)
{
	return (const u8 *)c + r->_offset;
}

static u64 field_get(const struct cpu_state *c, const struct reg_desc *r)
{
	u64 v = 0;

	memcpy(&v, reg_bytes(c, r), r->_bytes < 8 ? r->_bytes : 8);
	return v;
}

static void field_set(struct cpu_state *c, const struct reg_desc *r, u64 v)
{
	memcpy((u8 *)c + r->_offset, &v, r->_bytes < 8 ? r->_bytes : 8);
}

u64 reg_get(const struct cpu_state *c, const struct reg_desc *r)
{
	return field_get(c, r) >> r->_shift & width_mask(reg_width(c, r));
}

/* What else must follow, so that the state stays one that a CPU can be in. */
static void field_follow(struct cpu_state *c, const struct reg_desc *r)
{
	/* SDM volume 3, "Real-Address Mode Operation": base is selector * 16, as in virtual-8086
	 * mode. In protected mode the descriptor would have to be read: the hidden part stays. */
	if (r->kind == REGK_SEG && (cpu_mode(c) == MODE_REAL || cpu_mode(c) == MODE_V86)) {
		struct segment *s =
			(struct segment *)((u8 *)c + r->_offset - offsetof(struct segment, sel));

		s->base = (u64)s->sel << 4;
	}
	c->fs_base_msr = c->seg[SEG_FS].base;
	c->gs_base_msr = c->seg[SEG_GS].base;
}

int reg_set(struct cpu_state *c, const struct reg_desc *r, u64 value)
{
	unsigned width = reg_width(c, r);
	u64 mask = width_mask(width) << r->_shift;

	if (r->_how == HOW_READ_ONLY)
		return -EINVAL;
	value = value << r->_shift & mask;
	/* SDM volume 1, "General-Purpose Registers in 64-Bit Mode": 32-bit results clear the upper
	 * half, smaller ones leave the rest. A 16-bit stack pointer is such a smaller one. */
	if (r->_how == HOW_MERGE || (r->_how == HOW_STACK && width == 2))
		value |= field_get(c, r) & ~mask;
	field_set(c, r, value);
	if (r->kind == REGK_SEG || r->kind == REGK_SYS)
		field_follow(c, r);
	return 0;
}
