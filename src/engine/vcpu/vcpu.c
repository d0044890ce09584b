/*
 * vcpu.c - the one door to KVM_RUN: writes what is dirty, keeps KVM_SET_GUEST_DEBUG calls to the
 * changes, and knows when the trap flag must be put back (K3).
 *
 * With KVM_CAP_SYNC_REGS registers travel in the page shared with KVM and a step is one ioctl. What
 * was measured and decides the rules below (real kvm_intel 6.1 and the software flavour):
 * - a dirty REGS (or KVM_SET_REGS) loses the step unless TF is in the RFLAGS written; with TF it is
 *   kept and costs next to nothing, so "re-arm" is a dirty REGS with TF and never an ioctl;
 * - KVM hides TF in what it reads while SINGLESTEP is on, so the page's TF says nothing then.
 */
#include "engine/vcpu/vcpu.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

static int cpu_ioctl(struct vcpu *k, unsigned long nr, const char *name, void *arg,
		     struct err *err)
{
	if (ioctl(k->cpu_fd, nr, arg) >= 0)
		return 0;
	return err_set(err, errno, "%s failed: %s", name, strerror(errno));
}

/* Without sync regs: the same state by one ioctl a group. */
static int fetch_by_ioctl(struct vcpu *k, struct err *err)
{
	int r = cpu_ioctl(k, KVM_GET_REGS, "KVM_GET_REGS", &k->s->regs, err);

	if (!r)
		r = cpu_ioctl(k, KVM_GET_SREGS, "KVM_GET_SREGS", &k->s->sregs, err);
	if (!r)
		r = cpu_ioctl(k, KVM_GET_VCPU_EVENTS, "KVM_GET_VCPU_EVENTS", &k->s->events, err);
	return r;
}

static int flush_by_ioctl(struct vcpu *k, struct err *err)
{
	int r = 0;

	if (k->dirty & KVM_SYNC_X86_SREGS)
		r = cpu_ioctl(k, KVM_SET_SREGS, "KVM_SET_SREGS", &k->s->sregs, err);
	if (!r && (k->dirty & KVM_SYNC_X86_REGS))
		r = cpu_ioctl(k, KVM_SET_REGS, "KVM_SET_REGS", &k->s->regs, err);
	if (!r && (k->dirty & KVM_SYNC_X86_EVENTS))
		r = cpu_ioctl(k, KVM_SET_VCPU_EVENTS, "KVM_SET_VCPU_EVENTS", &k->s->events, err);
	if (!r)
		k->dirty = 0;
	return r;
}

/*
 * TF as the processor must have it: ours while stepping, else the guest's own. Only our write can
 * put it there, KVM never does after a register write (K3).
 */
static void set_tf_to_write(struct vcpu *k)
{
	bool tf = (k->debug.control & KVM_GUESTDBG_SINGLESTEP) || k->guest_tf;

	k->s->regs.rflags = (k->s->regs.rflags & ~FL_TF) | (tf ? FL_TF : 0);
}

static void clean_tf_after_read(struct vcpu *k)
{
	if (!(k->debug.control & KVM_GUESTDBG_SINGLESTEP))
		k->guest_tf = k->s->regs.rflags & FL_TF;
	k->s->regs.rflags &= ~FL_TF;
}

int vcpu_fetch(struct vcpu *k, struct err *err)
{
	int r = fetch_by_ioctl(k, err);

	if (!r)
		clean_tf_after_read(k);
	return r;
}

int vcpu_flush(struct vcpu *k, struct err *err)
{
	int r;

	if (!k->dirty)
		return 0;
	if (k->dirty & KVM_SYNC_X86_REGS)
		set_tf_to_write(k);
	r = flush_by_ioctl(k, err);
	k->s->regs.rflags &= ~FL_TF;
	return r;
}

void vcpu_touch(struct vcpu *k, u32 groups)
{
	k->dirty |= groups;
}

int vcpu_debug(struct vcpu *k, const struct kvm_guest_debug *want, struct err *err)
{
	if (!memcmp(want, &k->debug, sizeof(*want)))
		return 0;
	/* A change of SINGLESTEP makes KVM forget whose TF it was: write ours with the next entry. */
	if ((want->control ^ k->debug.control) & KVM_GUESTDBG_SINGLESTEP)
		k->dirty |= KVM_SYNC_X86_REGS;
	if (ioctl(k->cpu_fd, KVM_SET_GUEST_DEBUG, want) < 0)
		return err_set(err, errno, "KVM_SET_GUEST_DEBUG (control %#x) failed: %s",
			       want->control, strerror(errno));
	k->debug = *want;
	k->n_debug++;
	return 0;
}

/*
 * One KVM_RUN. *ret_reason is kvm_run.exit_reason, or KVM_EXIT_INTR for EINTR, which is no error: a
 * signal, interrupt() or immediate_exit.
 */
int vcpu_run(struct vcpu *k, bool immediate, u32 *ret_reason, struct err *err)
{
	int r, code;

	if (k->dirty) {
		if (k->dirty & KVM_SYNC_X86_REGS)
			set_tf_to_write(k);
		/* A write of REGS drops what KVM has pending; EVENTS, written after it, puts it back. */
		if ((k->dirty & KVM_SYNC_X86_REGS) && k->s->events.exception.pending)
			k->dirty |= KVM_SYNC_X86_EVENTS;
		if (k->caps.sync_regs) {
			k->run->kvm_dirty_regs = k->dirty;
			k->dirty = 0;
		} else {
			r = flush_by_ioctl(k, err);
			if (r)
				return r;
		}
	}
	if (immediate)
		k->run->immediate_exit = 1;
	/* Not every KVM writes it; what an earlier exit of another kind left there is not to be shown. */
	k->run->debug.arch.dr7 = 0;
	k->n_runs++;
	r = ioctl(k->cpu_fd, KVM_RUN, 0);
	code = r < 0 ? errno : 0;
	if (immediate) {
		/* interrupt() may come at any point: whatever the order, its 1 is what stays. */
		k->run->immediate_exit = 0;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		if (k->r.interrupted)
			k->run->immediate_exit = 1;
	}
	if (code && code != EINTR && code != EAGAIN)
		return err_set(err, code, "KVM_RUN failed: %s", strerror(code));
	if (!k->caps.sync_regs) {
		r = fetch_by_ioctl(k, err);
		if (r)
			return r;
	}
	clean_tf_after_read(k);
	*ret_reason = code ? KVM_EXIT_INTR : k->run->exit_reason;
	return 0;
}

int vcpu_mp_state(struct vcpu *k, u32 *ret)
{
	struct kvm_mp_state s;

	if (ioctl(k->cpu_fd, KVM_GET_MP_STATE, &s) < 0)
		return -errno;
	*ret = s.mp_state;
	return 0;
}

int vcpu_set_mp_state(struct vcpu *k, u32 state, struct err *err)
{
	struct kvm_mp_state s = { .mp_state = state };

	return cpu_ioctl(k, KVM_SET_MP_STATE, "KVM_SET_MP_STATE", &s, err);
}
