/*
 * gates.c - internal execute points in debug registers: where an event's handler begins (K17), where
 * SYSCALL goes (K7). They are never shown.
 *
 * Delivery of an event clears TF, so that a handler would run unseen. An execute point on its first
 * instruction stops there, on kvm_intel and on the software flavour, and nothing of the handler has
 * run: B0-B3 alone and no BS (seen on both).
 *
 * What they cost decides when they are armed. On the software flavour a step with debug registers in
 * force takes twice the time, and a missed delivery loses only the boundary at the handler (the stop
 * comes one instruction later): they are armed where the instruction can fault (fault.c). On VMX and
 * SVM a miss loses the whole handler, so that the free slots always hold #PF, #GP and #UD.
 */
#include "engine/kvm/kvm.h"

#include <errno.h>
#include <string.h>

static bool wanted(const struct arm *a, u64 lin)
{
	for (unsigned i = 0; i < a->n; i++)
		if (a->want[i].lin == lin)
			return true;
	return false;
}

static void add(struct arm *a, struct gate g)
{
	if (a->n < ARRAY_SIZE(a->want) && !wanted(a, g.lin))
		a->want[a->n++] = g;
}

/* A gate that cannot be used raises #GP or #NP, and that one's failure #DF (SDM "Interrupt 8"). */
void arm_gate(struct vcpu *k, struct arm *a, u8 vector, u8 type)
{
	static const u8 failing[] = { EXC_GP, EXC_NP, EXC_DF };
	u64 lin;

	if (gate_target(k, vector, &lin)) {
		add(a, (struct gate){ .lin = lin, .vector = vector, .type = type });
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(failing); i++)
		if (failing[i] != vector && gate_target(k, failing[i], &lin))
			add(a, (struct gate){ .lin = lin, .vector = failing[i], .type = INTR_HARD_EXC });
}

void arm_address(struct arm *a, u64 lin)
{
	add(a, (struct gate){ .lin = lin, .syscall = true });
}

/* ---- the usual ones, remembered ------------------------------------------------------------------- */

enum { TRUST_STEPS = 64 };
static const u8 usual_vectors[USUAL] = { EXC_PF, EXC_GP, EXC_UD };

static unsigned entry_size(const struct vcpu *k)
{
	return !(k->cpu.cr0 & CR0_PE) ? 4 : k->cpu.efer & EFER_LMA ? 16 : 8;
}

static void usual_find(struct vcpu *k, struct usual *u)
{
	const struct kvm_sregs *s = &k->s->sregs;
	unsigned size = entry_size(k);

	*u = (struct usual){
		.idt_base = s->idt.base, .idt_limit = s->idt.limit, .cr0 = s->cr0, .cr3 = s->cr3,
		.efer = s->efer, .left = TRUST_STEPS, .size = size,
	};
	regs_sys(k, &k->cpu);
	for (unsigned i = 0; i < USUAL; i++) {
		u64 lin, gpa;

		if (linear_to_phys(&k->cpu, &k->phys, s->idt.base + usual_vectors[i] * size, &gpa))
			continue;
		u->hva[i] = machine_hva(k->r.base.machine, gpa, size);
		if (u->hva[i])
			memcpy(u->raw[i], u->hva[i], size);
		if (gate_target(k, usual_vectors[i], &lin))
			u->gate[i] = (struct gate){ .lin = lin, .vector = usual_vectors[i],
						    .type = INTR_HARD_EXC, };
	}
}

/* The IDT is looked at in guest RAM each time; what else a gate stands on, now and then. */
static bool usual_holds(const struct vcpu *k, struct usual *u)
{
	const struct kvm_sregs *s = &k->s->sregs;

	if (!u->left || u->idt_base != s->idt.base || u->idt_limit != s->idt.limit ||
	    u->cr0 != s->cr0 || u->cr3 != s->cr3 || u->efer != s->efer)
		return false;
	u->left--;
	for (unsigned i = 0; i < USUAL; i++)
		if (u->hva[i] && memcmp(u->hva[i], u->raw[i], u->size))
			return false;
	return true;
}

void arm_usual(struct vcpu *k, struct arm *a)
{
	if (!usual_holds(k, &to_kvm(k)->usual))
		usual_find(k, &to_kvm(k)->usual);
	for (unsigned i = 0; i < USUAL; i++)
		if (to_kvm(k)->usual.gate[i].vector)
			add(a, to_kvm(k)->usual.gate[i]);
}

/* ---- from what is wanted to debug registers ------------------------------------------------------- */

static void slot_set(struct kvm_guest_debug *d, unsigned slot, u64 addr, unsigned rw, unsigned len)
{
	d->arch.debugreg[slot] = addr;
	d->arch.debugreg[7] |= DR7_G(slot) | (u64)rw << DR7_RW_SHIFT(slot) |
			       (u64)len << DR7_LEN_SHIFT(slot);
}

/* The user's points that are in debug registers. */
static u8 user_slots(struct vcpu *k, const struct arm *a, struct kvm_guest_debug *d)
{
	u8 used = 0;

	for (size_t i = 0; i < k->n_points; i++) {
		const struct served *p = &k->points[i];

		if (p->slot < 0 || (p->p.kind == POINT_EXEC && !a->user_exec))
			continue;
		d->arch.debugreg[p->slot] = p->p.addr;
		d->arch.debugreg[7] |= point_dr7(p);
		used |= BIT(p->slot);
	}
	return used;
}

