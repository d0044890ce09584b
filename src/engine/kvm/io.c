/*
 * io.c - entering the guest and serving the exits that are a device's business.
 *
 * K4: a step can be lost across an OUT, an MMIO access or HLT that exits to userspace, and where RIP
 * stands at the exit differs (on the OUT, behind it). So an access is always completed by another
 * KVM_RUN with immediate_exit: a debug exit then is the step's stop, EINTR with the instruction done
 * is it too. Afterwards TF is written again, since KVM's emulator may have dropped it.
 */
#include "engine/kvm/kvm.h"

#include <string.h>

enum { COMPLETED_INTR = 1, COMPLETED_DEBUG = 2, BYTES_AT = 2 /* internal.data: flags, size|bytes */ };

static void evidence_pio(const struct vcpu *k, struct kvm_evidence *ev)
{
	const u8 *data = (const u8 *)k->run + k->run->io.data_offset;

	ev->is_write = k->run->io.direction == KVM_EXIT_IO_OUT;
	ev->size = k->run->io.size;
	ev->port = k->run->io.port;
	ev->count = k->run->io.count;
	ev->data = 0;
	memcpy(&ev->data, data, ev->size);
}

static void serve_pio(struct vcpu *k, struct kvm_evidence *ev)
{
	u8 *data = (u8 *)k->run + k->run->io.data_offset;
	bool write = k->run->io.direction == KVM_EXIT_IO_OUT;

	for (u32 i = 0; i < k->run->io.count; i++)
		machine_pio(k->r.base.machine, write, k->run->io.port, k->run->io.size,
			    data + (size_t)i * k->run->io.size);
	evidence_pio(k, ev);
}

static void serve_mmio(struct vcpu *k, struct kvm_evidence *ev)
{
	machine_mmio(k->r.base.machine, k->run->mmio.is_write, k->run->mmio.phys_addr,
		     k->run->mmio.len, k->run->mmio.data);
	ev->is_write = k->run->mmio.is_write;
	ev->size = k->run->mmio.len;
	ev->gpa = k->run->mmio.phys_addr;
	memcpy(&ev->data, k->run->mmio.data, sizeof(ev->data));
}

/* KVM gives the bytes it could not emulate: data[0] flags, then in data[1] their number and them
 * (kvm_run.emulation_failure, kvm/api.rst). */
static void evidence_internal(const struct vcpu *k, struct kvm_evidence *ev)
{
	const struct kvm_run *run = k->run;

	ev->suberror = run->internal.suberror;
	if (ev->suberror != KVM_INTERNAL_ERROR_EMULATION || run->emulation_failure.ndata < 3 ||
	    !(run->emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES))
		return;
	ev->n_bytes = run->emulation_failure.insn_size;
	if (ev->n_bytes > INSN_MAX)
		ev->n_bytes = INSN_MAX;
	memcpy(ev->bytes, run->emulation_failure.insn_bytes, ev->n_bytes);
}

static u64 linear_rip(const struct vcpu *k)
{
	const struct kvm_sregs *s = &k->s->sregs;
	u16 attr = segment_attr(&s->cs);
	unsigned bits = mode_bits(cpu_mode_of(s->cr0, s->efer, k->s->regs.rflags, attr));

	if (bits == 64)
		return k->s->regs.rip;
	return (u32)(s->cs.base + (bits == 16 ? (u16)k->s->regs.rip : (u32)k->s->regs.rip));
}

static void evidence_report(const struct vcpu *k, u32 reason, struct kvm_evidence *ev)
{
	ev->reason = reason;
	ev->rip = linear_rip(k);
	switch (reason) {
	case KVM_EXIT_DEBUG:
		ev->exception = k->run->debug.arch.exception;
		ev->pc = k->run->debug.arch.pc;
		if (ev->exception != EXC_DB)
			break; /* #BP leaves them as they were */
		ev->dr6 = k->run->debug.arch.dr6;
		ev->dr7 = k->run->debug.arch.dr7;
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		evidence_internal(k, ev);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		ev->hw_reason = k->run->fail_entry.hardware_entry_failure_reason;
		break;
	}
}

/* EINTR of a completing re-entry: is the instruction (or an iteration of it) done? */
static bool moved(const struct vcpu *k, u64 rip, u64 rcx)
{
	return k->s->regs.rip != rip || k->s->regs.rcx != rcx;
}

/* K19: the software flavour drops the #DB of a guest's own TF behind an OUT or an MMIO write that
 * leaves to userspace. cont.c makes up for it. */
static bool trap_lost(const struct vcpu *k, const struct kvm_evidence *ev)
{
	return k->quirks.software && k->guest_tf && ev->is_write;
}

int guest_enter(struct vcpu *k, struct kvm_evidence *ret, struct err *err)
{
	u64 rip = k->s->regs.rip, rcx = k->s->regs.rcx;
	bool stepping = k->debug.control & KVM_GUESTDBG_SINGLESTEP;
	bool immediate = false, served = false;
	u32 reason, served_reason = 0;

	memset(ret, 0, sizeof(*ret));
	for (;;) {
		int r = vcpu_run(k, immediate, &reason, err);

		if (r)
			return r;
		if (reason == KVM_EXIT_IO) {
			serve_pio(k, ret);
		} else if (reason == KVM_EXIT_MMIO) {
			serve_mmio(k, ret);
		} else if (reason == KVM_EXIT_INTR && immediate && stepping && !moved(k, rip, rcx)) {
			/*
			 * A fragment of a larger access: the instruction goes on. A free run may have begun at
			 * this very address, and what ends it is an OUT, which has no fragments.
			 */
			immediate = false;
			continue;
		} else {
			break;
		}
		if (k->r.event == MACHINE_NONE)
			k->r.event = machine_take_event(k->r.base.machine, &k->r.event_value);
		served = true;
		served_reason = reason;
		/* An order to the machine ends a free run: the access is completed, no more. */
		immediate = stepping || k->r.event != MACHINE_NONE || trap_lost(k, ret);
	}
	if (served && (stepping || reason == KVM_EXIT_INTR)) {
		if (stepping) /* K3, K4: KVM's emulator may have dropped TF */
			vcpu_touch(k, KVM_SYNC_X86_REGS);
		ret->completed = reason == KVM_EXIT_DEBUG ? COMPLETED_DEBUG : COMPLETED_INTR;
		if (reason == KVM_EXIT_INTR)
			reason = served_reason;
	}
	evidence_report(k, reason, ret);
	return 0;
}
