/*
 * engine.c - engine soft as engine.h wants it.
 */
#include "engine/soft/soft_engine.h"
#include "engine/soft/soft.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

static void probe(struct engine_probe *ret)
{
	*ret = (struct engine_probe){
		.works = true,
		.caps = ENGINE_MTF | ENGINE_SHADOW_STI | ENGINE_SHADOW_MOV_SS | ENGINE_DATA_POINTS |
			ENGINE_DETERMINISTIC,
	};
	snprintf(ret->text, sizeof(ret->text),
		 "a processor model, needs nothing of the host; x87, SSE to SSE4.2, no AVX");
}

/* ---- running -------------------------------------------------------------------------------------- */

static void run_begin(struct runner *r)
{
	struct soft_engine *e = to_soft(&r->base);

	if (!r->plan->goes_on)
		soft_points_refresh(e);
	platform_update(e);
}

static int step(struct runner *r, int *ret_end, struct err *err)
{
	soft_step(to_soft(&r->base), ret_end);
	return 0;
}

static int cont(struct runner *r, int *ret_end, struct err *err)
{
	soft_cont(to_soft(&r->base), ret_end);
	return 0;
}

static void interrupted(struct runner *r, int *ret_end)
{
	struct soft_engine *e = to_soft(&r->base);
	struct step st;

	r->interrupted = 0;
	soft_step_begin(e, &st);
	soft_plain_stop(e, &st, CAUSE_INTERRUPT);
	soft_step_finish(e, &st, ret_end);
}

static unsigned insn_length(struct runner *r, u64 *ret_lin)
{
	const struct model_insn *i = &to_soft(&r->base)->at.insn;

	*ret_lin = i->lin;
	return i->facts.length;
}

static int stop_here(struct runner *r, enum cause c, int skip, int *ret_end, struct err *err)
{
	struct soft_engine *e = to_soft(&r->base);
	struct step st;

	soft_step_begin(e, &st);
	soft_plain_stop(e, &st, c);
	st.v.proof = PROOF_DEDUCED;
	runner_pass(r, skip, st.from.insn.facts.length, st.stop);
	soft_step_finish(e, &st, ret_end);
	return 0;
}

static const struct runner_ops runner_ops = {
	.begin = run_begin,
	.step = step,
	.cont = cont,
	.interrupted = interrupted,
	.insn_length = insn_length,
	.stop_here = stop_here,
	.skip = soft_skip,
};

static void interrupt(struct engine *base)
{
	to_soft(base)->r.interrupted = 1;
}

/* ---- create and destroy --------------------------------------------------------------------------- */

static void destroy(struct engine *base)
{
	struct soft_engine *e = to_soft(base);

	if (!e)
		return;
	machine_set_irq(e->r.base.machine, NULL, NULL);
	machine_set_clock(e->r.base.machine, NULL, NULL);
	model_destroy(e->m);
	point_set_deinit(&e->points);
	free(e);
}

static void boot(struct soft_engine *e)
{
	*e->c = *machine_boot_state(e->r.base.machine);
	e->c->known = REGS_ALL;
	e->c->shadow_known = true;
	model_seed(e->m, machine_seed(e->r.base.machine));
	model_changed(e->m);
	soft_at_load(e);
}

static int create(struct machine *m, struct engine **ret, struct err *err)
{
	struct soft_engine *e = calloc(1, sizeof(*e));
	struct model_config cfg = { 0 };
	int r;

	if (!e)
		return err_set(err, ENOMEM, "no memory for the engine");
	e->r = (struct runner){ .base = { .ops = &soft_engine_ops, .machine = m }, .ops = &runner_ops };
	e->phys = machine_phys(m);
	cfg.regions = machine_regions(m, &cfg.n_regions);
	platform_init(e, &cfg.bus);
	r = model_create(&cfg, &e->m, err);
	if (r) {
		free(e);
		return r;
	}
	e->c = model_cpu(e->m);
	machine_set_irq(m, platform_line, e);
	machine_set_clock(m, platform_ns, e);
	boot(e);
	*ret = &e->r.base;
	return 0;
}

/* ---- state ---------------------------------------------------------------------------------------- */

