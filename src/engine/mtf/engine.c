/*
 * engine.c - engine mtf as engine.h wants it.
 */
#include "engine/mtf/mtf_engine.h"
#include "engine/mtf/mtf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* ---- running -------------------------------------------------------------------------------------- */

static void run_end(struct runner *r, const struct plan *plan)
{
	struct mtf_engine *m = to_mtf(&r->base);

	if (plan->mode == PLAN_CONTINUE) {
		points_unplant(&m->k);
		at_load(&m->k);
	}
	watch_stop(&m->k);
}

static int step(struct runner *r, int *ret_end, struct err *err)
{
	struct mtf_engine *m = to_mtf(&r->base);
	int e = mtf_pending_resume(m, err);

	return e ? e : mtf_step(m, ret_end, err);
}

static int cont(struct runner *r, int *ret_end, struct err *err)
{
	return mtf_cont(to_mtf(&r->base), ret_end, err);
}

static bool is_behind(const struct runner *r)
{
	return batch_waits((const struct mtf_engine *)r);
}

static int stop_here(struct runner *r, enum cause c, int skip, int *ret_end, struct err *err)
{
	struct mtf_engine *m = to_mtf(&r->base);
	struct step st;
	int e = state_need_sys(m, err);

	if (e)
		return e;
	m->served = false;
	memset(&st, 0, sizeof(st));
	st.from = m->k.at;
	stop_begin(&m->k, &st.from, &st.stop);
	st.stop.shadow_known = true;
	st.v = (struct verdict){ .causes = CAUSE_BIT(c), .first = c, .proof = PROOF_DEDUCED };
	runner_pass(r, skip, st.from.insn.facts.length, &st.stop);
	mtf_step_finish(m, &st, ret_end);
	return 0;
}

static const struct runner_ops runner_ops = {
	.begin = watch_start,
	.end = run_end,
	.step = step,
	.cont = cont,
	.interrupted = interrupt_stop,
	.is_behind = is_behind,
	.insn_length = vcpu_insn_length,
	.stop_here = stop_here,
	.skip = mtf_skip,
};

static void destroy(struct engine *e)
{
	struct mtf_engine *m = to_mtf(e);

	if (!e)
		return;
	vcpu_deinit(&m->k);
	shim_unmap(m);
	free(m);
}

static int boot(struct mtf_engine *m, struct err *err)
{
	const struct cpu_state *c = machine_boot_state(m->k.r.base.machine);
	int r = mtf_regs_set(m, c->known, c, err);

	return r ? err_prefix(err, "setting the CPU to the image's entry") : 0;
}

static int create(struct machine *machine, struct engine **ret, struct err *err)
{
	struct mtf_engine *m = calloc(1, sizeof(*m));
	struct vcpu *k = &m->k;
	struct engine_probe p;
	int r;

	if (!m)
		return err_set(err, ENOMEM, "no memory for the engine");
	vcpu_init(k, &mtf_engine_ops, &runner_ops, machine);
	k->quirks = (struct kvm_quirks){ .data_points = true };
	mtf_probe(&p);
	r = !p.works ? err_set(err, ENODEV, "engine mtf: %s", p.text) :
	    k->insns ? kvm_open(&k->caps, &k->kvm_fd, err) : err_set(err, ENOMEM, "no memory");
	k->caps.sync_regs = false; /* registers travel in the mailbox */
	if (!r)
		r = vm_create(k, err);
	if (!r)
		r = watch_create(k, err);
	if (!r)
		r = shim_start(m, err);
	if (!r)
		r = l0_probe(m, err);
	if (!r)
		r = boot(m, err);
	if (r) {
		destroy(&k->r.base);
		return r;
	}
	machine_set_irq(machine, vcpu_irq_line, &m->k);
	*ret = &k->r.base;
	return 0;
}

/* ---- state ---------------------------------------------------------------------------------------- */

static int get_regs(struct engine *e, u32 groups, struct cpu_state *ret, struct err *err)
{
	ret->known = 0;
	return mtf_regs_get(to_mtf(e), groups, ret, err);
}

static int set_regs(struct engine *e, u32 groups, const struct cpu_state *c, struct err *err)
{
	struct mtf_engine *m = to_mtf(e);
	u64 rip = m->k.s->regs.rip;
	int r = mtf_regs_set(m, groups, c, err);

	if (m->k.s->regs.rip != rip)
		m->asleep = false; /* a jump out of a HLT: the CPU is to run there */
	return r;
}

static int set_points(struct engine *e, struct point *p, size_t n, struct err *err)
{
	struct mtf_engine *m = to_mtf(e);
	int r = dr_refresh(m, err);

	if (!r)
		r = points_set(&m->k, p, n, err);
	if (!r && (m->slots || n))
		r = dr_write(m, err);
	return r;
}

/* KVM_GET_NESTED_STATE has the shim's VMCS only while the shim's guest runs, and never the shim itself. */
static int no_state(struct engine *e, struct strbuf *out, struct err *err)
{
	return err_set(err, ENOTSUP, "engine mtf cannot keep a state of the guest: its CPU is in a VMCS that "
				     "belongs to the shim; engines soft and kvm can");
}

static int info(struct engine *e, const char *what, struct strbuf *out, struct err *err)
{
	return mtf_info(to_mtf(e), what, out, err);
}

const struct engine_ops mtf_engine_ops = {
	.name = "mtf",
	.summary = "nested VMX: the guest as L2 under the monitor trap flag, with VMCS fields as evidence",
	.vmx_view = true,
	.catches = CATCH_ICEBP | CATCH_INT3 | CATCH_HLT,
	.probe = mtf_probe,
	.create = create,
	.destroy = destroy,
	.run = runner_run,
	.interrupt = vcpu_interrupt,
	.get_regs = get_regs,
	.set_regs = set_regs,
	.set_points = set_points,
	.skip = runner_skip,
	.queue_event = runner_queue_event,
	.state_get = no_state,
	.info = info,
};
