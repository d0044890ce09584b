/*
 * known_interpreter.c - where the interpreter of KVM, which runs ring 0 and ring 3's compatibility
 * mode, departs from the processor.
 */
#include "../sse_random.h"
#include "known.h"

/* SDM volume 2, "Two-byte Opcode Map": 0F 18 to 0F 1F have a ModRM byte, what does nothing
 * included. */
static bool reserved_nop(struct contest *x)
{
	const u8 *p = memchr(x->sample->code, 0x0f, sizeof(x->sample->code) - 1);

	return x->op->mnemonic == ZYDIS_MNEMONIC_NOP && p && p[1] >= 0x19 && p[1] <= 0x1e &&
	       give_up(x);
}

/* SDM volume 2, LFENCE: the byte behind 0F AE is a part of it, which KVM's interpreter forgets. */
static bool fence_modrm(struct contest *x)
{
	const u8 *p = memchr(x->sample->code, 0x0f, sizeof(x->sample->code) - 2);

	return p && p[1] == 0xae && p[2] >= 0xc0 && give_up(x);
}

/* SDM volume 2, AAM and AAD: SF, ZF and PF are AL's, whatever the operand size. */
static bool aam_flags(struct contest *x)
{
	u8 *k = x->kvm_ram + AT_RING0 - 24, sz = FL_SF | FL_ZF;
	u64 differ = x->kvm.c.rflags ^ x->soft.c.rflags;

	if (x->op->mnemonic != ZYDIS_MNEMONIC_AAM && x->op->mnemonic != ZYDIS_MNEMONIC_AAD)
		return false;
	if (place_user(x->sample->place)) {
		differ |= *k ^ x->soft_ram[AT_RING0 - 24];
		*k = (*k & ~sz) | (x->soft_ram[AT_RING0 - 24] & sz);
	}
	x->kvm.c.rflags = (x->kvm.c.rflags & ~(u64)sz) | (x->soft.c.rflags & sz);
	return differ & sz;
}

/* Compatibility mode in ring 3 is interpreted, too, and what the interpreter lacks is #UD there. */
static bool compat_ud(struct contest *x)
{
	switch (x->op->mnemonic) {
	case ZYDIS_MNEMONIC_AAA:
	case ZYDIS_MNEMONIC_AAS:
	case ZYDIS_MNEMONIC_DAA:
	case ZYDIS_MNEMONIC_ENTER:
	case ZYDIS_MNEMONIC_NOP:
	case ZYDIS_MNEMONIC_FWAIT:
	case ZYDIS_MNEMONIC_BOUND:
		return x->sample->place == P_COMPAT3 && vector_of(x, &x->kvm) == EXC_UD &&
		       vector_of(x, &x->soft) != EXC_UD && give_up(x);
	default:
		return false;
	}
}

/* What the interpreter lacks, and still no error but some other instruction's step. */
static bool stale_step(struct contest *x)
{
	switch (x->op->mnemonic) {
	case ZYDIS_MNEMONIC_AAA:
	case ZYDIS_MNEMONIC_AAS:
	case ZYDIS_MNEMONIC_DAA:
	case ZYDIS_MNEMONIC_ENTER:
	case ZYDIS_MNEMONIC_BOUND:
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
	case ZYDIS_MNEMONIC_INVALID:
		return x->kvm.c.rip != x->soft.c.rip && vector_of(x, &x->kvm) < 0 && give_up(x);
	default:
		return false;
	}
}

/* SDM volume 2, "Instruction Prefixes": overrides of CS, DS, ES and SS are ignored in 64-bit mode.
 */
static bool override_order(struct contest *x)
{
	static const u8 null[] = { 0x26, 0x2e, 0x36, 0x3e };
	bool real = has_prefix(x, 0x64) || has_prefix(x, 0x65), any = false;

	for (unsigned i = 0; i < sizeof(null); i++)
		any |= has_prefix(x, null[i]);
	return x->sample->place == P_LONG && real && any && give_up(x);
}

/* The same: an address by RSP or RBP stays one of the stack. */
static bool override_ss(struct contest *x)
{
	return place_bits(x->sample->place) == 64 && vector_of(x, &x->soft) == EXC_SS &&
	       vector_of(x, &x->kvm) == EXC_GP &&
	       (has_prefix(x, 0x26) || has_prefix(x, 0x2e) || has_prefix(x, 0x3e)) && give_up(x);
}

/* SDM volume 2, CMPXCHG. The processor under ring 3 leaves the register. */
static bool cmpxchg_upper(struct contest *x)
{
	const struct opnd *d = &x->op->opnd[0];

	if (x->op->mnemonic != ZYDIS_MNEMONIC_CMPXCHG || x->sample->place != P_LONG ||
	    d->kind != OPND_GPR || d->size != 4 ||
	    x->kvm.c.gpr[d->reg] != (u32)x->soft.c.gpr[d->reg] ||
	    x->kvm.c.gpr[d->reg] == x->soft.c.gpr[d->reg])
		return false;
	x->kvm.c.gpr[d->reg] = x->soft.c.gpr[d->reg];
	return true;
}

