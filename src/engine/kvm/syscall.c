/*
 * syscall.c - SYSCALL from and SYSRET to ring 3, done by vmstep on the software flavour, where both
 * lose the stepping (K7, K16). SDM volume 2 "SYSCALL", "SYSRET"; a case that would fault is left to
 * KVM.
 */
#include "engine/kvm/kvm.h"

#define ATTR_CODE64 (11 | ATTR_S | ATTR_P | ATTR_L | ATTR_G)
#define ATTR_CODE32 (11 | ATTR_S | ATTR_P | ATTR_DB | ATTR_G)
#define ATTR_STACK  (3 | ATTR_S | ATTR_P | ATTR_DB | ATTR_G)
#define SYSRET_FLAGS 0x3c7fd7ull

static struct segment flat(u16 sel, u16 attr, unsigned cpl)
{
	return (struct segment){
		.limit = 0xffffffff, .sel = sel, .attr = attr | cpl << 5,
	};
}

static bool syscall_do(const struct step *st, struct cpu_state *c)
{
	u16 sel = c->star >> 32 & ~3;

	c->gpr[GPR_RCX] = st->from.rip + st->from.insn.facts.length;
	c->gpr[GPR_R11] = c->rflags & ~FL_RF;
	c->rflags = (c->rflags & ~(c->sfmask | FL_RF)) | FL_FIXED;
	c->rip = st->from.mode == MODE_LONG ? c->lstar : c->cstar;
	c->seg[SEG_CS] = flat(sel, ATTR_CODE64, 0);
	c->seg[SEG_SS] = flat(sel + 8, ATTR_STACK, 0);
	return true;
}

static bool canonical48(u64 v)
{
	return (u64)((s64)(v << 16) >> 16) == v;
}

static bool sysret_do(const struct step *st, struct cpu_state *c)
{
	u16 sel = c->star >> 48;
	bool wide = st->from.insn.opsize == 8;

	if (wide && !canonical48(c->gpr[GPR_RCX]))
		return false;
	c->rip = wide ? c->gpr[GPR_RCX] : (u32)c->gpr[GPR_RCX];
	c->rflags = (c->gpr[GPR_R11] & SYSRET_FLAGS) | FL_FIXED;
	c->seg[SEG_CS] = wide ? flat((sel + 16) | 3, ATTR_CODE64, 3) : flat(sel | 3, ATTR_CODE32, 3);
	c->seg[SEG_SS] = flat((sel + 8) | 3, ATTR_STACK, 3);
	return true;
}

static bool is_ours(const struct vcpu *k, const struct step *st)
{
	bool call = st->from.insn.facts.cls == INSN_SYSCALL;

	return k->quirks.software && (k->cpu.efer & EFER_SCE) && (k->cpu.efer & EFER_LMA) &&
	       (call ? st->from.cpl == 3 : st->from.insn.facts.cls == INSN_SYSRET && !st->from.cpl);
}

bool syscall_step(struct vcpu *k, struct step *st, int *ret_end)
{
	const u32 groups = REGS_GPR | REGS_SYS | REGS_EVENTS | REGS_MSR;
	bool call = st->from.insn.facts.cls == INSN_SYSCALL, had_tf = k->guest_tf, trap;
	struct cpu_state c = { 0 };

	if (!is_ours(k, st) || regs_get(k, groups, &c, NULL))
		return false;
	if (!(call ? syscall_do(st, &c) : sysret_do(st, &c)))
		return false;
	c.shadow = SHADOW_NONE;
	if (regs_set(k, groups & ~(u32)REGS_MSR, &c, NULL))
		return false;
	at_load(k);
	/* SYSCALL is judged on the TF it leaves, SYSRET traps for the one it restores, too. */
	trap = call ? k->guest_tf : had_tf || k->guest_tf;
	emulated_stop(k, st, DID_EMULATE_SYSCALL, had_tf, trap, ret_end);
	return true;
}