static int get_regs(struct engine *base, u32 groups, struct cpu_state *ret, struct err *err)
{
	*ret = *to_soft(base)->c;
	ret->known = groups & REGS_ALL;
	return 0;
}

static void copy_msrs(struct cpu_state *to, const struct cpu_state *c)
{
	to->star = c->star;
	to->lstar = c->lstar;
	to->cstar = c->cstar;
	to->sfmask = c->sfmask;
	to->kernel_gs_base = c->kernel_gs_base;
	to->sysenter_cs = c->sysenter_cs;
	to->sysenter_esp = c->sysenter_esp;
	to->sysenter_eip = c->sysenter_eip;
	to->debugctl = c->debugctl;
	to->tsc = c->tsc;
	to->pat = c->pat;
}

static void copy_system(struct cpu_state *to, const struct cpu_state *c)
{
	memcpy(to->seg, c->seg, sizeof(to->seg));
	to->ldtr = c->ldtr;
	to->tr = c->tr;
	to->gdtr = c->gdtr;
	to->idtr = c->idtr;
	to->cr0 = c->cr0;
	to->cr2 = c->cr2;
	to->cr3 = c->cr3;
	to->cr4 = c->cr4;
	to->cr8 = c->cr8;
	to->efer = c->efer;
	to->apic_base = c->apic_base;
	to->fs_base_msr = c->seg[SEG_FS].base;
	to->gs_base_msr = c->seg[SEG_GS].base;
}

/* A jump out of a HLT: the CPU is to run there. */
static void copy_general(struct cpu_state *to, const struct cpu_state *c)
{
	if (to->rip != c->rip && to->activity == ACT_HLT)
		to->activity = ACT_ACTIVE;
	memcpy(to->gpr, c->gpr, sizeof(to->gpr));
	to->rip = c->rip;
	to->rflags = c->rflags | FL_FIXED;
}

static void copy_debug(struct cpu_state *to, const struct cpu_state *c)
{
	memcpy(to->dr, c->dr, sizeof(to->dr));
	to->dr6 = (c->dr6 & (DR6_CAUSE | DR6_BLD | DR6_RTM)) | (DR6_INIT & ~(DR6_BLD | DR6_RTM));
	to->dr7 = (u32)c->dr7 | DR7_FIXED;
}

static int set_regs(struct engine *base, u32 groups, const struct cpu_state *c, struct err *err)
{
	struct soft_engine *e = to_soft(base);

	if (groups & REGS_GPR)
		copy_general(e->c, c);
	if (groups & REGS_SYS)
		copy_system(e->c, c);
	if (groups & REGS_DEBUG)
		copy_debug(e->c, c);
	if (groups & REGS_MSR)
		copy_msrs(e->c, c);
	if (groups & REGS_FPU)
		memcpy(e->c->fxsave, c->fxsave, sizeof(e->c->fxsave));
	if (groups & REGS_EVENTS) {
		e->c->shadow = c->shadow;
		e->c->activity = c->activity;
		e->c->nmi_blocked = c->nmi_blocked;
	}
	if (groups & REGS_SYS)
		e->chips.lapic.tpr = e->c->cr8 << 4;
	model_changed(e->m);
	soft_at_load(e);
	return 0;
}

static int set_points(struct engine *base, struct point *p, size_t n, struct err *err)
{
	return soft_points_set(to_soft(base), p, n, err);
}

static int info(struct engine *base, const char *what, struct strbuf *out, struct err *err)
{
	return soft_info(to_soft(base), what, out, err);
}

const struct engine_ops soft_engine_ops = {
	.name = "soft",
	.summary = "a processor model: every debug event as the manual has it, on any machine",
	.catches = CATCH_ICEBP | CATCH_INT3 | CATCH_HLT | CATCH_IO | CATCH_MMIO | CATCH_EXCEPTION | CATCH_MSR |
		   CATCH_CR,
	.deterministic = true,
	.vmx_view = true,
	.probe = probe,
	.create = create,
	.destroy = destroy,
	.run = runner_run,
	.interrupt = interrupt,
	.get_regs = get_regs,
	.set_regs = set_regs,
	.set_points = set_points,
	.skip = runner_skip,
	.queue_event = runner_queue_event,
	.state_get = soft_state_get,
	.state_set = soft_state_set,
	.position = soft_position,
	.info = info,
};
