/*
 * quirks.c - how this KVM behaves where KVMs differ, found out with a guest of a few bytes.
 *
 * Never by version: distributions backport, and a software flavour of /dev/kvm has the same numbers
 * (K16). The probe's VM has one page, no interrupt controller (so that HLT is an exit that ends each
 * trial) and lives about two milliseconds.
 */
#include "engine/kvm/kvm.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	CODE = 0x400,  /* behind the IVT */
	DATA = 0x800,  /* what the watched write writes to */
	HALT = 0xc00,  /* every vector's handler: HLT */
};

struct trial {
	struct vcpu k;
	u8 *page;
};

static int trial_memory(struct trial *t, struct err *err)
{
	struct kvm_userspace_memory_region slot = { .memory_size = PAGE };

	t->page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t->page == MAP_FAILED) {
		t->page = NULL;
		return err_set(err, errno, "no memory for the probe's page");
	}
	slot.userspace_addr = (uintptr_t)t->page;
	if (ioctl(t->k.vm_fd, KVM_SET_USER_MEMORY_REGION, &slot) < 0)
		return err_set(err, errno, "KVM refuses the probe's page: %s", strerror(errno));
	for (u16 *ivt = (u16 *)t->page; ivt < (u16 *)(t->page + CODE); ivt += 2)
		*ivt = HALT;
	t->page[HALT] = 0xf4;
	return 0;
}

/* Put the code in place and the CPU in front of it. */
static int trial_set(struct trial *t, const u8 *code, size_t n, struct err *err)
{
	struct vcpu *k = &t->k;

	memset(t->page + CODE, 0xf4, 32);
	memcpy(t->page + CODE, code, n);
	k->s->sregs.cs.base = 0;
	k->s->sregs.cs.selector = 0;
	k->s->regs = (struct kvm_regs){ .rip = CODE, .rflags = FL_FIXED, .rsp = HALT };
	k->guest_tf = false;
	k->dirty = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
	return vcpu_flush(k, err);
}

static int trial_debug(struct trial *t, u32 control, u64 dr0, u64 dr7, struct err *err)
{
	struct kvm_guest_debug d = { .control = control ? control | KVM_GUESTDBG_ENABLE : 0 };

	d.arch.debugreg[0] = dr0;
	d.arch.debugreg[7] = dr7 | DR7_FIXED;
	return vcpu_debug(&t->k, &d, err);
}

/* F1 under SINGLESTEP: a debug exit with RIP on it (VMX), behind the guest's handler (SVM, K13), or an internal
 * error (K16). */
static int probe_f1(struct trial *t, struct kvm_quirks *q, struct err *err)
{
	static const u8 code[] = { 0xf1 };
	u32 reason;
	int r = trial_set(t, code, sizeof(code), err);

	if (!r)
		r = trial_debug(t, KVM_GUESTDBG_SINGLESTEP, 0, 0, err);
	if (!r)
		r = vcpu_run(&t->k, false, &reason, err);
	if (r)
		return r;
	q->f1_reason = reason;
	q->software = reason == KVM_EXIT_INTERNAL_ERROR;
	q->db_on_f1 = reason == KVM_EXIT_DEBUG && t->k.s->regs.rip == CODE;
	q->icebp_unseen = !q->software && !q->db_on_f1;
	return 0;
}

static int probe_data(struct trial *t, struct kvm_quirks *q, struct err *err)
{
	static const u8 code[] = { 0xa2, DATA & 0xff, DATA >> 8 }; /* mov [DATA], al */
	u32 reason;
	int r = trial_set(t, code, sizeof(code), err);

	if (!r)
		r = trial_debug(t, KVM_GUESTDBG_USE_HW_BP, DATA,
				DR7_G(0) | (u64)DR_RW_WRITE << DR7_RW_SHIFT(0), err);
	if (!r)
		r = vcpu_run(&t->k, false, &reason, err);
	if (!r)
		q->data_points = reason == KVM_EXIT_DEBUG;
	return r;
}

/* An execute point on the instruction resumed from: RF must get past it (SDM "Instruction-Breakpoint
 * Exception Condition"). */
static int probe_exec(struct trial *t, struct kvm_quirks *q, struct err *err)
{
	static const u8 code[] = { 0x90 };
	u32 reason;
	int r = trial_set(t, code, sizeof(code), err);

	if (r)
		return r;
	r = trial_debug(t, KVM_GUESTDBG_USE_HW_BP, CODE, DR7_G(0), err);
	t->k.s->regs.rflags |= FL_RF;
	vcpu_touch(&t->k, KVM_SYNC_X86_REGS);
	if (!r)
		r = vcpu_run(&t->k, false, &reason, err);
	if (!r)
		q->exec_repeats = reason == KVM_EXIT_DEBUG;
	return r;
}

static int probe_int3(struct trial *t, struct kvm_quirks *q, struct err *err)
{
	static const u8 code[] = { 0xcc };
	u32 reason;
	int r = trial_set(t, code, sizeof(code), err);

	if (!r)
		r = trial_debug(t, KVM_GUESTDBG_USE_SW_BP, 0, 0, err);
	if (!r)
		r = vcpu_run(&t->k, false, &reason, err);
	if (!r)
		q->int3_real = reason == KVM_EXIT_DEBUG;
	return r;
}

int quirks_probe(int kvm_fd, const struct kvm_caps *caps, struct kvm_quirks *ret, struct err *err)
{
	struct trial t = { .k = { .caps = *caps, .vm_fd = -1, .cpu_fd = -1 } };
	struct kvm_quirks q = { 0 };
	int r;

	t.k.kvm_fd = dup(kvm_fd);
	if (t.k.kvm_fd < 0)
		return err_set(err, errno, "dup failed: %s", strerror(errno));
	r = vm_create(&t.k, err);
	if (!r)
		r = trial_memory(&t, err);
	if (!r)
		r = vcpu_fetch(&t.k, err);
	if (!r)
		r = probe_data(&t, &q, err);
	if (!r)
		r = probe_exec(&t, &q, err);
	if (!r)
		r = probe_int3(&t, &q, err);
	if (!r) /* last: an internal error may leave the vCPU in a state of its own */
		r = probe_f1(&t, &q, err);
	vm_destroy(&t.k);
	if (t.page)
		munmap(t.page, PAGE);
	if (r)
		return err_prefix(err, "probing this KVM");
	*ret = q;
	return 0;
}
