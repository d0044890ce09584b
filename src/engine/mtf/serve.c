/*
 * serve.c - exits that a hypervisor owes an answer to: instructions that always exit are skipped (outer
 * skip: the boundary behind them is reported here, since an instruction that exits raises no MTF and
 * injecting one is lost by L0 in too many places), what L2 does not have raises its fault, accesses to
 * CR0, CR4 and the debug registers that VMX or the user's points hide are done on what L2 should see.
 */
#include "engine/mtf/mtf.h"

#include <cpuid.h>
#include <errno.h>

/* SDM appendix "VMX Basic Exit Reasons". */
enum {
	REASON_EXCEPTION = 0, REASON_GETSEC = 11, REASON_HLT = 12, REASON_VMCLEAR = 19, REASON_VMXON = 27,
	REASON_CR = 28, REASON_DR = 29, REASON_INVEPT = 50,
	REASON_INVVPID = 53, REASON_VMFUNC = 59,
};

static int fault_inject(struct mtf_engine *m, u8 vector, bool error, struct err *err)
{
	const struct guest_event ev = {
		.vector = vector, .type = INTR_HARD_EXC, .has_error = error, .fault = true,
	};

	return event_inject(m, &ev, err);
}

bool mtf_skip(struct runner *r, enum skip_kind kind, unsigned len, struct stop *s)
{
	struct mtf_engine *m = to_mtf(&r->base);
	struct mailbox *b = m->mb;
	u64 from = m->k.at.lin;
	struct skip_state k = {
		.rip = b->core[CORE_RIP], .rflags = b->core[CORE_RFLAGS],
		.shadow = shadow_of(b->core[CORE_INTERRUPTIBILITY]),
		.pending_dbg = b->core[CORE_PENDING_DBG], .mtf = !m->host_tf, .tf = m->k.guest_tf,
		.btf = b->sys[SYS_DEBUGCTL] & DEBUGCTL_BTF,
	};

	skip_apply(kind, m->k.at.bits, len, &k);
	b->core[CORE_RIP] = k.rip;
	b->core[CORE_RFLAGS] = k.rflags;
	b->core[CORE_PENDING_DBG] = k.pending_dbg;
	if (kind != SKIP_KIND_NONE)
		b->core[CORE_INTERRUPTIBILITY] &= ~(u64)BLOCKED_SHADOW;
	b->dirty |= GROUP_CORE;
	state_load(m);
	skip_tell(s, kind, from, m->k.at.lin);
	stop_place_again(&m->k, s);
	s->shadow_known = true;
	return false; /* it is in CORE_PENDING_DBG */
}

/* The boundary behind a skipped instruction: its MTF is owed by who skipped it. */
static void skipped(struct mtf_engine *m, struct step *st)
{
	mtf_skip(&m->k.r, SKIP_KIND_OUTER, m->mb->exit[EXIT_INSN_LEN], &st->stop);
	st->v.skip = SKIP_KIND_NONE; /* done */
	st->v.first = m->host_tf ? CAUSE_TF : CAUSE_MTF; /* whichever would come if it did not exit */
	st->v.causes = CAUSE_BIT(st->v.first);
	st->v.proof = PROOF_DEDUCED;
	st->v.retired = 1;
}

/* Sleep is the next entry's (activity state); with IF=0 nothing ends it and it is a stop. A trap of
 * L2's own TF comes at once and ends it. */
static void hlt(struct mtf_engine *m, struct step *st)
{
	bool sleeps_for_ever = !(m->k.s->regs.rflags & FL_IF);

	skipped(m, st);
	if (m->mb->core[CORE_PENDING_DBG] & PDBG_BS)
		return;
	m->asleep = true;
	if (sleeps_for_ever) {
		st->v.causes = CAUSE_BIT(CAUSE_HLT);
		st->v.first = CAUSE_HLT;
	}
}

static u64 register_of(const struct mtf_engine *m, unsigned i)
{
	return i == GPR_RSP ? m->mb->core[CORE_RSP] : m->mb->gpr[i & 15];
}

/*
 * MOV to CR0 with another NE, or to CR4 with VMXE (SDM "Guest/Host Masks and Read Shadows": it exits
 * where it differs from the shadow). With NE's shadow as L2 wants it the instruction runs by itself,
 * and NE stays on below. VMXE does not exist for L2: #GP.
 */
