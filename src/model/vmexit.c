/*
 * vmexit.c - the model as a processor in VMX non-root operation: the record of a VM exit as a VMCS
 * would show it (SDM 3 "VM-Exit Information Fields", "Guest Non-Register State").
 */
#include "model/step.h"

#define INTR_INFO(vector, type) (BIT(31) | (u32)(type) << 8 | (vector))

static u32 interruptibility(const struct cpu_state *c)
{
	return (c->shadow & SHADOW_STI ? BLOCKED_STI : 0) | (c->shadow & SHADOW_MOV_SS ? BLOCKED_MOV_SS : 0) |
	       (c->nmi_blocked ? BLOCKED_NMI : 0);
}

/*
 * In a shadow or in HLT the field has BS exactly if TF=1 and BTF=0: VM entry checks it (SDM 3 "Checks on
 * Guest Non-Register State"), whether or not the trap will ever come.
 */
static u64 pending_shown(const struct model *m)
{
	bool held = m->c.shadow || m->c.activity == ACT_HLT;

	if (held && (m->c.rflags & FL_TF) && !(m->c.debugctl & DEBUGCTL_BTF))
		return m->pending_dbg | PDBG_BS;
	return m->pending_dbg;
}

void exit_begin(const struct model *m, u32 reason, struct vmx_evidence *ret)
{
	*ret = (struct vmx_evidence){
		.reason = reason,
		.interruptibility = interruptibility(&m->c),
		.activity = m->c.activity,
		.pending_dbg = pending_shown(m),
		.rip = cpu_linear_rip(&m->c),
		.rflags = m->c.rflags,
	};
}

/*
 * SDM 3 "Instructions That Cause VM Exits Unconditionally", and HLT, which engine mtf has exit as well.
 * The VMX instructions and XSETBV are #UD here before they could exit: CPUID hides them.
 */
int exit_of_insn(const struct op *o)
{
	switch (o->facts.cls) {
	case INSN_CPUID:
		return EXIT_CPUID;
	case INSN_HLT:
		return EXIT_HLT;
	default:
		return -1;
	}
}

u64 traps_due(const struct model *m)
{
	const struct due_masks masks = { .shadow = m->c.shadow };

	if (!(m->pending_dbg & (PDBG_BS | PDBG_ENABLED)) || due_held(DUE_BIT(DUE_TRAP), &masks))
		return 0;
	return m->pending_dbg & (PDBG_BS | PDBG_BN);
}

void exit_exception(struct model *m, u8 vector, enum intr_type type, u8 len, u64 qualification,
		    struct model_report *r)
{
	exit_begin(m, EXIT_EXCEPTION, &r->ev);
	r->ev.intr_info = INTR_INFO(vector, type);
	r->ev.insn_len = len;
	r->ev.qualification = qualification;
	/* SDM 3 "Saving Non-Register State": an exit by a debug exception saves none. */
	if (vector == EXC_DB)
		r->ev.pending_dbg = 0;
	r->exits = true;
}

void exit_traps(struct model *m, u64 bits, struct model_report *r)
{
	m->pending_dbg = 0;
	/* SDM 3 "Saving RIP, RSP, RFLAGS, and SSP": RF as the frame would have it. */
	if (m->rep_rip == m->c.rip)
		m->c.rflags |= FL_RF;
	exit_exception(m, EXC_DB, INTR_HARD_EXC, 0, bits, r);
}

/*
 * The boundary is reached. MTF comes before the traps of the instruction, which stay pending (SDM 3
 * "Monitor Trap Flag"); an instruction that exits raises none.
 */
void report_boundary(struct model *m, const struct model_controls *ctl, struct model_report *r)
{
	u64 traps;

	r->end = MODEL_BOUNDARY;
	r->tbit = m->tbit;
	if (ctl->db_exiting)
		m->tbit = false; /* who emulates the switch owes it */
	if (r->exits)
		return;
	if (ctl->mtf) {
		exit_begin(m, EXIT_MTF, &r->ev);
		r->exits = true;
		return;
	}
	traps = traps_due(m);
	if (traps && ctl->db_exiting)
		exit_traps(m, traps, r);
}
