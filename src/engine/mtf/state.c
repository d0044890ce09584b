/*
 * state.c - L2's registers: the mailbox page against k.s (what engine kvm's functions read) and
 * struct cpu_state.
 *
 * What the VMCS holds travels in the page. The rest is one for the shim and L2, and is asked of KVM
 * while the shim waits: DR0-3 and DR6, the FPU, CR8, and the MSRs that VM entries do not switch.
 */
#include "engine/mtf/mtf.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#define AR_UNUSABLE BIT(16)

u8 shadow_of(u64 i)
{
	return (i & BLOCKED_STI ? SHADOW_STI : 0) | (i & BLOCKED_MOV_SS ? SHADOW_MOV_SS : 0);
}

static u64 interruptibility_of(u8 shadow)
{
	return (shadow & SHADOW_STI ? BLOCKED_STI : 0) | (shadow & SHADOW_MOV_SS ? BLOCKED_MOV_SS : 0);
}

/* ---- the page into k.s ---------------------------------------------------------------------------- */

static void segment_load(const struct mailbox *b, unsigned i, struct kvm_segment *ret)
{
	u32 ar = b->sys[SYS_ES_AR + i];

	*ret = (struct kvm_segment){
		.base = b->sys[SYS_ES_BASE + i], .limit = b->sys[SYS_ES_LIMIT + i],
		.selector = b->sys[SYS_ES_SEL + i], .type = ar & 15, .s = ar >> 4 & 1, .dpl = ar >> 5 & 3,
		.present = ar >> 7 & 1, .avl = ar >> 12 & 1, .l = ar >> 13 & 1, .db = ar >> 14 & 1,
		.g = ar >> 15 & 1, .unusable = ar >> 16 & 1,
	};
}

/* CR0.NE and CR4.VMXE are VMX's; L2 reads the shadows (SDM "Guest/Host Masks and Read Shadows"). */
static void sys_load(struct mtf_engine *m)
{
	const struct mailbox *b = m->mb;
	struct kvm_sregs *s = &m->k.s->sregs;
	/* VMCS order is ES CS SS DS FS GS LDTR TR. */
	struct kvm_segment *const seg[] = { &s->es, &s->cs, &s->ss, &s->ds, &s->fs, &s->gs, &s->ldt, &s->tr };

	for (unsigned i = 0; i < ARRAY_SIZE(seg); i++)
		segment_load(b, i, seg[i]);
	s->gdt.base = b->sys[SYS_GDTR_BASE];
	s->gdt.limit = b->sys[SYS_GDTR_LIMIT];
	s->idt.base = b->sys[SYS_IDTR_BASE];
	s->idt.limit = b->sys[SYS_IDTR_LIMIT];
	s->efer = b->sys[SYS_EFER];
	s->cr0 = (b->sys[SYS_CR0] & ~CR0_NE) | (b->ctl[CTL_CR0_SHADOW] & CR0_NE);
	s->cr3 = b->sys[SYS_CR3];
	s->cr4 = b->sys[SYS_CR4] & ~CR4_VMXE;
}

static void core_load(struct mtf_engine *m)
{
	const struct mailbox *b = m->mb;

	m->k.s->regs.rip = b->core[CORE_RIP];
	if (!m->host_tf)
		m->k.guest_tf = b->core[CORE_RFLAGS] & FL_TF;
	m->k.s->regs.rflags = b->core[CORE_RFLAGS] & ~FL_TF;
	m->k.s->sregs.cr2 = b->cr2;
	m->k.s->events.interrupt.shadow = shadow_of(b->core[CORE_INTERRUPTIBILITY]);
}

static void gpr_load(struct mtf_engine *m)
{
	const u64 *g = m->mb->gpr;

	m->k.s->regs = (struct kvm_regs){
		.rax = g[GPR_RAX], .rcx = g[GPR_RCX], .rdx = g[GPR_RDX], .rbx = g[GPR_RBX],
		.rsp = m->mb->core[CORE_RSP], .rbp = g[GPR_RBP], .rsi = g[GPR_RSI], .rdi = g[GPR_RDI],
		.r8 = g[GPR_R8], .r9 = g[GPR_R9], .r10 = g[GPR_R10], .r11 = g[GPR_R11],
		.r12 = g[GPR_R12], .r13 = g[GPR_R13], .r14 = g[GPR_R14], .r15 = g[GPR_R15],
	};
}

void state_load_registers(struct mtf_engine *m)
{
	gpr_load(m);
	core_load(m);
}

void state_load(struct mtf_engine *m)
{
	state_load_registers(m);
	if (!m->sys_stale)
		sys_load(m);
	at_load(&m->k);
}

