/*
 * known_system.c - what differs in segments, far transfers and system registers.
 */
#include "known.h"

/* SDM volume 2, "REX Prefixes": REX.R is ignored where the field is no general register. */
static bool segment_rex(struct contest *x)
{
	return x->sample->place == P_LONG && x->sample->system &&
	       (vector_of(x, &x->kvm) == EXC_UD || x->kvm.outcome == OUT_SHUTDOWN) &&
	       vector_of(x, &x->soft) != EXC_UD &&
	       (x->op->opnd[0].kind == OPND_SEG || x->op->opnd[1].kind == OPND_SEG) && give_up(x);
}

/* The host steps by a trap flag, whose DR6 this KVM shows to the guest. */
static bool dr6_shown(struct contest *x)
{
	const struct opnd *d = x->op->opnd;
	u64 *k = &x->kvm.c.gpr[d->reg];

	if (d[1].kind != OPND_DR || (*k ^ x->soft.c.gpr[d->reg]) != DR6_BS || !(*k & DR6_BS))
		return false;
	*k ^= DR6_BS;
	return true;
}

/* Whether the selector behind an offset that ends at the limit is sought at the segment's begin is
 * open in the SDM. */
static bool pointer_wraps(struct contest *x)
{
	return x->sample->system && !(x->sample->c.efer & EFER_LMA) && x->op->addrsize == 2 &&
	       x->op->n && x->op->opnd[x->op->n - 1].kind == OPND_MEM &&
	       (vector_of(x, &x->kvm) >= EXC_SS || x->kvm.outcome == OUT_SHUTDOWN) && give_up(x);
}

/* SDM volume 2, IRET, real mode: #SS for the whole frame first, then #GP for its EIP. */
static bool iret_order(struct contest *x)
{
	return x->op->facts.cls == INSN_IRET && vector_of(x, &x->soft) == EXC_SS &&
	       vector_of(x, &x->kvm) == EXC_GP && give_up(x);
}

/* SDM volume 2, LLDT: #GP for a selector that does not point into the GDT. */
static bool lldt_local(struct contest *x)
{
	return x->op->mnemonic == ZYDIS_MNEMONIC_LLDT && vector_of(x, &x->soft) == EXC_GP &&
	       x->soft_error & 4 && give_up(x);
}

/* SDM volume 2, SWAPGS: no memory operand, and nothing outside of 64-bit mode. SERIALIZE is hidden.
 */
static bool swapgs_wild(struct contest *x)
{
	const u8 *p = memchr(x->sample->code, 0x0f, sizeof(x->sample->code) - 2);

	return p && p[1] == 0x01 && (p[2] == 0xf8 || p[2] == 0xe8) && give_up(x);
}

/* SDM volume 2, MOV, SLDT, STR: two bytes go to memory whatever the operand size. */
static bool store_size(struct contest *x)
{
	const struct opnd *d = x->op->opnd;

	return x->sample->system && d[0].kind == OPND_MEM &&
	       (d[1].kind == OPND_SEG || x->op->mnemonic == ZYDIS_MNEMONIC_SLDT ||
		x->op->mnemonic == ZYDIS_MNEMONIC_STR || x->op->mnemonic == ZYDIS_MNEMONIC_SMSW) &&
	       (vector_of(x, &x->kvm) >= EXC_SS || x->kvm.outcome == OUT_SHUTDOWN ||
		x->op->opsize == 8) &&
	       vector_of(x, &x->soft) < 0 && give_up(x);
}

/* SDM volume 3, "Segment Descriptors": a descriptor's accessed bit is set, in byte 5; KVM writes all eight
 * bytes back, and CR2 says so where that faults. */
static bool accessed_write(struct contest *x)
{
	if (!x->sample->system || vector_of(x, &x->kvm) != EXC_PF || vector_of(x, &x->soft) != EXC_PF ||
	    x->kvm.c.cr2 & 7 || x->kvm.c.cr2 + 5 != x->soft.c.cr2)
		return false;
	x->kvm.c.cr2 = x->soft.c.cr2;
	return true;
}

const struct known known_system[] = {
	{ "a descriptor's accessed bit is set by a write of all of it", accessed_write, true },
	{ "a selector's store asks for the operand size", store_size, true },
	{ "long: REX.R before a segment register is #UD", segment_rex, false },
	{ "MOV from DR6 shows the BS of the host's step", dr6_shown, false },
	{ "a far pointer at the limit does not wrap", pointer_wraps, true },
	{ "real mode: IRET looks at EIP before the end of the frame", iret_order, true },
	{ "LLDT reads the GDT for a selector of the LDT", lldt_local, true },
	{ "SWAPGS faults; 66 does not keep SERIALIZE from being one", swapgs_wild, true },
	{ NULL, NULL, false },
};
