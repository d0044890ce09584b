/*
 * cpl3.c - ring 3 on the software flavour, which runs it natively and under SINGLESTEP lets TF leak:
 * the guest's own #DB handler is entered after each instruction (K16, section 11).
 *
 * That leak is made use of. An execute point on the #DB gate's target stops before the handler's
 * first instruction; its frame holds the state behind the one instruction that ran, and returning
 * through it takes the exception back: the guest's #DB handler never runs, DR6 gets its old value.
 * The words below the ring-0 stack's top that the frame was pushed to are the only trace.
 *
 * A guest without a #DB gate is lent one for the time of the entry. Its target (the IDT itself, an
 * address as good as any) is an execute point, so that nothing is ever run through it, and the bytes
 * are put back before anybody can look. Without
 * a place for it, or without a ring-0 stack for the frame, TF would kill the guest: then ring 3 runs
 * unstepped until ring 0 is entered, which is a gap.
 */
#include "engine/kvm/kvm.h"

#include <errno.h>
#include <string.h>

bool cpl3_is(const struct vcpu *k, const struct step *st)
{
	return k->quirks.software && st->from.cpl == 3 && st->from.mode != MODE_V86;
}

/* ---- the way of the frame ------------------------------------------------------------------------- */

/* Layout of the TSS: SDM "64-Bit Task State Segment", "Task-State Segment (TSS)". */
enum { TSS32_ESP0 = 4, TSS64_RSP0 = 4, TSS64_IST1 = 0x24, FRAME_BYTES = 48 };

static bool stack_there(struct vcpu *k, u64 top)
{
	struct page_walk w;

	for (unsigned off = 1; off <= FRAME_BYTES; off += FRAME_BYTES - 1) {
		page_walk(&k->cpu, &k->phys, top - off, &w);
		if (!w.present || (w.page_shift && !w.writable) ||
		    !machine_hva(k->r.base.machine, w.gpa, 1))
			return false;
	}
	return true;
}

static bool ring0_stack(struct vcpu *k, u8 ist)
{
	bool wide = k->cpu.efer & EFER_LMA;
	u64 off = !wide ? TSS32_ESP0 : ist ? TSS64_IST1 + 8 * (ist - 1) : TSS64_RSP0, top = 0;
	size_t n = wide ? 8 : 4;

	return linear_read(&k->cpu, &k->phys, k->cpu.tr.base + off, &top, n) == n &&
	       stack_there(k, top);
}

/* ---- a gate lent to the guest --------------------------------------------------------------------- */

static unsigned gate_size(const struct vcpu *k)
{
	return k->cpu.efer & EFER_LMA ? 16 : 8;
}

/* A ring-0 code selector: the one of any usable gate. */
static u16 kernel_selector(struct vcpu *k)
{
	struct descriptor d;

	for (unsigned v = 0; v < 256; v++)
		if (gate_usable(&k->cpu, &k->phys, v) && !gate_read(&k->cpu, &k->phys, v, &d) &&
		    (d.kind == DESC_INT_GATE || d.kind == DESC_TRAP_GATE) && !(d.sel & 3))
			return d.sel;
	return 0;
}

/* Interrupt gate, present, DPL 0 (SDM "IDT Descriptors"):  offset 63..32 | 31..16, 8E00 | sel, 15..0 */
static void gate_make(u8 raw[16], u16 sel, u64 target)
{
	u32 w[4] = {
		(u32)sel << 16 | (u16)target, (target & 0xffff0000) | 0x8e00, target >> 32, 0,
	};

	memcpy(raw, w, sizeof(w));
}

static bool gate_lend(struct vcpu *k)
{
	u64 lin = k->cpu.idtr.base + EXC_DB * gate_size(k);
	u16 sel = kernel_selector(k);
	u8 raw[16];

	if (!sel || k->cpu.idtr.limit < (EXC_DB + 1) * gate_size(k) - 1 ||
	    linear_read(&k->cpu, &k->phys, lin, to_kvm(k)->lent, gate_size(k)) != gate_size(k))
		return false;
	gate_make(raw, sel, k->cpu.idtr.base);
	to_kvm(k)->is_lent = linear_write(&k->cpu, &k->phys, lin, raw, gate_size(k)) == gate_size(k);
	return to_kvm(k)->is_lent;
}

