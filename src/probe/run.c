/*
 * run.c - one probe: the guest is made, driven, and what KVM did is told in words that do not depend on
 * time or addresses of the host.
 *
 *	debug+2[BS B0]   KVM_EXIT_DEBUG, exception 1, at that offset, with these bits of DR6
 *	bp+2             the same, exception 3
 *	io, mmio         an exit to userspace; RIP there is KVM's own business
 *	hlt+3, error+1   KVM_EXIT_HLT, KVM_EXIT_INTERNAL_ERROR; v1+0 is vector 1's handler
 *	eintr+3          only a signal ended KVM_RUN
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <vmstep/x86.h>

#include "probe/probe.h"

void place_put(u64 rip, struct strbuf *out)
{
	if (rip - LAB_CODE < 0x1000)
		strbuf_addf(out, "+%llu", (unsigned long long)(rip - LAB_CODE));
	else if (rip - LAB_HANDLER(0) < 16 * 256)
		strbuf_addf(out, " v%llu+%llu", (unsigned long long)(rip - LAB_HANDLER(0)) / 16,
			    (unsigned long long)(rip - LAB_HANDLER(0)) % 16);
	else
		strbuf_addf(out, " 0x%llx", (unsigned long long)rip);
}

void dr6_put(u64 dr6, struct strbuf *out)
{
	static const char *const bit[16] = { "B0", "B1", "B2", "B3", [13] = "BD", "BS", "BT" };
	const char *sep = "";

	for (unsigned i = 0; i < 16; i++) {
		if (!bit[i] || !(dr6 & BIT(i)))
			continue;
		strbuf_addf(out, "%s%s", sep, bit[i]);
		sep = " ";
	}
}

static const char *reason_word(unsigned reason)
{
	switch (reason) {
	case KVM_EXIT_IO: return "io";
	case KVM_EXIT_MMIO: return "mmio";
	case KVM_EXIT_HLT: return "hlt";
	case KVM_EXIT_SHUTDOWN: return "shutdown";
	case KVM_EXIT_FAIL_ENTRY: return "fail-entry";
	case KVM_EXIT_INTERNAL_ERROR: return "error";
	case KVM_EXIT_INTR: return "eintr";
	case KVM_EXIT_IRQ_WINDOW_OPEN: return "irq-window";
	default: return "exit";
	}
}

void stop_put(struct lab *lab, unsigned reason, struct strbuf *out)
{
	const struct kvm_debug_exit_arch *d = &lab->run->debug.arch;

	if (out->n)
		strbuf_addc(out, ' ');
	if (lab->err && lab->err != EINTR) {
		strbuf_addf(out, "errno-%d", lab->err);
	} else if (reason == KVM_EXIT_DEBUG) {
		strbuf_adds(out, d->exception == EXC_BP ? "bp" : "debug");
		place_put(d->pc, out);
		if (d->exception != EXC_BP) {
			strbuf_addc(out, '[');
			dr6_put(d->dr6, out);
			strbuf_addc(out, ']');
		}
	} else {
		strbuf_adds(out, reason_word(reason));
		if (reason != KVM_EXIT_IO && reason != KVM_EXIT_MMIO && reason != KVM_EXIT_SHUTDOWN)
			place_put(lab_regs(lab).rip, out);
	}
}

static bool ends(unsigned reason)
{
	return reason == KVM_EXIT_SHUTDOWN || reason == KVM_EXIT_FAIL_ENTRY ||
	       reason == KVM_EXIT_INTERNAL_ERROR || reason == KVM_EXIT_INTR;
}

/* A guest reads 0 from devices. */
static void device_answer(struct lab *lab, unsigned reason)
{
	struct kvm_run *run = lab->run;

	if (reason == KVM_EXIT_MMIO && !run->mmio.is_write)
		memset(run->mmio.data, 0, sizeof(run->mmio.data));
	if (reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_IN)
		memset((u8 *)run + run->io.data_offset, 0, run->io.size * run->io.count);
}

