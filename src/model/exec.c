/* exec.c - one instruction by itself: fetched, executed, RIP moved. What is due around it is
 * step.c's. */
#include "model/operand.h"

/*
 * 16-bit code that runs beyond 64 KiB does not wrap: its next fetch meets the limit. RF lasts one
 * instruction; between the iterations of a REP it stays (SDM volume 3, "Instruction-Breakpoint
 * Exception Condition").
 */
enum ex insn_run(struct model *m, const struct op **ret)
{
	const struct op *o;
	enum ex r;

	*ret = NULL;
	TRY(op_fetch(m, &o));
	*ret = o;
	m->next = m->c.rip + o->len;
	if (m->bits != 64)
		m->next = (u32)m->next;
	m->shadow_next = SHADOW_NONE;
	m->hits = 0;
	m->tbit = m->rf_next = false;
	r = o->exec(m, o);
	m->rep_rip = r == EX_REPEAT ? m->c.rip : ~0ull;
	if (r != EX_DONE)
		return r;
	m->c.rip = m->next;
	flags_set(m, FL_RF, m->rf_next ? FL_RF : 0);
	m->retired++;
	return EX_DONE;
}
