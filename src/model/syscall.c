/*
 * syscall.c - the fast system calls and SWAPGS; VMCALL.
 *
 * SDM 2 "SYSCALL", "SYSRET", "SYSENTER", "SYSEXIT", "SWAPGS": Intel's rules (SYSCALL in 64-bit mode
 * only, SYSRET to a non-canonical address faults in ring 0).
 */
#include <Zydis/Zydis.h>

#include "model/system.h"

/* Flat segments as these instructions set them, whatever the tables say. */
enum { FLAT_CODE = 0x809b /* G P S, execute-read accessed */, FLAT_DATA = 0xc093 /* G B P S */ };
/* All but RF and VM of what SYSRET loads. */
#define SYSRET_FLAGS 0x3c7fd7ull

static void flat_load(struct model *m, u16 cs, u16 ss, unsigned cpl, bool long_code)
{
	struct segment *c = m->c.seg;

	c[SEG_CS] = (struct segment){ 0, 0xffffffff, (cs & ~3) | cpl,
				      FLAT_CODE | cpl << 5 | (long_code ? ATTR_L : ATTR_DB) };
	c[SEG_SS] = (struct segment){ 0, 0xffffffff, (ss & ~3) | cpl, FLAT_DATA | cpl << 5 };
}

static enum ex syscall_64(struct model *m, const struct op *o)
{
	struct cpu_state *c = &m->c;
	u16 sel = c->star >> 32;

	if (m->bits != 64 || !(c->efer & EFER_SCE))
		return raise_vector(m, EXC_UD);
	c->gpr[GPR_RCX] = m->next;
	c->gpr[GPR_R11] = c->rflags & ~FL_RF;
	m->next = c->lstar;
	c->rflags = (c->rflags & ~(c->sfmask | FL_RF)) | FL_FIXED;
	flat_load(m, sel, sel + 8, 0, true);
	model_derive(m);
	return EX_DONE;
}

static enum ex sysret(struct model *m, const struct op *o)
{
	struct cpu_state *c = &m->c;
	bool to64 = o->opsize == 8;
	u16 sel = c->star >> 48;

	if (m->bits != 64 || !(c->efer & EFER_SCE))
		return raise_vector(m, EXC_UD);
	if (m->cpl || (to64 && !canonical(c->gpr[GPR_RCX])))
		return raise_code(m, EXC_GP, 0);
	m->next = to64 ? c->gpr[GPR_RCX] : (u32)c->gpr[GPR_RCX];
	c->rflags = (c->gpr[GPR_R11] & SYSRET_FLAGS) | FL_FIXED;
	flat_load(m, to64 ? sel + 16 : sel, sel + 8, 3, to64);
	model_derive(m);
	return EX_DONE;
}

static enum ex sysenter(struct model *m, const struct op *o)
{
	struct cpu_state *c = &m->c;
	u64 mask = is_long(m) ? ~0ull : 0xffffffffull;
	u16 sel = c->sysenter_cs;

	if (m->mode == MODE_REAL || sel_null(sel))
		return raise_code(m, EXC_GP, 0);
	c->rflags &= ~(FL_VM | FL_IF);
	c->gpr[GPR_RSP] = c->sysenter_esp & mask;
	m->next = c->sysenter_eip & mask;
	flat_load(m, sel, (sel & ~3) + 8, 0, is_long(m));
	model_derive(m);
	return EX_DONE;
}

static enum ex sysexit(struct model *m, const struct op *o)
{
	struct cpu_state *c = &m->c;
	bool to64 = o->opsize == 8;
	u16 sel = c->sysenter_cs & ~3;

	if (m->mode == MODE_REAL || sel_null(sel) || m->cpl)
		return raise_code(m, EXC_GP, 0);
	if (to64 && (!canonical(c->gpr[GPR_RDX]) || !canonical(c->gpr[GPR_RCX])))
		return raise_code(m, EXC_GP, 0);
	c->gpr[GPR_RSP] = to64 ? c->gpr[GPR_RCX] : (u32)c->gpr[GPR_RCX];
	m->next = to64 ? c->gpr[GPR_RDX] : (u32)c->gpr[GPR_RDX];
	flat_load(m, sel + (to64 ? 32 : 16), sel + (to64 ? 40 : 24), 3, to64);
	model_derive(m);
	return EX_DONE;
}

static enum ex swapgs(struct model *m, const struct op *o)
{
	struct cpu_state *c = &m->c;
	u64 base = c->seg[SEG_GS].base;

	if (m->bits != 64)
		return raise_vector(m, EXC_UD);
	TRY(need_cpl0(m));
	c->seg[SEG_GS].base = c->gs_base_msr = c->kernel_gs_base;
	c->kernel_gs_base = base;
	return EX_DONE;
}

/*
 * The hypercall instruction as a guest of KVM meets it, so that one guest runs alike on every
 * engine: no call is known (KVM's hypercalls documentation: -KVM_ENOSYS, outside ring 0
 * -KVM_EPERM).
 */
static enum ex vmcall(struct model *m, const struct op *o)
{
	s64 answer = m->cpl ? -1 : -1000;

	m->c.gpr[GPR_RAX] = m->bits == 64 ? (u64)answer : (u32)answer;
	return EX_DONE;
}

const struct op_row syscall_ops[] = {
	{ ZYDIS_MNEMONIC_SYSCALL, syscall_64 },
	{ ZYDIS_MNEMONIC_SYSRET, sysret },
	{ ZYDIS_MNEMONIC_SYSENTER, sysenter },
	{ ZYDIS_MNEMONIC_SYSEXIT, sysexit },
	{ ZYDIS_MNEMONIC_SWAPGS, swapgs },
	{ ZYDIS_MNEMONIC_VMCALL, vmcall },
	{ 0, NULL },
};
