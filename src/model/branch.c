/* branch.c - near JMP, Jcc, LOOP, JCXZ, CALL, RET; BOUND. */
#include <Zydis/Zydis.h>

#include "model/operand.h"

/* Cut to the operand size and checked: canonical form, or the limit of CS (SDM volume 2, JMP). */
static enum ex target_check(struct model *m, const struct op *o, u64 *target)
{
	if (m->bits == 64) {
		if ((u64)((s64)(*target << 16) >> 16) != *target)
			return raise_code(m, EXC_GP, 0);
		return EX_DONE;
	}
	*target &= o->opsize == 2 ? 0xffffu : 0xffffffffu;
	if (*target > m->c.seg[SEG_CS].limit)
		return raise_code(m, EXC_GP, 0);
	return EX_DONE;
}

static enum ex target_read(struct model *m, const struct op *o, u64 *ret)
{
	TRY(op_read(m, o, 0, ret));
	if (o->opnd[0].kind == OPND_REL)
		*ret += m->next;
	return target_check(m, o, ret);
}

static enum ex op_jmp(struct model *m, const struct op *o)
{
	u64 to;

	TRY(target_read(m, o, &to));
	m->next = to;
	return EX_DONE;
}

static enum ex op_jcc(struct model *m, const struct op *o)
{
	return condition(m, o->cc) ? op_jmp(m, o) : EX_DONE;
}

/* LOOP, LOOPE, LOOPNE: the counter is written only if the jump does not fault. */
static enum ex loop(struct model *m, const struct op *o, bool hold)
{
	u64 n = (count_get(m, o) - 1) & size_mask(o->addrsize);

	if (n && hold)
		TRY(op_jmp(m, o));
	count_set(m, o, n);
	return EX_DONE;
}

static enum ex op_loop(struct model *m, const struct op *o)
{
	return loop(m, o, true);
}

static enum ex op_loope(struct model *m, const struct op *o)
{
	return loop(m, o, m->c.rflags & FL_ZF);
}

static enum ex op_loopne(struct model *m, const struct op *o)
{
	return loop(m, o, !(m->c.rflags & FL_ZF));
}

static enum ex op_jcxz(struct model *m, const struct op *o)
{
	return count_get(m, o) ? EX_DONE : op_jmp(m, o);
}

static enum ex op_call(struct model *m, const struct op *o)
{
	u64 to;

	TRY(target_read(m, o, &to));
	TRY(push(m, o->opsize, m->next & size_mask(o->opsize)));
	m->next = to;
	return EX_DONE;
}

/* The stack pointer as it was stays when the target is refused. */
static enum ex op_ret(struct model *m, const struct op *o)
{
	u64 to, release = 0, old = m->c.gpr[GPR_RSP];
	enum ex r;

	if (o->n)
		TRY(op_read(m, o, 0, &release));
	TRY(pop(m, o->opsize, &to));
	r = target_check(m, o, &to);
	if (r != EX_DONE) {
		m->c.gpr[GPR_RSP] = old;
		return r;
	}
	m->next = to;
	gpr_set(m, GPR_RSP, stack_width(m), m->c.gpr[GPR_RSP] + release);
	return EX_DONE;
}

/* SDM volume 2, BOUND: a signed index between two bounds in memory. */
static enum ex op_bound(struct model *m, const struct op *o)
{
	unsigned size = o->opnd[0].size;
	u64 at = op_address(m, o, &o->opnd[1]), index, low, high;

	TRY(op_read(m, o, 0, &index));
	TRY(mem_read(m, o->opnd[1].seg, at, size, &low));
	TRY(mem_read(m, o->opnd[1].seg, (at + size) & size_mask(o->addrsize), size, &high));
	if (sign_extend(index, size) < sign_extend(low, size) ||
	    sign_extend(index, size) > sign_extend(high, size))
		return raise_vector(m, EXC_BR);
	return EX_DONE;
}

#define JCC(cc)                                                                                    \
	{                                                                                          \
		ZYDIS_MNEMONIC_J##cc, op_jcc                                                       \
	}

const struct op_row branch_ops[] = {
	{ ZYDIS_MNEMONIC_JMP, op_jmp },
	{ ZYDIS_MNEMONIC_CALL, op_call },
	{ ZYDIS_MNEMONIC_RET, op_ret },
	{ ZYDIS_MNEMONIC_LOOP, op_loop },
	{ ZYDIS_MNEMONIC_LOOPE, op_loope },
	{ ZYDIS_MNEMONIC_LOOPNE, op_loopne },
	{ ZYDIS_MNEMONIC_JCXZ, op_jcxz },
	{ ZYDIS_MNEMONIC_JECXZ, op_jcxz },
	{ ZYDIS_MNEMONIC_JRCXZ, op_jcxz },
	{ ZYDIS_MNEMONIC_BOUND, op_bound },
	JCC(O),
	JCC(NO),
	JCC(B),
	JCC(NB),
	JCC(Z),
	JCC(NZ),
	JCC(BE),
	JCC(NBE),
	JCC(S),
	JCC(NS),
	JCC(P),
	JCC(NP),
	JCC(L),
	JCC(NL),
	JCC(LE),
	JCC(NLE),
	{ 0 },
};
