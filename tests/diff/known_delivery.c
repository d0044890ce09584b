/*
 * known_delivery.c - where events and faults of a KVM software flavour depart from the processor:
 * delivery, order of checks, writes across pages.
 */
#include "known.h"

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

/* A stack segment with B=0 or a base is legal (SDM volume 3, "Stack Segment"). */
static bool stack16_shutdown(struct contest *x)
{
	return x->sample->place == P_STACK16 &&
	       (entered(&x->soft, P_STACK16) || x->soft.outcome == OUT_SHUTDOWN) && give_up(x);
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

/* SDM volume 2, INT n: #SS where the frame does not fit, and so to the shutdown. */
static bool real_stack_wraps(struct contest *x)
{
	return x->sample->place == P_REAL && x->soft.outcome == OUT_SHUTDOWN &&
	       entered(&x->kvm, P_REAL) && give_up(x);
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

/* SDM volume 3, "Interrupt 17 - Alignment Check Exception (#AC)": in ring 3 of every mode. */
static bool compat_no_ac(struct contest *x)
{
	return x->sample->place == P_COMPAT3 && vector_of(x, &x->soft) == EXC_AC &&
	       vector_of(x, &x->kvm) != EXC_AC && give_up(x);
}

/* The interpreter does not look at alignment. */
static bool wild_rsp_no_ac(struct contest *x)
{
	return rsp_wild(x) && vector_of(x, &x->soft) == EXC_AC && vector_of(x, &x->kvm) != EXC_AC && give_up(x);
}

/* #AC or #PF first, for an access that lies on two pages: open in the SDM (volume 3, "Priority
 * Among Concurrent Events"). */
static bool split_ac(struct contest *x)
{
	return x->sample->place == P_LONG3 && vector_of(x, &x->soft) == EXC_AC &&
	       vector_of(x, &x->kvm) == EXC_PF && give_up(x);
}

/* The same: PUSHA is one instruction. */
static bool pusha_half(struct contest *x)
{
	return (x->op->mnemonic == ZYDIS_MNEMONIC_PUSHA ||
		x->op->mnemonic == ZYDIS_MNEMONIC_PUSHAD) &&
	       vector_of(x, &x->soft) >= EXC_SS &&
	       vector_of(x, &x->soft) == vector_of(x, &x->kvm) && give_up(x);
}

const struct known known_delivery[] = {
	{ "flags: AC is cleared when an event is delivered", ac_cleared, false },
	{ "real mode: the upper half of ESP is cleared when an event is delivered", real_esp,
	  false },
	{ "16-bit stack: an event in protected mode goes to ESP, or shuts down", stack16_shutdown,
	  false },
	{ "protected mode: an event's frame is not held against the limit of the stack",
	  stack_limit, false },
	{ "real mode: an event's frame wraps around the stack", real_stack_wraps, false },
	{ "the operand of a read-modify-write is read before its segment is checked",
	  rmw_read_first, false },
	{ "a read-modify-write across pages reads both first", rmw_pages, false },
	{ "a write across pages that faults has written its first half", half_write, false },
	{ "PUSHA that faults has pushed what went before", pusha_half, true },
	{ "compat ring3: alignment is not checked", compat_no_ac, false },
	{ "long ring3: alignment is not checked while RSP is not canonical", wild_rsp_no_ac,
	  false },
	{ "long ring3: #PF comes before #AC for an access across pages", split_ac, true },
	{ NULL, NULL, false },
};
