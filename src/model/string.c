/*
 * string.c - MOVS CMPS SCAS LODS STOS, one iteration a call. INS and OUTS are port.c's and end
 * their iterations the same way.
 */
#include <Zydis/Zydis.h>

#include "model/operand.h"

/*
 * A REP with a count of 0 does nothing. With 32-bit addresses in 64-bit mode Intel's processors
 * clear the upper halves all the same: RCX, and of MOVS and STOS the index registers (as KVM's
 * emulator has it).
 */
static bool rep_is_over(struct model *m, const struct op *o, bool source, bool dest)
{
	if (o->rep == REP_NONE || count_get(m, o))
		return false;
	if (m->bits != 64 || o->addrsize != 4)
		return true;
	m->c.gpr[GPR_RCX] = 0;
	if (source)
		m->c.gpr[GPR_RSI] = (u32)m->c.gpr[GPR_RSI];
	if (dest)
		m->c.gpr[GPR_RDI] = (u32)m->c.gpr[GPR_RDI];
	return true;
}

static u64 source_at(const struct model *m, const struct op *o)
{
	return gpr_get(m, GPR_RSI, o->addrsize);
}

static u64 dest_at(const struct model *m, const struct op *o)
{
	return gpr_get(m, GPR_RDI, o->addrsize);
}

static enum ex op_movs(struct model *m, const struct op *o)
{
	u64 v;

	if (rep_is_over(m, o, true, true))
		return EX_DONE;
	TRY(mem_read(m, o->seg, source_at(m, o), o->opsize, &v));
	TRY(mem_write(m, SEG_ES, dest_at(m, o), o->opsize, v));
	index_step(m, o, GPR_RSI, o->opsize);
	index_step(m, o, GPR_RDI, o->opsize);
	return rep_next(m, o, true);
}

static enum ex op_lods(struct model *m, const struct op *o)
{
	u64 v;

	if (rep_is_over(m, o, false, false))
		return EX_DONE;
	TRY(mem_read(m, o->seg, source_at(m, o), o->opsize, &v));
	gpr_set(m, GPR_RAX, o->opsize, v);
	index_step(m, o, GPR_RSI, o->opsize);
	return rep_next(m, o, true);
}

static enum ex op_stos(struct model *m, const struct op *o)
{
	if (rep_is_over(m, o, false, true))
		return EX_DONE;
	TRY(mem_write(m, SEG_ES, dest_at(m, o), o->opsize, gpr_get(m, GPR_RAX, o->opsize)));
	index_step(m, o, GPR_RDI, o->opsize);
	return rep_next(m, o, true);
}

/* CMPS and SCAS: F3 goes on while equal, F2 while not. */
static enum ex compare_end(struct model *m, const struct op *o, u64 a, u64 b)
{
	flags_set(m, FL_ARITH, flags_sub(a, b, (a - b) & size_mask(o->opsize), o->opsize));
	index_step(m, o, GPR_RDI, o->opsize);
	return rep_next(m, o, (a == b) == (o->rep == REP_E));
}

/*
 * "When a fault occurs during the execution of a CMPS or SCAS instruction that is prefixed [...]
 * the EFLAGS value is restored to the state prior to the execution of the instruction" (SDM volume
 * 2, REP). An interrupt between iterations is no fault, and what it returns to begins anew.
 */
static enum ex compare_fault(struct model *m, const struct op *o, enum ex r)
{
	if (o->rep != REP_NONE)
		flags_set(m, FL_ARITH, m->rep_flags & FL_ARITH);
	return r;
}

static void compare_begin(struct model *m)
{
	if (m->rep_rip != m->c.rip)
		m->rep_flags = m->c.rflags;
}

static enum ex op_cmps(struct model *m, const struct op *o)
{
	u64 a, b;
	enum ex r;

	if (rep_is_over(m, o, false, false))
		return EX_DONE;
	compare_begin(m);
	r = mem_read(m, o->seg, source_at(m, o), o->opsize, &a);
	if (r == EX_DONE)
		r = mem_read(m, SEG_ES, dest_at(m, o), o->opsize, &b);
	if (unlikely(r != EX_DONE))
		return compare_fault(m, o, r);
	index_step(m, o, GPR_RSI, o->opsize);
	return compare_end(m, o, a, b);
}

static enum ex op_scas(struct model *m, const struct op *o)
{
	u64 b;
	enum ex r;

	if (rep_is_over(m, o, false, false))
		return EX_DONE;
	compare_begin(m);
	r = mem_read(m, SEG_ES, dest_at(m, o), o->opsize, &b);
	if (unlikely(r != EX_DONE))
		return compare_fault(m, o, r);
	return compare_end(m, o, gpr_get(m, GPR_RAX, o->opsize), b);
}

const struct op_row string_ops[] = {
	{ ZYDIS_MNEMONIC_MOVSB, op_movs },
	{ ZYDIS_MNEMONIC_MOVSW, op_movs },
	{ ZYDIS_MNEMONIC_MOVSD, op_movs },
	{ ZYDIS_MNEMONIC_MOVSQ, op_movs },
	{ ZYDIS_MNEMONIC_LODSB, op_lods },
	{ ZYDIS_MNEMONIC_LODSW, op_lods },
	{ ZYDIS_MNEMONIC_LODSD, op_lods },
	{ ZYDIS_MNEMONIC_LODSQ, op_lods },
	{ ZYDIS_MNEMONIC_STOSB, op_stos },
	{ ZYDIS_MNEMONIC_STOSW, op_stos },
	{ ZYDIS_MNEMONIC_STOSD, op_stos },
	{ ZYDIS_MNEMONIC_STOSQ, op_stos },
	{ ZYDIS_MNEMONIC_CMPSB, op_cmps },
	{ ZYDIS_MNEMONIC_CMPSW, op_cmps },
	{ ZYDIS_MNEMONIC_CMPSD, op_cmps },
	{ ZYDIS_MNEMONIC_CMPSQ, op_cmps },
	{ ZYDIS_MNEMONIC_SCASB, op_scas },
	{ ZYDIS_MNEMONIC_SCASW, op_scas },
	{ ZYDIS_MNEMONIC_SCASD, op_scas },
	{ ZYDIS_MNEMONIC_SCASQ, op_scas },
	{ 0 },
};
