/*
 * dr.c - L2's debug registers, shared with the user's points.
 *
 * Execute points of the user's are in force only while L2 runs free. A step compares addresses, and one at
 * the boundary itself could only be passed by RF, which the frame of an interrupt or a trap would show and
 * which would pass the guest's own breakpoint there, too.
 */
#include "engine/mtf/mtf.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

enum { ANY_ENABLED = 0xff /* L0-G3 */ };

static int debugregs_get(struct mtf_engine *m, struct kvm_debugregs *ret, struct err *err)
{
	if (ioctl(m->k.cpu_fd, KVM_GET_DEBUGREGS, ret) < 0)
		return err_set(err, errno, "KVM_GET_DEBUGREGS failed: %s", strerror(errno));
	return 0;
}

/* DR0-3 and DR6 are what L2 left in the CPU, DR7 is the VMCS's. While points of the user's are in
 * them the guest's own are kept in k.guest_dr, and only DR6 moves. Nobody here calls guest_dr stale:
 * engine kvm's functions would read the registers themselves. */
int dr_refresh(struct mtf_engine *m, struct err *err)
{
	struct kvm_debugregs d;
	int r = state_need_sys(m, err);

	if (!r)
		r = debugregs_get(m, &d, err);
	if (r)
		return r;
	m->k.guest_dr.dr6 = d.dr6;
	if (!m->slots) {
		memcpy(m->k.guest_dr.db, d.db, sizeof(d.db));
		m->k.guest_dr.dr7 = m->mb->sys[SYS_DR7];
	}
	m->k.guest_dr_stale = false;
	return 0;
}

static u64 dr7_merged(const struct mtf_engine *m, bool free)
{
	u64 dr7 = m->k.guest_dr.dr7;

	for (size_t i = 0; i < m->k.n_points; i++) {
		const struct served *p = &m->k.points[i];

		if (p->slot < 0)
			continue;
		dr7 &= ~(DR7_LG(p->slot) | 15ull << DR7_RW_SHIFT(p->slot));
		if (free || p->p.kind != POINT_EXEC)
			dr7 |= point_dr7(p);
	}
	/* With points of ours in them L2 must not see the registers themselves. GD is then ours to
	 * raise, too: MOV DR exits come first (SDM "Changes to Instruction Behavior"). */
	return (dr7 & ~(m->slots ? DR7_GD : 0)) | DR7_FIXED;
}

/* MOV DR exits while slots are in use, so that DR7 is what was written here last. */
int dr_arm(struct mtf_engine *m, bool free, struct err *err)
{
	u64 want = m->slots ? dr7_merged(m, free) : 0;
	int r;

	if (!m->slots || m->mb->sys[SYS_DR7] == want)
		return 0;
	r = state_need_sys(m, err);
	m->mb->sys[SYS_DR7] = want;
	m->mb->dirty |= GROUP_SYS;
	return r;
}

int dr_write(struct mtf_engine *m, struct err *err)
{
	struct kvm_debugregs d = m->k.guest_dr;
	int r = state_need_sys(m, err);

	points_make_room(&m->k);
	m->slots = 0;
	for (size_t i = 0; i < m->k.n_points; i++) {
		const struct served *p = &m->k.points[i];

		if (p->slot < 0)
			continue;
		d.db[p->slot] = p->p.addr;
		m->slots |= BIT(p->slot);
	}
	d.dr7 = DR7_FIXED; /* the shim's own: nothing fires in it */
	if (!r && ioctl(m->k.cpu_fd, KVM_SET_DEBUGREGS, &d) < 0)
		r = err_set(err, errno, "KVM refuses these debug registers: %s", strerror(errno));
	if (r)
		return r;
	m->mb->sys[SYS_DR7] = dr7_merged(m, false);
	m->mb->dirty |= GROUP_SYS;
	control_set(m, PROC_MOV_DR, m->slots);
	return 0;
}

int dr_rf_restore(struct mtf_engine *m, struct err *err)
{
	int r;

	if (!(m->mb->sys[SYS_DR7] & ANY_ENABLED))
		return 0;
	r = dr_refresh(m, err);
	if (r || !planted_had_rf(&m->k))
		return r;
	m->mb->core[CORE_RFLAGS] |= FL_RF;
	m->mb->dirty |= GROUP_CORE;
	state_load_registers(m);
	return 0;
}