static int cr_access(struct mtf_engine *m, struct err *err)
{
	u64 q = m->mb->exit[EXIT_QUALIFICATION];

	if ((q & 15) == 0 && (q >> 4 & 3) == 0) {
		m->mb->ctl[CTL_CR0_SHADOW] = register_of(m, q >> 8 & 15) & CR0_NE;
		m->mb->dirty |= GROUP_CONTROL;
		return 0;
	}
	return fault_inject(m, EXC_GP, true, err);
}

/* Of DR6's bits that are 0 when set, those this processor has: without the feature a bit is always 1 (SDM
 * "Debug Status Register (DR6)"). */
static u64 active_low(void)
{
	enum { RTM = BIT(11), BUS_LOCK_DETECT = BIT(24) };
	u32 a, b = 0, c = 0, d;

	__get_cpuid_count(7, 0, &a, &b, &c, &d);
	return (b & RTM ? DR6_RTM : 0) | (c & BUS_LOCK_DETECT ? DR6_BLD : 0);
}

/* MOV DR while the user's points are in the registers: done on the guest's own (k.guest_dr). */
static int dr_access(struct mtf_engine *m, struct step *st, enum served_exit *ret, struct err *err)
{
	u64 q = m->mb->exit[EXIT_QUALIFICATION];
	unsigned n = q & 7, gpr = q >> 8 & 15;
	struct kvm_debugregs *d = &m->k.guest_dr;
	int r = dr_refresh(m, err);

	if (r)
		return r;
	if ((n == 4 || n == 5) && (m->k.s->sregs.cr4 & CR4_DE))
		return fault_inject(m, EXC_UD, false, err);
	n = n == 4 || n == 5 ? n + 2 : n;
	if (d->dr7 & DR7_GD) {
		st->v = (struct verdict){ .causes = CAUSE_BIT(CAUSE_GD), .first = CAUSE_GD, .pending = true,
					  .vector = EXC_DB, .type = INTR_HARD_EXC, .guest_dr6 = DR6_BD };
		*ret = EXIT_IS_REPORT;
		return 0;
	}
	if (q & 16) { /* from the debug register */
		u64 v = n < 4 ? d->db[n] : n == 6 ? d->dr6 : d->dr7;

		if (gpr == GPR_RSP)
			m->mb->core[CORE_RSP] = v;
		else
			m->mb->gpr[gpr] = v;
		m->mb->dirty |= GROUP_CORE;
		state_load(m);
	} else if (n < 4) {
		d->db[n] = register_of(m, gpr);
	} else if (n == 6) {
		d->dr6 = (register_of(m, gpr) & (DR6_CAUSE | active_low())) | (DR6_INIT & ~active_low());
	} else {
		d->dr7 = (u32)register_of(m, gpr) | DR7_FIXED;
	}
	r = dr_write(m, err);
	skipped(m, st);
	*ret = EXIT_IS_REPORT;
	return r;
}

static bool is_vmx_instruction(u32 reason)
{
	return (reason >= REASON_VMCLEAR && reason <= REASON_VMXON) || reason == REASON_GETSEC ||
	       reason == REASON_INVEPT || reason == REASON_INVVPID || reason == REASON_VMFUNC;
}

/* st->v is the attribution of the exit, st->stop has its place; RIP is on the instruction. */
int exit_serve(struct mtf_engine *m, struct step *st, enum served_exit *ret, struct err *err)
{
	u32 reason = m->mb->exit[EXIT_REASON];

	*ret = EXIT_SERVED;
	if (m->mb->emulated == EMULATED_GP)
		return fault_inject(m, EXC_GP, true, err);
	if (is_vmx_instruction(reason))
		return fault_inject(m, EXC_UD, false, err);
	if (reason == REASON_CR)
		return cr_access(m, err);
	if (reason == REASON_DR)
		return dr_access(m, st, ret, err);
	*ret = EXIT_IS_REPORT;
	if (reason == REASON_HLT)
		hlt(m, st);
	else if (m->mb->emulated == EMULATED_DONE)
		skipped(m, st);
	return 0;
}
