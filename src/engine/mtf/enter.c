/*
 * enter.c - one entry into L2: what is set for it, and the exit as the page has it afterwards.
 */
#include "engine/mtf/mtf.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

enum { REASON_EXCEPTION = 0, REASON_MTF = 37 };
#define REASON_REFUSED BIT(31)

/* ---- before the entry ----------------------------------------------------------------------------- */

bool insn_may_change_sys(const struct insn *i)
{
	unsigned n = 0;
	u8 op;

	while (n < i->n_bytes && (i->bytes[n] == 0x66 || i->bytes[n] == 0x67 || i->bytes[n] == 0xf2 ||
				  i->bytes[n] == 0xf3 || i->bytes[n] == 0x2e || i->bytes[n] == 0x36 ||
				  i->bytes[n] == 0x3e || i->bytes[n] == 0x26 || i->bytes[n] == 0x64 ||
				  i->bytes[n] == 0x65 || (i->bytes[n] & 0xf0) == 0x40))
		n++;
	if (n >= i->n_bytes || (i->facts.flags & (INSNF_FAR | INSNF_PRIVILEGED)))
		return true;
	op = i->bytes[n];
	if (op == 0x0f) {
		op = n + 1 < i->n_bytes ? i->bytes[n + 1] : 0;
		return op < 0x0a || (op >= 0x20 && op <= 0x23) || (op >= 0x30 && op <= 0x37) ||
		       op == 0xa1 || op == 0xa9 || op == 0xae || (op >= 0xb2 && op <= 0xb5) || op == 0xc7;
	}
	/* POP and MOV to segment registers, LES, LDS (or VEX). */
	return op == 0x07 || op == 0x17 || op == 0x1f || op == 0x8e || op == 0xc4 || op == 0xc5;
}

/* K10: nothing but BLOCKIRQ may be asked of guest debug while L2 runs. HLT has to be woken. Under TF an
 * interrupt's handler would run unseen: held whatever the user wants (tf.c lets them in). */
static int irq_hold(struct mtf_engine *m, enum drive how, struct err *err)
{
	struct kvm_guest_debug d = { 0 };
	bool hold = how == DRIVE_TF || (how == DRIVE_MTF && m->k.r.plan->hold_irq);

	if (hold && m->k.caps.block_irq && !m->asleep)
		d.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_BLOCKIRQ;
	return vcpu_debug(&m->k, &d, err);
}

/*
 * An interrupt that is there already: KVM looks for it at the entry only if asked to (writing its events
 * back does), and would let L2 run on from HLT without it (seen: Linux 6.1).
 *
 * One that it found while L2 could not take it waits for a window, which is a control of L2's VMCS: it is
 * gone with the next exit to the shim, and the interrupt comes when something else makes KVM look. So KVM is
 * asked where L2 may have become able to take one since it was entered last, or may while nobody looks.
 */
static int events_ask(struct mtf_engine *m, struct err *err)
{
	struct kvm_vcpu_events e;

	if (ioctl(m->k.cpu_fd, KVM_GET_VCPU_EVENTS, &e) < 0 || ioctl(m->k.cpu_fd, KVM_SET_VCPU_EVENTS, &e) < 0)
		return err_set(err, errno, "KVM_SET_VCPU_EVENTS failed: %s", strerror(errno));
	return 0;
}

static bool irq_may_wait(struct mtf_engine *m, enum drive how)
{
	bool unseen = how == DRIVE_FREE || m->batch->limit;
	bool open = (m->k.s->regs.rflags & FL_IF) && !m->k.at.shadow;
	bool ask = unseen || (open && m->irq_doubt);

	m->irq_doubt = unseen || !open;
	return ask && !m->asleep;
}

static int sleep_arm(struct mtf_engine *m, struct err *err)
{
	int r;

	if (!m->asleep)
		return 0;
	r = events_ask(m, err);
	if (!r)
		r = state_need_sys(m, err);
	m->mb->sys[SYS_ACTIVITY] = 1; /* HLT */
	m->mb->dirty |= GROUP_SYS;
	return r;
}

static void armed_tell(struct mtf_engine *m, enum drive how, struct step *st)
{
	st->armed = (struct armed){
		.mtf = how == DRIVE_MTF, .host_tf = how == DRIVE_TF,
		.db_exiting = m->mb->ctl[CTL_EXCEPTIONS] & BIT(EXC_DB),
		.bp_exiting = m->mb->ctl[CTL_EXCEPTIONS] & BIT(EXC_BP),
		.host_dr7 = m->slots ? m->mb->sys[SYS_DR7] : 0, .host_slots = m->slots,
	};
}

/* ---- the entry and what came of it ------------------------------------------------------------------ */

static void evidence_take(struct mtf_engine *m, struct vmx_evidence *ret)
{
	const struct mailbox *b = m->mb;

	*ret = (struct vmx_evidence){
		.reason = b->exit[EXIT_REASON], .intr_info = b->exit[EXIT_INTR_INFO],
		.intr_error = b->exit[EXIT_INTR_ERROR], .idt_info = b->exit[EXIT_IDT_INFO],
		.idt_error = b->exit[EXIT_IDT_ERROR], .insn_len = b->exit[EXIT_INSN_LEN],
		.interruptibility = b->core[CORE_INTERRUPTIBILITY], .activity = m->asleep,
		.qualification = b->exit[EXIT_QUALIFICATION], .pending_dbg = b->core[CORE_PENDING_DBG],
		.rip = m->k.at.lin, .rflags = b->core[CORE_RFLAGS], .gpa = b->exit[EXIT_GPA],
		.gla = b->exit[EXIT_GLA], .l0_mtf = m->served ? m->l0_mtf : L0_MTF_UNKNOWN,
	};
}

