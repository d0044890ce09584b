/* step_insn.c - one instruction, with what it calls or without; see step.h. */
#include "step.h"

int place_here(struct run *r, struct place *ret, struct err *err)
{
	const struct stop *st = r->has_stop ? &r->stop : &r->s->last;
	const struct cpu_state *c;
	int rc = state_need(r->s, REGS_GPR | REGS_SYS, &c, err);

	if (rc)
		return rc;
	ret->lin = cpu_linear_rip(c);
	ret->sp = state_linear_sp(c);
	ret->cpl = cpu_cpl(c);
	ret->pending = st->pending;
	state_decode(r->s, c, ret->lin, &ret->in);
	ret->next = state_linear_cs(c, c->rip + ret->in.facts.length);
	return 0;
}

struct temp_point place_back(const struct place *p, u64 addr)
{
	return (struct temp_point){ .addr = addr, .min_sp = p->sp, .cpl = p->cpl };
}

bool step_entered_handler(const struct run *r)
{
	return r->stop.has_event && !r->stop.event_rep;
}

/* Instructions that are gone over like a call: gdb's, where a kernel does the rest unseen. */
bool step_called(const struct run *r, const struct place *p)
{
	/* `call 1f; 1:` pushes and goes on: there is nothing to come back from. */
	if (r->stop.lin == p->next)
		return false;
	switch (p->in.facts.cls) {
	case INSN_ICEBP:
	case INSN_INT3:
	case INSN_INTO:
	case INSN_INTN:
		return step_entered_handler(r) && r->stop.event_vector == p->in.vector;
	case INSN_SYSCALL:
		return r->stop.cpl < p->cpl;
	default:
		return (p->in.facts.flags & INSNF_CALL) && !step_entered_handler(r);
	}
}

int step_over(struct run *r, bool over_events, struct err *err)
{
	struct place p;
	int rc;

	for (;;) {
		rc = place_here(r, &p, err);
		if (!rc)
			rc = run_step(r, err);
		if (rc || r->ended)
			return rc;
		if (step_called(r, &p)) {
			struct temp_point t = place_back(&p, p.next);

			return run_to(r, &t, 1, err);
		}
		if (!step_entered_handler(r) || !(p.pending || over_events))
			return 0;
		/* Back to the boundary the event came at, or behind it if the handler skips it. */
		struct temp_point t[2] = { place_back(&p, p.lin), place_back(&p, p.next) };

		rc = run_to(r, t, p.next == p.lin ? 1 : 2, err);
		if (rc || r->ended || r->stop.lin != p.lin)
			return rc;
	}
}

bool insn_returns(const struct insn *in)
{
	return (in->facts.flags & INSNF_RET) || in->facts.cls == INSN_IRET ||
	       in->facts.cls == INSN_SYSRET || in->facts.cls == INSN_SYSEXIT;
}
