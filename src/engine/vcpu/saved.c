/*
 * saved.c - what KVM has of a guest, read and put back: registers by group, MSRs, the FPU, the interrupt
 * controllers and timers (kvm/api.rst, the KVM_GET_ and KVM_SET_ pair of each).
 *
 * The order of putting back is the order of need: the CPU's mode before what depends on it, MSRs before the
 * local APIC, whose timer's deadline is an MSR that needs the APIC's mode, and events after the registers,
 * whose write drops them.
 */
#include "engine/vcpu/vcpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { MSRS_MAX = 512, MSR_TSC_DEADLINE = 0x6e0 };

struct kvm_saved {
	struct kvm_sync_regs s;
	bool guest_tf, btf, guest_dr_stale;
	u32 irq_countdown;
	struct kvm_debugregs dr;
	struct kvm_mp_state mp;
	struct kvm_xcrs xcrs;
	struct kvm_lapic_state lapic;
	struct kvm_irqchip chip[KVM_NR_IRQCHIPS];
	struct kvm_pit_state2 pit;
	struct kvm_clock_data clock;
	struct kvm_msr_entry msr[MSRS_MAX];
	u32 n_msrs, xsave_size; /* behind the struct: the XSAVE area */
};

/* One ioctl of a pair; what a KVM does not have, it did not change either. */
struct part {
	unsigned long get, set;
	size_t at;
	bool of_vm, optional;
	const char *name;
};
#define PART(n, field, ...) { KVM_GET_##n, KVM_SET_##n, offsetof(struct kvm_saved, field), __VA_ARGS__, #n }

/* MSRs come between the two. */
static const struct part parts[] = {
	PART(XCRS, xcrs, false, true),
	PART(LAPIC, lapic, false, false),
	PART(IRQCHIP, chip[0], true, false),
	PART(IRQCHIP, chip[1], true, false),
	PART(IRQCHIP, chip[2], true, false),
	PART(PIT2, pit, true, true),
	PART(CLOCK, clock, true, true),
	PART(DEBUGREGS, dr, false, false),
	PART(MP_STATE, mp, false, false),
};

static int parts_move(struct vcpu *k, struct kvm_saved *s, bool get, struct err *err)
{
	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct part *p = &parts[i];

		if (!ioctl(p->of_vm ? k->vm_fd : k->cpu_fd, get ? p->get : p->set, (u8 *)s + p->at) || p->optional)
			continue;
		return err_set(err, errno, "KVM_%s_%s failed: %s", get ? "GET" : "SET", p->name, strerror(errno));
	}
	return 0;
}

/* ---- MSRs ------------------------------------------------------------------------------------------ */

struct msrs {
	struct kvm_msrs head;
	struct kvm_msr_entry e[1];
};

/* One by one: a list stops at the first that this KVM shows and does not have. */
static bool msr_move(struct vcpu *k, unsigned long nr, struct kvm_msr_entry *e)
{
	struct msrs m = { .head.nmsrs = 1, .e[0] = *e };
	bool moved = ioctl(k->cpu_fd, nr, &m) == 1;

	*e = m.e[0];
	return moved;
}

static int msrs_get(struct vcpu *k, struct kvm_saved *s, struct err *err)
{
	struct kvm_msr_list *l = calloc(1, sizeof(*l) + MSRS_MAX * sizeof(l->indices[0]));
	int r = 0;

	if (!l)
		return err_set(err, ENOMEM, "no memory for the list of MSRs");
	l->nmsrs = MSRS_MAX;
	if (ioctl(k->kvm_fd, KVM_GET_MSR_INDEX_LIST, l) < 0)
		r = err_set(err, errno, "KVM_GET_MSR_INDEX_LIST failed: %s", strerror(errno));
	for (u32 i = 0; !r && i < l->nmsrs; i++) {
		s->msr[s->n_msrs] = (struct kvm_msr_entry){ .index = l->indices[i] };
		s->n_msrs += msr_move(k, KVM_GET_MSRS, &s->msr[s->n_msrs]);
	}
	free(l);
	return r;
}

/* Some are read-only, and then still what they were. */
static void msrs_set(struct vcpu *k, struct kvm_saved *s, bool deadline)
{
	for (u32 i = 0; i < s->n_msrs; i++)
		if ((s->msr[i].index == MSR_TSC_DEADLINE) == deadline)
			msr_move(k, KVM_SET_MSRS, &s->msr[i]);
}

