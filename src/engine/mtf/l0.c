/*
 * l0.c - instructions that L0 does for L2 (port I/O, device memory): is the monitor trap flag owed for
 * them (KVM_STATE_NESTED_MTF_PENDING, K14), and does it come?
 */
#include "engine/mtf/mtf.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

enum { STATE_SIZE = 16384 /* header and two VMCSs with room to grow */, PROBE_AT = 0x1000, REASON_MTF = 37 };

/*
 * Asked behind each access of a step to a device, since a moment later the answer is gone: it is the stop's
 * evidence that L0 owed the MTF which then came (K14). KVM forces no ioctl here; this one was measured in
 * the rig: a trace of nothing but OUT and JMP takes 5% longer with it (1.75 against 1.66 ms of the emulated
 * machine's time a step), other steps nothing.
 */
u8 l0_mtf(struct mtf_engine *m)
{
	union {
		struct kvm_nested_state state;
		u8 room[STATE_SIZE];
	} n;

	memset(&n.state, 0, sizeof(n.state));
	n.state.size = sizeof(n);
	if (ioctl(m->k.cpu_fd, KVM_GET_NESTED_STATE, &n) < 0)
		return L0_MTF_UNKNOWN;
	return n.state.flags & KVM_STATE_NESTED_MTF_PENDING ? L0_MTF_PENDING : L0_MTF_NONE;
}

/* ---- K14, before the guest starts ------------------------------------------------------------------- */

static struct segment real_segment(u16 attr)
{
	return (struct segment){ .limit = 0xffff, .attr = attr };
}

/* Real mode at PROBE_AT, nothing else. */
static void probe_state(struct mtf_engine *m, struct cpu_state *ret)
{
	*ret = *machine_boot_state(m->k.r.base.machine);
	ret->cr0 = CR0_ET;
	ret->cr3 = ret->cr4 = ret->efer = 0;
	ret->rip = PROBE_AT;
	ret->rflags = FL_FIXED;
	for (unsigned i = 0; i < SEG_COUNT; i++)
		ret->seg[i] = real_segment(i == SEG_CS ? 0x9b : 0x93);
	ret->ldtr = real_segment(0x82);
	ret->tr = real_segment(0x8b);
	ret->gdtr = ret->idtr = (struct table_reg){ .limit = 0xffff };
}

static int probe_step(struct mtf_engine *m, struct err *err)
{
	struct evidence ev;
	enum trip_end end;
	int r;

	m->probing = true;
	m->mb->op = MAILBOX_RUN;
	m->mb->fetch = GROUP_SYS;
	r = trip(m, false, &end, &ev, err);
	m->probing = m->served = false;
	if (r)
		return r;
	if (end != TRIP_HOST || m->mb->exit[EXIT_REASON] != REASON_MTF || m->mb->core[CORE_RIP] != PROBE_AT + 2)
		return err_set(err, ENODEV, "this KVM loses the monitor trap flag of what it does for a nested "
					    "guest (an OUT; Linux 5.6 or newer does not)");
	return 0;
}

int l0_probe(struct mtf_engine *m, struct err *err)
{
	static const u8 code[] = { 0xe6, 0x80, 0xf4 }; /* out 0x80, al; hlt */
	u8 *at = machine_hva(m->k.r.base.machine, PROBE_AT, sizeof(code)), was[sizeof(code)];
	struct cpu_state c;
	int r;

	if (!at)
		return 0; /* no RAM to do it in */
	memcpy(was, at, sizeof(was));
	memcpy(at, code, sizeof(code));
	probe_state(m, &c);
	r = mtf_regs_set(m, c.known & (REGS_GPR | REGS_SYS | REGS_EVENTS), &c, err);
	if (!r)
		r = probe_step(m, err);
	memcpy(at, was, sizeof(was));
	m->k14 = m->l0_mtf;
	return r;
}
