/*
 * step.c - one step: from the boundary the guest is at to the next one, and the stop there.
 *
 * What it costs is one KVM_RUN: debug control and registers are written only where something
 * changed. What the report means is the core's business (attribute_kvm); here is the order of
 * things around it, and what KVM shows in no report: a delivery noticed by where the guest landed.
 */
#include "engine/kvm/kvm.h"

#include <errno.h>
#include <string.h>

/* A second debug exit at the same boundary is the same stop (seen on kvm_intel after an OUT in a
 * MOV-SS shadow; code breakpoints come after the trap, semantics.md section 9). */
enum { FOLD_MAX = 3 };

static bool may_stay(const struct insn_facts *f)
{
	return f->flags & (INSNF_CALL | INSNF_RET | INSNF_BRANCH | INSNF_FAR | INSNF_REP);
}

static bool nothing_happened(const struct kvm_engine *k, const struct step *st)
{
	return st->ev.reason == KVM_EXIT_DEBUG && st->ev.exception == EXC_DB &&
	       (st->ev.dr6 & DR6_BS) && st->ev.rip == st->from.lin && !st->ev.completed &&
	       k->s->regs.rcx == st->rcx && !may_stay(&st->from.insn.facts);
}

static int enter_until_moved(struct kvm_engine *k, struct step *st, struct err *err)
{
	int r, n = 0;

	rep_before(k, st);
	do {
		r = guest_enter(k, &st->ev, err);
	} while (!r && (rep_after(k, st) || (nothing_happened(k, st) && ++n < FOLD_MAX)));
	return r;
}

/* What the instruction is known to risk comes first: there are four slots. */
static void arm_faults(struct kvm_engine *k, struct arm *a)
{
	u32 mask = fault_vectors(k);

	if (mask)
		regs_sys(k, &k->cpu);
	for (unsigned v = 0; mask >> v; v++)
		if (mask & BIT(v))
			arm_gate(k, a, v, INTR_HARD_EXC);
	if (!k->quirks.software)
		arm_usual(k, a);
}

/* INT n and its like: the handler's first instruction is the next boundary. The software flavour
 * refuses them in protected mode and stops there by itself in real mode. */
static void arm_event(struct kvm_engine *k, const struct insn *i, struct arm *a)
{
	static const u8 type[INSN_CLASS_COUNT] = {
		[INSN_INT3] = INTR_SOFT_EXC, [INSN_INTN] = INTR_SOFT_INT, [INSN_INTO] = INTR_SOFT_EXC,
	};

	if (!type[i->facts.cls] || k->quirks.software)
		return;
	if (i->facts.cls == INSN_INT3)
		return; /* USE_SW_BP brings it to us */
	regs_sys(k, &k->cpu);
	arm_gate(k, a, i->vector, type[i->facts.cls]);
}

/* K7: a SYSCALL that clears TF is not followed by a trap. */
static void arm_syscall(struct kvm_engine *k, const struct step *st, struct arm *a)
{
	struct cpu_state c = { 0 };

	if (!st->tf.may_lose || st->from.insn.facts.cls != INSN_SYSCALL)
		return;
	if (!regs_get(k, REGS_MSR, &c, NULL))
		arm_address(a, st->from.mode == MODE_LONG ? c.lstar : c.cstar);
}

/*
 * K3: KVM's emulator writes RFLAGS back without our TF, and no exit tells that it ran (seen on
 * kvm_intel after a write to the local APIC's page). It runs for accesses to what is not RAM; those
 * are in operands other than the stack's. The software flavour looks at SINGLESTEP itself.
 */
static bool may_be_emulated(const struct kvm_engine *k)
{
	const struct insn *i = &k->at.insn;

	for (unsigned n = 0; n < i->n_mem; n++)
		if (!i->mem[n].stack)
			return !k->quirks.software;
	return false;
}

/*
 * Nothing comes in while IF=0, and holding costs a tenth of a step on the software flavour: it is
 * left off where IF has been 0 for a while. (Not at once: turning it on and off costs an ioctl.)
 */
static bool must_hold(struct kvm_engine *k)
{
	enum { KEEP = 64 };

	if (k->s->regs.rflags & FL_IF)
		k->hold_steps = KEEP;
	else if (k->hold_steps)
		k->hold_steps--;
	return k->hold_steps;
}

static void step_arm(struct kvm_engine *k, struct step *st, struct arm *a)
{
	a->block_irq = must_hold(k);
	a->sw_bp = !k->quirks.software && (st->from.insn.facts.cls == INSN_INT3 ||
					   (st->pair && st->second.facts.cls == INSN_INT3));
	arm_event(k, &st->from.insn, a);
	if (st->pair)
		arm_event(k, &st->second, a);
	arm_syscall(k, st, a);
	arm_faults(k, a);
	st->may_lose_tf = may_be_emulated(k);
}

