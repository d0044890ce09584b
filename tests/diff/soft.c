/* soft.c - one instruction on the model, a REP to its end, and what it raises delivered by the
 * core. */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

/* Nothing is wired to a port. */
static void port_float(void *arg, bool write, u16 port, unsigned size, void *data)
{
	if (!write)
		memset(data, 0xff, size);
}

bool soft_side_open(struct soft_side *s)
{
	struct model_config cfg = { .regions = &s->region, .n_regions = 1, .bus.port = port_float };

	s->ram = calloc(1, RAM_SIZE);
	s->region = (struct mem_region){ .size = RAM_SIZE, .hva = s->ram };
	return s->ram && !model_create(&cfg, &s->m, NULL);
}

void soft_side_close(struct soft_side *s)
{
	model_destroy(s->m);
	free(s->ram);
}

/* At an address of its own, so that nothing of the run to come is touched. */
void soft_side_decode(struct soft_side *s, const struct sample *x, struct op *ret)
{
	struct cpu_state *c = model_cpu(s->m);
	const struct op *o;

	place_state(x->place, c);
	c->cr0 &= ~CR0_PG;
	c->efer &= place_bits(x->place) == 64 ? ~0ull : ~EFER_LMA;
	model_changed(s->m);
	s->m->bits = place_bits(x->place);
	s->m->mode = s->m->bits == 64 ? MODE_LONG : MODE_PROT32;
	c->seg[SEG_CS].base = 0;
	c->seg[SEG_CS].limit = 0xffffffff;
	c->rip = RAM_SIZE - 4096;
	memcpy(s->ram + c->rip, x->code, 16);
	memset(ret, 0, sizeof(*ret));
	ret->exec = op_undefined;
	if (op_fetch(s->m, &o) == EX_DONE)
		*ret = *o;
}

static enum outcome event_enter_handler(struct soft_side *s, const struct guest_event *ev)
{
	struct delivery d;

	if (event_deliver(&s->m->c, &s->m->phys, ev, &d) || d.outcome == DELIVERY_SHUTDOWN)
		return OUT_SHUTDOWN;
	return OUT_DONE;
}

/* The handler is a NOP, which the host's step runs, too. */
static enum outcome event_take(struct soft_side *s, const struct guest_event *ev)
{
	enum outcome out = event_enter_handler(s, ev);

	if (out == OUT_DONE) {
		s->m->c.rip++;
		s->m->c.rflags &= ~FL_RF;
	}
	return out;
}

void soft_side_run(struct soft_side *s, const struct sample *x, struct result *ret)
{
	struct guest_event trap = { .vector = EXC_DB, .type = INTR_HARD_EXC, .dr6 = DR6_BS };
	struct cpu_state *c = model_cpu(s->m);
	const struct op *o;
	enum ex r;

	*c = x->c;
	if (place_user(x->place))
		c->rflags |= FL_TF;
	model_changed(s->m);
	do
		r = insn_run(s->m, &o);
	while (r == EX_REPEAT && !place_user(x->place));
	ret->outcome = r == EX_MISSING ? OUT_MISSING : r == EX_SHUTDOWN ? OUT_SHUTDOWN : OUT_DONE;
	if (r == EX_EVENT)
		ret->outcome = event_take(s, &s->m->event);
	else if (place_user(x->place) && r != EX_MISSING) {
		trap.fault = r == EX_REPEAT; /* RF: RIP is still the instruction's */
		ret->outcome = event_take(s, &trap);
	}
	ret->c = *c;
	ret->c.rflags &= ~FL_TF;
}