/* K8: with USE_HW_BP on the guest's own breakpoints do not fire unless they are among ours. */
static u8 guest_slots(struct vcpu *k, struct kvm_guest_debug *d, u8 used)
{
	u64 dr7 = k->guest_dr.dr7;
	u8 mine = 0;

	for (unsigned n = 0; n < SLOTS; n++) {
		if (!(dr7 & DR7_LG(n)) || (used & BIT(n)))
			continue;
		slot_set(d, n, k->guest_dr.db[n], DR7_RW(dr7, n), DR7_LEN(dr7, n));
		mine |= BIT(n);
	}
	d->arch.debugreg[7] |= dr7 & DR7_GD;
	return mine;
}

static void internal_slots(struct vcpu *k, const struct arm *a, struct kvm_guest_debug *d,
			   u8 used)
{
	unsigned slot = 0;

	to_kvm(k)->gate_slots = 0;
	for (unsigned i = 0; i < a->n; i++) {
		while (slot < SLOTS && (used & BIT(slot)))
			slot++;
		if (slot == SLOTS)
			return;
		slot_set(d, slot, a->want[i].lin, DR_RW_EXEC, DR_LEN_1);
		to_kvm(k)->gate[slot] = a->want[i];
		to_kvm(k)->gate_slots |= BIT(slot);
		slot++;
	}
}

/*
 * An internal point on the very instruction resumed from: RF passes it (SDM "Instruction-Breakpoint
 * Exception Condition"). It must not be there on the software flavour (it repeats for ever), nor if a
 * breakpoint of the guest's own is due there, which RF would pass as well.
 */
static void pass_current(struct vcpu *k, struct kvm_guest_debug *d, u8 guests)
{
	bool due = (guests & guest_breaks_at(k, k->at.lin)) && !(k->s->regs.rflags & FL_RF);

	for (unsigned n = 0; n < SLOTS; n++) {
		if (!(d->arch.debugreg[7] & DR7_LG(n)) ||
		    DR7_RW(d->arch.debugreg[7], n) != DR_RW_EXEC ||
		    d->arch.debugreg[n] != k->at.lin)
			continue;
		if (k->quirks.exec_repeats || (due && !(guests & BIT(n)))) {
			d->arch.debugreg[7] &= ~(DR7_LG(n) | 15ull << DR7_RW_SHIFT(n));
			d->arch.debugreg[n] = 0;
		} else if (!(guests & BIT(n))) {
			k->s->regs.rflags |= FL_RF;
			vcpu_touch(k, KVM_SYNC_X86_REGS);
		}
	}
}

int arm_apply(struct vcpu *k, const struct arm *a, struct armed *ret, struct err *err)
{
	struct kvm_guest_debug d = { .control = KVM_GUESTDBG_ENABLE };
	u8 used, guests = 0;
	int r = regs_guest_dr(k, err);

	if (r)
		return r;
	points_make_room(k);
	if (a->step)
		d.control |= KVM_GUESTDBG_SINGLESTEP;
	if (a->block_irq && k->caps.block_irq)
		d.control |= KVM_GUESTDBG_BLOCKIRQ;
	if (a->sw_bp)
		d.control |= KVM_GUESTDBG_USE_SW_BP;
	used = user_slots(k, a, &d);
	to_kvm(k)->gate_slots = 0;
	if (used || a->n || a->hw_bp) {
		guests = guest_slots(k, &d, used);
		internal_slots(k, a, &d, used | guests);
		d.control |= KVM_GUESTDBG_USE_HW_BP;
		d.arch.debugreg[7] |= DR7_FIXED | (a->guard ? DR7_GD : 0);
		pass_current(k, &d, guests);
	}
	to_kvm(k)->guarded = a->guard && (d.control & KVM_GUESTDBG_USE_HW_BP) &&
		     !(k->guest_dr.dr7 & DR7_GD);
	*ret = (struct armed){
		.host_tf = a->step, .sw_bp = a->sw_bp, .host_dr7 = d.arch.debugreg[7],
		.host_slots = used | to_kvm(k)->gate_slots, .internal_slots = to_kvm(k)->gate_slots,
		.db_exiting = true, .bp_exiting = a->sw_bp,
	};
	return vcpu_debug(k, &d, err);
}

/* Could running the one instruction at `lin` have led to where the guest is now? */
static bool leads_here(struct vcpu *k, u64 lin)
{
	u8 bytes[INSN_MAX];
	size_t n = linear_read(&k->cpu, &k->phys, lin, bytes, sizeof(bytes));
	struct insn i;

	insn_decode(k->at.bits, bytes, n, &i);
	if (!i.facts.length)
		return false;
	return k->at.lin == lin + i.facts.length ||
	       (i.has_target && k->at.lin == lin + i.facts.length + i.target_rel);
}

/* The exception whose gate leads here; KVM's last one first (KVM_GET_VCPU_EVENTS exception.nr stays
 * after it was delivered). */
bool gate_deduce(struct vcpu *k, const struct at *from, struct gate *ret)
{
	u8 first = k->s->events.exception.nr;
	u64 lin;

	regs_sys(k, &k->cpu);
	for (int v = -1; v < 32; v++) {
		u8 vector = v < 0 ? first : v;

		if (v == EXC_NMI || !gate_target(k, vector, &lin))
			continue;
		if (k->at.lin == lin || leads_here(k, lin)) {
			*ret = (struct gate){ .lin = lin, .vector = vector, .type = INTR_HARD_EXC };
			return true;
		}
	}
	return false;
}