static void second_read(struct kvm_engine *k, struct step *st)
{
	u8 bytes[INSN_MAX];
	size_t n = linear_read(&k->cpu, &k->phys, st->from.lin + st->from.insn.facts.length, bytes,
			       sizeof(bytes));

	insn_decode(st->from.bits, bytes, n, &st->second);
}

/* For watchpoints by stepping: where the operands lie, before the registers change. */
static void operands_note(const struct kvm_engine *k, struct step *st)
{
	st->n_mem = k->at.insn.n_mem;
	for (unsigned i = 0; i < st->n_mem; i++)
		st->mem_lin[i] = mem_linear(k, &k->at.insn.mem[i]);
}

void step_begin(struct kvm_engine *k, struct step *st)
{
	memset(&st->ev, 0, sizeof(st->ev));
	memset(&st->v, 0, sizeof(st->v));
	st->rep = st->rep_one = st->leaked = false;
	st->rep_again = 0;
	regs_guest_dr(k, NULL);
	st->from = k->at;
	st->rcx = k->s->regs.rcx;
	st->b = (struct boundary){
		.lin = k->at.lin,
		.rflags = k->s->regs.rflags | (k->guest_tf ? FL_TF : 0),
		.shadow = k->at.shadow,
		.shadow_known = true,
		.cpl = k->at.cpl,
		.dr7 = k->guest_dr.dr7,
		.de = k->cpu.cr4 & CR4_DE,
		.btf = k->btf,
		.insn = k->at.insn.facts,
	};
	st->may_lose_tf = false;
	st->pair = st->from.insn.facts.cls == INSN_MOV_SS && !k->quirks.software &&
		   !(st->from.shadow & SHADOW_MOV_SS);
	if (st->pair)
		second_read(k, st);
	tf_before(k, st);
	if (k->n_points)
		operands_note(k, st);
}

/*
 * MOV SS takes the next instruction along (K2). If that one is intercepted, the exit's last boundary is
 * between the two, which no exit showed: the report is judged from there, with MOV SS done.
 */
static bool pair_cut(const struct kvm_engine *k, const struct step *st)
{
	return st->pair && st->ev.reason == KVM_EXIT_DEBUG &&
	       !(st->ev.exception == EXC_DB && (st->ev.dr6 & DR6_BS)) &&
	       k->at.lin == st->from.lin + st->from.insn.facts.length;
}

/* The #DB that TF leaked into ring 3 is the TF trap of the instruction (cpl3.c). */
static struct kvm_evidence evidence_meant(const struct step *st)
{
	struct kvm_evidence ev = st->ev;

	if (st->leaked)
		ev.dr6 = DR6_INIT | DR6_BS;
	return ev;
}

void step_attribute(struct kvm_engine *k, struct step *st)
{
	struct landing l = {
		.lin = k->at.lin,
		.rflags = k->s->regs.rflags,
		.insn = k->at.insn.facts,
		.vector = k->at.insn.vector,
		.armed_emulated = k->quirks.software,
	};
	struct kvm_evidence ev = evidence_meant(st);
	struct boundary b = st->b;
	bool cut = pair_cut(k, st);

	if (cut) {
		b.lin = k->at.lin;
		b.insn = k->at.insn.facts;
		b.shadow = SHADOW_MOV_SS;
	}
	attribute_kvm(&b, &st->armed, &ev, &l, &st->v);
	if (cut && st->v.retired >= 0)
		st->v.retired++;
	if (st->leaked)
		st->v.proof = PROOF_DEDUCED;
}

/* The instruction the software flavour refused is done by us: INT n, INTO. */
static int emulate_event(struct kvm_engine *k, struct step *st, int *ret_end, struct err *err)
{
	const struct insn *i = &st->from.insn;
	struct guest_event ev = {
		.vector = i->vector, .insn_len = i->facts.length,
		.type = i->facts.cls == INSN_INTN ? INTR_SOFT_INT : INTR_SOFT_EXC,
	};
	struct stop *s = &st->stop;

	s->causes = CAUSE_BIT(CAUSE_EVENT);
	s->first = CAUSE_EVENT;
	s->proof = PROOF_DEDUCED;
	s->retired = 1;
	stop_did(s, DID_EMULATE, ev.vector, 0, 0);
	return deliver_event(k, &ev, s, ret_end, err);
}

static bool must_emulate(const struct step *st)
{
	const struct insn *i = &st->from.insn;

	return st->ev.reason == KVM_EXIT_INTERNAL_ERROR &&
	       st->ev.suberror == KVM_INTERNAL_ERROR_EMULATION && st->ev.rip == st->from.lin &&
	       (i->facts.cls == INSN_INTN ||
		(i->facts.cls == INSN_INTO && (st->b.rflags & FL_OF)));
}

