/*
 * predict.c - `predict`: what the architecture says the next stop is. The rules are the core's
 * (boundary_predict); here is only the state they need and the words.
 */
#include <errno.h>
#include "ahead.h"
#include "text.h"

struct forecast {
	struct session *s;
	const struct cpu_state *cpu;
	struct insn insn;
	u8 bytes[INSN_MAX];
	size_t n_bytes;
	struct boundary at;
	struct armed armed;
	struct prediction next;
};

/* As much of the instruction as can be read: it may end right before an unmapped page. */
static size_t code_read(struct session *s, u64 lin, u8 *buf)
{
	for (size_t n = INSN_MAX; n; n--)
		if (!session_read(s, lin, buf, n, NULL))
			return n;
	return 0;
}

static int forecast_make(struct session *s, struct forecast *f, struct err *err)
{
	const struct cpu_state *c;
	int r = session_regs(s, &c, err);

	if (r)
		return r;
	*f = (struct forecast){ .s = s, .cpu = c };
	f->at.lin = cpu_linear_rip(c);
	f->n_bytes = code_read(s, f->at.lin, f->bytes);
	if (!f->n_bytes)
		return err_set(err, EFAULT,
			       "predict: cannot read the instruction at 0x%llx: fetching it faults",
			       (unsigned long long)f->at.lin);
	insn_decode(mode_bits(cpu_mode(c)), f->bytes, f->n_bytes, &f->insn);
	f->at = boundary_of(c, &f->insn.facts);
	f->armed = (struct armed){ .sw_bp = true, .db_exiting = true, .bp_exiting = true };
	if (session_settings(s)->mtf && strcmp(session_engine_name(s), "kvm"))
		f->armed.mtf = true;
	else
		f->armed.host_tf = true;
	boundary_predict(&f->at, &f->armed, 0, &f->next);
	return 0;
}

static void state_put(const struct forecast *f, struct strbuf *out)
{
	static const char *const shadows[] = { "none", "MOV SS", "STI", "STI and MOV SS" };

	strbuf_adds(out, "At ");
	teach_address(f->s, f->at.lin, out);
	strbuf_adds(out, ": ");
	teach_insn(cpu_mode(f->cpu), f->at.lin, f->bytes, f->n_bytes, out);
	strbuf_addf(out, "\nArmed: %s; the guest's own TF is %s; shadow %s; RF %s.\n",
		    f->armed.mtf ? "the monitor trap flag" : "TF, by vmstep",
		    f->at.rflags & FL_TF ? "on" : "off",
		    f->at.shadow_known ? shadows[f->at.shadow & 3] : "not known",
		    f->at.rflags & FL_RF ? "on" : "off");
}

static u64 lin_add(const struct forecast *f, u64 lin, u64 n)
{
	return cpu_mode(f->cpu) == MODE_LONG ? lin + n : (u32)(lin + n);
}

static void next_address_put(const struct forecast *f, struct strbuf *out)
{
	u64 next = lin_add(f, f->at.lin, f->insn.facts.length);
	u16 flags = f->insn.facts.flags;

	if (f->insn.has_target && !(flags & INSNF_COND)) {
		strbuf_adds(out, "at the target, ");
		teach_address(f->s, lin_add(f, next, f->insn.target_rel), out);
	} else if (f->insn.has_target) {
		strbuf_adds(out, "at ");
		teach_address(f->s, next, out);
		strbuf_adds(out, ", or if the branch is taken at ");
		teach_address(f->s, lin_add(f, next, f->insn.target_rel), out);
	} else if (flags & (INSNF_CALL | INSNF_RET | INSNF_BRANCH | INSNF_FAR)) {
		strbuf_adds(out, "where the instruction goes");
	} else {
		strbuf_adds(out, "at ");
		teach_address(f->s, next, out);
	}
}

static void intercepted_put(const struct forecast *f, struct strbuf *out)
{
	bool icebp = f->next.type == INTR_PRIV_SOFT_EXC, int3 = f->next.type == INTR_SOFT_EXC;

	if (icebp || int3) {
		strbuf_addf(out,
			    "Next stop: %s. The intercept sees RIP on the instruction; vmstep "
			    "skips it (inner skip) and "
			    "shows the stop behind it, at ",
			    icebp ? "ICEBP" : "INT3");
		teach_address(f->s, lin_add(f, f->at.lin, f->insn.facts.length), out);
		strbuf_adds(out, ".\n");
		if (icebp)
			strbuf_adds(out, "It is the instruction's own debug exception, type 5: DR6 "
					 "gains no bit, and no TF or MTF "
					 "stop follows for the same instruction.\n");
		strbuf_addf(out, "See: %s\n", cause_text(icebp ? CAUSE_ICEBP : CAUSE_INT3)->source);
		return;
	}
	strbuf_addf(out,
		    "Next stop: vector %u (%s) is intercepted, RIP on the instruction, which has "
		    "not run.\n",
		    f->next.vector, exception_name(f->next.vector));
}

