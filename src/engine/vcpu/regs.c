/*
 * regs.c - registers between KVM's structures and struct cpu_state, by group.
 *
 * REGS_GPR, REGS_SYS and REGS_EVENTS live in k->s (the page shared with KVM); the others cost an
 * ioctl. System registers are written by ioctl and not through the page, so that a value KVM
 * refuses is an error here and not a failed KVM_RUN later.
 */
#include "engine/vcpu/vcpu.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

/* struct kvm_segment splits the access rights that struct segment keeps in one word. */
u16 segment_attr(const struct kvm_segment *s)
{
	if (s->unusable)
		return ATTR_UNUSABLE;
	return s->type | s->s << 4 | s->dpl << 5 | s->present << 7 | s->avl << 12 | s->l << 13 |
	       s->db << 14 | s->g << 15;
}

static void segment_from(const struct kvm_segment *s, struct segment *ret)
{
	*ret = (struct segment){
		.base = s->base, .limit = s->limit, .sel = s->selector, .attr = segment_attr(s),
	};
}

static void segment_to(const struct segment *s, struct kvm_segment *ret)
{
	u16 a = s->attr;

	*ret = (struct kvm_segment){
		.base = s->base, .limit = s->limit, .selector = s->sel, .type = ATTR_TYPE(a),
		.s = !!(a & ATTR_S), .dpl = ATTR_DPL(a), .present = !!(a & ATTR_P),
		.avl = !!(a & ATTR_AVL), .l = !!(a & ATTR_L), .db = !!(a & ATTR_DB),
		.g = !!(a & ATTR_G), .unusable = a == ATTR_UNUSABLE,
	};
}

/* Both orders of the same names: offsets of KVM's general registers in the order of enum gpr. */
static const u8 gpr_offset[GPR_COUNT] = {
#define O(f) offsetof(struct kvm_regs, f)
	[GPR_RAX] = O(rax), [GPR_RCX] = O(rcx), [GPR_RDX] = O(rdx), [GPR_RBX] = O(rbx),
	[GPR_RSP] = O(rsp), [GPR_RBP] = O(rbp), [GPR_RSI] = O(rsi), [GPR_RDI] = O(rdi),
	[GPR_R8] = O(r8), [GPR_R9] = O(r9), [GPR_R10] = O(r10), [GPR_R11] = O(r11),
	[GPR_R12] = O(r12), [GPR_R13] = O(r13), [GPR_R14] = O(r14), [GPR_R15] = O(r15),
#undef O
};

static void gpr_get(const struct vcpu *k, struct cpu_state *ret)
{
	for (unsigned i = 0; i < GPR_COUNT; i++)
		ret->gpr[i] = regs_gpr(k, i);
	ret->rip = k->s->regs.rip;
	ret->rflags = k->s->regs.rflags | (k->guest_tf ? FL_TF : 0);
}

static void gpr_set(struct vcpu *k, const struct cpu_state *c)
{
	for (unsigned i = 0; i < GPR_COUNT; i++)
		memcpy((u8 *)&k->s->regs + gpr_offset[i], &c->gpr[i], sizeof(u64));
	k->s->regs.rip = c->rip;
	k->s->regs.rflags = (c->rflags & ~FL_TF) | FL_FIXED;
	k->guest_tf = c->rflags & FL_TF;
	vcpu_touch(k, KVM_SYNC_X86_REGS);
}

static int sys_set(struct vcpu *k, const struct cpu_state *c, struct err *err)
{
	struct kvm_sregs s = k->s->sregs;
	struct kvm_segment *const seg[SEG_COUNT] = { &s.es, &s.cs, &s.ss, &s.ds, &s.fs, &s.gs };

	for (unsigned i = 0; i < SEG_COUNT; i++)
		segment_to(&c->seg[i], seg[i]);
	segment_to(&c->ldtr, &s.ldt);
	segment_to(&c->tr, &s.tr);
	s.gdt.base = c->gdtr.base;
	s.gdt.limit = c->gdtr.limit;
	s.idt.base = c->idtr.base;
	s.idt.limit = c->idtr.limit;
	s.cr0 = c->cr0;
	s.cr2 = c->cr2;
	s.cr3 = c->cr3;
	s.cr4 = c->cr4;
	s.cr8 = c->cr8;
	s.efer = c->efer;
	s.apic_base = c->apic_base;
	memset(s.interrupt_bitmap, 0, sizeof(s.interrupt_bitmap));
	if (!memcmp(&s, &k->s->sregs, sizeof(s)))
		return 0;
	if (ioctl(k->cpu_fd, KVM_SET_SREGS, &s) < 0)
		return err_set(err, errno, "KVM refuses these system registers (cr0=%#llx cr4=%#llx "
					   "efer=%#llx): %s",
			       (unsigned long long)s.cr0, (unsigned long long)s.cr4,
			       (unsigned long long)s.efer, strerror(errno));
	if (ioctl(k->cpu_fd, KVM_GET_SREGS, &k->s->sregs) < 0)
		return err_set(err, errno, "KVM_GET_SREGS failed: %s", strerror(errno));
	k->dirty &= ~KVM_SYNC_X86_SREGS;
	/* The CPU mode may have changed, and with it what RFLAGS write KVM does: write ours again. */
	vcpu_touch(k, KVM_SYNC_X86_REGS);
	return 0;
}

