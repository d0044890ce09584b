/*
 * known_processor.c - where the processor under ring 3, an AMD, and the SDM differ, or the SDM
 * leaves it open.
 */
#include "../sse_random.h"
#include "known.h"

/* SDM volume 3, "Instruction-Breakpoint Exception Condition": RF is set in the frame of a trap
 * between the iterations of a REP. */
static bool rep_rf(struct contest *x)
{
	u8 *k = x->kvm_ram + AT_RING0 - 22, s = x->soft_ram[AT_RING0 - 22];

	if (!x->sample->repeats || x->sample->place != P_LONG3 ||
	    vector_of(x, &x->soft) != EXC_DB || (*k ^ s) != 1 || !(s & 1))
		return false;
	*k = s;
	return true;
}

/* SDM volume 2, "Instruction Prefixes": 66 before a near branch is ignored in 64-bit mode; AMD's
 * processors, one of which runs ring 3 here, take it. */
static bool near_branch_66(struct contest *x)
{
	return x->sample->place == P_LONG3 && has_prefix(x, 0x66) &&
	       x->op->facts.flags & (INSNF_CALL | INSNF_RET | INSNF_BRANCH) && give_up(x);
}

/* The IF that PUSHF stores is the guest's (SDM volume 2, PUSHF). */
static bool pushf_if(struct contest *x)
{
	u64 at, frame;

	if (x->sample->place != P_LONG3 || x->op->facts.cls != INSN_PUSHF)
		return false;
	memcpy(&frame, x->soft_ram + AT_RING0 - 16, 8); /* the user's RSP, behind the flags */
	at = frame + 1;
	if (at < AT_DATA || at >= AT_END || (x->kvm_ram[at] ^ x->soft_ram[at]) != FL_IF >> 8)
		return false;
	x->kvm_ram[at] = x->soft_ram[at];
	return true;
}

/*
 * Bytes that are no instruction: whether the rest of what would be their length is fetched, and
 * their operand read, before #UD is the processor's own affair. KVM and AMD's processors do.
 */
static bool invalid_read_on(struct contest *x)
{
	return x->op->mnemonic == ZYDIS_MNEMONIC_INVALID && vector_of(x, &x->soft) == EXC_UD &&
	       vector_of(x, &x->kvm) >= EXC_SS && give_up(x);
}

/* SDM volume 2, LOCK: #UD with what is not in its list. AMD's processors, and KVM on them, let it
 * pass with the long NOPs, IRET and RDSEED. */
static bool locked(struct contest *x)
{
	return x->op->mnemonic == ZYDIS_MNEMONIC_INVALID && has_prefix(x, 0xf0) &&
	       vector_of(x, &x->soft) == EXC_UD && give_up(x);
}

/* SDM volume 2, LOOP: F2 and F3 mean nothing there. AMD's processors take F3 E0 for LOOPE, F2 E1
 * for LOOPNE. */
static bool loop_rep(struct contest *x)
{
	return x->sample->place == P_LONG3 &&
	       ((x->op->mnemonic == ZYDIS_MNEMONIC_LOOPNE && has_prefix(x, 0xf3)) ||
		(x->op->mnemonic == ZYDIS_MNEMONIC_LOOPE && has_prefix(x, 0xf2))) &&
	       give_up(x);
}

/* Of two operands that both fault the SDM names no first; AMD's processors take the second. */
static bool cmps_order(struct contest *x)
{
	return x->sample->place == P_LONG3 && x->op->facts.flags & INSNF_MEM_READ &&
	       x->sample->repeats && vector_of(x, &x->soft) >= EXC_SS &&
	       vector_of(x, &x->kvm) >= EXC_SS &&
	       (x->kvm.c.cr2 != x->soft.c.cr2 || x->kvm.c.rip != x->soft.c.rip) && give_up(x);
}

/* SDM volume 2, CALL: the form of the target first, then the push. */
static bool call_order(struct contest *x)
{
	return x->sample->place == P_LONG3 && x->op->facts.flags & INSNF_CALL &&
	       vector_of(x, &x->soft) == EXC_GP && vector_of(x, &x->kvm) >= EXC_SS && give_up(x);
}

/* The x87 of the processor under ring 3 may hold an exception; the model has no x87. */
static bool fwait_pending(struct contest *x)
{
	return x->op->mnemonic == ZYDIS_MNEMONIC_FWAIT && x->sample->place == P_LONG3 &&
	       vector_of(x, &x->kvm) == EXC_MF && give_up(x);
}

