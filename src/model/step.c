/*
 * step.c - from one boundary to the next: what is due there, in the core's order (SDM 3 "Priority Among
 * Concurrent Events"), else the instruction.
 */
#include <string.h>

#include "model/step.h"

/* ---- events that come between instructions --------------------------------------------------------- */

/* Between the iterations of a REP the frame has RF (SDM 3 "Instruction-Breakpoint Exception
 * Condition"). */
static void deliver_between(struct model *m, const struct model_controls *ctl, struct guest_event *ev,
			    struct model_report *r)
{
	ev->fault = m->rep_rip == m->c.rip;
	if (event_deliver_to(m, ev, r))
		report_boundary(m, ctl, r);
}

/* A vectoring VM entry (SDM 3 "Delivery of Pending Debug Exceptions after VM Entry"): what was pending
 * is dropped, but with types 4 and 6 under MOV-SS blocking, where it follows the event. */
static void deliver_injected(struct model *m, const struct model_controls *ctl, struct model_report *r)
{
	struct guest_event ev = m->injected;
	bool soft = ev.type == INTR_SOFT_INT || ev.type == INTR_SOFT_EXC;

	m->injecting = false;
	if (!soft || !(m->c.shadow & SHADOW_MOV_SS))
		m->pending_dbg = 0;
	if (event_deliver_to(m, &ev, r))
		report_boundary(m, ctl, r);
}

static void trap_now(struct model *m, const struct model_controls *ctl, struct model_report *r)
{
	u64 bits = traps_due(m) | (m->tbit ? DR6_BT : 0);
	struct guest_event ev = { .vector = EXC_DB, .type = INTR_HARD_EXC, .dr6 = bits };

	m->tbit = false;
	if (ctl->db_exiting) {
		exit_traps(m, bits, r);
		r->end = MODEL_EXIT;
		return;
	}
	m->pending_dbg = 0;
	deliver_between(m, ctl, &ev, r);
}

static void interrupt_now(struct model *m, const struct model_controls *ctl, struct model_report *r)
{
	int vector = m->cfg.bus.intr_ack(m->cfg.bus.arg);
	struct guest_event ev = { .vector = vector, .type = INTR_EXTERNAL };

	if (vector < 0) { /* gone in the meantime */
		m->intr_line = false;
		model_step(m, ctl, r);
		return;
	}
	deliver_between(m, ctl, &ev, r);
}

static void nmi_now(struct model *m, const struct model_controls *ctl, struct model_report *r)
{
	struct guest_event ev = { .vector = EXC_NMI, .type = INTR_NMI };

	m->nmi_line = false;
	deliver_between(m, ctl, &ev, r);
}

/* The frame's RF is as it was: `fault` would set it. */
static void code_breakpoint(struct model *m, const struct model_controls *ctl, u8 hits,
			    struct model_report *r)
{
	const struct guest_event ev = { .vector = EXC_DB, .type = INTR_HARD_EXC, .dr6 = hits };

	if (ctl->db_exiting) {
		exit_exception(m, EXC_DB, INTR_HARD_EXC, 0, hits, r);
		r->end = MODEL_EXIT;
	} else if (event_deliver_to(m, &ev, r)) {
		report_boundary(m, ctl, r);
	}
}

/* ---- what is due ---------------------------------------------------------------------------------- */

static u32 due_mask(struct model *m, const struct model_controls *ctl, u8 *ret_code)
{
	bool hold = ctl->hold_irq && m->c.activity != ACT_HLT && !model_frozen(m);
	struct due_masks masks = { .shadow = m->c.shadow, .rf = m->c.rflags & FL_RF,
				   .if_flag = m->c.rflags & FL_IF, .nmi_blocked = m->c.nmi_blocked };
	u32 due = 0;

	*ret_code = m->rep_rip == m->c.rip ? 0 : code_hits(m, cpu_linear_rip(&m->c));
	if (m->tbit)
		due |= DUE_BIT(DUE_TBIT);
	if (m->pending_dbg & (PDBG_BS | PDBG_ENABLED))
		due |= DUE_BIT(DUE_TRAP);
	if (m->nmi_line && !hold)
		due |= DUE_BIT(DUE_NMI);
	if (m->intr_line && !hold)
		due |= DUE_BIT(DUE_INTERRUPT);
	if (*ret_code && m->c.activity == ACT_ACTIVE)
		due |= DUE_BIT(DUE_CODE_BP);
	return due & ~due_held(due, &masks);
}

static bool is_quiet(const struct model *m)
{
	return !m->injecting && !m->pending_dbg && !m->nmi_line && !m->intr_line && !m->tbit &&
	       !(m->c.dr7 & 0xff) && m->c.activity == ACT_ACTIVE;
}

void model_step(struct model *m, const struct model_controls *ctl, struct model_report *ret)
{
	u8 code;

	memset(ret, 0, sizeof(*ret));
	ret->from_rip = m->c.rip;
	ret->from_lin = cpu_linear_rip(&m->c);
	m->poked = false;
	if (is_quiet(m)) {
		step_insn(m, ctl, ret);
		return;
	}
	if (m->injecting) {
		deliver_injected(m, ctl, ret);
		return;
	}
	switch (due_first(due_mask(m, ctl, &code))) {
	case DUE_TBIT:
	case DUE_TRAP:
		trap_now(m, ctl, ret);
		return;
	case DUE_NMI:
		nmi_now(m, ctl, ret);
		return;
	case DUE_INTERRUPT:
		interrupt_now(m, ctl, ret);
		return;
	case DUE_CODE_BP:
		code_breakpoint(m, ctl, code, ret);
		return;
	default:
		break;
	}
	if (m->c.activity == ACT_HLT)
		ret->end = MODEL_HALTED;
	else if (m->c.activity != ACT_ACTIVE)
		ret->end = MODEL_SHUTDOWN;
	else
		step_insn(m, ctl, ret);
}

void model_inject(struct model *m, const struct guest_event *ev)
{
	m->injected = *ev;
	m->injecting = true;
}

void model_intr_line(struct model *m, bool on)
{
	m->intr_line = on;
	m->poked |= on;
}

void model_nmi(struct model *m)
{
	m->nmi_line = m->poked = true;
}

void model_peek(struct model *m, struct model_insn *ret)
{
	const struct op *o;
	const u8 *bytes;

	*ret = (struct model_insn){ .lin = cpu_linear_rip(&m->c), .bits = m->bits };
	o = op_cached(m, ret->lin, &bytes);
	if (likely(o && o->facts.length)) {
		ret->facts = o->facts;
		ret->vector = o->vector;
		ret->n = o->facts.length;
		memcpy(ret->bytes, bytes, sizeof(ret->bytes));
		return;
	}
	ret->n = linear_read(&m->c, &m->phys, ret->lin, ret->bytes, INSN_MAX);
	if (!ret->n || op_fetch(m, &o) != EX_DONE)
		return;
	ret->facts = o->facts;
	ret->vector = o->vector;
	if (o->facts.length && o->facts.length < ret->n)
		ret->n = o->facts.length;
}

u64 *model_pending_dbg(struct model *m)
{
	return &m->pending_dbg;
}

u64 model_retired(const struct model *m)
{
	return m->retired;
}

u64 model_clock(const struct model *m)
{
	return m->retired + m->extra;
}

void model_clock_skip(struct model *m, u64 ticks)
{
	m->extra += ticks;
	m->c.tsc += ticks;
}

bool model_frozen(const struct model *m)
{
	return m->frozen_rip == m->c.rip;
}
