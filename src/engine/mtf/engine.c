/*
 * engine.c - engine mtf as engine.h wants it.
 */
#include "engine/mtf/mtf_engine.h"
#include "engine/mtf/mtf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static void irq_line(void *arg, unsigned gsi, bool level)
{
	struct mtf_engine *m = arg;
	struct kvm_irq_level l = { .irq = gsi, .level = level };

	ioctl(m->k.vm_fd, KVM_IRQ_LINE, &l);
}

static void destroy(struct engine *e)
{
	struct mtf_engine *m = to_mtf(e);

	if (!e)
		return;
	points_free(&m->k);
	machine_set_irq(m->k.base.machine, NULL, NULL);
	watch_destroy(&m->k);
	vm_destroy(&m->k);
	shim_unmap(m);
	insn_cache_destroy(m->k.insns);
	free(m);
}

static int boot(struct mtf_engine *m, struct err *err)
{
	const struct cpu_state *c = machine_boot_state(m->k.base.machine);
	int r = mtf_regs_set(m, c->known, c, err);

	return r ? err_prefix(err, "setting the CPU to the image's entry") : 0;
}

static int create(struct machine *machine, struct engine **ret, struct err *err)
{
	struct mtf_engine *m = calloc(1, sizeof(*m));
	struct kvm_engine *k = &m->k;
	struct engine_probe p;
	int r;

	if (!m)
		return err_set(err, ENOMEM, "no memory for the engine");
	k->base = (struct engine){ .ops = &mtf_engine_ops, .machine = machine };
	k->kvm_fd = k->vm_fd = k->cpu_fd = -1;
	k->phys = machine_phys(machine);
	k->quirks = (struct kvm_quirks){ .data_points = true };
	k->insns = insn_cache_create();
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
		destroy(&k->base);
		return r;
	}
	machine_set_irq(machine, irq_line, m);
	*ret = &k->base;
	return 0;
}

/* ---- running -------------------------------------------------------------------------------------- */

/* `set skip outer`: the MTF too many that a hypervisor with that bug gives. */
static void owed_stop(struct mtf_engine *m, int *ret_end)
{
	struct step st;

	m->k.owed_tf = false;
	memset(&st, 0, sizeof(st));
	st.from = m->k.at;
	stop_begin(&m->k, &st.from, &st.stop);
	st.stop.shadow_known = true;
	st.v = (struct verdict){ .causes = CAUSE_BIT(CAUSE_MTF), .first = CAUSE_MTF, .proof = PROOF_DEDUCED };
	stop_did(&st.stop, DID_WRONG_SKIP, SKIP_WRONG_OUTER, 0, 0);
	m->served = false;
	mtf_step_finish(m, &st, ret_end);
}

static int step_any(struct mtf_engine *m, int *ret_end, struct err *err)
{
	int r;

	if (m->k.owed_tf) {
		owed_stop(m, ret_end);
		return 0;
	}
	r = mtf_pending_resume(m, err);
	return r ? r : mtf_step(m, ret_end, err);
}

static int step_many(struct mtf_engine *m, int *ret_end, struct err *err)
{
	struct kvm_engine *k = &m->k;
	u64 count = k->plan->count;
	int r = 0;

	m->first = k->seq;
	while (!r && *ret_end < 0) {
		if (k->seq - m->first >= count)
			*ret_end = RUN_COUNT;
		else if (k->has_backlog || ring_full(k->ring))
			*ret_end = RUN_RING_FULL;
		else if (k->interrupted && !batch_waits(m))
			interrupt_stop(k, ret_end);
		else
			r = step_any(m, ret_end, err);
	}
	return r;
}

static int run(struct engine *e, const struct plan *plan, struct ring *ring, enum run_end *ret_end,
	       struct err *err)
{
	struct mtf_engine *m = to_mtf(e);
	struct kvm_engine *k = &m->k;
	int end = -1, r;

	k->ring = ring;
	if (k->has_backlog) {
		*ret_end = RUN_RING_FULL;
		if (ring_full(ring))
			return 0;
		*ring_push(ring) = k->backlog;
		k->has_backlog = false;
		return 0;
	}
	if (k->dead)
		return err_set(err, ESRCH, "the guest is dead: `run` starts it again");
	k->plan = plan;
	watch_start(k);
	r = plan->mode == PLAN_STEP ? step_many(m, &end, err) : mtf_cont(m, &end, err);
	watch_stop(k);
	k->plan = NULL;
	if (r)
		return r;
	*ret_end = end;
	return 0;
}

static void interrupt(struct engine *e)
{
	struct kvm_engine *k = to_kvm(e);

	k->interrupted = 1;
	k->run->immediate_exit = 1;
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

static int skip(struct engine *e, enum skip_kind kind, struct ring *ring, struct err *err)
{
	static const struct plan plan = { .mode = PLAN_STEP, .count = 1 };
	struct mtf_engine *m = to_mtf(e);
	struct step st;
	int end = -1, r;

	if (m->k.dead)
		return err_set(err, ESRCH, "the guest is dead: `run` starts it again");
	if (!m->k.at.insn.facts.length)
		return err_set(err, EINVAL, "the bytes at %#llx are no instruction, so there is no length to "
					    "skip: set $rip instead", (unsigned long long)m->k.at.lin);
	r = state_need_sys(m, err);
	if (r)
		return r;
	m->k.plan = &plan;
	m->k.ring = ring;
	m->served = false;
	memset(&st, 0, sizeof(st));
	st.from = m->k.at;
	stop_begin(&m->k, &st.from, &st.stop);
	mtf_skip(m, kind, m->k.at.insn.facts.length, &st.stop);
	st.v = (struct verdict){ .proof = PROOF_DEDUCED };
	st.v.first = kind == SKIP_KIND_OUTER ? CAUSE_MTF : CAUSE_LIMIT;
	st.v.causes = CAUSE_BIT(st.v.first);
	mtf_step_finish(m, &st, &end);
	m->k.plan = NULL;
	return 0;
}

static int queue_event(struct engine *e, const struct guest_event *ev, struct err *err)
{
	struct kvm_engine *k = to_kvm(e);

	if (k->pending.active)
		return err_set(err, EBUSY, "vector %#x is pending already: deliver or swallow that first",
			       k->pending.ev.vector);
	k->pending = (struct pending){ .active = true, .by_user = true, .ev = *ev, .cause = CAUSE_EVENT };
	return 0;
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
	.run = run,
	.interrupt = interrupt,
	.get_regs = get_regs,
	.set_regs = set_regs,
	.set_points = set_points,
	.skip = skip,
	.queue_event = queue_event,
	.info = info,
};
