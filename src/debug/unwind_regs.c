/* unwind_regs.c - the registers of a frame and the widths they have in its mode; see up.h. */
#include "up.h"

enum {
	CLOBBERED_64 = BIT(GPR_RAX) | BIT(GPR_RCX) | BIT(GPR_RDX) | BIT(GPR_RSI) | BIT(GPR_RDI) |
		       BIT(GPR_R8) | BIT(GPR_R9) | BIT(GPR_R10) | BIT(GPR_R11) | BIT(FRAME_RFLAGS),
	CLOBBERED_32 = BIT(GPR_RAX) | BIT(GPR_RCX) | BIT(GPR_RDX) | BIT(FRAME_RFLAGS),
};

unsigned regs_word(const struct frame_regs *r)
{
	return mode_bits(r->mode) / 8;
}

/* Wrap at the width of the segment: its D/B bit outside long mode. */
static u64 segment_cut(const struct frame_regs *r, const struct segment *g, u64 off)
{
	if (r->mode == MODE_LONG)
		return off;
	if (r->mode == MODE_REAL || r->mode == MODE_V86 || !(g->attr & ATTR_DB))
		return (u16)off;
	return (u32)off;
}

static u64 segment_linear(const struct frame_regs *r, const struct segment *g, u64 off)
{
	if (r->mode == MODE_LONG)
		return off;
	return (u32)(g->base + segment_cut(r, g, off));
}

u64 regs_linear_cs(const struct frame_regs *r, u64 off)
{
	return segment_linear(r, &r->cs, off);
}

u64 regs_linear_ss(const struct frame_regs *r, u64 off)
{
	return segment_linear(r, &r->ss, off);
}

u64 regs_cut(const struct frame_regs *r, u64 v)
{
	return segment_cut(r, &r->ss, v);
}

void regs_from_cpu(const struct cpu_state *c, struct frame_regs *ret)
{
	*ret = (struct frame_regs){
		.known = BIT(FRAME_REGS) - 1,
		.cs = c->seg[SEG_CS],
		.ss = c->seg[SEG_SS],
		.mode = cpu_mode(c),
		.cpl = cpu_cpl(c),
	};
	for (unsigned i = 0; i < GPR_COUNT; i++)
		ret->value[i] = c->gpr[i];
	ret->value[FRAME_RIP] = c->rip;
	ret->value[FRAME_RFLAGS] = c->rflags;
}

void reg_known(struct frame_regs *r, unsigned reg, u64 value)
{
	r->value[reg] = value;
	r->known |= BIT(reg);
	r->saved &= ~BIT(reg);
}

void reg_found(struct frame_regs *r, unsigned reg, u64 value, u64 slot)
{
	reg_known(r, reg, value);
	r->saved |= BIT(reg);
	r->slot[reg] = slot;
}

void regs_forget_but(struct frame_regs *r, u32 keep)
{
	r->known &= keep;
	r->saved &= keep;
}

/* System V ABI, x86-64 "Function Calling Sequence" and i386 "Registers". */
void regs_forget_clobbered(struct frame_regs *r)
{
	regs_forget_but(r, ~(u32)(r->mode == MODE_LONG ? CLOBBERED_64 : CLOBBERED_32));
}

/* System V ABI: "DWARF Register Number Mapping". i386 has ESP 4, EBP 5, ESI 6, EDI 7, EIP 8. */
int frame_reg_of_dwarf(unsigned bits, u64 number)
{
	static const u8 wide[] = { GPR_RAX, GPR_RDX, GPR_RCX, GPR_RBX, GPR_RSI,  GPR_RDI,
				   GPR_RBP, GPR_RSP, GPR_R8,  GPR_R9,  GPR_R10,  GPR_R11,
				   GPR_R12, GPR_R13, GPR_R14, GPR_R15, FRAME_RIP };
	static const u8 narrow[] = { GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX,   GPR_RSP,
				     GPR_RBP, GPR_RSI, GPR_RDI, FRAME_RIP, FRAME_RFLAGS };

	if (bits == 64)
		return number < ARRAY_SIZE(wide) ? wide[number] : number == 49 ? FRAME_RFLAGS : -1;
	return number < ARRAY_SIZE(narrow) ? narrow[number] : -1;
}