static void event_put(const struct forecast *f, struct strbuf *out)
{
	struct phys_ops mem = machine_phys(session_machine(f->s));
	struct descriptor gate;

	strbuf_addf(out,
		    "The instruction delivers an event: vector %u, type %u. Next stop: EVENT, at "
		    "the first instruction of "
		    "its handler",
		    f->next.vector, f->next.type);
	if (gate_usable(f->cpu, &mem, f->next.vector) &&
	    !gate_read(f->cpu, &mem, f->next.vector, &gate))
		strbuf_addf(out, ", %04x:%llx", gate.sel, (unsigned long long)gate.offset);
	else
		strbuf_adds(out, "; the guest has no usable gate for it, so a fault comes instead");
	strbuf_addf(out, ".\nSee: %s\n", cause_text(CAUSE_EVENT)->source);
}

static void discarded_put(const struct forecast *f, struct strbuf *out)
{
	strbuf_adds(out, "The instruction loads SS: its single-step trap is dropped and data "
			 "breakpoints wait, so the next stop is "
			 "one instruction later than usual. The two are shown as a pair where the "
			 "engine cannot stop between "
			 "them.\nSee: SDM volume 3, \"Masking Exceptions and Interrupts When "
			 "Switching Stacks\"\n");
}

static void due_put(const struct forecast *f, struct strbuf *out)
{
	enum due first = due_first(f->next.due);

	if (first == DUE_MTF || (first == DUE_TRAP && f->next.dr6 & DR6_BS)) {
		enum cause c = first == DUE_MTF ? CAUSE_MTF : CAUSE_TF;

		strbuf_addf(out, "Next stop: %s, ", cause_name(c));
		next_address_put(f, out);
		if (first == DUE_MTF && f->next.due & DUE_BIT(DUE_TRAP))
			strbuf_adds(out,
				    ", with the guest's own single-step trap pending behind it");
		strbuf_addf(out, ".\nSee: %s\n", cause_text(c)->source);
	} else if (first == DUE_CODE_BP) {
		strbuf_addf(out, "Next stop: HWBP, on this instruction, before it runs.\nSee: %s\n",
			    cause_text(CAUSE_HWBP)->source);
	} else if (first == DUE_EXEC_FAULT && f->next.dr6 & DR6_BD) {
		strbuf_addf(out, "Next stop: GD, on this instruction, before it runs.\nSee: %s\n",
			    cause_text(CAUSE_GD)->source);
	} else {
		strbuf_adds(out, "No debug event is due after this instruction; due: ");
		strbuf_adds(out, first == DUE_NONE ? "nothing" : due_name(first));
		strbuf_adds(out, ".\n");
	}
}

/* What no state at the boundary can tell. */
static void conditions_put(const struct forecast *f, struct strbuf *out)
{
	u16 flags = f->insn.facts.flags;

	if (f->insn.facts.flags & INSNF_REP)
		strbuf_adds(out, "It is a REP instruction: the stop may come after an iteration, "
				 "with RIP still on it.\n");
	if (flags & (INSNF_MEM_READ | INSNF_MEM_WRITE))
		strbuf_adds(out, "If its memory access faults, or touches a watched address, that "
				 "is reported instead or as well.\n");
	if (flags & INSNF_PRIVILEGED && f->at.cpl)
		strbuf_addf(out,
			    "It is privileged and CPL is %u: a general protection fault comes "
			    "instead.\n",
			    f->at.cpl);
	if (f->next.guest_tf_after == TF_FROM_IMAGE)
		strbuf_adds(out, "It loads RFLAGS: if the new flags have TF, the guest's own trap "
				 "comes one instruction later.\n");
}

/* The same from the other side: the model's step on a copy. */
static void model_put(struct session *s, struct strbuf *out)
{
	struct ahead_model *model;
	struct ahead next;
	struct plan plan;

	if (ahead_create(s, &model, NULL))
		return;
	ahead_plan(s, &plan);
	ahead_look(model, &plan, &next);
	strbuf_adds(out, "By the processor model, on a copy of the state: ");
	ahead_put(&next, true, out);
	strbuf_adds(out, ".\n");
	ahead_destroy(model);
}

int predict_explain(struct session *s, struct strbuf *out, struct err *err)
{
	const struct stop *last = session_last_stop(s);
	size_t from = out->n;
	struct forecast f;
	int r = forecast_make(s, &f, err);

	if (r)
		return r;
	if (last && last->pending)
		strbuf_addf(out,
			    "Vector %u of the last stop is still owed: if the next resume delivers "
			    "it, the next stop is the first "
			    "instruction of its handler. If it is swallowed:\n",
			    last->pending_vector);
	state_put(&f, out);
	if (f.insn.facts.cls == INSN_INVALID)
		strbuf_adds(out,
			    "The bytes do not decode: an invalid-opcode exception (#UD) is due.\n");
	else if (f.next.intercepted)
		intercepted_put(&f, out);
	else if (f.next.event)
		event_put(&f, out);
	else if (f.next.tf_discarded && !f.armed.mtf)
		discarded_put(&f, out);
	else
		due_put(&f, out);
	conditions_put(&f, out);
	model_put(s, out);
	teach_wrap(out, from);
	return 0;
}
