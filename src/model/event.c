/*
 * event.c - exceptions raised by instructions, and the way of any event into the guest: the core's
 * delivery, with the task switches that the core leaves to the model.
 */
#include "model/system.h"

enum ex raise_vector(struct model *m, u8 vector)
{
	m->event = (struct guest_event){
		.vector = vector,
		.type = INTR_HARD_EXC,
		.fault = true,
	};
	return EX_EVENT;
}

enum ex raise_code(struct model *m, u8 vector, u32 error)
{
	raise_vector(m, vector);
	m->event.has_error = true;
	m->event.error = error;
	return EX_EVENT;
}

enum ex raise_pf(struct model *m, u64 lin, u32 error)
{
	raise_code(m, EXC_PF, error);
	m->event.has_cr2 = true;
	m->event.cr2 = lin;
	return EX_EVENT;
}

/* SDM 3 "Error Code": EXT is clear for INT n, INT3 and INTO only. */
static u32 event_ext(const struct guest_event *ev)
{
	return ev->type != INTR_SOFT_INT && ev->type != INTR_SOFT_EXC;
}

/* SDM 3 "Exception- or Interrupt-Handler Tasks". The state saved is that of a frame: RF set for
 * faults. */
static enum ex task_deliver(struct model *m, const struct task_gate *g)
{
	struct task_switch t = {
		.from = TASK_EVENT,
		.sel = g->sel,
		.old_rip = g->return_rip,
		.old_flags = m->c.rflags | (g->event.fault ? FL_RF : 0),
		.has_error = g->event.has_error,
		.error = g->event.error,
		.ext = event_ext(&g->event),
	};
	enum ex r = task_switch(m, &t);

	if (r != EX_DONE)
		return r;
	m->c.rip = m->next;
	m->c.shadow = SHADOW_NONE;
	m->c.activity = ACT_ACTIVE;
	if (g->event.type == INTR_NMI)
		m->c.nmi_blocked = true;
	return EX_DONE;
}

static void task_delivered(const struct model *m, const struct task_gate *g, struct delivery *ret)
{
	*ret = (struct delivery){
		.outcome = g->doubled ? DELIVERY_DOUBLE_FAULT : DELIVERY_DONE,
		.vector = g->event.vector,
		.handler_lin = cpu_linear_rip(&m->c),
		.frame_lin = m->c.seg[SEG_SS].base + m->c.gpr[GPR_RSP],
		.return_rip = g->return_rip,
		.type = g->event.type,
		.has_error = g->event.has_error,
		.error = g->event.error,
	};
}

static void shut_down(struct model *m, u8 vector, struct delivery *ret)
{
	m->c.activity = ACT_SHUTDOWN;
	*ret = (struct delivery){ .outcome = DELIVERY_SHUTDOWN, .vector = vector };
}

enum delivery_outcome model_deliver(struct model *m, const struct guest_event *ev,
				    struct delivery *ret)
{
	struct guest_event now = *ev;
	struct task_gate gate = { 0 };
	bool doubled = false;

	/* Each round is one exception further towards #DF, or a benign event's only one. */
	while (event_deliver_or_task(&m->c, &m->phys, &now, ret, &gate)) {
		enum event_combined combined;

		gate.doubled |= doubled;
		if (task_deliver(m, &gate) == EX_DONE) {
			model_derive(m);
			task_delivered(m, &gate, ret);
			return ret->outcome;
		}
		model_derive(m); /* the switch may have gone half its way */
		combined = event_combine(&gate.event, &m->event, &now);
		if (combined == COMBINED_SHUTDOWN) {
			shut_down(m, gate.event.vector, ret);
			return DELIVERY_SHUTDOWN;
		}
		doubled = gate.doubled || combined == COMBINED_DOUBLE_FAULT;
	}
	if (doubled && ret->outcome == DELIVERY_DONE)
		ret->outcome = DELIVERY_DOUBLE_FAULT;
	model_derive(m);
	return ret->outcome;
}