int state_need_sys(struct mtf_engine *m, struct err *err)
{
	struct evidence ev;
	enum trip_end end;
	int r;

	if (!m->sys_stale || m->k.r.dead) /* a dead guest's is as last seen */
		return 0;
	m->mb->op = MAILBOX_FETCH;
	m->mb->fetch = GROUP_SYS;
	m->n_fetches++;
	r = trip(m, false, &end, &ev, err);
	if (r)
		return r;
	if (end == TRIP_DEAD) {
		guest_died(m, &ev);
		return 0;
	}
	m->sys_stale = false;
	state_load(m);
	return 0;
}

void control_set(struct mtf_engine *m, u32 bits, bool on)
{
	u64 was = m->mb->ctl[CTL_PROC], now = on ? was | bits : was & ~(u64)bits;

	if (was == now)
		return;
	m->mb->ctl[CTL_PROC] = now;
	m->mb->dirty |= GROUP_CONTROL;
}

/* ---- struct cpu_state ----------------------------------------------------------------------------- */

/* SDM "Checks on Guest Segment Registers": with unrestricted guest code and data must be accessed,
 * TR a busy TSS; a null one is unusable, but TR must not be. */
static u64 ar_of(const struct segment *s, unsigned i)
{
	enum { LDTR = 6, TR = 7, BUSY = 11, BUSY16 = 3 };
	u16 a = s->attr;

	if (i == TR)
		return (a & ~15u) | ATTR_P | (ATTR_TYPE(a) == BUSY16 ? BUSY16 : BUSY);
	if (a == ATTR_UNUSABLE || !(a & ATTR_P))
		return AR_UNUSABLE | a;
	return i == LDTR ? a : a | 1;
}

static void segment_store(struct mailbox *b, unsigned i, const struct segment *s)
{
	b->sys[SYS_ES_SEL + i] = s->sel;
	b->sys[SYS_ES_BASE + i] = s->base;
	b->sys[SYS_ES_LIMIT + i] = s->limit;
	b->sys[SYS_ES_AR + i] = ar_of(s, i);
}

/* CR8 and the APIC base are KVM's own, the same for shim and L2. */
static int apic_store(struct mtf_engine *m, const struct cpu_state *c, struct err *err)
{
	struct kvm_sregs s;

	if (ioctl(m->k.cpu_fd, KVM_GET_SREGS, &s) < 0)
		return err_set(err, errno, "KVM_GET_SREGS failed: %s", strerror(errno));
	if (s.cr8 == c->cr8 && s.apic_base == c->apic_base)
		return 0;
	s.cr8 = c->cr8;
	s.apic_base = c->apic_base;
	if (ioctl(m->k.cpu_fd, KVM_SET_SREGS, &s) < 0)
		return err_set(err, errno, "KVM refuses cr8=%#llx, APIC base %#llx: %s",
			       (unsigned long long)c->cr8, (unsigned long long)c->apic_base, strerror(errno));
	return 0;
}

static int sys_store(struct mtf_engine *m, const struct cpu_state *c, struct err *err)
{
	struct mailbox *b = m->mb;
	int r = state_need_sys(m, err);

	if (r)
		return r;
	if (c->cr4 & CR4_VMXE)
		return err_set(err, EINVAL, "CR4.VMXE cannot be set: the guest has no VMX on engine mtf");
	for (unsigned i = 0; i < SEG_COUNT; i++)
		segment_store(b, i, &c->seg[i]);
	segment_store(b, 6, &c->ldtr);
	segment_store(b, 7, &c->tr);
	b->sys[SYS_GDTR_BASE] = c->gdtr.base;
	b->sys[SYS_GDTR_LIMIT] = c->gdtr.limit;
	b->sys[SYS_IDTR_BASE] = c->idtr.base;
	b->sys[SYS_IDTR_LIMIT] = c->idtr.limit;
	b->sys[SYS_EFER] = c->efer;
	b->sys[SYS_CR0] = c->cr0 | CR0_NE;
	b->ctl[CTL_CR0_SHADOW] = c->cr0 & CR0_NE;
	b->sys[SYS_CR3] = c->cr3;
	b->sys[SYS_CR4] = c->cr4 | CR4_VMXE;
	b->ctl[CTL_CR4_SHADOW] = 0;
	b->cr2 = c->cr2;
	b->dirty |= GROUP_SYS | GROUP_CORE | GROUP_CONTROL | GROUP_CR2;
	return apic_store(m, c, err);
}

static void gpr_store(struct mtf_engine *m, const struct cpu_state *c)
{
	memcpy(m->mb->gpr, c->gpr, sizeof(c->gpr));
	m->mb->core[CORE_RSP] = c->gpr[GPR_RSP];
	m->mb->core[CORE_RIP] = c->rip;
	m->mb->core[CORE_RFLAGS] = c->rflags | FL_FIXED;
	m->mb->dirty |= GROUP_CORE;
}

