/*
 * fake_engine.h - a scripted engine, so that run control is tested without /dev/kvm.
 *
 * The guest is real bytes in a real machine (long mode, loaded at CODE); what the processor would do
 * with them is the script: a table of boundaries it passes through. run() walks the table and looks
 * at points as an engine does. A test reads what it was asked in `fake`.
 */
#ifndef FAKE_ENGINE_H
#define FAKE_ENGINE_H

#include <errno.h>
#include <stdlib.h>
#include <vmstep/session.h>

enum { CODE = 0x100000, STACK = 0x180000 };

/* One boundary: where the guest is after one more step. */
struct beat {
	u16 off; /* RIP - CODE */
	s16 sp;  /* RSP - STACK */
	u8 kind;
	u8 vector;
};
enum beat_kind {
	BEAT_STEP,
	BEAT_EVENT, /* first instruction of the handler of `vector` */
	BEAT_ICEBP, /* an ICEBP was met: pending delivery */
	BEAT_HLT,   /* nothing can wake it: RUN_STOP */
	BEAT_EXIT,  /* exit port, value in vector */
	BEAT_GAP,   /* a gap record of 5 instructions before the next boundary */
	BEAT_REP,   /* a REP iteration that is not the last */
	BEAT_WRITE, /* a step that writes `vector` to WATCHED */
	BEAT_READ,  /* a step that reads WATCHED */
};
enum { WATCHED = 0x110000 };

static struct {
	const struct beat *script;
	size_t n, at;
	struct cpu_state sys; /* what the script does not move */
	u64 rax;              /* of every boundary: counts the steps */
	struct point point[16];
	size_t n_points;
	struct plan plan; /* of the last run() */
	unsigned runs, accepts, set_points, get_regs;
	u32 groups; /* asked for since the test cleared it */
	bool interrupted;
	int fail_run;    /* errno of the next run() */
	int fail_points; /* errno of the next set_points() with points */
	struct guest_event queued;
	enum skip_kind skipped;
	u64 rip, rsp, rbp;
	bool rep_whole_seen;
	unsigned creates, destroys;
} fake;

static void fake_load(const struct beat *script, size_t n)
{
	fake.script = script;
	fake.n = n;
	fake.at = 0;
}
#define FAKE_LOAD(s) fake_load(s, ARRAY_SIZE(s))

static void fake_probe(struct engine_probe *ret)
{
	*ret = (struct engine_probe){ .works = true, .text = "scripted", .hardware = true };
}

static int fake_create(struct machine *m, struct engine **ret, struct err *err)
{
	extern const struct engine_ops fake_ops;
	struct engine *e = calloc(1, sizeof(*e));

	e->ops = &fake_ops;
	e->machine = m;
	fake.sys = *machine_boot_state(m);
	fake.rip = fake.sys.rip;
	fake.rsp = STACK;
	fake.rbp = 0;
	fake.rax = 0;
	fake.at = 0;
	fake.creates++;
	*ret = e;
	return 0;
}

static void fake_destroy(struct engine *e)
{
	fake.destroys++;
	free(e);
}

static int fake_get_regs(struct engine *e, u32 groups, struct cpu_state *ret, struct err *err)
{
	u32 known = ret->known;

	fake.get_regs++;
	fake.groups |= groups;
	if (groups & REGS_GPR) {
		memcpy(ret->gpr, fake.sys.gpr, sizeof(ret->gpr));
		ret->gpr[GPR_RAX] = fake.rax;
		ret->gpr[GPR_RSP] = fake.rsp;
		ret->gpr[GPR_RBP] = fake.rbp;
		ret->rip = fake.rip;
		ret->rflags = 2;
	}
	if (groups & REGS_SYS) {
		memcpy(ret->seg, fake.sys.seg, sizeof(ret->seg));
		ret->gdtr = fake.sys.gdtr;
		ret->cr0 = fake.sys.cr0;
		ret->cr3 = fake.sys.cr3;
		ret->cr4 = fake.sys.cr4;
		ret->efer = fake.sys.efer;
	}
	ret->known = known | groups;
	return 0;
}

