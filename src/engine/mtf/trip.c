/*
 * trip.c - KVM_RUN until the shim hands the page over. Accesses of L2 to devices reach us straight
 * from KVM and are served as on engine kvm; KVM then gives the shim the MTF it owes for them.
 *
 * A running L2 is called back by an NMI, which exits to the shim ("NMI exiting"). It is sent at a
 * signal, again at every later one until the shim comes: one that the shim took itself is lost.
 */
#include "engine/mtf/mtf.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

enum { KICKS_MAX = 80 /* of 25 ms: the shim does not answer */ };

static bool is_hand_over(const struct mtf_engine *m)
{
	const struct kvm_run *run = m->k.run;

	return run->exit_reason == KVM_EXIT_IO && run->io.port == MAILBOX_PORT &&
	       run->io.direction == KVM_EXIT_IO_OUT && m->mb->where == MAILBOX_AT_HOST;
}

static void serve_pio(struct mtf_engine *m)
{
	struct kvm_run *run = m->k.run;
	u8 *data = (u8 *)run + run->io.data_offset;

	if (m->probing)
		return;
	for (u32 i = 0; i < run->io.count; i++)
		machine_pio(m->k.r.base.machine, run->io.direction == KVM_EXIT_IO_OUT, run->io.port,
			    run->io.size, data + (size_t)i * run->io.size);
}

static void serve_mmio(struct mtf_engine *m)
{
	struct kvm_run *run = m->k.run;

	machine_mmio(m->k.r.base.machine, run->mmio.is_write, run->mmio.phys_addr, run->mmio.len,
		     run->mmio.data);
}

static void kick(struct mtf_engine *m)
{
	ioctl(m->k.cpu_fd, KVM_NMI, 0);
	m->kicks++;
}

/* A device's exit. An order to the machine must end a free run. */
static void serve(struct mtf_engine *m, bool free)
{
	if (m->k.run->exit_reason == KVM_EXIT_IO)
		serve_pio(m);
	else
		serve_mmio(m);
	m->served = true;
	m->batch->recall = 1; /* the boundary behind it is the host's */
	if (m->k.r.event != MACHINE_NONE)
		return;
	m->k.r.event = machine_take_event(m->k.r.base.machine, &m->k.r.event_value);
	if (m->k.r.event != MACHINE_NONE && free)
		kick(m);
}

static void signalled(struct mtf_engine *m)
{
	machine_poll(m->k.r.base.machine);
	m->k.run->immediate_exit = 0;
	if (!m->k.r.interrupted)
		return;
	m->batch->recall = 1;
	kick(m);
}

/*
 * Under MTF: let KVM finish the instruction and go no further, to see whether it owes the MTF for it.
 * True: another exit of the same instruction's is in kvm_run (a read-modify-write's write).
 */
static bool access_finish(struct mtf_engine *m)
{
	struct kvm_run *run = m->k.run;
	int r;

	run->immediate_exit = 1;
	r = ioctl(m->k.cpu_fd, KVM_RUN, 0);
	m->n_trips++;
	run->immediate_exit = 0;
	m->l0_mtf = l0_mtf(m);
	if (m->k.r.interrupted)
		signalled(m);
	return r == 0;
}

/* An exit of KVM's that is neither the shim's nor a device's: it ends the guest. */
static int kvm_ended(const struct mtf_engine *m, struct evidence *ret)
{
	const struct kvm_run *run = m->k.run;

	*ret = (struct evidence){ .kind = EVIDENCE_KVM, .kvm.reason = run->exit_reason };
	if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		ret->kvm.suberror = run->internal.suberror;
	if (run->exit_reason == KVM_EXIT_FAIL_ENTRY)
		ret->kvm.hw_reason = run->fail_entry.hardware_entry_failure_reason;
	return 0;
}

int trip(struct mtf_engine *m, bool free, enum trip_end *ret_end, struct evidence *ret, struct err *err)
{
	struct kvm_run *run = m->k.run;

	bool has_exit = false;

	m->kicks = 0;
	*ret_end = TRIP_DEAD;
	for (;;) {
		m->n_trips += !has_exit;
		if (!has_exit && ioctl(m->k.cpu_fd, KVM_RUN, 0) < 0) {
			if (errno != EINTR && errno != EAGAIN)
				return err_set(err, errno, "KVM_RUN failed: %s", strerror(errno));
			signalled(m);
			if (m->kicks >= KICKS_MAX)
				return shim_silent(m, ret);
			continue;
		}
		has_exit = false;
		if (is_hand_over(m))
			break;
		if (run->exit_reason != KVM_EXIT_IO && run->exit_reason != KVM_EXIT_MMIO)
			return kvm_ended(m, ret);
		serve(m, free);
		has_exit = !free && access_finish(m);
	}
	if (!shim_failed(m, ret))
		*ret_end = TRIP_HOST;
	m->seq = m->mb->seq;
	return 0;
}