void cpl3_return_gate(struct vcpu *k)
{
	u64 lin = k->cpu.idtr.base + EXC_DB * gate_size(k);

	if (to_kvm(k)->is_lent)
		linear_write(&k->cpu, &k->phys, lin, to_kvm(k)->lent, gate_size(k));
	to_kvm(k)->is_lent = false;
}

/* ---- stepping ------------------------------------------------------------------------------------- */

bool cpl3_steppable(struct vcpu *k)
{
	struct descriptor d;
	u64 lin;

	regs_sys(k, &k->cpu);
	if (gate_target(k, EXC_DB, &lin))
		return !gate_read(&k->cpu, &k->phys, EXC_DB, &d) && ring0_stack(k, d.ist);
	return ring0_stack(k, 0) && kernel_selector(k) &&
	       k->cpu.idtr.limit >= (EXC_DB + 1) * gate_size(k) - 1;
}

void cpl3_arm(struct vcpu *k, struct arm *a)
{
	u64 lin;

	regs_sys(k, &k->cpu);
	if (!gate_target(k, EXC_DB, &lin))
		gate_lend(k);
	arm_gate(k, a, EXC_DB, INTR_HARD_EXC);
	/* Native code needs TF in the processor: each entry writes it. */
	vcpu_touch(k, KVM_SYNC_X86_REGS);
}

static bool at_db_gate(const struct vcpu *k, const struct step *st)
{
	if (st->ev.reason != KVM_EXIT_DEBUG || k->at.cpl == 3)
		return false;
	for (unsigned n = 0; n < SLOTS; n++)
		if ((to_kvm(k)->gate_slots & BIT(n)) && (st->ev.dr6 & DR6_B(n)) &&
		    to_kvm(k)->gate[n].vector == EXC_DB)
			return true;
	return false;
}

static void dr6_restore(struct vcpu *k, u64 dr6)
{
	const struct cpu_state before = { 0 };
	struct cpu_state c = before;

	k->guest_dr_stale = true;
	if (regs_get(k, REGS_DEBUG, &c, NULL))
		return;
	c.dr6 = dr6;
	regs_set(k, REGS_DEBUG, &c, NULL);
}

bool cpl3_take_back(struct vcpu *k, struct step *st)
{
	bool had_tf = k->guest_tf;
	u64 dr6 = k->guest_dr.dr6;

	if (!at_db_gate(k, st))
		return false;
	regs_sys(k, &k->cpu);
	if (!iret_return(k, stack_lin(k, 0), frame_slot(k, EXC_DB), NULL))
		return false;
	k->guest_tf = had_tf;
	dr6_restore(k, dr6);
	/* The report in the words of what it stands for: the TF trap behind the instruction. */
	st->leaked = true;
	return true;
}

static int free_entry(struct vcpu *k, struct step *st, struct err *err)
{
	static const u8 gates[] = { EXC_PF, EXC_GP, EXC_UD };
	struct arm a = { .block_irq = true };
	int r;

	regs_sys(k, &k->cpu);
	for (unsigned i = 0; i < ARRAY_SIZE(gates); i++)
		arm_gate(k, &a, gates[i], INTR_HARD_EXC);
	r = arm_apply(k, &a, &st->armed, err);
	vcpu_touch(k, KVM_SYNC_X86_REGS);
	if (!r)
		r = guest_enter(k, &st->ev, err);
	if (!r)
		at_load(k);
	return r;
}

/* Kicked out in ring 3: go on; in ring 0 the handler or system call is under way already. */
int cpl3_run(struct vcpu *k, struct step *st, int *ret_end, struct err *err)
{
	int r;

	do {
		r = free_entry(k, st, err);
		if (r)
			return r;
		machine_poll(k->r.base.machine);
	} while (step_signalled(st) && k->at.cpl == 3 &&
		 !k->r.interrupted);
	stop_begin(k, &st->from, &st->stop);
	st->stop.retired = 0;
	if (step_signalled(st)) {
		if (!gap_stop(k, st, GAP_CPL3))
			return 0;
	} else {
		record_gap(&k->r.rec, GAP_CPL3, st->from.lin, -1);
		step_attribute(k, st);
		step_verdict(k, st);
		st->stop.retired = 0;
	}
	step_finish(k, st, ret_end);
	return 0;
}
