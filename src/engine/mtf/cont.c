/*
 * cont.c - PLAN_CONTINUE: L2 runs with the monitor trap flag off until something of the user's, or its
 * end. What only a look after each instruction can notice is stepped.
 */
#include "engine/mtf/mtf.h"

enum { CATCH_REPORTED = CATCH_ICEBP | CATCH_INT3 | CATCH_HLT };

static bool must_step(const struct mtf_engine *m)
{
	return m->k.by_address || (m->k.r.plan->catches & ~CATCH_REPORTED);
}

int mtf_cont(struct mtf_engine *m, int *ret_end, struct err *err)
{
	int r = mtf_pending_resume(m, err);

	if (r)
		return r;
	/* What is due behind an injection (pending.c) is put there by a step. */
	if (must_step(m) || m->deferred || point_exec_at(&m->k, m->k.at.lin))
		return mtf_step(m, ret_end, err);
	return mtf_free_run(m, ret_end, err);
}