static void events_get(struct vcpu *k, struct cpu_state *ret)
{
	u32 mp = KVM_MP_STATE_RUNNABLE;

	ret->shadow = k->s->events.interrupt.shadow;
	ret->shadow_known = true;
	ret->nmi_blocked = k->s->events.nmi.masked;
	vcpu_mp_state(k, &mp);
	ret->activity = k->r.dead ? ACT_SHUTDOWN : mp == KVM_MP_STATE_HALTED ? ACT_HLT : ACT_ACTIVE;
}

static int events_set(struct vcpu *k, const struct cpu_state *c, struct err *err)
{
	struct kvm_vcpu_events *e = &k->s->events;
	u32 mp, want = c->activity == ACT_HLT ? KVM_MP_STATE_HALTED : KVM_MP_STATE_RUNNABLE;

	e->interrupt.shadow = c->shadow;
	e->nmi.masked = c->nmi_blocked;
	e->flags |= KVM_VCPUEVENT_VALID_SHADOW;
	vcpu_touch(k, KVM_SYNC_X86_EVENTS);
	if (!vcpu_mp_state(k, &mp) && mp != want)
		return vcpu_set_mp_state(k, want, err);
	return 0;
}

u64 regs_gpr(const struct vcpu *k, unsigned i)
{
	u64 v;

	memcpy(&v, (const u8 *)&k->s->regs + gpr_offset[i], sizeof(v));
	return v;
}

void regs_sys(const struct vcpu *k, struct cpu_state *ret)
{
	const struct kvm_sregs *s = &k->s->sregs;
	const struct kvm_segment *const seg[SEG_COUNT] = { &s->es, &s->cs, &s->ss,
							   &s->ds, &s->fs, &s->gs };

	for (unsigned i = 0; i < SEG_COUNT; i++)
		segment_from(seg[i], &ret->seg[i]);
	segment_from(&s->ldt, &ret->ldtr);
	segment_from(&s->tr, &ret->tr);
	ret->gdtr = (struct table_reg){ s->gdt.base, s->gdt.limit };
	ret->idtr = (struct table_reg){ s->idt.base, s->idt.limit };
	ret->cr0 = s->cr0;
	ret->cr2 = s->cr2;
	ret->cr3 = s->cr3;
	ret->cr4 = s->cr4;
	ret->cr8 = s->cr8;
	ret->efer = s->efer;
	ret->apic_base = s->apic_base;
}

int regs_get(struct vcpu *k, u32 groups, struct cpu_state *ret, struct err *err)
{
	int r = 0;

	if (groups & REGS_GPR)
		gpr_get(k, ret);
	if (groups & REGS_SYS)
		regs_sys(k, ret);
	if (groups & REGS_EVENTS)
		events_get(k, ret);
	if (groups & REGS_DEBUG) {
		r = regs_guest_dr(k, err);
		memcpy(ret->dr, k->guest_dr.db, sizeof(ret->dr));
		ret->dr6 = k->guest_dr.dr6;
		ret->dr7 = k->guest_dr.dr7;
	}
	if (!r && (groups & REGS_MSR))
		r = regs_msrs_get(k, ret, err);
	if (!r && (groups & REGS_FPU))
		r = regs_fpu_get(k, ret, err);
	if (!r)
		ret->known |= groups;
	return r;
}

int regs_set(struct vcpu *k, u32 groups, const struct cpu_state *c, struct err *err)
{
	int r = 0;

	/* System registers first: a mode must be there before RIP and flags that need it. */
	if (groups & REGS_SYS)
		r = sys_set(k, c, err);
	if (!r && (groups & REGS_GPR))
		gpr_set(k, c);
	if (!r && (groups & REGS_EVENTS))
		r = events_set(k, c, err);
	if (!r && (groups & REGS_DEBUG))
		r = regs_debug_set(k, c, err);
	if (!r && (groups & REGS_MSR))
		r = regs_msrs_set(k, c, err);
	if (!r && (groups & REGS_FPU))
		r = regs_fpu_set(k, c, err);
	return r;
}
