/*
 * predict.c - one step by the architecture: from the state at a boundary to what is due at the
 * next.
 *
 * It knows the instruction's class, not its operands' values: a fault that depends on memory, a
 * conditional branch under BTF and IRET's RF image are beyond it (see struct prediction).
 */
#include "semantics/rules.h"

/* --- rules shared with the attribution (rules.h) --- */

u64 dr7_in_effect(const struct boundary *b, const struct armed *a)
{
	return a->host_dr7 ? a->host_dr7 : b->dr7;
}

bool dr_enabled(u64 dr7, unsigned n)
{
	return dr7 & DR7_LG(n);
}

/* May the instruction leave RIP elsewhere than behind itself, events aside? */
bool insn_transfers(const struct insn_facts *i)
{
	switch (i->cls) {
	case INSN_IRET:
	case INSN_SYSCALL:
	case INSN_SYSRET:
	case INSN_SYSENTER:
	case INSN_SYSEXIT:
		return true;
	default:
		return i->flags & (INSNF_CALL | INSNF_RET | INSNF_BRANCH | INSNF_FAR);
	}
}

/* Single-stepping on branches (SDM 3 "Single-Stepping on Branches") counts it, whatever its
 * operands. */
static bool surely_branches(const struct insn_facts *i)
{
	return insn_transfers(i) && !(i->flags & INSNF_COND);
}

/*
 * Would this TF trap after the instruction? TF before it decides (SDM 3 "Single-Step Exception
 * Condition"); SYSCALL is judged on the TF it leaves, SYSRET also on the one it restores.
 */
bool tf_traps(const struct boundary *b, bool tf)
{
	if (b->insn.cls == INSN_SYSCALL)
		tf = tf && !b->fmask_tf;
	if (b->insn.cls == INSN_SYSRET)
		tf = tf || b->r11_tf;
	return tf && (!b->btf || surely_branches(&b->insn));
}

/*
 * MOV SS and POP SS open a shadow, but not inside one: of instructions in a row only the first is
 * guaranteed to (SDM 3 "Masking Exceptions and Interrupts When Switching Stacks"); KVM's emulator
 * and the processor agree.
 */
bool opens_mov_ss_shadow(const struct boundary *b)
{
	return b->insn.cls == INSN_MOV_SS && !(b->shadow & SHADOW_MOV_SS);
}

/* Deferred traps count only with "enabled breakpoint" set (SDM 3 "Pending Debug Exceptions"). */
u64 pending_bits(u64 pending_dbg)
{
	if (!(pending_dbg & (PDBG_ENABLED | PDBG_BS)))
		return 0;
	return pending_dbg & (PDBG_BN | PDBG_BLD | PDBG_RTM);
}

static bool is_gd_fault(const struct boundary *b, const struct armed *a)
{
	return b->insn.cls == INSN_MOV_DR && (dr7_in_effect(b, a) & DR7_GD);
}

/* The event the instruction itself causes, of those the class tells. */
bool insn_event(const struct boundary *b, const struct armed *a, struct insn_event *ret)
{
	*ret = (struct insn_event){ .type = INTR_HARD_EXC, .fault = true };
	if (b->insn.cls == INSN_INVALID || b->insn.cls == INSN_UD) {
		ret->vector = EXC_UD;
	} else if ((b->insn.flags & INSNF_PRIVILEGED) && b->cpl != 0) {
		ret->vector = EXC_GP;
	} else if (is_gd_fault(b, a)) {
		*ret = (struct insn_event){ EXC_DB, INTR_HARD_EXC, true, a->db_exiting };
	} else if (b->insn.cls == INSN_ICEBP) {
		*ret = (struct insn_event){ EXC_DB, INTR_PRIV_SOFT_EXC, false, a->db_exiting };
	} else if (b->insn.cls == INSN_INT3) {
		*ret = (struct insn_event){ EXC_BP, INTR_SOFT_EXC, false,
					    a->bp_exiting || a->sw_bp };
	} else if (b->insn.cls == INSN_INTN) {
		*ret = (struct insn_event){ 0, INTR_SOFT_INT, false, false };
	} else if (b->insn.cls == INSN_INTO && (b->rflags & FL_OF)) {
		*ret = (struct insn_event){ EXC_OF, INTR_SOFT_EXC, false, false };
	} else {
		return false;
	}
	return true;
}

/* --- the prediction --- */