/* ---- the FPU --------------------------------------------------------------------------------------- */

#ifndef KVM_CAP_XSAVE2
#define KVM_CAP_XSAVE2 208
#define KVM_GET_XSAVE2 _IOR(KVMIO, 0xcf, struct kvm_xsave)
#endif

/* More than the classic 4 KiB only where the guest may use AMX (kvm/api.rst, KVM_GET_XSAVE2). */
static u32 xsave_size(const struct vcpu *k)
{
	int n = ioctl(k->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);

	return n > (int)sizeof(struct kvm_xsave) ? (u32)n : sizeof(struct kvm_xsave);
}

static int xsave_get(struct vcpu *k, u32 size, void *ret, struct err *err)
{
	const bool wide = size > sizeof(struct kvm_xsave);

	if (!ioctl(k->cpu_fd, wide ? KVM_GET_XSAVE2 : KVM_GET_XSAVE, ret))
		return 0;
	return err_set(err, errno, "KVM_GET_XSAVE failed: %s", strerror(errno));
}

static int xsave_set(struct vcpu *k, const void *from, u32 size, struct err *err)
{
	void *area = malloc(size);
	int r = 0;

	if (!area)
		return err_set(err, ENOMEM, "no memory for the FPU's state");
	memcpy(area, from, size);
	if (ioctl(k->cpu_fd, KVM_SET_XSAVE, area) < 0)
		r = err_set(err, errno, "KVM_SET_XSAVE failed: %s", strerror(errno));
	free(area);
	return r;
}

/* ---- all of it ------------------------------------------------------------------------------------- */

static int fill(struct vcpu *k, struct kvm_saved *s, struct err *err)
{
	int r;

	s->s = *k->s;
	s->guest_tf = k->guest_tf;
	s->btf = k->btf;
	s->irq_countdown = k->irq_countdown;
	for (unsigned i = 0; i < KVM_NR_IRQCHIPS; i++)
		s->chip[i].chip_id = i;
	s->xsave_size = xsave_size(k);
	r = parts_move(k, s, true, err);
	return r ? r : msrs_get(k, s, err);
}

int vcpu_save(struct vcpu *k, struct strbuf *out, struct err *err)
{
	struct kvm_saved *s = calloc(1, sizeof(*s));
	int r = s ? fill(k, s, err) : err_set(err, ENOMEM, "no memory for the processor's state");

	if (!r && strbuf_room(out, sizeof(*s) + s->xsave_size)) {
		strbuf_addn(out, s, sizeof(*s));
		r = xsave_get(k, s->xsave_size, out->s + out->n, err);
		out->n += s->xsave_size;
	}
	free(s);
	return r;
}

/* Nothing of ours is on while the state is put there: no step, no point. */
static int quiet(struct vcpu *k, struct err *err)
{
	const struct kvm_guest_debug off = { 0 };

	return vcpu_debug(k, &off, err);
}

static int registers_set(struct vcpu *k, const struct kvm_saved *s, struct err *err)
{
	*k->s = s->s;
	k->guest_tf = s->guest_tf;
	k->btf = s->btf;
	k->irq_countdown = s->irq_countdown;
	k->s->events.flags |= KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW;
	vcpu_touch(k, KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS);
	return vcpu_flush(k, err);
}

static int put_back(struct vcpu *k, struct kvm_saved *s, const void *xsave, struct err *err)
{
	int r = quiet(k, err);

	/* In KVM_CLOCK_TSC_STABLE's company KVM_SET_CLOCK takes no other flag than those it knows. */
	s->clock.flags = 0;
	if (!r)
		r = registers_set(k, s, err);
	if (!r)
		r = xsave_set(k, xsave, s->xsave_size, err);
	msrs_set(k, s, false);
	if (!r)
		r = parts_move(k, s, false, err);
	msrs_set(k, s, true);
	/* A local APIC that is written may have woken the CPU, and the mode's write dropped events. */
	if (!r)
		r = registers_set(k, s, err);
	k->guest_dr_stale = true;
	return r;
}

int vcpu_restore(struct vcpu *k, const void *state, size_t n, struct err *err)
{
	struct kvm_saved *s = malloc(sizeof(*s));
	int r;

	if (!s)
		return err_set(err, ENOMEM, "no memory for the processor's state");
	memcpy(s, state, sizeof(*s));
	r = put_back(k, s, (const u8 *)state + sizeof(*s), err);
	free(s);
	return r;
}
