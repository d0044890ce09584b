/*
 * known.c - where the KVM at hand is known to depart from the processor: each row says when, why we
 * hold it wrong, and makes its result what it should have been, so that everything else still
 * counts. A row that no instance needed in a run of full length is a failure, but for those that
 * are rare: the list is to stay true.
 */
#include <string.h>

#include "diff.h"

static bool entered(const struct result *r, enum place p)
{
	u64 at = r->c.rip + (p == P_REAL ? AT_HANDLERS : 0);

	return r->outcome == OUT_DONE && at >= AT_HANDLERS &&
	       at < AT_HANDLERS + 33 * HANDLER_SIZE &&
	       (p != P_REAL || r->c.seg[SEG_CS].sel == AT_HANDLERS >> 4);
}

/* SDM volume 3, "Flag Usage By Exception- or Interrupt-Handler Procedure": TF, NT, RF, VM and IF.
 */
static bool ac_cleared(struct contest *x)
{
	if (!entered(&x->soft, x->sample->place) || !entered(&x->kvm, x->sample->place) ||
	    !((x->soft.c.rflags & ~x->kvm.c.rflags) & FL_AC))
		return false;
	x->kvm.c.rflags |= FL_AC;
	return true;
}

/* SDM volume 3, "Interrupt and Exception Handling in Real-Address Mode": SP, 16 bits of it, moves.
 */
static bool real_esp(struct contest *x)
{
	if (x->sample->place != P_REAL || !entered(&x->soft, P_REAL) ||
	    (x->kvm.c.gpr[GPR_RSP] ^ x->soft.c.gpr[GPR_RSP]) & 0xffff ||
	    x->kvm.c.gpr[GPR_RSP] >> 16 || !(x->soft.c.gpr[GPR_RSP] >> 16))
		return false;
	x->kvm.c.gpr[GPR_RSP] = x->soft.c.gpr[GPR_RSP];
	return true;
}

/* The vector whose handler was entered, -1: none. */
static int vector_of(const struct contest *x, const struct result *r)
{
	u64 at = r->c.rip + (x->sample->place == P_REAL ? AT_HANDLERS : 0);

	return entered(r, x->sample->place) ? (int)(at - AT_HANDLERS) / HANDLER_SIZE : -1;
}

/* Nothing of the instance counts. */
static bool give_up(struct contest *x)
{
	x->kvm = x->soft;
	memcpy(x->kvm_ram + AT_DATA, x->soft_ram + AT_DATA, AT_END - AT_DATA);
	return true;
}

static bool has_prefix(const struct contest *x, u8 prefix)
{
	for (unsigned i = 0; i < 14 && x->sample->code[i] != 0x0f; i++)
		if (x->sample->code[i] == prefix)
			return true;
	return false;
}

/* A stack segment with B=0 or a base is legal (SDM volume 3, "Stack Segment"). */
static bool stack16_shutdown(struct contest *x)
{
	return x->sample->place == P_STACK16 &&
	       (entered(&x->soft, P_STACK16) || x->soft.outcome == OUT_SHUTDOWN) && give_up(x);
}

/* SDM volume 2, "Two-byte Opcode Map": 0F 18 to 0F 1F have a ModRM byte, what does nothing
 * included. */
static bool reserved_nop(struct contest *x)
{
	const u8 *p = memchr(x->sample->code, 0x0f, sizeof(x->sample->code) - 1);

	return x->op->mnemonic == ZYDIS_MNEMONIC_NOP && p && p[1] >= 0x19 && p[1] <= 0x1e &&
	       give_up(x);
}

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

/* SDM volume 3, "Priority Among Concurrent Events" and volume 2: what is written may not be read
 * first, with the faults of reading, where its segment forbids writing. */
static bool rmw_read_first(struct contest *x)
{
	return vector_of(x, &x->kvm) == EXC_PF && vector_of(x, &x->soft) == EXC_GP &&
	       !(x->op->opnd[0].kind == OPND_MEM &&
		 (x->sample->c.seg[x->op->opnd[0].seg].attr & 0xa) == 2) &&
	       give_up(x);
}

