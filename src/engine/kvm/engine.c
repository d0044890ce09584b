/*
 * engine.c - engine kvm as engine.h wants it: create, run, registers, points, destroy.
 */
#include "engine/kvm/kvm_engine.h"
#include "engine/kvm/kvm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void irq_line(void *arg, unsigned gsi, bool level)
{
	struct kvm_engine *k = arg;
	struct kvm_irq_level l = { .irq = gsi, .level = level };

	ioctl(k->vm_fd, KVM_IRQ_LINE, &l); /* a line KVM does not have is a line nobody listens to */
}

/* ---- create and destroy --------------------------------------------------------------------------- */

static void probe(struct engine_probe *ret)
{
	struct kvm_caps caps;
	struct kvm_quirks q;
	struct err err = { 0 };
	int fd;

	*ret = (struct engine_probe){ 0 };
	if (kvm_open(&caps, &fd, &err)) {
		snprintf(ret->text, sizeof(ret->text), "%.399s", err.text);
		return;
	}
	if (quirks_probe(fd, &caps, &q, &err)) {
		snprintf(ret->text, sizeof(ret->text), "%.399s", err.text);
	} else {
		ret->works = true;
		ret->hardware = !q.software;
		ret->caps = ENGINE_SHADOW_STI | (q.data_points ? ENGINE_DATA_POINTS : 0) |
			    (q.software ? ENGINE_SHADOW_MOV_SS : 0);
		quirks_text(&q, ret->text, sizeof(ret->text));
	}
	close(fd);
}

static void destroy(struct engine *e)
{
	struct kvm_engine *k = to_kvm(e);

	if (!e)
		return;
	points_free(k);
	machine_set_irq(k->base.machine, NULL, NULL);
	watch_destroy(k);
	vm_destroy(k);
	insn_cache_destroy(k->insns);
	free(k);
}

static int boot(struct kvm_engine *k, struct err *err)
{
	const struct cpu_state *c = machine_boot_state(k->base.machine);
	int r = vcpu_fetch(k, err);

	if (!r)
		r = regs_set(k, c->known & ~(u32)REGS_EVENTS, c, err);
	if (r)
		return err_prefix(err, "setting the CPU to the image's entry");
	at_load(k);
	return 0;
}

static int create(struct machine *m, struct engine **ret, struct err *err)
{
	struct kvm_engine *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return err_set(err, ENOMEM, "no memory for the engine");
	k->base = (struct engine){ .ops = &kvm_engine_ops, .machine = m };
	k->kvm_fd = k->vm_fd = k->cpu_fd = -1;
	k->phys = machine_phys(m);
	k->guest_dr_stale = true;
	k->insns = insn_cache_create();
	r = k->insns ? kvm_open(&k->caps, &k->kvm_fd, err) : err_set(err, ENOMEM, "no memory");
	if (!r)
		r = quirks_probe(k->kvm_fd, &k->caps, &k->quirks, err);
	if (!r)
		r = vm_create(k, err);
	if (!r)
		r = watch_create(k, err);
	if (!r)
		r = boot(k, err);
	if (r) {
		destroy(&k->base);
		return r;
	}
	machine_set_irq(m, irq_line, k);
	*ret = &k->base;
	return 0;
}

/* ---- running -------------------------------------------------------------------------------------- */

void interrupt_stop(struct kvm_engine *k, int *ret_end)
{
	struct stop s;

	interrupt_take(k);
	stop_begin(k, &k->at, &s);
	s.causes = CAUSE_BIT(CAUSE_INTERRUPT);
	s.first = CAUSE_INTERRUPT;
	stop_push(k, &s);
	*ret_end = RUN_INTERRUPTED;
}

/* `set skip outer`: a hypervisor with that bug gives a single-step trap of the ICEBP it skipped. */
static void owed_tf_stop(struct kvm_engine *k, int *ret_end)
{
	struct step st;

	k->owed_tf = false;
	memset(&st, 0, sizeof(st));
	st.from = k->at;
	stop_begin(k, &st.from, &st.stop);
	st.stop.causes = CAUSE_BIT(CAUSE_TF);
	st.stop.first = CAUSE_TF;
	st.stop.proof = PROOF_DEDUCED;
	st.stop.host_tf = true;
	stop_did(&st.stop, DID_WRONG_SKIP, SKIP_WRONG_OUTER, 0, 0);
	step_finish(k, &st, ret_end);
}

