/*
 * kvm.c - one instruction on KVM. Ring 0 is single-stepped by the host; ring 3 runs under its own
 * TF, whose #DB enters ring 0 like every other event, and the handler is stepped over.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "diff.h"

struct kvm_side {
	int dev, vm, vcpu;
	struct kvm_run *run;
	size_t run_size;
	u8 *ram;
	struct kvm_sregs base; /* as KVM_GET_SREGS gave them at first: apic_base */
	enum place place;      /* whose sregs are loaded, PLACES: none */
	struct cpu_state loaded;
	bool stepping;
	struct kvm_vcpu_events events; /* calm */
};

static struct kvm_segment to_kvm(const struct segment *s)
{
	return (struct kvm_segment){
		.base = s->base,
		.limit = s->limit,
		.selector = s->sel,
		.type = ATTR_TYPE(s->attr),
		.present = !!(s->attr & ATTR_P),
		.dpl = ATTR_DPL(s->attr),
		.db = !!(s->attr & ATTR_DB),
		.s = !!(s->attr & ATTR_S),
		.l = !!(s->attr & ATTR_L),
		.g = !!(s->attr & ATTR_G),
		.avl = !!(s->attr & ATTR_AVL),
	};
}

static struct segment from_kvm(const struct kvm_segment *s)
{
	return (struct segment){
		.base = s->base,
		.limit = s->limit,
		.sel = s->selector,
		.attr = s->type | s->s << 4 | s->dpl << 5 | s->present << 7 | s->avl << 12 |
			s->l << 13 | s->db << 14 | s->g << 15,
	};
}

static void sregs_load(struct kvm_side *k, const struct cpu_state *c)
{
	struct kvm_sregs *s = &k->run->s.regs.sregs;

	*s = k->base;
	s->es = to_kvm(&c->seg[SEG_ES]);
	s->cs = to_kvm(&c->seg[SEG_CS]);
	s->ss = to_kvm(&c->seg[SEG_SS]);
	s->ds = to_kvm(&c->seg[SEG_DS]);
	s->fs = to_kvm(&c->seg[SEG_FS]);
	s->gs = to_kvm(&c->seg[SEG_GS]);
	s->tr = to_kvm(&c->tr);
	s->ldt = to_kvm(&c->ldtr);
	s->gdt = (struct kvm_dtable){ .base = c->gdtr.base, .limit = c->gdtr.limit };
	s->idt = (struct kvm_dtable){ .base = c->idtr.base, .limit = c->idtr.limit };
	s->cr0 = c->cr0;
	s->cr2 = c->cr2;
	s->cr3 = c->cr3;
	s->cr4 = c->cr4;
	s->efer = c->efer;
}

/* RAX RBX RCX RDX RSI RDI RSP RBP is KVM's order. */
static const u8 kvm_order[8] = { GPR_RAX, GPR_RBX, GPR_RCX, GPR_RDX,
				 GPR_RSI, GPR_RDI, GPR_RSP, GPR_RBP };

static void regs_load(struct kvm_side *k, const struct cpu_state *c)
{
	struct kvm_regs *r = &k->run->s.regs.regs;
	u64 v[16];

	for (unsigned i = 0; i < 8; i++)
		v[i] = c->gpr[kvm_order[i]];
	memcpy(v + 8, c->gpr + 8, 64);
	memcpy(r, v, sizeof(v)); /* rax..r15 are its first members */
	r->rip = c->rip;
	r->rflags = c->rflags;
}

static void state_read(const struct kvm_side *k, struct cpu_state *c)
{
	const struct kvm_regs *r = &k->run->s.regs.regs;
	const struct kvm_sregs *s = &k->run->s.regs.sregs;
	u64 v[16];

	memcpy(v, r, sizeof(v));
	for (unsigned i = 0; i < 8; i++)
		c->gpr[kvm_order[i]] = v[i];
	memcpy(c->gpr + 8, v + 8, 64);
	c->rip = r->rip;
	c->rflags = r->rflags & ~FL_TF;
	c->seg[SEG_ES] = from_kvm(&s->es);
	c->seg[SEG_CS] = from_kvm(&s->cs);
	c->seg[SEG_SS] = from_kvm(&s->ss);
	c->seg[SEG_DS] = from_kvm(&s->ds);
	c->seg[SEG_FS] = from_kvm(&s->fs);
	c->seg[SEG_GS] = from_kvm(&s->gs);
	c->ldtr = from_kvm(&s->ldt);
	c->cr0 = s->cr0;
	c->cr2 = s->cr2;
	c->cr3 = s->cr3;
	c->cr4 = s->cr4;
	c->efer = s->efer;
}

static bool stepping_set(struct kvm_side *k, bool on)
{
	struct kvm_guest_debug d = { .control = on ? KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP
						   : 0 };

	if (ioctl(k->vcpu, KVM_SET_GUEST_DEBUG, &d))
		return false;
	k->stepping = on;
	return true;
}

/* Entered again after a signal; everything else is an answer. */
static int vcpu_run(struct kvm_side *k)
{
	int r;

	do
		r = ioctl(k->vcpu, KVM_RUN, 0);
	while (r < 0 && errno == EINTR);
	k->run->kvm_dirty_regs = 0;
	return r < 0 ? -1 : (int)k->run->exit_reason;
}

