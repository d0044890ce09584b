/* atomic.c - CMPXCHG, CMPXCHG8B, CMPXCHG16B, XADD. One processor: LOCK adds nothing but its rules.
 */
#include <string.h>
#include <Zydis/Zydis.h>

#include "model/operand.h"

/*
 * A destination in memory is written whatever the comparison says (SDM volume 2, CMPXCHG); one in a
 * register is left alone by processors when it differs, its upper half included.
 */
static enum ex op_cmpxchg(struct model *m, const struct op *o)
{
	unsigned size = o->opnd[0].size;
	u64 a = gpr_get(m, GPR_RAX, size), d, b;

	TRY(op_rmw(m, o, 0, &d));
	TRY(op_read(m, o, 1, &b));
	if (a == d) {
		TRY(op_write(m, o, 0, b));
	} else {
		if (o->opnd[0].kind == OPND_MEM)
			TRY(op_write(m, o, 0, d));
		gpr_set(m, GPR_RAX, size, d);
	}
	flags_set(m, FL_ARITH, flags_sub(a, d, (a - d) & size_mask(size), size));
	return EX_DONE;
}

static enum ex op_cmpxchg8b(struct model *m, const struct op *o)
{
	u64 old = gpr_get(m, GPR_RDX, 4) << 32 | gpr_get(m, GPR_RAX, 4), d;
	u64 new = gpr_get(m, GPR_RCX, 4) << 32 | gpr_get(m, GPR_RBX, 4);

	TRY(op_rmw(m, o, 0, &d));
	TRY(op_write(m, o, 0, d == old ? new : d));
	flags_set(m, FL_ZF, d == old ? FL_ZF : 0);
	if (d != old) {
		gpr_set(m, GPR_RAX, 4, (u32)d);
		gpr_set(m, GPR_RDX, 4, d >> 32);
	}
	return EX_DONE;
}

/* SDM volume 2, CMPXCHG16B: the operand must lie on 16 bytes, else #GP. */
static enum ex op_cmpxchg16b(struct model *m, const struct op *o)
{
	const struct opnd *d = &o->opnd[0];
	u64 at = op_address(m, o, d), have[2];
	u64 old[2] = { m->c.gpr[GPR_RAX], m->c.gpr[GPR_RDX] };
	u64 new[2] = { m->c.gpr[GPR_RBX], m->c.gpr[GPR_RCX] };
	bool same;

	if ((at + (d->seg >= SEG_FS ? m->c.seg[d->seg].base : 0)) & 15)
		return raise_code(m, EXC_GP, 0);
	TRY(mem_probe_write(m, d->seg, at, 8));
	TRY(mem_read_bytes(m, d->seg, at, 16, have));
	same = !memcmp(have, old, 16);
	TRY(mem_write_bytes(m, d->seg, at, 16, same ? new : have));
	flags_set(m, FL_ZF, same ? FL_ZF : 0);
	if (!same) {
		m->c.gpr[GPR_RAX] = have[0];
		m->c.gpr[GPR_RDX] = have[1];
	}
	return EX_DONE;
}

/* With both operands the same register the sum is what stays. */
static enum ex op_xadd(struct model *m, const struct op *o)
{
	unsigned size = o->opnd[0].size;
	u64 a, b, r;

	TRY(op_rmw(m, o, 0, &a));
	TRY(op_read(m, o, 1, &b));
	r = (a + b) & size_mask(size);
	if (o->opnd[0].kind == OPND_MEM) {
		TRY(op_write(m, o, 0, r));
		opnd_gpr_set(m, &o->opnd[1], a);
	} else {
		opnd_gpr_set(m, &o->opnd[1], a);
		opnd_gpr_set(m, &o->opnd[0], r);
	}
	flags_set(m, FL_ARITH, flags_add(a, b, r, size));
	return EX_DONE;
}

const struct op_row atomic_ops[] = {
	{ ZYDIS_MNEMONIC_CMPXCHG, op_cmpxchg },
	{ ZYDIS_MNEMONIC_CMPXCHG8B, op_cmpxchg8b },
	{ ZYDIS_MNEMONIC_CMPXCHG16B, op_cmpxchg16b },
	{ ZYDIS_MNEMONIC_XADD, op_xadd },
	{ 0 },
};