static int fake_set_regs(struct engine *e, u32 groups, const struct cpu_state *c, struct err *err)
{
	if (groups & REGS_GPR) {
		fake.rip = c->rip;
		fake.rax = c->gpr[GPR_RAX];
		fake.rsp = c->gpr[GPR_RSP];
		fake.rbp = c->gpr[GPR_RBP];
	}
	if (groups & REGS_SYS)
		memcpy(fake.sys.seg, c->seg, sizeof(c->seg));
	return 0;
}

static int fake_set_points(struct engine *e, struct point *p, size_t n, struct err *err)
{
	fake.set_points++;
	if (n && fake.fail_points) {
		int code = fake.fail_points;

		fake.fail_points = 0;
		return err_set(err, code, "no room for point %u", p[n - 1].id);
	}
	for (size_t i = 0; i < n; i++) {
		p[i].got = POINT_HOW_INT3;
		fake.point[i] = p[i];
	}
	fake.n_points = n;
	return 0;
}

static void fake_interrupt(struct engine *e)
{
	fake.interrupted = true;
}

static struct stop *fake_record(struct ring *ring, u32 causes, enum cause first)
{
	struct stop *st = ring_push(ring);

	*st = (struct stop){
		.kind = RECORD_STOP, .first = first, .causes = causes, .retired = 1, .point_dr = -1
	};
	st->mode = MODE_LONG;
	st->host_tf = causes & CAUSE_BIT(CAUSE_TF);
	st->lin = st->rip = fake.rip;
	st->gpr[GPR_RAX] = fake.rax;
	if (fake.plan.mode == PLAN_CONTINUE) /* nobody counted */
		st->retired = -1;
	return st;
}

/* Data access at this boundary: the mask of kinds of point it fires. */
static unsigned fake_access(struct engine *e, const struct beat *b)
{
	if (b->kind == BEAT_WRITE) {
		*machine_hva(e->machine, WATCHED, 1) = b->vector;
		return BIT(POINT_WRITE) | BIT(POINT_ACCESS) | BIT(POINT_READ);
	}
	return b->kind == BEAT_READ ? BIT(POINT_ACCESS) | BIT(POINT_READ) : 0;
}

/* Points at the boundary just reached, as struct plan says: true when the run ends. */
static bool fake_points(struct engine *e, const struct plan *plan, struct stop *st, unsigned access)
{
	u32 causes = 0;

	for (size_t i = 0; i < fake.n_points && !plan->quiet_points; i++) {
		const struct point *p = &fake.point[i];
		bool hit = p->kind == POINT_EXEC ? p->addr == st->lin : (access & BIT(p->kind));

		if (!hit)
			continue;
		causes |= CAUSE_BIT(p->kind == POINT_EXEC ? CAUSE_BREAK : CAUSE_UWATCH);
		st->point = p->id;
		if (p->kind != POINT_EXEC)
			st->hit_addr = p->addr;
	}
	if (!causes)
		return false;
	st->causes |= causes;
	fake.accepts++;
	return !plan->accept || plan->accept(plan->accept_arg, st);
}

static void fake_fill(struct stop *st, const struct beat *b, const struct engine *e, u64 from)
{
	u8 *code;

	st->from = st->from_lin = from;
	st->from_mode = MODE_LONG;
	code = machine_hva(e->machine, from, INSN_MAX);
	if (code) {
		memcpy(st->from_bytes, code, INSN_MAX);
		st->n_from = INSN_MAX;
	}
	if (b->kind == BEAT_EVENT) {
		st->has_event = true;
		st->event_vector = b->vector;
		st->event_type = b->vector < 32 ? INTR_HARD_EXC : INTR_SOFT_INT;
		st->causes = CAUSE_BIT(CAUSE_EVENT);
		st->first = CAUSE_EVENT;
		st->retired = 0;
	} else if (b->kind == BEAT_ICEBP) {
		st->causes = CAUSE_BIT(CAUSE_ICEBP);
		st->first = CAUSE_ICEBP;
		st->pending = true;
		st->pending_vector = 1;
	} else if (b->kind == BEAT_REP) {
		st->has_event = st->event_rep = true;
		st->retired = 0;
	}
}

static bool fake_beat(struct engine *e, const struct plan *plan, struct ring *ring,
		      enum run_end *ret_end)
{
	const struct beat *b = &fake.script[fake.at++];
	bool shown = plan->mode == PLAN_STEP;
	u64 from = fake.rip;
	struct stop *st;
	unsigned access;