/* Data and I/O breakpoints this instruction triggers: enabled ones of a data type. */
static u64 data_bits(const struct boundary *b, const struct armed *a, u8 hits)
{
	u64 dr7 = dr7_in_effect(b, a), bits = 0;

	for (unsigned n = 0; n < 4; n++) {
		unsigned rw = DR7_RW(dr7, n);

		if (!(hits & BIT(n)) || !dr_enabled(dr7, n) || rw == DR_RW_EXEC)
			continue;
		if (rw == DR_RW_IO &&
		    !b->de) /* SDM 3 "Debug Control Register": undefined without DE */
			continue;
		bits |= DR6_B(n);
	}
	return bits;
}

/* RIP stays on the instruction; nothing of it is due: neither a TF trap nor an MTF. */
static void predict_intercept(const struct boundary *b, const struct insn_event *ev,
			      struct prediction *ret)
{
	ret->intercepted = true;
	ret->shadow = b->shadow;
	/* A VM exit for a software event saves RF=0; of GD reports differ, so nothing is claimed.
	 */
	ret->rf = ev->fault && (b->rflags & FL_RF);
	ret->guest_tf_after = TF_KEEP;
	if (ev->type != INTR_PRIV_SOFT_EXC)
		ret->deferred = b->pending_dbg;
}

/*
 * The handler's first instruction is the boundary: MTF comes there (SDM 3 "Monitor Trap Flag"), TF
 * does not, since delivery cleared it. Data breakpoints deferred by a MOV SS come there too
 * (CVE-2018-8897), but for an ICEBP, which makes one #DB in all.
 */
static void predict_delivery(const struct armed *a, const struct insn_event *ev, u64 bits,
			     struct prediction *ret)
{
	ret->guest_tf_after = TF_CLEAR;
	if (a->mtf)
		ret->due |= DUE_BIT(DUE_MTF);
	if (ev->type == INTR_PRIV_SOFT_EXC || !bits)
		return;
	ret->due |= DUE_BIT(DUE_TRAP);
	if (ev->vector == EXC_DB)
		ret->deferred = bits | PDBG_ENABLED;
	else
		ret->dr6 = bits;
}

static void predict_event(const struct boundary *b, const struct armed *a,
			  const struct insn_event *ev, u64 hits, struct prediction *ret)
{
	ret->event = !ev->intercepted;
	ret->vector = ev->vector;
	ret->type = ev->type;
	if (ev->vector == EXC_DB && ev->fault)
		ret->dr6 = DR6_BD;
	if (ev->intercepted)
		predict_intercept(b, ev, ret);
	else /* a fault undoes the instruction, and its data breakpoints with it */
		predict_delivery(a, ev, pending_bits(b->pending_dbg) | (ev->fault ? 0 : hits), ret);
}

static u8 shadow_after(const struct boundary *b)
{
	if (opens_mov_ss_shadow(b))
		return SHADOW_MOV_SS;
	if (b->insn.cls == INSN_STI && !(b->rflags & FL_IF))
		return SHADOW_STI;
	return SHADOW_NONE;
}

static void predict_retire(const struct boundary *b, const struct armed *a, u64 hits,
			   struct prediction *ret)
{
	bool bs = tf_traps(b, a->host_tf || (b->rflags & FL_TF));
	u64 bits = hits | pending_bits(b->pending_dbg);
	struct tf_plan plan;

	tf_plan_for(&b->insn, &plan);
	ret->guest_tf_after = b->insn.cls == INSN_INTO ? TF_KEEP : plan.after;
	ret->shadow = shadow_after(b);
	if (a->mtf)
		ret->due |= DUE_BIT(DUE_MTF);
	if (ret->shadow == SHADOW_MOV_SS) {
		ret->tf_discarded = bs;
		ret->deferred = bits ? bits | PDBG_ENABLED : 0;
		return;
	}
	ret->dr6 = bits | (bs ? DR6_BS : 0);
	if (ret->dr6)
		ret->due |= DUE_BIT(DUE_TRAP);
}

void boundary_predict(const struct boundary *b, const struct armed *a, u8 data_hits,
		      struct prediction *ret)
{
	u64 hits = data_bits(b, a, data_hits);
	struct insn_event ev;

	*ret = (struct prediction){ 0 };
	if (insn_event(b, a, &ev))
		predict_event(b, a, &ev, hits, ret);
	else
		predict_retire(b, a, hits, ret);
}
