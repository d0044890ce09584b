/* table.c - mnemonic to exec function: the families' tables joined. */
#include <stdlib.h>
#include <Zydis/Zydis.h>

#include "model/operand.h"

enum { FORMS = ROW_FAR + 1 };

struct dispatch {
	op_exec *exec[ZYDIS_MNEMONIC_MAX_VALUE + 1][FORMS];
};

static const struct op_row *const families[] = {
	arith_ops,  logic_ops, shift_ops, muldiv_ops, move_ops,   string_ops,
	branch_ops, bcd_ops,   bit_ops,   flag_ops,   atomic_ops, stack_ops,
	segment_ops, far_ops,  int_ops,   sysreg_ops, msr_ops,    syscall_ops,
	port_ops,   protect_ops,
};

enum ex op_undefined(struct model *m, const struct op *o)
{
	return raise_vector(m, EXC_UD);
}

/*
 * CPUID shows no x87. SDM volume 3, "Interrupt 7 - Device Not Available Exception (#NM)": EM and TS
 * come first; what is left has no meaning here.
 */
enum ex op_x87(struct model *m, const struct op *o)
{
	return raise_vector(m, m->c.cr0 & (CR0_EM | CR0_TS) ? EXC_NM : EXC_UD);
}

struct dispatch *dispatch_create(void)
{
	struct dispatch *d = calloc(1, sizeof(*d));

	for (unsigned i = 0; d && i < ARRAY_SIZE(families); i++)
		for (const struct op_row *r = families[i]; r->exec; r++)
			d->exec[r->key & 0xffff][r->key >> 16] = r->exec;
	return d;
}

op_exec *dispatch_find(const struct dispatch *d, u16 mnemonic, enum row_form form)
{
	op_exec *e = mnemonic <= ZYDIS_MNEMONIC_MAX_VALUE ? d->exec[mnemonic][form] : NULL;

	return e ? e : op_undefined;
}