static void pending_set(struct kvm_engine *k, struct step *st)
{
	const struct verdict *v = &st->v;
	bool icebp = v->type == INTR_PRIV_SOFT_EXC, int3 = v->type == INTR_SOFT_EXC;

	if (!v->pending)
		return;
	k->pending = (struct pending){
		.active = true,
		.cause = icebp ? CAUSE_ICEBP : int3 ? CAUSE_INT3 : CAUSE_TF,
		.ev = { .vector = v->vector, .type = v->type, .dr6 = v->guest_dr6,
			.fault = v->causes & (CAUSE_BIT(CAUSE_GD) | CAUSE_BIT(CAUSE_HWBP)) },
	};
	st->stop.pending = true;
	st->stop.pending_vector = v->vector;
	if (!icebp && !int3)
		stop_did(&st->stop, DID_GUEST_DB, 0, v->guest_dr6, 0);
}

void pending_guest_db(struct kvm_engine *k, struct stop *s, u64 dr6)
{
	k->pending = (struct pending){
		.active = true, .cause = CAUSE_TF,
		.ev = { .vector = EXC_DB, .type = INTR_HARD_EXC, .dr6 = dr6 },
	};
	s->pending = true;
	s->pending_vector = EXC_DB;
	stop_did(s, DID_GUEST_DB, 0, dr6, 0);
}

void step_verdict(struct kvm_engine *k, struct step *st)
{
	struct stop *s = &st->stop;

	step_land(k, st);
	s->host_tf = st->armed.host_tf;
	s->guest_tf = st->b.rflags & FL_TF;
	if (st->ev.reason == KVM_EXIT_DEBUG && st->ev.exception == EXC_DB) {
		s->has_dr = true;
		s->dr6 = st->ev.dr6;
		s->dr7 = st->ev.dr7;
	}
	if (s->causes & CAUSE_BIT(CAUSE_EVENT))
		return;
	skip_owed(k, st);
	pending_set(k, st);
	tf_after(k, st);
	s->rflags = k->s->regs.rflags | (k->guest_tf ? FL_TF : 0);
}

/* ---- ends ----------------------------------------------------------------------------------------- */

static int end_of(struct kvm_engine *k, const struct stop *s)
{
	if (s->causes & (CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_EXIT))) {
		k->dead = true;
		return RUN_DEAD;
	}
	if (s->causes & CAUSE_BIT(CAUSE_ERROR)) {
		/* An instruction KVM cannot emulate may be skipped; an entry that fails may not. */
		k->dead = s->ev.kvm.reason != KVM_EXIT_INTERNAL_ERROR;
		return k->dead ? RUN_DEAD : RUN_STOP;
	}
	if (s->causes & CAUSE_BIT(CAUSE_INTERRUPT))
		return RUN_INTERRUPTED;
	if (s->causes & (CAUSE_BIT(CAUSE_HLT) | CAUSE_BIT(CAUSE_EXCEPTION)))
		return RUN_STOP;
	return -1;
}

void step_finish(struct kvm_engine *k, struct step *st, int *ret_end)
{
	struct stop *s = &st->stop;

	/* No report: what vmstep did by itself (a delivery, a HLT). */
	if (st->ev.reason) {
		s->ev.kind = EVIDENCE_KVM;
		s->ev.kvm = st->ev;
	}
	if (st->ev.completed)
		stop_did(s, DID_COMPLETE_IO, 0, 0, 0);
	if (st->leaked)
		stop_did(s, DID_TOOK_BACK, 0, st->ev.pc, 0);
	machine_cause(k, s);
	if (*ret_end < 0)
		*ret_end = end_of(k, s);
	if (points_check(k, st) && *ret_end < 0)
		*ret_end = RUN_STOP;
	if (k->plan->mode == PLAN_CONTINUE && *ret_end < 0 && catch_check(k, st))
		*ret_end = RUN_STOP;
	if (k->plan->mode == PLAN_STEP || *ret_end >= 0)
		stop_push(k, s);
	else
		stop_drop(k, s);
}

/* EINTR without an access that it completed. */
bool step_signalled(const struct step *st)
{
	return st->ev.reason == KVM_EXIT_INTR && !st->ev.completed;
}

/* The step was lost (K3, K4) and a kick of the timer, or the user, ended a free run. */
static void lost_stop(struct kvm_engine *k, struct step *st)
{
	gap_push(k, st->from.cpl == 3 ? GAP_CPL3 : GAP_OTHER, st->from.lin, -1);
	st->stop.causes = CAUSE_BIT(CAUSE_INTERRUPT);
	st->stop.first = CAUSE_INTERRUPT;
	st->stop.retired = 0;
	vcpu_touch(k, KVM_SYNC_X86_REGS);
}