static void events_store(struct mtf_engine *m, const struct cpu_state *c)
{
	u64 *i = &m->mb->core[CORE_INTERRUPTIBILITY];

	*i = interruptibility_of(c->shadow) | (c->nmi_blocked ? BLOCKED_NMI : 0);
	m->asleep = c->activity == ACT_HLT;
	m->mb->dirty |= GROUP_CORE;
}

static int msr_store(struct mtf_engine *m, const struct cpu_state *c, struct err *err)
{
	struct cpu_state shared = { 0 };
	int r = state_need_sys(m, err);

	if (!r)
		r = regs_get(&m->k, REGS_MSR, &shared, err);
	if (r)
		return r;
	m->mb->sys[SYS_SYSENTER_CS] = c->sysenter_cs;
	m->mb->sys[SYS_SYSENTER_ESP] = c->sysenter_esp;
	m->mb->sys[SYS_SYSENTER_EIP] = c->sysenter_eip;
	m->mb->sys[SYS_PAT] = c->pat;
	m->mb->sys[SYS_DEBUGCTL] = c->debugctl;
	m->mb->dirty |= GROUP_SYS;
	shared.star = c->star;
	shared.lstar = c->lstar;
	shared.cstar = c->cstar;
	shared.sfmask = c->sfmask;
	shared.kernel_gs_base = c->kernel_gs_base;
	return regs_set(&m->k, REGS_MSR, &shared, err);
}

static void msr_load(const struct mtf_engine *m, struct cpu_state *ret)
{
	ret->sysenter_cs = m->mb->sys[SYS_SYSENTER_CS];
	ret->sysenter_esp = m->mb->sys[SYS_SYSENTER_ESP];
	ret->sysenter_eip = m->mb->sys[SYS_SYSENTER_EIP];
	ret->pat = m->mb->sys[SYS_PAT];
	ret->debugctl = m->mb->sys[SYS_DEBUGCTL];
}

static int apic_load(const struct mtf_engine *m, struct cpu_state *ret, struct err *err)
{
	struct kvm_sregs s;

	if (ioctl(m->k.cpu_fd, KVM_GET_SREGS, &s) < 0)
		return err_set(err, errno, "KVM_GET_SREGS failed: %s", strerror(errno));
	ret->cr8 = s.cr8;
	ret->apic_base = s.apic_base;
	return 0;
}

unsigned mtf_irq_pending(struct mtf_engine *m, u8 ret[2])
{
	struct kvm_sregs s;

	if (ioctl(m->k.cpu_fd, KVM_GET_SREGS, &s) < 0)
		return 0;
	m->k.s->sregs.apic_base = s.apic_base;
	return irq_pending(&m->k, ret);
}

int mtf_regs_get(struct mtf_engine *m, u32 groups, struct cpu_state *ret, struct err *err)
{
	int r = groups & ~(u32)REGS_GPR ? state_need_sys(m, err) : 0;

	if (!r && (groups & REGS_DEBUG))
		r = dr_refresh(m, err);
	if (!r)
		r = regs_get(&m->k, groups & ~(u32)REGS_EVENTS, ret, err);
	if (!r && (groups & REGS_SYS))
		r = apic_load(m, ret, err);
	if (r)
		return r;
	if (groups & REGS_MSR)
		msr_load(m, ret);
	if (groups & REGS_EVENTS) {
		ret->shadow = shadow_of(m->mb->core[CORE_INTERRUPTIBILITY]);
		ret->shadow_known = true;
		ret->nmi_blocked = m->mb->core[CORE_INTERRUPTIBILITY] & BLOCKED_NMI;
		ret->activity = m->k.r.dead ? ACT_SHUTDOWN : m->asleep ? ACT_HLT : ACT_ACTIVE;
		ret->known |= REGS_EVENTS;
	}
	return 0;
}

int mtf_regs_set(struct mtf_engine *m, u32 groups, const struct cpu_state *c, struct err *err)
{
	int r = 0;

	if (groups & REGS_SYS)
		r = sys_store(m, c, err);
	if (!r && (groups & REGS_GPR))
		gpr_store(m, c);
	if (!r && (groups & REGS_EVENTS))
		events_store(m, c);
	if (!r && (groups & REGS_MSR))
		r = msr_store(m, c, err);
	if (!r && (groups & REGS_DEBUG)) {
		memcpy(m->k.guest_dr.db, c->dr, sizeof(c->dr));
		m->k.guest_dr.dr6 = c->dr6;
		m->k.guest_dr.dr7 = c->dr7 | DR7_FIXED;
		m->k.guest_dr_stale = false;
		r = dr_write(m, err);
	}
	if (!r && (groups & REGS_FPU))
		r = regs_set(&m->k, REGS_FPU, c, err);
	state_load(m);
	return r;
}