/* SDM volume 3, "Interrupt 17 - Alignment Check Exception (#AC)": in ring 3 of every mode. */
static bool compat_no_ac(struct contest *x)
{
	return x->sample->place == P_COMPAT3 && vector_of(x, &x->soft) == EXC_AC &&
	       vector_of(x, &x->kvm) != EXC_AC && give_up(x);
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

/* Both are #PF. SDM volume 2: a read-modify-write asks for writing from the first byte on. */
static bool rmw_pages(struct contest *x)
{
	return vector_of(x, &x->kvm) == EXC_PF && vector_of(x, &x->soft) == EXC_PF &&
	       x->kvm.c.cr2 == (x->soft.c.cr2 | 0xfff) + 1 &&
	       x->op->facts.flags & INSNF_MEM_WRITE && give_up(x);
}

/* SDM volume 3, "Page-Fault Exceptions": the instruction can be begun again, nothing is half done.
 */
static bool half_write(struct contest *x)
{
	u64 at = x->soft.c.cr2;
	u32 first = AT_DATA, last = AT_END - 1;

	if (vector_of(x, &x->soft) != EXC_PF || x->kvm.c.cr2 != at || at & 0xfff || at <= AT_DATA ||
	    at >= AT_END)
		return false;
	while (first < AT_END && x->kvm_ram[first] == x->soft_ram[first])
		first++;
	if (first < at - 8 || first >= at)
		return false;
	for (last = at - 1; last >= first; last--)
		x->kvm_ram[last] = x->soft_ram[last];
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

/* SDM volume 2, JMP: EA is no instruction in 64-bit mode. */
static bool far_jump_64(struct contest *x)
{
	return x->op->mnemonic == ZYDIS_MNEMONIC_INVALID && x->sample->place == P_LONG &&
	       memchr(x->sample->code, 0xea, 8) && vector_of(x, &x->soft) == EXC_UD &&
	       vector_of(x, &x->kvm) == EXC_GP && give_up(x);
}

/* Ring 3 is interpreted while RSP could not be the processor's, and alignment is not looked at. */
static bool wild_rsp_no_ac(struct contest *x)
{
	u64 sp = x->sample->c.gpr[GPR_RSP];

	return x->sample->place == P_LONG3 && sp != (u64)((s64)(sp << 16) >> 16) &&
	       vector_of(x, &x->soft) == EXC_AC && vector_of(x, &x->kvm) != EXC_AC && give_up(x);
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

/* SDM volume 3, "Limit Checking": a frame outside of the stack segment is #SS, which comes to #DF.
 * KVM's delivery looks at neither limit nor base. */
static bool stack_limit(struct contest *x)
{
	u64 sp = x->sample->c.gpr[GPR_RSP];

	return (x->sample->place == P_PROT16 || x->sample->place == P_PROT32) &&
	       (sp < AT_DATA + 32 || sp > AT_END) &&
	       (entered(&x->soft, x->sample->place) || x->soft.outcome == OUT_SHUTDOWN) &&
	       give_up(x);
}

/* The same: an address by RSP or RBP stays one of the stack. */
static bool override_ss(struct contest *x)
{
	return x->sample->place == P_LONG && vector_of(x, &x->soft) == EXC_SS &&
	       vector_of(x, &x->kvm) == EXC_GP &&
	       (has_prefix(x, 0x26) || has_prefix(x, 0x2e) || has_prefix(x, 0x3e)) && give_up(x);
}

/* What the interpreter lacks, and still no error but some other instruction's step. */
static bool stale_step(struct contest *x)
{
	switch (x->op->mnemonic) {
	case ZYDIS_MNEMONIC_AAA:
	case ZYDIS_MNEMONIC_AAS:
	case ZYDIS_MNEMONIC_DAA:
	case ZYDIS_MNEMONIC_ENTER:
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
	case ZYDIS_MNEMONIC_INVALID:
		return x->kvm.c.rip != x->soft.c.rip && vector_of(x, &x->kvm) < 0 && give_up(x);
	default:
		return false;
	}
}

/* SDM volume 2, CALL: the form of the target first, then the push. */
static bool call_order(struct contest *x)
{
	return x->sample->place == P_LONG3 && x->op->facts.flags & INSNF_CALL &&
	       vector_of(x, &x->soft) == EXC_GP && vector_of(x, &x->kvm) >= EXC_SS && give_up(x);
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

/* SDM volume 2, UD: the ModRM, and what belongs to it, must be fetched by processors for which it
 * is part of the instruction. */
static bool ud0_modrm(struct contest *x)
{
	int kvm = vector_of(x, &x->kvm), soft = vector_of(x, &x->soft);

	return (x->op->mnemonic == ZYDIS_MNEMONIC_UD0 || x->op->mnemonic == ZYDIS_MNEMONIC_UD1) &&
	       (kvm == EXC_UD ? soft >= EXC_GP : soft == EXC_UD && kvm >= EXC_SS) && give_up(x);
}

/* SDM volume 2, ENTER: "the processor checks that the final stack pointer is writable". */
static bool enter_probe(struct contest *x)
{
	return x->op->mnemonic == ZYDIS_MNEMONIC_ENTER && vector_of(x, &x->soft) >= EXC_SS &&
	       vector_of(x, &x->kvm) < EXC_SS && give_up(x);
}

/* SDM volume 2, POPA: the place of SP is read by and by, a word beyond the limit is #SS. */
static bool popa_skips(struct contest *x)
{
	return (x->op->mnemonic == ZYDIS_MNEMONIC_POPA ||
		x->op->mnemonic == ZYDIS_MNEMONIC_POPAD) &&
	       vector_of(x, &x->soft) == EXC_SS && vector_of(x, &x->kvm) < 0 && give_up(x);
}

/* What CPUID hides: F3 0F BC and BD are BSF and BSR; the processor has TZCNT and LZCNT. */
static bool count_zeros(struct contest *x)
{
	return (x->op->mnemonic == ZYDIS_MNEMONIC_BSF || x->op->mnemonic == ZYDIS_MNEMONIC_BSR) &&
	       x->op->rep == REP_E && x->sample->place == P_LONG3 && give_up(x);
}

/* #AC or #PF first, for an access that lies on two pages: open in the SDM (volume 3, "Priority
 * Among Concurrent Events"). */
static bool split_ac(struct contest *x)
{
	return x->sample->place == P_LONG3 && vector_of(x, &x->soft) == EXC_AC &&
	       vector_of(x, &x->kvm) == EXC_PF && give_up(x);
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

/* SDM volume 2, INT n: #SS where the frame does not fit, and so to the shutdown. */
static bool real_stack_wraps(struct contest *x)
{
	return x->sample->place == P_REAL && x->soft.outcome == OUT_SHUTDOWN &&
	       entered(&x->kvm, P_REAL) && give_up(x);
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
		return x->sample->place == P_COMPAT3 && vector_of(x, &x->kvm) == EXC_UD &&
		       vector_of(x, &x->soft) != EXC_UD && give_up(x);
	default:
		return false;
	}
}

static const struct known rows[] = {
	{ "flags: AC is cleared when an event is delivered", ac_cleared, false },
	{ "real mode: the upper half of ESP is cleared when an event is delivered", real_esp,
	  false },
	{ "16-bit stack: an event in protected mode goes to ESP, or shuts down", stack16_shutdown,
	  false },
	{ "0F 19 to 0F 1E are taken for instructions without ModRM", reserved_nop, false },
	{ "ring 3: RF is clear in the frame of a trap between iterations", rep_rf, false },
	{ "the operand of a read-modify-write is read before its segment is checked",
	  rmw_read_first, false },
	{ "compat ring3: alignment is not checked", compat_no_ac, false },
	{ "AAM, AAD: flags of AX or EAX in place of AL's", aam_flags, false },
	{ "long ring3: 66 before a near branch counts", near_branch_66, false },
	{ "long ring3: PUSHF shows the host's IF", pushf_if, false },
	{ "compat ring3: #UD for what the interpreter lacks", compat_ud, false },
	{ "a read-modify-write across pages reads both first", rmw_pages, false },
	{ "a write across pages that faults has written its first half", half_write, false },
	{ "what is no instruction is fetched whole and its operand read before #UD",
	  invalid_read_on, false },
	{ "real mode: an event's frame wraps around the stack", real_stack_wraps, false },
	{ "LOCK passes with what it is not for", locked, false },
	{ "long: EA is #GP", far_jump_64, true },
	{ "long ring3: alignment is not checked while RSP is not canonical", wild_rsp_no_ac,
	  false },
	{ "long: overrides that are ignored cancel one by FS or GS", override_order, true },
	{ "long ring3: CALL checks its push before its target", call_order, true },
	{ "protected mode: an event's frame is not held against the limit of the stack",
	  stack_limit, false },
	{ "long: overrides that are ignored make #GP of #SS", override_ss, true },
	{ "what the interpreter lacks comes back as another instruction's step", stale_step, true },
	{ "long ring3: F3 before LOOPNE and F2 before LOOPE count", loop_rep, false },
	{ "long ring3: of two operands that fault the second comes first", cmps_order, false },
	{ "a REP with ECX 0 leaves the upper halves", rep_upper_half, true },
	{ "long ring3: #PF comes before #AC for an access across pages", split_ac, true },
	{ "long: CMPXCHG that differs clears the upper half of a register", cmpxchg_upper, false },
	{ "UD0 and UD1 are #UD before all of them is fetched, or behind their operand", ud0_modrm,
	  true },
	{ "ENTER does not probe the end of the frame", enter_probe, false },
	{ "POPA does not read the place of SP", popa_skips, true },
	{ "long ring3: TZCNT and LZCNT", count_zeros, false },
	{ "ENTER pushes by the width of the stack", enter_size, false },
};

const struct known *known_rows(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(rows);
	return rows;
}
