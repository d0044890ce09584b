/* table.c - mnemonic to exec function: the families' tables joined. */
#include <stdlib.h>
#include <Zydis/Zydis.h>

#include "model/operand.h"
#include "model/sse.h"

enum { FORMS = ROW_FAR + 1 };

struct dispatch {
	op_exec *exec[ZYDIS_MNEMONIC_MAX_VALUE + 1][FORMS];
	const struct sse_row *vector[ZYDIS_MNEMONIC_MAX_VALUE + 1];
};

static const struct op_row *const families[] = {
	arith_ops,  logic_ops, shift_ops, muldiv_ops, move_ops,   string_ops,
	branch_ops, bcd_ops,   bit_ops,   flag_ops,   atomic_ops, stack_ops,
	segment_ops, far_ops,  int_ops,   sysreg_ops, msr_ops,    syscall_ops,
	port_ops,   protect_ops, cache_ops, bmi_ops,   random_ops, crc_ops,
	fxsave_ops, xsave_ops, x87_ops,    x87_control_ops, sse_ops,
};

/* Those with an MMX or XMM register: MOVSD and CMPSD are strings, too. */
static const struct sse_row *const vector_families[] = {
	sse_int_rows,  sse_float_rows,   sse_immediate_rows, sse_convert_rows,
	sse_move_rows, sse_element_rows, sse_string_rows,  sse_dot_rows,
};

enum ex op_undefined(struct model *m, const struct op *o)
{
	return raise_vector(m, EXC_UD);
}

enum ex op_missing(struct model *m, const struct op *o)
{
	m->lack = LACK_INSTRUCTION;
	return EX_MISSING;
}

struct dispatch *dispatch_create(void)
{
	struct dispatch *d = calloc(1, sizeof(*d));

	for (unsigned i = 0; d && i < ARRAY_SIZE(families); i++)
		for (const struct op_row *r = families[i]; r->exec; r++)
			d->exec[r->key & 0xffff][r->key >> 16] = r->exec;
	for (unsigned i = 0; d && i < ARRAY_SIZE(vector_families); i++)
		for (const struct sse_row *r = vector_families[i]; r->exec; r++)
			d->vector[r->mnemonic] = r;
	return d;
}

op_exec *dispatch_find(const struct dispatch *d, u16 mnemonic, enum row_form form)
{
	return mnemonic <= ZYDIS_MNEMONIC_MAX_VALUE ? d->exec[mnemonic][form] : NULL;
}

const struct sse_row *dispatch_vector(const struct dispatch *d, u16 mnemonic)
{
	return mnemonic <= ZYDIS_MNEMONIC_MAX_VALUE ? d->vector[mnemonic] : NULL;
}