/* Behind its last HLT a guest has no code. */
static bool at_end(const struct probe *p, struct lab *lab, unsigned reason)
{
	return reason == KVM_EXIT_HLT && (!(p->control & KVM_GUESTDBG_SINGLESTEP) ||
					  lab_at(lab) == (u64)(p->end - p->code));
}

static void probe_drive(const struct probe *p, struct lab *lab, struct strbuf *out)
{
	for (unsigned n = 0; n < (unsigned)p->lead + p->runs && !lab->failed; n++) {
		unsigned reason;

		if (n && p->between)
			p->between(lab, n);
		reason = lab_enter(lab);
		device_answer(lab, reason);
		if (n >= p->lead || ends(reason))
			stop_put(lab, reason, out);
		if (ends(reason) || at_end(p, lab, reason))
			return;
	}
}

static void probe_arm(const struct probe *p, struct lab *lab)
{
	const u64 dr[4] = { p->dr0 };

	if (p->halt)
		lab->mem[LAB_HANDLER(p->halt)] = 0xf4;
	if (p->guest_dr7)
		lab_debugregs_set(lab, p->guest_dr0, p->guest_dr7);
	if (p->setup)
		p->setup(lab);
	if (p->control & KVM_GUESTDBG_USE_HW_BP)
		lab_debug_hw(lab, p->control, dr, p->dr7 | 0x400);
	else if (p->control)
		lab_debug(lab, p->control);
}

int probe_run(const struct probe *p, int kvm, struct strbuf *out)
{
	struct lab lab;
	int r;

	if (p->possible && !p->possible(kvm)) {
		strbuf_adds(out, "this KVM does not have it");
		return -ENOTSUP;
	}
	r = lab_create(&lab, kvm, p->mode, p->code, p->end - p->code, p->flags);
	if (!r) {
		probe_arm(p, &lab);
		if (p->script)
			p->script(&lab, out);
		else
			probe_drive(p, &lab, out);
		if (p->more && !lab.failed)
			p->more(&lab, out);
	}
	if (lab.failed) {
		r = -lab.failed_errno;
		strbuf_reset(out);
		strbuf_addf(out, "%s: %s", lab.failed, strerror(lab.failed_errno));
	}
	lab_destroy(&lab);
	return r;
}

/* ---- facts behind the stops ------------------------------------------------------------------ */

void frame_more(struct lab *lab, struct strbuf *out)
{
	const bool real = !(lab_sregs(lab).cr0 & CR0_PE), l = lab_sregs(lab).efer & EFER_LMA;
	const u64 sp = lab_regs(lab).rsp, mask = real ? 0xffff : l ? ~0ull : 0xffffffff;
	const u64 flags = lab_mem64(lab, sp + (real ? 4 : l ? 16 : 8));

	if (lab_regs(lab).rip - LAB_HANDLER(0) >= 16 * 256)
		return;
	strbuf_adds(out, " frame=");
	place_put(lab_mem64(lab, sp) & mask, out);
	if (flags & FL_TF)
		strbuf_adds(out, " tf");
}

void dr6_more(struct lab *lab, struct strbuf *out)
{
	strbuf_adds(out, " dr6=");
	dr6_put(lab_debugregs(lab).dr6, out);
}

void frame_dr6_more(struct lab *lab, struct strbuf *out)
{
	frame_more(lab, out);
	dr6_more(lab, out);
}

bool has_cpuid_ecx(int kvm, u32 function, unsigned bit)
{
	enum { ENTRIES = 256 };
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + ENTRIES * sizeof(cpuid->entries[0]));
	bool has = false;

	if (!cpuid)
		return false;
	cpuid->nent = ENTRIES;
	if (!ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid))
		for (u32 i = 0; i < cpuid->nent; i++)
			has = has || (cpuid->entries[i].function == function && !cpuid->entries[i].index &&
				      cpuid->entries[i].ecx & BIT(bit));
	free(cpuid);
	return has;
}

bool has_block_irq(int kvm)
{
	const int bits = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_SET_GUEST_DEBUG2);

	return bits > 0 && bits & KVM_GUESTDBG_BLOCKIRQ;
}
