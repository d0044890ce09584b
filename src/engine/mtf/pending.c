/*
 * pending.c - events owed to the guest: injected by the next VM entry, so that the processor delivers
 * them and the monitor trap flag stops at the handler's first instruction (SDM "Monitor Trap Flag").
 *
 * ICEBP goes in as type 3 behind the F1: type 5 is dropped by L0 when its delivery meets an EPT
 * violation. INT3 goes in as type 6 with its length (type 3 would skip the gate's DPL check), with RIP
 * put back so that the frame points behind it.
 */
#include "engine/mtf/mtf.h"

#include <errno.h>
#include <string.h>

#define ENTRY_VALID BIT(31)
#define ENTRY_ERROR BIT(11)

/* What a delivered #DB does to the debug registers and an intercepted one did not (SDM "Debug
 * Exceptions"; "IA32_DEBUGCTL MSR"; KVM_SET_DEBUGREGS for DR6, which shim and L2 share). */
static int debug_registers(struct mtf_engine *m, const struct guest_event *ev, struct err *err)
{
	struct kvm_debugregs *d = &m->k.guest_dr;
	int r = dr_refresh(m, err);

	if (r)
		return r;
	if (ev->dr6) {
		d->dr6 = (d->dr6 & ~DR6_BN) | DR6_RTM | (ev->dr6 & DR6_CAUSE);
		d->dr6 &= ~(ev->dr6 & (DR6_BLD | DR6_RTM));
	}
	d->dr7 &= ~DR7_GD;
	m->mb->sys[SYS_DEBUGCTL] &= ~(DEBUGCTL_BTF | DEBUGCTL_LBR);
	m->mb->dirty |= GROUP_SYS;
	return dr_write(m, err);
}

static u32 entry_info(const struct mtf_engine *m, const struct guest_event *ev)
{
	bool error = ev->has_error && (m->k.s->sregs.cr0 & CR0_PE);

	return ENTRY_VALID | (u32)ev->type << 8 | ev->vector | (error ? ENTRY_ERROR : 0);
}

int event_inject(struct mtf_engine *m, const struct guest_event *ev, struct err *err)
{
	struct mailbox *b = m->mb;
	struct guest_event e = *ev;
	bool db = ev->vector == EXC_DB && (ev->type == INTR_HARD_EXC || ev->type == INTR_PRIV_SOFT_EXC);
	bool soft = ev->type == INTR_SOFT_INT || ev->type == INTR_SOFT_EXC;
	int r = db ? debug_registers(m, ev, err) : 0;

	if (r)
		return r;
	if (ev->type == INTR_PRIV_SOFT_EXC)
		e.type = INTR_HARD_EXC;
	if (ev->has_cr2) {
		b->cr2 = ev->cr2;
		b->dirty |= GROUP_CR2;
	}
	if (soft && ev->insn_len == 0) { /* RIP is behind it; length 0 is not allowed here */
		e.insn_len = 1;
		b->core[CORE_RIP]--;
		if (m->k.at.bits < 64)
			b->core[CORE_RIP] &= m->k.at.bits == 16 ? 0xffff : 0xffffffff;
	}
	if (ev->fault && ev->vector != EXC_DB)
		b->core[CORE_RFLAGS] |= FL_RF;
	/* SDM "Delivery of Pending Debug Exceptions after VM Entry": dropped by such an injection. */
	if (!soft)
		b->core[CORE_PENDING_DBG] = 0;
	b->core[CORE_INTERRUPTIBILITY] &= ~(u64)BLOCKED_SHADOW;
	b->ctl[CTL_ENTRY_INTR] = entry_info(m, &e);
	b->ctl[CTL_ENTRY_ERROR] = e.error;
	b->ctl[CTL_ENTRY_LEN] = e.insn_len;
	b->dirty |= GROUP_CORE | GROUP_CONTROL;
	m->injecting = true;
	m->injected = *ev;
	return 0;
}

/*
 * A data breakpoint that a MOV SS held back over an INT3 comes at the first instruction of its handler
 * (section 5). The INT3 was intercepted and is injected: an entry with MOV-SS blocking may carry both or
 * lose it (SDM "Delivery of Pending Debug Exceptions after VM Entry"; the rig's processor loses it), and
 * needs BS if the guest has TF, which is a trap too many. So it waits here for the boundary behind the
 * delivery, which MTF shows, and is made pending there.
 */
void deferred_put_back(struct mtf_engine *m, struct stop *s)
{
	if (!m->deferred)
		return;
	m->mb->core[CORE_PENDING_DBG] |= m->deferred;
	m->mb->dirty |= GROUP_CORE;
	stop_did(s, DID_PUT_BACK_DB, 0, m->deferred & PDBG_BN, 0);
	m->deferred = 0;
}

/* Swallowed: the INT3 was no more than a MOV SS's next instruction. */
static void swallowed(struct mtf_engine *m, const struct pending *p)
{
	struct mailbox *b = m->mb;

	b->core[CORE_PENDING_DBG] |= p->deferred;
	/* A trap taken off under a shadow leaves one without its BS, which VM entry refuses
	 * (SDM "Checks on Guest Non-Register State"). */
	b->core[CORE_INTERRUPTIBILITY] &= ~(u64)BLOCKED_SHADOW;
	if (p->ev.fault) /* the breakpoint's instruction is to run now */
		b->core[CORE_RFLAGS] |= FL_RF;
	b->dirty |= GROUP_CORE;
}

int mtf_pending_resume(struct mtf_engine *m, struct err *err)
{
	struct pending p = m->k.r.pending;
	bool no_gate;
	int r = 0;

	m->deferred = 0;
	if (!p.active)
		return 0;
	m->k.r.pending.active = false;
	regs_sys(&m->k, &m->k.cpu);
	if (pending_is_swallowed(&p, m->k.r.plan, &m->k.cpu, &m->k.phys, &no_gate)) {
		record_note(&m->k.r.rec, DID_SWALLOW, p.ev.vector, no_gate, 0);
		swallowed(m, &p);
	} else {
		r = event_inject(m, &p.ev, err);
		m->deferred = p.deferred;
	}
	if (r)
		m->k.r.pending = p;
	return r;
}

void mtf_pending_set(struct mtf_engine *m, struct step *st)
{
	struct pending *p = &m->k.r.pending;

	if (!st->v.pending)
		return;
	pending_take(p, &st->v, &st->stop);
	p->ev.fault = st->v.causes & (CAUSE_BIT(CAUSE_GD) | CAUSE_BIT(CAUSE_HWBP));
	if (p->cause == CAUSE_INT3)
		p->deferred = st->stop.ev.vmx.pending_dbg & (PDBG_BN | PDBG_ENABLED);
}