static int step_any(struct kvm_engine *k, int *ret_end, struct err *err)
{
	bool stopped;
	int r;

	if (k->owed_tf) {
		owed_tf_stop(k, ret_end);
		return 0;
	}
	r = pending_resume(k, &stopped, ret_end, err);
	if (r || stopped)
		return r;
	return k->halted ? hlt_resume(k, ret_end, err) : step_one(k, ret_end, err);
}

static int step_many(struct kvm_engine *k, int *ret_end, struct err *err)
{
	u64 first = k->seq, count = k->plan->count;
	int r = 0;

	while (!r && *ret_end < 0) {
		if (k->has_backlog)
			*ret_end = RUN_RING_FULL;
		else if (k->seq - first >= count)
			*ret_end = RUN_COUNT;
		else if (ring_full(k->ring))
			*ret_end = RUN_RING_FULL;
		else if (k->interrupted)
			interrupt_stop(k, ret_end);
		else
			r = step_any(k, ret_end, err);
	}
	return r;
}

/*
 * A record the ring had no room for comes first of the next run; if it was the stop that ended the
 * run before, that end is told only then.
 */
static enum run_end backlog_out(struct kvm_engine *k)
{
	int end = k->late_end;

	if (ring_full(k->ring))
		return RUN_RING_FULL;
	*ring_push(k->ring) = k->backlog;
	k->has_backlog = false;
	k->late_end = RUN_RING_FULL;
	return end;
}

static enum run_end end_told(struct kvm_engine *k, int end)
{
	if (!k->has_backlog)
		return end;
	k->late_end = end;
	return RUN_RING_FULL;
}

static int run(struct engine *e, const struct plan *plan, struct ring *ring, enum run_end *ret_end,
	       struct err *err)
{
	struct kvm_engine *k = to_kvm(e);
	int end = -1, r;

	k->ring = ring;
	if (k->has_backlog) {
		*ret_end = backlog_out(k);
		return 0;
	}
	if (k->dead)
		return err_set(err, ESRCH, "the guest is dead: `run` starts it again");
	k->plan = plan;
	watch_start(k);
	r = plan->mode == PLAN_STEP ? step_many(k, &end, err) : cont_run(k, &end, err);
	watch_stop(k);
	k->plan = NULL;
	if (r)
		return r;
	*ret_end = end_told(k, end);
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
	return regs_get(to_kvm(e), groups, ret, err);
}

static int set_regs(struct engine *e, u32 groups, const struct cpu_state *c, struct err *err)
{
	struct kvm_engine *k = to_kvm(e);
	u64 rip = k->s->regs.rip;
	int r = regs_set(k, groups, c, err);

	/* A jump out of a HLT: the CPU is to run there. */
	if (!r && k->halted && k->s->regs.rip != rip) {
		k->halted = false;
		r = vcpu_set_mp_state(k, KVM_MP_STATE_RUNNABLE, err);
	}
	at_load(k);
	return r;
}

static int set_points(struct engine *e, struct point *p, size_t n, struct err *err)
{
	return points_set(to_kvm(e), p, n, err);
}

static int skip(struct engine *e, enum skip_kind kind, struct ring *ring, struct err *err)
{
	static const struct plan plan = { .mode = PLAN_STEP, .count = 1 };
	struct kvm_engine *k = to_kvm(e);
	int end = -1;

	if (k->dead)
		return err_set(err, ESRCH, "the guest is dead: `run` starts it again");
	if (!k->at.insn.facts.length)
		return err_set(err, EINVAL, "the bytes at %#llx are no instruction, so there is no "
					    "length to skip: set $rip instead",
			       (unsigned long long)k->at.lin);
	k->plan = &plan;
	k->ring = ring;
	skip_stop(k, kind, &end);
	k->plan = NULL;
	return 0;
}

static int queue_event(struct engine *e, const struct guest_event *ev, struct err *err)
{
	struct kvm_engine *k = to_kvm(e);

	if (k->pending.active)
		return err_set(err, EBUSY, "vector %#x is pending already: deliver or swallow that "
					   "first", k->pending.ev.vector);
	k->pending = (struct pending){
		.active = true, .by_user = true, .ev = *ev, .cause = CAUSE_EVENT,
	};
	return 0;
}

static int info(struct engine *e, const char *what, struct strbuf *out, struct err *err)
{
	return info_text(to_kvm(e), what, out, err);
}

const struct engine_ops kvm_engine_ops = {
	.name = "kvm",
	.summary = "KVM_SET_GUEST_DEBUG: the trap flag, as any KVM debugger steps",
	.catches = CATCH_ICEBP | CATCH_INT3 | CATCH_HLT | CATCH_IO | CATCH_MMIO | CATCH_EXCEPTION |
		   CATCH_MSR | CATCH_CR,
	.probe = probe,
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