/* SDM volume 2, CVTPI2PS: a transition to MMX whatever the source; AMD's processors make none for one in
 * memory. */
static bool cvtpi2ps_memory(struct contest *x)
{
	if (x->op->mnemonic != ZYDIS_MNEMONIC_CVTPI2PS || x->op->modrm >= 0xc0)
		return false;
	mmx_state_copy((struct fpu *)x->kvm.c.fxsave, (const struct fpu *)x->soft.c.fxsave);
	return true;
}

/* The SDM does not say whether the transition comes before the fault of MASKMOVQ's store; for AMD's it does. */
static bool maskmovq_fault(struct contest *x)
{
	if (x->op->mnemonic != ZYDIS_MNEMONIC_MASKMOVQ || vector_of(x, &x->kvm) == EXC_DB)
		return false;
	mmx_state_copy((struct fpu *)x->kvm.c.fxsave, (const struct fpu *)x->soft.c.fxsave);
	return true;
}

/* SDM volume 1, "Mask for MXCSR": a reserved bit is #GP. AMD's processors have bit 17, misaligned operands. */
static bool mxcsr_misaligned(struct contest *x)
{
	u32 v;

	if (x->op->mnemonic != ZYDIS_MNEMONIC_LDMXCSR || vector_of(x, &x->kvm) != EXC_DB)
		return false;
	v = ((const struct fpu *)x->kvm.c.fxsave)->mxcsr;
	return v & BIT(17) && !(v >> 18) && vector_of(x, &x->soft) == EXC_GP && give_up(x);
}

/* TSC_AUX under ring 3 is the host's, the number of the processor that it is on. */
static bool rdpid_host(struct contest *x)
{
	u8 reg = x->op->opnd[0].reg;

	if (x->op->mnemonic != ZYDIS_MNEMONIC_RDPID || x->sample->place != P_LONG3 ||
	    vector_of(x, &x->kvm) != EXC_DB)
		return false;
	x->kvm.c.gpr[reg] = x->soft.c.gpr[reg];
	return true;
}

/* SDM volume 3, "Control Registers": CR2 is the address that faulted; of a long operand, on the page that
 * does, any. AMD's processors try the end of FNSAVE's first. */
static bool fnsave_cr2(struct contest *x)
{
	if (x->op->mnemonic != ZYDIS_MNEMONIC_FNSAVE || vector_of(x, &x->kvm) != EXC_PF ||
	    vector_of(x, &x->soft) != EXC_PF || (x->kvm.c.cr2 ^ x->soft.c.cr2) >> 12)
		return false;
	x->kvm.c.cr2 = x->soft.c.cr2;
	return true;
}

/* What CPUID hides: mask instructions with register numbers that Zydis refuses. */
static bool vector_extension(struct contest *x)
{
	u8 first = x->sample->code[0];

	return x->op->mnemonic == ZYDIS_MNEMONIC_INVALID && x->sample->place == P_LONG3 &&
	       (first == 0xc4 || first == 0xc5 || first == 0x62) &&
	       vector_of(x, &x->kvm) == EXC_DB && give_up(x);
}

const struct known known_processor[] = {
	{ "long ring3: extensions that CPUID hides", vector_extension, true },
	{ "ring 3: RF is clear in the frame of a trap between iterations", rep_rf, false },
	{ "long ring3: 66 before a near branch counts", near_branch_66, false },
	{ "long ring3: PUSHF shows the host's IF", pushf_if, false },
	{ "what is no instruction is fetched whole and its operand read before #UD",
	  invalid_read_on, false },
	{ "LOCK passes with what it is not for", locked, false },
	{ "long ring3: F3 before LOOPNE and F2 before LOOPE count", loop_rep, false },
	{ "long ring3: of two operands that fault the second comes first", cmps_order, false },
	{ "long ring3: CALL checks its push before its target", call_order, true },
	{ "long ring3: an x87 exception is pending at FWAIT", fwait_pending, true },
	{ "long ring3: CVTPI2PS from memory leaves the x87 registers what they were", cvtpi2ps_memory, false },
	{ "long ring3: MASKMOVQ that faults has made the x87 registers MMX's", maskmovq_fault, false },
	{ "long ring3: RDPID reads the host's TSC_AUX", rdpid_host, true },
	{ "long ring3: FNSAVE across pages has CR2 at its end", fnsave_cr2, true },
	{ "long ring3: MXCSR has bit 17", mxcsr_misaligned, false },
	{ NULL, NULL, false },
};
