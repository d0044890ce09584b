/*
 * info.c - `info engine`, `info events`, and `info vmcs`: every field of L2's VMCS by name.
 */
#include "engine/common/vmcs_text.h"
#include "engine/mtf/mtf.h"

#include <errno.h>
#include <string.h>

static void decoded_put(const struct mailbox *b, struct strbuf *out)
{
	u64 pd = b->core[CORE_PENDING_DBG], i = b->core[CORE_INTERRUPTIBILITY];

	strbuf_addf(out, "decoded: shadow %s; pending debug exceptions%s%s%s", i & 2 ? "mov-ss" : i & 1 ? "sti" : "none",
		    pd & PDBG_BS ? " BS" : "", pd & PDBG_ENABLED ? " enabled-breakpoint" : "",
		    pd & (PDBG_BS | PDBG_ENABLED | PDBG_BN) ? "" : " none");
	for (unsigned n = 0; n < 4; n++)
		if (pd & BIT64(n))
			strbuf_addf(out, " B%u", n);
	strbuf_addf(out, "; MTF %s, HLT exiting %s, MOV-DR exiting %s\n",
		    b->ctl[CTL_PROC] & PROC_MTF ? "on" : "off", b->ctl[CTL_PROC] & PROC_HLT ? "on" : "off",
		    b->ctl[CTL_PROC] & PROC_MOV_DR ? "on" : "off");
}

static int vmcs_text(struct mtf_engine *m, struct strbuf *out, struct err *err)
{
	struct evidence ev;
	enum trip_end end;
	int r = state_need_sys(m, err);

	if (r)
		return r;
	if (m->k.r.dead)
		return err_set(err, ESRCH, "the guest is dead and so is its VMCS: `run` starts it again");
	m->mb->op = MAILBOX_DUMP;
	r = trip(m, false, &end, &ev, err);
	if (r)
		return r;
	if (end == TRIP_DEAD) {
		char why[100];

		guest_died(m, &ev);
		shim_failure_text(&ev, why, sizeof(why));
		return err_set(err, EIO, "the shim has failed (%s) and the guest with it: `run` starts "
					 "them again", why);
	}
	vmcs_fields_put(out, "exit", VMCS_EXIT, m->mb->exit);
	vmcs_fields_put(out, "guest", VMCS_CORE, m->mb->core);
	vmcs_fields_put(out, "guest, system", VMCS_SYS, m->mb->sys);
	vmcs_fields_put(out, "controls the host sets", VMCS_CONTROL, m->mb->ctl_seen);
	vmcs_fields_put(out, "controls and host", VMCS_MORE, m->mb->more);
	decoded_put(m->mb, out);
	if (m->l0_mtf)
		strbuf_addf(out, "KVM's own, behind this stop's access to a device: MTF %s\n",
			    m->l0_mtf == L0_MTF_PENDING ? "pending (KVM_STATE_NESTED_MTF_PENDING)" : "not pending");
	return 0;
}

static void engine_text(const struct mtf_engine *m, struct strbuf *out)
{
	strbuf_addf(out, "mtf: the guest is L2 of a shim of %lld bytes at %#llx, which it cannot reach\n",
		    (long long)(shim_image_end - shim_image), SHIM_GPA);
	strbuf_addf(out, "monitor trap flag while stepping; #DB and #BP exit; interrupts are L2's own, held "
			 "by KVM_GUESTDBG_BLOCKIRQ: %s\n", m->k.caps.block_irq ? "yes" : "not on this KVM");
	strbuf_addf(out, "MTF behind what KVM does for the guest (an OUT, tried at the start): %s\n",
		    m->k14 == L0_MTF_PENDING ? "comes, KVM_STATE_NESTED_MTF_PENDING is set for it" :
		    m->k14 == L0_MTF_NONE ? "comes" : "not tried");
	strbuf_addf(out, "debug registers with points of the user's: %#x\n", m->slots);
	strbuf_addf(out, "since the start: %llu hand-overs, %llu KVM_RUN, %llu fetches of system state\n",
		    (unsigned long long)m->seq, (unsigned long long)m->n_trips,
		    (unsigned long long)m->n_fetches);
	strbuf_addf(out, "boundaries the shim passed by itself (`set batch`): %llu in %llu batches; it can: %s\n",
		    (unsigned long long)m->n_passed, (unsigned long long)m->n_batches,
		    m->batch->usable && m->batch->n_ranges ? "yes" : "no");
}

static void events_text(struct mtf_engine *m, struct strbuf *out)
{
	u8 vector[2];
	unsigned n = mtf_irq_pending(m, vector);

	if (m->k.r.pending.active)
		strbuf_addf(out, "pending at the next resume: vector %#x\n", m->k.r.pending.ev.vector);
	else
		strbuf_adds(out, "pending at the next resume: nothing\n");
	decoded_put(m->mb, out);
	strbuf_addf(out, "IF=%u; %s\n", !!(m->k.s->regs.rflags & FL_IF), m->asleep ? "in HLT" : "running");
	for (unsigned i = 0; i < n; i++)
		strbuf_addf(out, "an interrupt waits: vector %#x\n", vector[i]);
}

int mtf_info(struct mtf_engine *m, const char *what, struct strbuf *out, struct err *err)
{
	if (!strcmp(what, "vmcs"))
		return vmcs_text(m, out, err);
	if (!strcmp(what, "engine")) {
		engine_text(m, out);
		return 0;
	}
	if (!strcmp(what, "events")) {
		events_text(m, out);
		return 0;
	}
	return err_set(err, ENOTSUP, "engine mtf has no `info %s`", what);
}
