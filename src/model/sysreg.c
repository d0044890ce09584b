/*
 * sysreg.c - the dispatch rows of the system registers (control.c, debugreg.c, tables.c), and HLT.
 */
#include <Zydis/Zydis.h>

#include "model/system.h"

static enum ex hlt(struct model *m, const struct op *o)
{
	TRY(need_cpl0(m));
	m->c.activity = ACT_HLT;
	return EX_DONE;
}

const struct op_row sysreg_ops[] = {
	{ OP_FORM(ZYDIS_MNEMONIC_MOV, ROW_CR), mov_cr },
	{ OP_FORM(ZYDIS_MNEMONIC_MOV, ROW_DR), mov_dr },
	{ ZYDIS_MNEMONIC_HLT, hlt },
	{ ZYDIS_MNEMONIC_SMSW, smsw },
	{ ZYDIS_MNEMONIC_LMSW, lmsw },
	{ ZYDIS_MNEMONIC_CLTS, clts },
	{ ZYDIS_MNEMONIC_LGDT, lgdt },
	{ ZYDIS_MNEMONIC_LIDT, lidt },
	{ ZYDIS_MNEMONIC_SGDT, sgdt },
	{ ZYDIS_MNEMONIC_SIDT, sidt },
	{ ZYDIS_MNEMONIC_LLDT, lldt },
	{ ZYDIS_MNEMONIC_LTR, ltr },
	{ ZYDIS_MNEMONIC_SLDT, sldt },
	{ ZYDIS_MNEMONIC_STR, str },
	{ ZYDIS_MNEMONIC_RSM, op_undefined }, /* outside of SMM */
	{ 0, NULL },
};