/* An exit in the middle of a delivery: who enters next goes on with it (SDM "IDT-Vectoring
 * Information"). */
static void delivery_resume(struct mtf_engine *m)
{
	struct mailbox *b = m->mb;
	u32 info = b->exit[EXIT_IDT_INFO];

	if (!(info & BIT(31)) || b->exit[EXIT_REASON] == REASON_MTF)
		return;
	b->ctl[CTL_ENTRY_INTR] = info & ~BIT(12);
	b->ctl[CTL_ENTRY_ERROR] = b->exit[EXIT_IDT_ERROR];
	b->ctl[CTL_ENTRY_LEN] = b->exit[EXIT_INSN_LEN];
	b->dirty |= GROUP_CONTROL;
}

bool mtf_explained(const struct at *from, const struct at *at)
{
	const struct insn_facts *f = &from->insn.facts;
	u64 next = from->lin + f->length, target = next + from->insn.target_rel;
	u64 mask = from->bits == 64 ? ~0ull : 0xffffffff;

	if (at->lin == (next & mask) || ((f->flags & INSNF_REP) && at->lin == from->lin))
		return true;
	return from->insn.has_target && at->lin == (target & mask);
}

/* The shim or KVM ended the guest: a stop, with what they left as its evidence. */
static int death_tell(struct mtf_engine *m, struct step *st, int *ret_end)
{
	bool shutdown = m->death.kind == EVIDENCE_KVM && m->death.kvm.reason == KVM_EXIT_SHUTDOWN;

	st->stop.first = shutdown ? CAUSE_SHUTDOWN : CAUSE_ERROR;
	st->stop.causes = CAUSE_BIT(st->stop.first);
	st->stop.ev = m->death;
	*ret_end = RUN_DEAD;
	return 0;
}

/*
 * #DB and #BP to the host as the plan says. While points of the user's are in debug registers or in
 * memory as INT3s their exceptions are ours, whatever it says.
 */
static void intercepts_set(struct mtf_engine *m)
{
	const struct plan *p = m->k.r.plan;
	u64 want = (p->intercept_db || m->slots ? BIT(EXC_DB) : 0) |
		   (p->intercept_bp || m->k.n_planted ? BIT(EXC_BP) : 0);

	if (m->mb->ctl[CTL_EXCEPTIONS] == want)
		return;
	m->mb->ctl[CTL_EXCEPTIONS] = want;
	m->mb->dirty |= GROUP_CONTROL;
}

static int entry_prepare(struct mtf_engine *m, enum drive how, struct err *err)
{
	int r = sleep_arm(m, err);

	if (!r)
		r = irq_hold(m, how, err);
	if (!r)
		r = dr_arm(m, how == DRIVE_FREE, err);
	if (!r && how == DRIVE_TF)
		tf_arm(m);
	return r;
}

/* Into L2 and back. */
static int entry_make(struct mtf_engine *m, const struct step *st, enum drive how, struct err *err)
{
	int r;

	m->came.all = how != DRIVE_MTF || m->injecting || m->asleep || insn_may_change_sys(&st->from.insn);
	control_set(m, PROC_MTF, how == DRIVE_MTF);
	m->mb->op = MAILBOX_RUN;
	m->mb->fetch = m->came.all ? GROUP_SYS : 0;
	batch_order(m, how == DRIVE_MTF);
	r = irq_may_wait(m, how) ? events_ask(m, err) : 0;
	if (r)
		return r;
	r = trip(m, how != DRIVE_MTF, &m->came.end, &m->came.died, err);
	m->mb->sys[SYS_ACTIVITY] = 0;
	m->mb->ctl[CTL_ENTRY_INTR] = 0;
	if (!r)
		batch_take(m);
	return r;
}

int mtf_enter(struct mtf_engine *m, struct step *st, enum drive how, struct vmx_evidence *ret, int *ret_end,
	      struct err *err)
{
	int r;

	intercepts_set(m);
	r = batch_waits(m) ? 0 : entry_prepare(m, how, err);
	armed_tell(m, how, st);
	if (!r && !batch_waits(m))
		r = entry_make(m, st, how, err);
	if (r)
		return r;
	if (batch_tell(m)) {
		evidence_take(m, ret);
		return 0;
	}
	if (m->came.end == TRIP_DEAD) {
		guest_died(m, &m->came.died);
		return death_tell(m, st, ret_end);
	}
	if (m->mb->exit[EXIT_REASON] & REASON_REFUSED) {
		m->sys_stale = true;
		return entry_refused(m, err);
	}
	/* Our NMI woke it where it slept: it sleeps on. */
	m->asleep = m->asleep && (m->mb->exit[EXIT_INTR_INFO] >> 8 & 7) == INTR_NMI &&
		    m->mb->exit[EXIT_REASON] == REASON_EXCEPTION;
	m->injecting = false;
	m->sys_stale = !m->came.all;
	state_load(m);
	/* What may not have been changed was not fetched; a landing elsewhere may be a delivery. */
	if (m->sys_stale && m->mb->exit[EXIT_REASON] == REASON_MTF && mtf_explained(&st->from, &m->k.at))
		m->sys_stale = false;
	r = state_need_sys(m, err);
	if (r)
		return r;
	if (m->k.r.dead)
		return death_tell(m, st, ret_end);
	evidence_take(m, ret);
	delivery_resume(m);
	return 0;
}
