/*
 * vcpu_guest.c - what engines kvm and mtf owe a guest that has breakpoints and interrupts of its own
 * (engine/vcpu, engine/kvm/pair.c), without a vCPU: the user's points leave the registers it takes, an
 * interrupt that had to wait is looked for as soon as it may come, and of a step over MOV SS nothing of the
 * debugger's is left to the guest.
 */
#include "tap.h"

#include "engine/kvm/kvm.h"

static struct kvm_engine e;
static struct kvm_sync_regs regs;
static struct served points[SLOTS];
static struct planted planted[1];
static struct plan plan;

static struct vcpu *fresh(void)
{
	e = (struct kvm_engine){
		.v = { .s = &regs, .points = points, .planted = planted, .r.plan = &plan, .caps.block_irq = true },
	};
	regs = (struct kvm_sync_regs){ .regs.rflags = FL_FIXED };
	plan = (struct plan){ .mode = PLAN_CONTINUE };
	for (unsigned i = 0; i < SLOTS; i++)
		points[i] = (struct served){ .p = { .kind = POINT_EXEC, .addr = 0x1000 + i }, .slot = i, .planted = -1 };
	return &e.v;
}

/* ---- debug registers -------------------------------------------------------------------------------- */

static void registers(void)
{
	struct vcpu *k = fresh();

	k->n_points = 3;
	points_make_room(k);
	tap_eq(points[0].slot, 0, "a register the guest does not use is kept");
	k->guest_dr.dr7 = DR7_FIXED | DR7_L(1);
	points_make_room(k);
	tap_eq(points[0].slot, 0, "a point beside the guest's breakpoint stays");
	tap_eq(points[1].slot, 3, "one in its register moves to the free one");
	tap_eq(points[2].slot, 2, "... and pushes nobody out");
	tap_ok(!k->by_address, "all are in registers");
	k->guest_dr.dr7 |= DR7_G(2);
	points_make_room(k);
	tap_ok(points[2].slot < 0, "no register is left for it");
	tap_ok(k->by_address, "... so that it is noticed by stepping");
	tap_eq(points[1].slot, 3, "the others are where they were");
}

/* The guest's own code breakpoint comes before the INT3 planted on its instruction: who met that had RF. */
static void resume_flag(void)
{
	struct vcpu *k = fresh();

	k->at.lin = 0x2000;
	k->guest_dr.db[1] = 0x2000;
	k->guest_dr.db[2] = 0x2000;
	k->guest_dr.dr7 = DR7_FIXED | DR7_L(2) | (u64)DR_RW_WRITE << DR7_RW_SHIFT(2);
	tap_ok(!planted_had_rf(k), "a disabled breakpoint and a watch say nothing of RF");
	k->guest_dr.dr7 |= DR7_G(1);
	tap_eq(guest_breaks_at(k, 0x2000), BIT(1), "the guest's own code breakpoints by register");
	tap_ok(planted_had_rf(k), "an INT3 met under one had RF set");
	tap_eq(guest_breaks_at(k, 0x2001), 0, "elsewhere there is none");
	k->at.shadow = SHADOW_MOV_SS;
	tap_ok(!planted_had_rf(k), "or MOV SS before it");
}

/* ---- interrupts --------------------------------------------------------------------------------------- */

static unsigned looks(struct vcpu *k, unsigned steps)
{
	unsigned n = 0;

	while (steps--)
		n += irq_due(k);
	return n;
}

static void interrupts(void)
{
	struct vcpu *k = fresh();

	regs.regs.rflags |= FL_IF;
	tap_eq(looks(k, 100), 1, "with IF set they are looked for now and then");
	regs.regs.rflags &= ~FL_IF;
	tap_eq(looks(k, 2), 0, "not while IF is clear");
	regs.regs.rflags |= FL_IF;
	k->at.shadow = SHADOW_STI;
	tap_eq(looks(k, 1), 0, "nor in the shadow of STI");
	k->at.shadow = SHADOW_NONE;
	tap_ok(irq_due(k), "at the first boundary where one may come they are");
	tap_ok(!irq_due(k), "... and not at the next");
}

/* ---- MOV SS ------------------------------------------------------------------------------------------- */

static struct step over_mov_ss(void)
{
	return (struct step){ .pair = true, .from = { .lin = 0x1000, .insn.facts = { .cls = INSN_MOV_SS, .length = 2 } } };
}

static void mov_ss_cut(void)
{
	struct vcpu *k = fresh();
	struct step st = over_mov_ss();

	k->at.lin = 0x1002;
	st.ev = (struct kvm_evidence){ .reason = KVM_EXIT_DEBUG, .exception = EXC_BP, .rip = 0x1002 };
	tap_ok(pair_cut(k, &st), "an INT3 behind MOV SS shows the boundary between the two");
	st.ev = (struct kvm_evidence){ .reason = KVM_EXIT_DEBUG, .exception = EXC_DB, .dr6 = DR6_BS, .rip = 0x1002 };
	tap_ok(!pair_cut(k, &st), "a trap there is no such exit");

	st = (struct step){ .from.lin = 0x1002, .ev = st.ev };
	tap_ok(!pair_trap_comes(k, &st), "a trap at the boundary resumed from is a step's");
	e.stray_trap = true;
	tap_ok(pair_trap_comes(k, &st), "... and behind the cut it is the debugger's own, left over");
	st.ev.dr6 |= DR6_B(0);
	tap_ok(!pair_trap_comes(k, &st), "not with a breakpoint beside it");
}

static void mov_ss_point(void)
{
	struct vcpu *k = fresh();
	struct step st = over_mov_ss();

	planted[0] = (struct planted){ .lin = 0x1002 };
	tap_ok(!pair_has_point(k, &st), "without a point nothing is planted");
	k->n_planted = 1;
	tap_ok(pair_has_point(k, &st), "a point on the second is met as an INT3");
	k->guest_tf = true;
	tap_ok(!pair_has_point(k, &st), "not where a trap of the guest's is at stake");
	k->guest_tf = false;
	k->guest_dr.dr7 = DR7_L(0);
	tap_ok(!pair_has_point(k, &st), "nor a breakpoint of the guest's");
	k->guest_dr.dr7 = DR7_GD;
	tap_ok(!pair_has_point(k, &st), "nor GD");
	k->guest_dr.dr7 = DR7_FIXED;
	plan.quiet_points = true;
	tap_ok(!pair_has_point(k, &st), "nor where points do not count");
}

int main(void)
{
	registers();
	resume_flag();
	interrupts();
	mov_ss_cut();
	mov_ss_point();
	return tap_done();
}
