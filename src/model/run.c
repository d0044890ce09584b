/*
 * run.c - free runs: the plain instructions in a tight loop with nothing but fetch and execution while
 * nothing is due; all else through model_step().
 */
#include <string.h>

#include "model/step.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* What may leave something due behind it, or exits: one step each. */
static const u32 slow_classes =
	BIT(INSN_ICEBP) | BIT(INSN_INT3) | BIT(INSN_INTN) | BIT(INSN_INTO) | BIT(INSN_IRET) | BIT(INSN_POPF) |
	BIT(INSN_MOV_SS) | BIT(INSN_STI) | BIT(INSN_CLI) | BIT(INSN_HLT) | BIT(INSN_MOV_DR) |
	BIT(INSN_SYSCALL) | BIT(INSN_SYSRET) | BIT(INSN_SYSENTER) | BIT(INSN_SYSEXIT) | BIT(INSN_WRMSR) |
	BIT(INSN_CPUID) | BIT(INSN_VMX_EXIT);
_Static_assert(INSN_CLASS_COUNT <= 32, "a bit for each class");

static inline bool is_slow(const struct op *o, u32 classes)
{
	return (classes >> o->facts.cls & 1) || (o->facts.flags & INSNF_FAR);
}

static inline bool at_break(const struct model *m, const struct model_run *run)
{
	unsigned h;

	if (likely(!run->breaks))
		return false;
	h = model_break_hash(cpu_linear_rip(&m->c));
	return run->breaks[h / 64] >> h % 64 & 1;
}

/* Nothing but the instruction can happen, as long as it is a plain one. */
static bool may_run(const struct model *m)
{
	return !m->injecting && !m->pending_dbg && !m->nmi_line && !m->tbit && !m->c.shadow &&
	       !(m->intr_line && (m->c.rflags & FL_IF)) && !(m->c.rflags & (FL_TF | FL_RF)) &&
	       m->c.activity == ACT_ACTIVE;
}

static bool has_code_points(const struct model *m)
{
	for (unsigned n = 0; n < 4; n++)
		if ((m->c.dr7 & DR7_LG(n)) && DR7_RW(m->c.dr7, n) == DR_RW_EXEC)
			return true;
	return false;
}

/* The breakpoints an instruction met: due at the boundary behind it. */
static void hits_take(struct model *m)
{
	if (m->hits)
		m->pending_dbg = (m->hits & PDBG_BN) | PDBG_ENABLED;
	m->hits = 0;
}

/*
 * Until something needs model_step(), a limit or a break is met. True: *ret has a report (a delivery or
 * what else became of an event).
 */
static bool plain_run(struct model *m, const struct model_controls *ctl, const struct model_run *run,
		      struct model_report *ret)
{
	u64 limit = run->until - m->extra;
	u32 classes = slow_classes | run->classes;
	const struct op *o;
	enum ex ex;

	m->hits = 0;
	m->shadow_next = SHADOW_NONE;
	while (m->retired < limit) {
		if (unlikely(op_fetch(m, &o) != EX_DONE) || unlikely(is_slow(o, classes)))
			return false;
		m->next = rip_wrap(m, m->c.rip + o->len);
		ex = o->exec(m, o);
		if (likely(ex == EX_DONE)) {
			m->c.rip = m->next;
			m->retired++;
			clock_tick(m);
			if (unlikely(o->rep))
				m->rep_rip = ~0ull;
		} else if (ex == EX_REPEAT) {
			m->rep_rip = m->c.rip;
			model_clock_skip(m, 1);
			limit--;
		} else if (ex == EX_EVENT) {
			memset(ret, 0, sizeof(*ret));
			ret->from_rip = m->c.rip;
			ret->from_lin = cpu_linear_rip(&m->c);
			step_event(m, ctl, o, ret);
			return true;
		} else {
			return false; /* nothing has changed: model_step() will meet it again */
		}
		if (unlikely(m->hits | m->n_touch | m->poked))
			return false;
		if (unlikely(at_break(m, run)))
			return false;
	}
	return false;
}

static bool is_end(const struct model_report *r, const struct model_run *run)
{
	return r->exits || r->end != MODEL_BOUNDARY || (r->has_event && run->events) ||
	       (r->retired && (run->classes >> r->cls & 1));
}

/* A boundary where the run ends without a report. */
static bool is_limit(struct model *m, struct model_run *run)
{
	run->touched = m->n_touch;
	return run->touched || m->stop_asked || at_break(m, run) || model_clock(m) >= run->until;
}

bool model_free_run(struct model *m, const struct model_controls *ctl, struct model_run *run,
		    struct model_report *ret)
{
	run->touched = false;
	m->stop_asked = false;
	if (model_clock(m) >= run->until)
		return false;
	do {
		u64 before = model_clock(m);
		bool told = false;

		m->n_touch = 0;
		m->poked = false;
		if (may_run(m) && !has_code_points(m)) {
			told = plain_run(m, ctl, run, ret);
			hits_take(m);
		}
		if (!told && model_clock(m) == before) {
			model_step(m, ctl, ret);
			told = true;
		}
		if (told && is_end(ret, run))
			return true;
	} while (!is_limit(m, run));
	return false;
}

void model_poke(struct model *m)
{
	m->stop_asked = m->poked = true;
}
