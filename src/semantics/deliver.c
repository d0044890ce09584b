/*
 * deliver.c - an event enters the guest through its IVT or IDT; what fails on the way becomes the
 * next event, a double fault, or shutdown (SDM 3 "Interrupt 8 - Double Fault Exception (#DF)").
 */
#include "semantics/deliver.h"
#include "x86/errno_min.h"

enum exc_class { CLASS_BENIGN, CLASS_CONTRIBUTORY, CLASS_PAGE_FAULT, CLASS_DOUBLE_FAULT };

/* SDM 3 table "Interrupt and Exception Classes". Interrupts of all kinds and INT n are benign. */
static enum exc_class class_of(const struct guest_event *ev)
{
	if (ev->type != INTR_HARD_EXC)
		return CLASS_BENIGN;
	switch (ev->vector) {
	case EXC_DE:
	case EXC_TS:
	case EXC_NP:
	case EXC_SS:
	case EXC_GP:
	case EXC_CP:
		return CLASS_CONTRIBUTORY;
	case EXC_PF:
	case EXC_VE:
		return CLASS_PAGE_FAULT;
	case EXC_DF:
		return CLASS_DOUBLE_FAULT;
	default:
		return CLASS_BENIGN;
	}
}

/* SDM 3 table "Conditions for Generating a Double Fault". */
static bool makes_double_fault(const struct guest_event *first, const struct guest_event *second)
{
	enum exc_class a = class_of(first), b = class_of(second);

	if (a == CLASS_CONTRIBUTORY)
		return b == CLASS_CONTRIBUTORY;
	return a == CLASS_PAGE_FAULT && (b == CLASS_CONTRIBUTORY || b == CLASS_PAGE_FAULT);
}

static bool is_debug_exception(const struct guest_event *ev)
{
	return ev->vector == EXC_DB &&
	       (ev->type == INTR_HARD_EXC || ev->type == INTR_PRIV_SOFT_EXC);
}

/*
 * What raising an event leaves in the CPU even if its handler is never reached. DR6 (SDM 3 "Debug
 * Status Register"): B0-B3 may be cleared, the rest is sticky; BLD goes to 0 for a bus lock and is
 * else left alone, RTM goes to 0 for a region abort and to 1 else. An ICEBP (dr6 0) leaves DR6 as
 * it is. GD: SDM 3 "Debug Control Register"; BTF, LBR: SDM 3 "IA32_DEBUGCTL MSR".
 */
static void event_registers(struct cpu_state *c, const struct guest_event *ev)
{
	if (ev->has_cr2)
		c->cr2 = ev->cr2;
	if (!is_debug_exception(ev))
		return;
	if (ev->dr6) {
		c->dr6 = (c->dr6 & ~DR6_BN) | DR6_RTM | (ev->dr6 & DR6_CAUSE);
		c->dr6 &= ~(ev->dr6 & (DR6_BLD | DR6_RTM));
	}
	c->dr7 &= ~DR7_GD;
	c->debugctl &= ~(DEBUGCTL_BTF | DEBUGCTL_LBR);
}

static int event_attempt(struct attempt *a)
{
	u64 rip = a->c->rip + a->ev->insn_len;
	enum cpu_mode mode = cpu_mode(a->c);

	a->n_reads = 0;
	/* 16-bit protected-mode code may lie beyond 64 KiB: a 16-bit frame cuts it by itself. */
	a->return_rip = mode == MODE_LONG                       ? rip
			: mode == MODE_REAL || mode == MODE_V86 ? (u16)rip
								: (u32)rip;
	return a->c->cr0 & CR0_PE ? attempt_idt(a) : attempt_ivt(a);
}

static void delivery_finish(struct attempt *a, bool doubled)
{
	struct cpu_state *c = a->c;

	c->shadow = SHADOW_NONE;
	c->activity = ACT_ACTIVE;
	if (a->ev->type == INTR_NMI)
		c->nmi_blocked = true;
	a->out->outcome = doubled ? DELIVERY_DOUBLE_FAULT : DELIVERY_DONE;
	a->out->vector = a->ev->vector;
	a->out->type = a->ev->type;
	a->out->has_error = a->ev->has_error;
	a->out->error = a->ev->error;
	a->out->return_rip = a->return_rip;
	a->out->handler_lin = cpu_linear_rip(c);
}

enum event_combined event_combine(const struct guest_event *first, const struct guest_event *second,
				  struct guest_event *ret)
{
	if (class_of(first) == CLASS_DOUBLE_FAULT)
		return COMBINED_SHUTDOWN;
	if (!makes_double_fault(first, second)) {
		*ret = *second;
		return COMBINED_SECOND;
	}
	*ret = (struct guest_event){ .vector = EXC_DF, .type = INTR_HARD_EXC, .has_error = true };
	return COMBINED_DOUBLE_FAULT;
}

static int deliver_chain(struct cpu_state *work, const struct phys_ops *mem,
			 const struct guest_event *ev, struct delivery *ret, struct task_gate *task)
{
	struct guest_event now = *ev, next;
	struct delivery out = { 0 };
	struct attempt a = { .c = work, .mem = mem, .ev = &now, .out = &out };
	enum event_combined combined;
	bool doubled = false;
	int r;

	event_registers(work, &now);
	/* Ends: benign, contributory, #PF, #DF is the longest way; from none of them back. */
	for (;;) {
		r = event_attempt(&a);
		if (r == ATTEMPT_UNSUPPORTED) {
			*task = (struct task_gate){ now, a.task_sel, a.return_rip, doubled };
			return -ENOSYS;
		}
		if (r == ATTEMPT_DONE)
			break;
		event_registers(work, &a.raised); /* its CR2, whatever it becomes */
		combined = event_combine(&now, &a.raised, &next);
		if (combined == COMBINED_SHUTDOWN) {
			work->activity = ACT_SHUTDOWN;
			out = (struct delivery){ .outcome = DELIVERY_SHUTDOWN,
						 .vector = now.vector };
			break;
		}
		doubled |= combined == COMBINED_DOUBLE_FAULT;
		now = next;
	}
	if (r == ATTEMPT_DONE)
		delivery_finish(&a, doubled);
	*ret = out;
	return 0;
}

int event_deliver_or_task(struct cpu_state *c, const struct phys_ops *mem,
			  const struct guest_event *ev, struct delivery *ret,
			  struct task_gate *task)
{
	struct cpu_state work = *c;
	int r = deliver_chain(&work, mem, ev, ret, task);

	*c = work;
	return r;
}

int event_deliver(struct cpu_state *c, const struct phys_ops *mem, const struct guest_event *ev,
		  struct delivery *ret)
{
	struct cpu_state work = *c;
	struct task_gate task;
	int r = deliver_chain(&work, mem, ev, ret, &task);

	if (r == 0)
		*c = work;
	return r;
}

bool gate_usable(const struct cpu_state *c, const struct phys_ops *mem, u8 vector)
{
	bool long_mode = c->efer & EFER_LMA;
	struct descriptor g, code;

	if (gate_read(c, mem, vector, &g))
		return false;
	if (!(c->cr0 & CR0_PE))
		return g.sel || g.offset;
	if (!g.present || (g.kind != DESC_INT_GATE && g.kind != DESC_TRAP_GATE) ||
	    !(g.sel & 0xfffc))
		return false;
	if (descriptor_read(c, mem, g.sel, &code) || code.kind != DESC_CODE || !code.present)
		return false;
	return !long_mode || (code.attr & (ATTR_L | ATTR_DB)) == ATTR_L;
}
