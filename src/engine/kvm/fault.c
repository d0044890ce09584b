/*
 * fault.c - which faults the instruction at the boundary may raise, told from its class and the
 * state before it runs. Used to arm the gates of those vectors (gates.c): saying too much costs an
 * ioctl, saying too little costs the boundary at the handler, never a count.
 */
#include "engine/kvm/kvm.h"

/* The opcode behind legacy prefixes and REX; *ret_map is 1 behind 0F. */
static u8 opcode_of(const struct at *a, bool *ret_0f, u8 *ret_modrm)
{
	unsigned i = 0, n = a->insn.facts.length;

	for (; i < n; i++) {
		u8 b = a->bytes[i];

		if (b == 0x66 || b == 0x67 || b == 0xf0 || b == 0xf2 || b == 0xf3 || b == 0x2e ||
		    b == 0x36 || b == 0x3e || b == 0x26 || b == 0x64 || b == 0x65)
			continue;
		if (a->bits == 64 && (b & 0xf0) == 0x40)
			continue;
		break;
	}
	*ret_0f = i < n && a->bytes[i] == 0x0f;
	if (*ret_0f)
		i++;
	*ret_modrm = i + 1 < n ? a->bytes[i + 1] : 0;
	return i < n ? a->bytes[i] : 0;
}

static u32 by_opcode(const struct vcpu *k, bool protected)
{
	bool two;
	u8 modrm, op = opcode_of(&k->at, &two, &modrm);
	u8 reg = modrm >> 3 & 7;

	if (!two && (op == 0xf6 || op == 0xf7) && reg >= 6)
		return BIT(EXC_DE);
	if (!two && op == 0xd4) /* AAM 0 */
		return BIT(EXC_DE);
	if (!two && op == 0x62 && k->at.bits != 64)
		return BIT(EXC_BR) | BIT(EXC_UD);
	if (!two && op >= 0xd8 && op <= 0xdf)
		return BIT(EXC_NM) | BIT(EXC_MF);
	if (!two && op == 0x9b)
		return k->cpu.cr0 & (CR0_TS | CR0_MP) ? BIT(EXC_NM) | BIT(EXC_MF) : 0;
	if (!protected)
		return 0;
	/* Loads of segment registers, LLDT, LTR: the descriptor decides. */
	if (!two && (op == 0x8e || op == 0x07 || op == 0x17 || op == 0x1f || op == 0xc4 || op == 0xc5))
		return BIT(EXC_GP) | BIT(EXC_NP) | BIT(EXC_SS);
	if (two && (op == 0x00 || op == 0xa1 || op == 0xa9 || op == 0xb2 || op == 0xb4 || op == 0xb5))
		return BIT(EXC_GP) | BIT(EXC_NP) | BIT(EXC_SS);
	return 0;
}

/* SSE and its like with CR0.EM or TS, or without CR4.OSFXSR. */
static u32 by_fpu_state(const struct vcpu *k)
{
	bool two;
	u8 modrm, op = opcode_of(&k->at, &two, &modrm);

	if (!two || !((op >= 0x10 && op <= 0x17) || (op >= 0x28 && op <= 0x2f) ||
		      (op >= 0x50 && op <= 0x7f) || (op >= 0xd0 && op != 0xff)))
		return 0;
	if (k->cpu.cr0 & CR0_TS)
		return BIT(EXC_NM);
	if ((k->cpu.cr0 & CR0_EM) || !(k->cpu.cr4 & CR4_OSFXSR))
		return BIT(EXC_UD);
	return 0;
}

static u32 by_class(const struct vcpu *k)
{
	const struct insn_facts *f = &k->at.insn.facts;
	bool protected = k->cpu.cr0 & CR0_PE;

	switch (f->cls) {
	case INSN_UD:
		return BIT(EXC_UD);
	case INSN_INVALID:
		/* Either it does not decode, or its last bytes could not be read. */
		return k->at.n_bytes == INSN_MAX ? BIT(EXC_UD) :
						   BIT(EXC_PF) | BIT(EXC_GP) | BIT(EXC_UD);
	case INSN_RDMSR:
	case INSN_WRMSR:
	case INSN_MOV_CR:
	case INSN_MOV_DR:
	case INSN_VMX_EXIT:
		return BIT(EXC_GP) | BIT(EXC_UD);
	case INSN_SYSCALL:
	case INSN_SYSRET:
	case INSN_SYSENTER:
	case INSN_SYSEXIT:
		return BIT(EXC_UD) | BIT(EXC_GP);
	case INSN_IN:
	case INSN_OUT:
	case INSN_CLI:
	case INSN_STI:
		return k->at.cpl > (k->s->regs.rflags >> 12 & 3) ? BIT(EXC_GP) : 0;
	case INSN_INTN:
	case INSN_INTO:
		if (k->quirks.software && k->at.cpl == 3)
			return BIT(EXC_UD); /* what that KVM makes of it (K16) */
		return protected ? BIT(EXC_GP) | BIT(EXC_NP) : 0;
	default:
		return (f->flags & INSNF_FAR) && protected ? BIT(EXC_GP) | BIT(EXC_NP) : 0;
	}
}

u32 fault_vectors(struct vcpu *k)
{
	u32 mask = by_class(k) | by_opcode(k, k->cpu.cr0 & CR0_PE) | by_fpu_state(k) |
		   fault_memory(k);

	if ((k->at.insn.facts.flags & INSNF_PRIVILEGED) && k->at.cpl)
		mask |= BIT(EXC_GP);
	return mask;
}
