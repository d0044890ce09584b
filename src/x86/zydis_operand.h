/*
 * zydis_operand.h - what Zydis' operands mean, for whoever turns them into formulas: insn_mem.c here,
 * and the processor model.
 */
#ifndef VMSTEP_ZYDIS_OPERAND_H
#define VMSTEP_ZYDIS_OPERAND_H

#include <Zydis/Zydis.h>
#include <vmstep/insn.h>

/* A base or index: GPR_*, INSN_MEM_RIP or INSN_MEM_NONE. */
static inline u8 zydis_address_register(ZydisRegister r)
{
	switch (ZydisRegisterGetClass(r)) {
	case ZYDIS_REGCLASS_GPR16:
	case ZYDIS_REGCLASS_GPR32:
	case ZYDIS_REGCLASS_GPR64:
		return ZydisRegisterGetId(r);
	case ZYDIS_REGCLASS_IP:
		return INSN_MEM_RIP;
	default:
		return INSN_MEM_NONE;
	}
}

/* Mod 0 with a SIB base of 5 has no base; Zydis 4.0.0 gives R13D under REX.B and a 67 prefix. */
static inline bool zydis_base_is_none(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *z)
{
	return z->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN && i->attributes & ZYDIS_ATTRIB_HAS_SIB &&
	       !i->raw.modrm.mod && i->raw.sib.base == 5;
}

#endif