	fake.rip = CODE + b->off;
	fake.rsp = STACK + b->sp;
	fake.rax++;
	if (b->kind == BEAT_GAP) {
		*ring_push(ring) =
			(struct stop){ .kind = RECORD_GAP, .gap = GAP_EVENT, .retired = 5 };
		return false;
	}
	access = fake_access(e, b);
	st = fake_record(ring, shown ? CAUSE_BIT(CAUSE_TF) : 0, shown ? CAUSE_TF : CAUSE_NONE);
	fake_fill(st, b, e, from);
	if (b->kind == BEAT_HLT || b->kind == BEAT_EXIT) {
		st->first = b->kind == BEAT_HLT ? CAUSE_HLT : CAUSE_EXIT;
		st->causes = CAUSE_BIT(st->first);
		st->new_value = b->vector;
		*ret_end = b->kind == BEAT_HLT ? RUN_STOP : RUN_DEAD;
		return true;
	}
	if (fake_points(e, plan, st, access)) {
		*ret_end = RUN_STOP;
		return true;
	}
	if (!shown && b->kind == BEAT_ICEBP && (plan->catches & CATCH_ICEBP)) {
		st->causes |= CAUSE_BIT(CAUSE_CATCH);
		if (!plan->accept || plan->accept(plan->accept_arg, st)) {
			*ret_end = RUN_STOP;
			return true;
		}
	}
	if (!shown)
		ring->tail--; /* nobody asked for it */
	return false;
}

static int fake_run(struct engine *e, const struct plan *plan, struct ring *ring,
		    enum run_end *ret_end, struct err *err)
{
	u64 stops = 0;

	fake.plan = *plan;
	fake.runs++;
	fake.rep_whole_seen |= plan->rep_whole;
	if (fake.fail_run) {
		int code = fake.fail_run;

		fake.fail_run = 0;
		return err_set(err, code, "the engine could not run");
	}
	for (;;) {
		if (fake.interrupted ||
		    fake.at == fake.n) { /* the script's end: as if the user pressed Ctrl-C */
			fake.interrupted = false;
			fake_record(ring, CAUSE_BIT(CAUSE_INTERRUPT), CAUSE_INTERRUPT)->retired = 0;
			*ret_end = RUN_INTERRUPTED;
			return 0;
		}
		if (fake_beat(e, plan, ring, ret_end))
			return 0;
		stops += fake.script[fake.at - 1].kind != BEAT_GAP;
		if (plan->mode == PLAN_STEP && stops == plan->count) {
			*ret_end = RUN_COUNT;
			return 0;
		}
		if (ring_full(ring)) {
			*ret_end = RUN_RING_FULL;
			return 0;
		}
	}
}

static int fake_skip(struct engine *e, enum skip_kind kind, struct ring *ring, struct err *err)
{
	struct stop *st;

	fake.skipped = kind;
	fake.rip++;
	st = fake_record(ring, CAUSE_BIT(CAUSE_TF), CAUSE_TF);
	st->retired = 0;
	stop_did(st, DID_OUTER_SKIP, 0, fake.rip - 1, fake.rip);
	return 0;
}

static int fake_queue(struct engine *e, const struct guest_event *ev, struct err *err)
{
	fake.queued = *ev;
	return 0;
}

static int fake_info(struct engine *e, const char *what, struct strbuf *out, struct err *err)
{
	return err_set(err, ENOTSUP, "the scripted engine has no %s", what);
}

const struct engine_ops fake_ops = {
	.name = "kvm", /* so that auto finds it */
	.summary = "a script",
	.catches = CATCH_ICEBP,
	.probe = fake_probe,
	.create = fake_create,
	.destroy = fake_destroy,
	.run = fake_run,
	.interrupt = fake_interrupt,
	.get_regs = fake_get_regs,
	.set_regs = fake_set_regs,
	.set_points = fake_set_points,
	.skip = fake_skip,
	.queue_event = fake_queue,
	.info = fake_info,
};

/* In place of src/engine/table.c, which the linker then leaves in the archive. */
const struct engine_ops *const engine_table[] = { &fake_ops, NULL };

const struct engine_ops *engine_find(const char *name)
{
	return strcmp(name, fake_ops.name) ? NULL : &fake_ops;
}

#endif
