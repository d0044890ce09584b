/*
 * tf.c - TF on engine mtf: traps of the guest's own that L0 loses, and steps by TF in L2 (`set mtf off`).
 *
 * Such a step is what a debugger without MTF sees: exit 0, type 3, BS in the qualification. As on engine
 * kvm under VMX both shadows are cleared before (VM entry refuses TF with one, unless a trap is
 * pending), a MOV SS takes the next instruction along, and a handler entered on the way runs unseen, as
 * a gap. Interrupts are held; one that waits is let in by a step under MTF, and so is what vmstep
 * injects and a HLT.
 */
#include "engine/mtf/mtf.h"

#include <errno.h>

enum { REASON_EXCEPTION = 0 };

/* ---- the guest's own ------------------------------------------------------------------------------- */

/* Done by L0 for L2: there the trap of L2's own TF is lost when #DB is intercepted (K19). */
static bool is_done_by_l0(const struct mtf_engine *m, const struct step *st)
{
	switch (st->from.insn.facts.cls) {
	case INSN_IN:
	case INSN_OUT:
	case INSN_RDMSR:
	case INSN_WRMSR:
	case INSN_MOV_CR:
		return true;
	default:
		return m->served;
	}
}

void tf_put_back(struct mtf_engine *m, struct step *st)
{
	struct prediction p;

	if (!(st->b.rflags & FL_TF) || !is_done_by_l0(m, st) || st->stop.has_event || st->v.retired != 1)
		return;
	boundary_predict(&st->b, &st->armed, 0, &p);
	if (!(p.dr6 & DR6_BS))
		return;
	m->mb->core[CORE_PENDING_DBG] |= PDBG_BS;
	m->mb->dirty |= GROUP_CORE;
}

/* ---- ours ------------------------------------------------------------------------------------------ */

static bool interrupt_waits(struct mtf_engine *m)
{
	u8 vector[2];

	if (m->k.r.plan->hold_irq || !irq_due(&m->k) || !mtf_irq_pending(m, vector))
		return false;
	m->k.irq_countdown = 0; /* there may be another right behind it */
	return true;
}

int tf_choose(struct mtf_engine *m, enum drive *ret, struct err *err)
{
	const struct plan *p = m->k.r.plan;

	*ret = DRIVE_MTF;
	if (p->mtf || batch_waits(m) || m->asleep || m->injecting)
		return 0;
	if (!p->intercept_db)
		return err_set(err, EINVAL, "TF cannot drive the steps while its #DBs go to the guest: "
					    "set intercept db on, or set mtf on");
	if (!interrupt_waits(m))
		*ret = DRIVE_TF;
	return 0;
}

void tf_arm(struct mtf_engine *m)
{
	struct mailbox *b = m->mb;

	m->host_tf = true;
	b->core[CORE_RFLAGS] |= FL_TF;
	b->core[CORE_INTERRUPTIBILITY] &= ~(u64)BLOCKED_SHADOW;
	b->dirty |= GROUP_CORE;
}

/* BS of a skip (serve.c) under the guest's own TF: its #DB comes at the next resume. */
static void own_trap_take(struct mtf_engine *m, struct step *st)
{
	if (!(m->mb->core[CORE_PENDING_DBG] & PDBG_BS))
		return;
	m->mb->core[CORE_PENDING_DBG] &= ~(u64)PDBG_BS;
	st->v.pending = true;
	st->v.vector = EXC_DB;
	st->v.type = INTR_HARD_EXC;
	st->v.guest_dr6 |= DR6_BS;
}

/*
 * The trap of the instruction never came. Behind a write to device memory L0 has lost it (K19), and the
 * next instruction's is the one seen; else an event's handler ran.
 */
static void missed_tell(struct mtf_engine *m, struct step *st)
{
	u64 second = st->from.lin + st->from.insn.facts.length;
	u8 bytes[INSN_MAX];
	size_t n = linear_read(&m->k.cpu, &m->k.phys, second, bytes, sizeof(bytes));
	const struct insn *i = insn_cache_get(m->k.insns, st->from.bits, second, bytes, n);

	if (m->served && i->facts.length && second + i->facts.length == m->k.at.lin) {
		st->v.retired = 2;
		return;
	}
	record_gap(&m->k.r.rec, m->served ? GAP_OTHER : GAP_EVENT, st->from.lin, -1);
	st->v.retired = 0;
}

void tf_finish(struct mtf_engine *m, struct step *st, const struct vmx_evidence *ev)
{
	struct mailbox *b = m->mb;
	struct stop *s = &st->stop;

	if (!m->host_tf)
		return;
	if (ev->reason != REASON_EXCEPTION) {
		own_trap_take(m, st);
	} else {
		s->has_dr = true;
		s->dr6 = DR6_INIT | (ev->qualification & DR6_CAUSE);
		s->dr7 = b->sys[SYS_DR7];
	}
	if ((st->v.causes & CAUSE_BIT(CAUSE_TF)) && !land_is_explained(&m->k, st)) {
		missed_tell(m, st);
	} else {
		tf_after(&m->k, st);
		b->gpr[GPR_R11] = m->k.s->regs.r11;
	}
	s->host_tf = true;
	tf_disarm(m);
}

void tf_disarm(struct mtf_engine *m)
{
	struct mailbox *b = m->mb;

	if (!m->host_tf)
		return;
	m->host_tf = false;
	b->core[CORE_RFLAGS] &= ~(u64)FL_TF;
	b->core[CORE_RFLAGS] |= m->k.guest_tf ? FL_TF : 0;
	b->dirty |= GROUP_CORE;
}