/*
 * The software flavour lets INT3 pass in real mode, and INT3 and F1 at CPL 3 and in v86 mode, where an
 * F1's #DB even points at the F1 (K16). They are stops all the same: known before they run, they do
 * not run.
 */
static bool passes_unseen(const struct kvm_engine *k, const struct step *st)
{
	u8 cls = st->from.insn.facts.cls;
	bool native = st->from.cpl == 3 || st->from.mode == MODE_V86;

	if (!k->quirks.software)
		return false;
	return cls == INSN_INT3 ? native || st->from.mode == MODE_REAL : cls == INSN_ICEBP && native;
}

static void foreseen_stop(struct kvm_engine *k, struct step *st, int *ret_end)
{
	bool icebp = st->from.insn.facts.cls == INSN_ICEBP;

	st->v = (struct verdict){
		.causes = CAUSE_BIT(icebp ? CAUSE_ICEBP : CAUSE_INT3),
		.first = icebp ? CAUSE_ICEBP : CAUSE_INT3,
		.proof = PROOF_DEDUCED,
		.skip = SKIP_KIND_INNER,
		.pending = true,
		.vector = icebp ? EXC_DB : EXC_BP,
		.type = icebp ? INTR_PRIV_SOFT_EXC : INTR_SOFT_EXC,
	};
	st->armed = (struct armed){ .host_tf = true };
	stop_begin(k, &st->from, &st->stop);
	step_verdict(k, st);
	step_finish(k, st, ret_end);
}

static int enter_once(struct kvm_engine *k, struct step *st, struct arm *a, struct err *err)
{
	int r;

	if (cpl3_is(k, st))
		cpl3_arm(k, a);
	r = arm_apply(k, a, &st->armed, err);
	if (!r)
		r = enter_until_moved(k, st, err);
	cpl3_return_gate(k);
	if (!r)
		at_load(k);
	return r;
}

int step_enter(struct kvm_engine *k, struct step *st, const struct arm *arm, struct err *err)
{
	struct arm a;
	int r;

	do {
		a = *arm;
		r = enter_once(k, st, &a, err);
		if (!r && step_signalled(st))
			machine_poll(k->base.machine);
	} while (!r && step_signalled(st) && k->at.lin == st->from.lin && !k->interrupted);
	if (r)
		return r;
	if (st->may_lose_tf)
		vcpu_touch(k, KVM_SYNC_X86_REGS);
	if (st->from.insn.facts.cls == INSN_MOV_DR)
		k->guest_dr_stale = true;
	if (cpl3_is(k, st))
		cpl3_take_back(k, st);
	return 0;
}

/* Nothing ran: a signal came first, and it is the user's. */
bool step_nothing(const struct kvm_engine *k, const struct step *st)
{
	return step_signalled(st) && k->at.lin == st->from.lin;
}

static int step_run(struct kvm_engine *k, struct step *st, int *ret_end, struct err *err)
{
	struct arm a = { .step = true };
	int r;

	step_arm(k, st, &a);
	r = step_enter(k, st, &a, err);
	if (r || step_nothing(k, st))
		return r;
	stop_begin(k, &st->from, &st->stop);
	if (step_signalled(st)) {
		lost_stop(k, st);
	} else if (must_emulate(st)) {
		r = emulate_event(k, st, ret_end, err);
	} else {
		step_attribute(k, st);
		step_verdict(k, st);
		rep_tell(k, st);
	}
	if (!r)
		step_finish(k, st, ret_end);
	return r;
}

int step_one(struct kvm_engine *k, int *ret_end, struct err *err)
{
	struct step st;
	bool done = false;
	int r = 0;

	step_begin(k, &st);
	if (st.from.insn.facts.cls == INSN_HLT && !st.from.cpl)
		return hlt_step(k, &st, ret_end, err);
	if (passes_unseen(k, &st)) {
		foreseen_stop(k, &st, ret_end);
		return 0;
	}
	if (cpl3_is(k, &st) && !cpl3_steppable(k))
		return cpl3_run(k, &st, ret_end, err);
	if (st.from.insn.facts.cls == INSN_IRET && iret_step(k, &st, ret_end))
		return 0;
	if ((st.from.insn.facts.cls == INSN_SYSCALL || st.from.insn.facts.cls == INSN_SYSRET) &&
	    syscall_step(k, &st, ret_end))
		return 0;
	if (!k->plan->hold_irq && irq_due(k)) {
		r = irq_step(k, &st, ret_end, &done, err);
		if (r || done)
			return r;
	}
	return step_run(k, &st, ret_end, err);
}
