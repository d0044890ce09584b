/*
 * regs_slow.c - the register groups that are not in the page shared with KVM: debug registers, MSRs,
 * FPU. One ioctl each.
 */
#include "engine/vcpu/vcpu.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

int regs_guest_dr(struct vcpu *k, struct err *err)
{
	if (!k->guest_dr_stale)
		return 0;
	if (ioctl(k->cpu_fd, KVM_GET_DEBUGREGS, &k->guest_dr) < 0)
		return err_set(err, errno, "KVM_GET_DEBUGREGS failed: %s", strerror(errno));
	k->guest_dr_stale = false;
	return 0;
}

int regs_debug_set(struct vcpu *k, const struct cpu_state *c, struct err *err)
{
	struct kvm_debugregs d = { .dr6 = c->dr6, .dr7 = c->dr7 | DR7_FIXED };

	memcpy(d.db, c->dr, sizeof(d.db));
	if (!k->guest_dr_stale && !memcmp(&d, &k->guest_dr, sizeof(d)))
		return 0;
	if (ioctl(k->cpu_fd, KVM_SET_DEBUGREGS, &d) < 0)
		return err_set(err, errno, "KVM refuses these debug registers (dr6=%#llx dr7=%#llx): "
					   "%s",
			       (unsigned long long)d.dr6, (unsigned long long)d.dr7, strerror(errno));
	k->guest_dr = d;
	k->guest_dr_stale = false;
	return 0;
}

/* MSRs of struct cpu_state: number and place. */
static const struct {
	u32 index;
	u16 offset;
} msr_list[] = {
#define M(nr, f) { nr, offsetof(struct cpu_state, f) }
	M(MSR_STAR, star), M(MSR_LSTAR, lstar), M(MSR_CSTAR, cstar), M(MSR_SFMASK, sfmask),
	M(MSR_KERNEL_GS_BASE, kernel_gs_base), M(MSR_SYSENTER_CS, sysenter_cs),
	M(MSR_SYSENTER_ESP, sysenter_esp), M(MSR_SYSENTER_EIP, sysenter_eip), M(MSR_PAT, pat),
	M(MSR_DEBUGCTL, debugctl), M(MSR_TSC, tsc),
#undef M
};
enum { MSRS_TO_SET = ARRAY_SIZE(msr_list) - 1 /* not the TSC: writing it disturbs the clock */ };

struct msr_block {
	struct kvm_msrs head;
	struct kvm_msr_entry e[ARRAY_SIZE(msr_list)];
};

int regs_msrs_get(struct vcpu *k, struct cpu_state *ret, struct err *err)
{
	struct msr_block b = { .head.nmsrs = ARRAY_SIZE(msr_list) };
	int n;

	for (unsigned i = 0; i < ARRAY_SIZE(msr_list); i++)
		b.e[i].index = msr_list[i].index;
	n = ioctl(k->cpu_fd, KVM_GET_MSRS, &b);
	if (n < 0)
		return err_set(err, errno, "KVM_GET_MSRS failed: %s", strerror(errno));
	/* KVM stops at the first MSR it does not have; the rest reads as 0. */
	for (int i = 0; i < (int)ARRAY_SIZE(msr_list); i++)
		*(u64 *)((u8 *)ret + msr_list[i].offset) = i < n ? b.e[i].data : 0;
	ret->fs_base_msr = k->s->sregs.fs.base;
	ret->gs_base_msr = k->s->sregs.gs.base;
	return 0;
}

int regs_msrs_set(struct vcpu *k, const struct cpu_state *c, struct err *err)
{
	struct cpu_state now;
	struct msr_block b = { .head.nmsrs = 0 };
	u32 n = 0;
	int r = regs_msrs_get(k, &now, err);

	if (r)
		return r;
	for (unsigned i = 0; i < MSRS_TO_SET; i++) {
		u64 v = *(const u64 *)((const u8 *)c + msr_list[i].offset);

		if (v != *(u64 *)((u8 *)&now + msr_list[i].offset))
			b.e[n++] = (struct kvm_msr_entry){ .index = msr_list[i].index, .data = v };
	}
	if (!n)
		return 0;
	b.head.nmsrs = n;
	r = ioctl(k->cpu_fd, KVM_SET_MSRS, &b);
	if (r == (int)n)
		return 0;
	r = r < 0 ? 0 : r;
	return err_set(err, EINVAL, "KVM refuses %#llx for MSR %#x",
		       (unsigned long long)b.e[r].data, b.e[r].index);
}

/* struct kvm_fpu holds the fields of an FXSAVE image (SDM volume 1 "FXSAVE Area"), not its layout. */
int regs_fpu_get(struct vcpu *k, struct cpu_state *ret, struct err *err)
{
	struct kvm_fpu f;
	u8 *p = ret->fxsave;

	if (ioctl(k->cpu_fd, KVM_GET_FPU, &f) < 0)
		return err_set(err, errno, "KVM_GET_FPU failed: %s", strerror(errno));
	memset(p, 0, sizeof(ret->fxsave));
	memcpy(p, &f.fcw, 2);
	memcpy(p + 2, &f.fsw, 2);
	p[4] = f.ftwx;
	memcpy(p + 6, &f.last_opcode, 2);
	memcpy(p + 8, &f.last_ip, 8);
	memcpy(p + 16, &f.last_dp, 8);
	memcpy(p + 24, &f.mxcsr, 4);
	memcpy(p + 32, f.fpr, sizeof(f.fpr));
	memcpy(p + 160, f.xmm, sizeof(f.xmm));
	return 0;
}

int regs_fpu_set(struct vcpu *k, const struct cpu_state *c, struct err *err)
{
	struct kvm_fpu f = { 0 };
	const u8 *p = c->fxsave;

	memcpy(&f.fcw, p, 2);
	memcpy(&f.fsw, p + 2, 2);
	f.ftwx = p[4];
	memcpy(&f.last_opcode, p + 6, 2);
	memcpy(&f.last_ip, p + 8, 8);
	memcpy(&f.last_dp, p + 16, 8);
	memcpy(&f.mxcsr, p + 24, 4);
	memcpy(f.fpr, p + 32, sizeof(f.fpr));
	memcpy(f.xmm, p + 160, sizeof(f.xmm));
	if (ioctl(k->cpu_fd, KVM_SET_FPU, &f) < 0)
		return err_set(err, errno, "KVM_SET_FPU failed: %s", strerror(errno));
	return 0;
}