/* An access beyond RAM is completed by the next KVM_RUN: not by the next sample's. */
static void access_finish(struct kvm_side *k)
{
	k->run->immediate_exit = 1;
	for (unsigned i = 0; i < 8 && ioctl(k->vcpu, KVM_RUN, 0) == 0; i++)
		;
	k->run->immediate_exit = 0;
}

static bool segments_changed(const struct kvm_side *k, const struct sample *s)
{
	struct cpu_state now = s->c;

	state_read(k, &now);
	return memcmp(now.seg, s->c.seg, sizeof(now.seg)) || now.cr2 != s->c.cr2 ||
	       now.cr0 != s->c.cr0 || now.ldtr.sel != s->c.ldtr.sel || s->system;
}

bool kvm_side_run(struct kvm_side *k, const struct sample *s, struct result *ret)
{
	bool user = place_user(s->place);
	int reason, n = 0;

	if (k->stepping == user && !stepping_set(k, !user))
		return false;
	if (s->x87 && !fpu_load(k->vcpu, &s->c))
		return false;
	regs_load(k, &s->c);
	k->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	if (k->place != s->place) {
		sregs_load(k, &s->c);
		k->run->kvm_dirty_regs |= KVM_SYNC_X86_SREGS;
	}
	if (user)
		k->run->s.regs.regs.rflags |= FL_TF;
	k->place = s->place;
	/* A REP may come back on its way; a handler may lie at the same offset. */
	do
		reason = vcpu_run(k);
	while (reason == KVM_EXIT_DEBUG && !user && s->repeats &&
	       k->run->s.regs.regs.rip == s->c.rip &&
	       k->run->s.regs.sregs.cs.selector == s->c.seg[SEG_CS].sel && n++ < 64);
	ret->c = s->c;
	state_read(k, &ret->c);
	if (s->x87 && !fpu_read(k->vcpu, &ret->c))
		return false;
	ret->outcome = reason == KVM_EXIT_DEBUG || reason == KVM_EXIT_HLT ? OUT_DONE
		       : reason == KVM_EXIT_SHUTDOWN                      ? OUT_SHUTDOWN
									  : OUT_CANNOT;
	if (reason == KVM_EXIT_MMIO || reason == KVM_EXIT_IO)
		access_finish(k);
	if (ret->outcome != OUT_DONE) {
		ioctl(k->vcpu, KVM_SET_VCPU_EVENTS, &k->events);
		k->place = PLACES;
	} else if (segments_changed(k, s)) {
		k->place = PLACES;
	}
	return reason >= 0;
}

static const char *vcpu_create(struct kvm_side *k)
{
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entry[256];
	} cpuid = { .head.nent = 256 };
	int size;

	k->vcpu = ioctl(k->vm, KVM_CREATE_VCPU, 0);
	size = ioctl(k->dev, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (k->vcpu < 0 || size < 0)
		return "no vCPU";
	k->run_size = size;
	k->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, k->vcpu, 0);
	if (k->run == MAP_FAILED)
		return "no kvm_run page";
	if (ioctl(k->dev, KVM_GET_SUPPORTED_CPUID, &cpuid) ||
	    ioctl(k->vcpu, KVM_SET_CPUID2, &cpuid))
		return "no CPUID";
	if (ioctl(k->vcpu, KVM_GET_SREGS, &k->base) ||
	    ioctl(k->vcpu, KVM_GET_VCPU_EVENTS, &k->events))
		return "no registers";
	k->run->kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
	return NULL;
}

static const char *vm_create(struct kvm_side *k)
{
	struct kvm_userspace_memory_region r = { .memory_size = RAM_SIZE };

	k->dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (k->dev < 0)
		return "no /dev/kvm";
	if ((ioctl(k->dev, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS) & 3) != 3)
		return "no KVM_CAP_SYNC_REGS";
	if (ioctl(k->dev, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE) <= 0)
		return "no KVM_CAP_XSAVE";
	k->vm = ioctl(k->dev, KVM_CREATE_VM, 0);
	if (k->vm < 0)
		return "no VM";
	ioctl(k->vm, KVM_SET_TSS_ADDR, 0xfffbd000);
	k->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (k->ram == MAP_FAILED)
		return "no memory";
	r.userspace_addr = (uintptr_t)k->ram;
	if (ioctl(k->vm, KVM_SET_USER_MEMORY_REGION, &r))
		return "no memory slot";
	return vcpu_create(k);
}

struct kvm_side *kvm_side_open(const char **ret_why)
{
	struct kvm_side *k = calloc(1, sizeof(*k));

	if (!k) {
		*ret_why = "no memory";
		return NULL;
	}
	k->dev = k->vm = k->vcpu = -1;
	k->place = PLACES;
	*ret_why = vm_create(k);
	if (!*ret_why && !stepping_set(k, true))
		*ret_why = "no single-stepping";
	if (!*ret_why)
		return k;
	kvm_side_close(k);
	return NULL;
}

u8 *kvm_side_ram(struct kvm_side *k)
{
	return k->ram;
}

void kvm_side_close(struct kvm_side *k)
{
	if (k->run && k->run != MAP_FAILED)
		munmap(k->run, k->run_size);
	if (k->ram && k->ram != MAP_FAILED)
		munmap(k->ram, RAM_SIZE);
	if (k->vcpu >= 0)
		close(k->vcpu);
	if (k->vm >= 0)
		close(k->vm);
	if (k->dev >= 0)
		close(k->dev);
	free(k);
}
