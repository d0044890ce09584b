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

/* ---- running -------------------------------------------------------------------------------------- */

static void run_end(struct runner *r, const struct plan *plan)
{
	watch_stop(to_vcpu(r));
}

static int step(struct runner *r, int *ret_end, struct err *err)
{
	struct vcpu *k = to_vcpu(r);
	bool stopped;
	int e = pending_resume(k, &stopped, ret_end, err);

	if (e || stopped)
		return e;
	return to_kvm(k)->halted ? hlt_resume(k, ret_end, err) : step_one(k, ret_end, err);
}

static int cont(struct runner *r, int *ret_end, struct err *err)
{
	return cont_run(to_vcpu(r), ret_end, err);
}

static int stop_here(struct runner *r, enum cause c, int skip, int *ret_end, struct err *err)
{
	struct vcpu *k = to_vcpu(r);
	struct step st;

	memset(&st, 0, sizeof(st));
	st.from = k->at;
	stop_begin(k, &st.from, &st.stop);
	st.stop.causes = CAUSE_BIT(c);
	st.stop.first = c;
	st.stop.proof = PROOF_DEDUCED;
	st.stop.host_tf = c == CAUSE_TF;
	if (runner_pass(r, skip, st.from.insn.facts.length, &st.stop))
		pending_take_db(&k->r.pending, DR6_BS, &st.stop);
	step_finish(k, &st, ret_end);
	return 0;
}

static const struct runner_ops runner_ops = {
	.begin = watch_start,
	.end = run_end,
	.step = step,
	.cont = cont,
	.interrupted = interrupt_stop,
	.insn_length = vcpu_insn_length,
	.stop_here = stop_here,
	.skip = kvm_skip,
};

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
	if (!e)
		return;
	vcpu_deinit(to_vcpu(to_runner(e)));
	free(e);
}

static int boot(struct vcpu *k, struct err *err)
{
	const struct cpu_state *c = machine_boot_state(k->r.base.machine);
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
	struct vcpu *k = calloc(1, sizeof(struct kvm_engine));
	int r;

	if (!k)
		return err_set(err, ENOMEM, "no memory for the engine");
	vcpu_init(k, &kvm_engine_ops, &runner_ops, m);
	k->guest_dr_stale = true;
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
		destroy(&k->r.base);
		return r;
	}
	machine_set_irq(m, vcpu_irq_line, k);
	*ret = &k->r.base;
	return 0;
}

/* ---- state ---------------------------------------------------------------------------------------- */

static int get_regs(struct engine *e, u32 groups, struct cpu_state *ret, struct err *err)
{
	ret->known = 0;
	return regs_get(to_vcpu(to_runner(e)), groups, ret, err);
}

static int set_regs(struct engine *e, u32 groups, const struct cpu_state *c, struct err *err)
{
	struct vcpu *k = to_vcpu(to_runner(e));
	u64 rip = k->s->regs.rip;
	int r = regs_set(k, groups, c, err);

	/* A jump out of a HLT: the CPU is to run there. */
	if (!r && to_kvm(k)->halted && k->s->regs.rip != rip) {
		to_kvm(k)->halted = false;
		r = vcpu_set_mp_state(k, KVM_MP_STATE_RUNNABLE, err);
	}
	at_load(k);
	return r;
}

static int set_points(struct engine *e, struct point *p, size_t n, struct err *err)
{
	return points_set(to_vcpu(to_runner(e)), p, n, err);
}

static int info(struct engine *e, const char *what, struct strbuf *out, struct err *err)
{
	return info_text(to_vcpu(to_runner(e)), what, out, err);
}

const struct engine_ops kvm_engine_ops = {
	.name = "kvm",
	.summary = "KVM_SET_GUEST_DEBUG: the trap flag, as any KVM debugger steps",
	.catches = CATCH_ICEBP | CATCH_INT3 | CATCH_HLT | CATCH_IO | CATCH_MMIO | CATCH_EXCEPTION |
		   CATCH_MSR | CATCH_CR,
	.probe = probe,
	.create = create,
	.destroy = destroy,
	.run = runner_run,
	.interrupt = vcpu_interrupt,
	.get_regs = get_regs,
	.set_regs = set_regs,
	.set_points = set_points,
	.skip = runner_skip,
	.queue_event = runner_queue_event,
	.state_get = kvm_state_get,
	.state_set = kvm_state_set,
	.info = info,
};