/* SDM volume 2, ENTER: "the processor checks that the final stack pointer is writable". */
static bool enter_probe(struct contest *x)
{
	return x->op->mnemonic == ZYDIS_MNEMONIC_ENTER && vector_of(x, &x->soft) >= EXC_SS &&
	       vector_of(x, &x->kvm) < EXC_SS && give_up(x);
}

/* SDM volume 2, ENTER: RBP is pushed by the operand size; KVM's interpreter takes the stack's. */
static bool enter_size(struct contest *x)
{
	return x->op->mnemonic == ZYDIS_MNEMONIC_ENTER && x->sample->place != P_LONG3 &&
	       x->op->opsize != (x->sample->place == P_REAL || x->sample->place == P_STACK16 ? 2
				 : x->sample->place == P_LONG                                ? 8
											     : 4) &&
	       give_up(x);
}

/* SDM volume 2, POPA: the place of SP is read by and by, a word beyond the limit is #SS. */
static bool popa_skips(struct contest *x)
{
	return (x->op->mnemonic == ZYDIS_MNEMONIC_POPA ||
		x->op->mnemonic == ZYDIS_MNEMONIC_POPAD) &&
	       vector_of(x, &x->soft) == EXC_SS && vector_of(x, &x->kvm) < 0 && give_up(x);
}

/* SDM volume 2, UD: the ModRM, and what belongs to it, must be fetched by processors for which it
 * is part of the instruction. */
static bool ud0_modrm(struct contest *x)
{
	int kvm = vector_of(x, &x->kvm), soft = vector_of(x, &x->soft);
	u16 m = x->op->mnemonic;

	if (kvm == EXC_UD)
		return (m == ZYDIS_MNEMONIC_UD0 || m == ZYDIS_MNEMONIC_UD1 ||
			m == ZYDIS_MNEMONIC_INVALID) &&
		       soft >= EXC_GP && give_up(x);
	return (m == ZYDIS_MNEMONIC_UD0 || m == ZYDIS_MNEMONIC_UD1) && soft == EXC_UD &&
	       kvm >= EXC_SS && give_up(x);
}

/* SDM volume 2, JMP: EA is no instruction in 64-bit mode. */
static bool far_jump_64(struct contest *x)
{
	return x->op->mnemonic == ZYDIS_MNEMONIC_INVALID && x->sample->place == P_LONG &&
	       memchr(x->sample->code, 0xea, 8) && vector_of(x, &x->soft) == EXC_UD &&
	       vector_of(x, &x->kvm) == EXC_GP && give_up(x);
}

/* What Intel's processors do to RCX, RSI and RDI when ECX is 0 (string.c) AMD's do not, nor does
 * KVM on them. */
static bool rep_upper_half(struct contest *x)
{
	const u64 *before = x->sample->c.gpr;
	bool any = false;

	if (!x->sample->repeats || x->op->rep == REP_NONE || x->op->addrsize != 4 ||
	    (u32)before[GPR_RCX])
		return false;
	for (unsigned i = 0; i < 3; i++) {
		static const u8 regs[] = { GPR_RCX, GPR_RSI, GPR_RDI };

		if (x->kvm.c.gpr[regs[i]] != before[regs[i]] ||
		    (u32)before[regs[i]] != x->soft.c.gpr[regs[i]])
			continue;
		any |= before[regs[i]] >> 32 != 0;
		x->kvm.c.gpr[regs[i]] = x->soft.c.gpr[regs[i]];
	}
	return any;
}

/* SDM volume 2, BSF and BSR: the destination is undefined when the source is 0; processors leave
 * it. */
static bool scan_upper(struct contest *x)
{
	u8 reg = x->op->opnd[0].reg;
	u64 *k = &x->kvm.c.gpr[reg];

	if ((x->op->mnemonic != ZYDIS_MNEMONIC_BSF && x->op->mnemonic != ZYDIS_MNEMONIC_BSR) ||
	    x->op->opnd[0].size != 4 || *k != (u32)x->sample->c.gpr[reg] ||
	    *k == x->soft.c.gpr[reg])
		return false;
	*k = x->soft.c.gpr[reg];
	return true;
}

/* An operand beyond the memory, or an address that faults, makes the processor's x87, MMX or SSE instruction
 * the interpreter's, which has next to none. The native test sees these whole. */
static bool x87_emulated(struct contest *x)
{
	bool memory = x->op->modrm < 0xc0 || x->op->mnemonic == ZYDIS_MNEMONIC_MASKMOVQ ||
		      x->op->mnemonic == ZYDIS_MNEMONIC_MASKMOVDQU;

	return x->sample->x87 && vector_of(x, &x->kvm) == EXC_UD && memory && give_up(x);
}

/* Of MMX the interpreter has MOVQ, and reads the register, with the transition, before the store faults. */
static bool movq_fault(struct contest *x)
{
	if (x->op->mnemonic != ZYDIS_MNEMONIC_MOVQ || !x->sample->x87 || x->op->modrm >= 0xc0 ||
	    vector_of(x, &x->kvm) == EXC_DB || vector_of(x, &x->kvm) != vector_of(x, &x->soft))
		return false;
	mmx_state_copy((struct fpu *)x->kvm.c.fxsave, (const struct fpu *)x->soft.c.fxsave);
	return true;
}

/* Sets that the processor has and the interpreter has not: in ring 3 of long mode only what it executes
 * for the processor, an operand that faults or lies beyond the memory. */
static bool extension_lacks(struct contest *x)
{
	static const u16 lacking[] = {
		ZYDIS_MNEMONIC_RDPID, ZYDIS_MNEMONIC_MOVBE,  ZYDIS_MNEMONIC_POPCNT, ZYDIS_MNEMONIC_ADCX,
		ZYDIS_MNEMONIC_ADOX,  ZYDIS_MNEMONIC_ANDN,   ZYDIS_MNEMONIC_BEXTR,  ZYDIS_MNEMONIC_BLSI,
		ZYDIS_MNEMONIC_BLSR,  ZYDIS_MNEMONIC_BLSMSK, ZYDIS_MNEMONIC_BZHI,   ZYDIS_MNEMONIC_MULX,
		ZYDIS_MNEMONIC_PDEP,  ZYDIS_MNEMONIC_PEXT,   ZYDIS_MNEMONIC_RORX,   ZYDIS_MNEMONIC_SARX,
		ZYDIS_MNEMONIC_SHLX,  ZYDIS_MNEMONIC_SHRX,
	};

	if (vector_of(x, &x->kvm) != EXC_UD && x->kvm.outcome != OUT_SHUTDOWN)
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(lacking); i++)
		if (x->op->mnemonic == lacking[i])
			return (x->sample->place != P_LONG3 || x->op->modrm < 0xc0) && give_up(x);
	return false;
}

/* An operand by RSP or RBP that is neither canonical (#SS) nor aligned (#GP): the SDM names no first. */
static bool stack_unaligned(struct contest *x)
{
	return x->sample->align && vector_of(x, &x->soft) == EXC_GP && vector_of(x, &x->kvm) == EXC_SS && give_up(x);
}

/* TZCNT and LZCNT are shown by CPUID and executed as what their bytes without F3 mean. In ring 3 of long mode
 * while RSP is not canonical, too: all is interpreted then. */
static bool count_zeros(struct contest *x)
{
	return (x->op->mnemonic == ZYDIS_MNEMONIC_TZCNT || x->op->mnemonic == ZYDIS_MNEMONIC_LZCNT) &&
	       (x->sample->place != P_LONG3 || rsp_wild(x)) && give_up(x);
}

/* A store beyond the memory may come back before it has begun. */
static bool not_begun(struct contest *x)
{
	const struct cpu_state *before = &x->sample->c;

	return x->kvm.outcome == OUT_DONE && x->kvm.c.rip == before->rip &&
	       x->kvm.c.rip != x->soft.c.rip && x->kvm.c.rflags == before->rflags &&
	       !memcmp(x->kvm.c.gpr, before->gpr, sizeof(before->gpr)) &&
	       x->op->facts.flags & INSNF_MEM_WRITE && give_up(x);
}

const struct known known_interpreter[] = {
	{ "a store beyond the memory has not begun", not_begun, true },
	{ "long ring3: x87, MMX and SSE with an operand that faults are #UD", x87_emulated, true },
	{ "long ring3: MOVQ to memory that faults has made the x87 registers MMX's", movq_fault, true },
	{ "long ring3: #SS comes before the #GP of alignment", stack_unaligned, true },
	{ "RDPID, MOVBE, POPCNT, ADX and BMI are #UD", extension_lacks, false },
	{ "TZCNT and LZCNT are BSF and BSR", count_zeros, false },
	{ "BSF and BSR of 0 clear the upper half", scan_upper, true },
	{ "0F 19 to 0F 1E are taken for instructions without ModRM", reserved_nop, false },
	{ "fences are taken for instructions without ModRM", fence_modrm, true },
	{ "AAM, AAD: flags of AX or EAX in place of AL's", aam_flags, false },
	{ "compat ring3: #UD for what the interpreter lacks", compat_ud, false },
	{ "what the interpreter lacks comes back as another instruction's step", stale_step, true },
	{ "long: overrides that are ignored cancel one by FS or GS", override_order, true },
	{ "64 bits: overrides that are ignored make #GP of #SS", override_ss, true },
	{ "long: CMPXCHG that differs clears the upper half of a register", cmpxchg_upper, false },
	{ "ENTER does not probe the end of the frame", enter_probe, false },
	{ "ENTER pushes by the width of the stack", enter_size, false },
	{ "POPA does not read the place of SP", popa_skips, true },
	{ "UD0 and UD1 are #UD before all of them is fetched, or behind their operand", ud0_modrm,
	  true },
	{ "long: EA is #GP", far_jump_64, true },
	{ "a REP with ECX 0 leaves the upper halves", rep_upper_half, true },
	{ NULL, NULL, false },
};
