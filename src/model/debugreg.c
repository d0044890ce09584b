/*
 * debugreg.c - MOV to and from the debug registers.
 *
 * SDM 2 "MOV - Move to/from Debug Registers"; SDM 3 "Debug Registers" (DR4 and DR5, fixed bits,
 * GD).
 */
#include "model/system.h"

/* BLD and RTM are not there: they read as 1 (no bus-lock or RTM debugging in CPUID). */
#define DR6_WRITABLE DR6_CAUSE
#define DR7_WRITABLE 0xffff23ffull

/* 4 and 5 are 6 and 7 unless CR4.DE is set. */
static bool dr_number(const struct model *m, unsigned n, unsigned *ret)
{
	if (n > 7 || ((n == 4 || n == 5) && (m->c.cr4 & CR4_DE)))
		return false;
	*ret = n == 4 || n == 5 ? n + 2 : n;
	return true;
}

/* SDM 3 "General-Detect Exception Condition": a fault, before the instruction; it outranks the
 * checks of the value. RF in the frame: the SDM says 1 for faults, silicon is reported to push it
 * as it was, which is what is done here. */
static enum ex general_detect(struct model *m)
{
	raise_vector(m, EXC_DB);
	m->event.dr6 = DR6_BD;
	m->event.fault = false;
	return EX_EVENT;
}

static enum ex dr_write(struct model *m, unsigned n, u64 value)
{
	if (n >= 6 && value >> 32)
		return raise_code(m, EXC_GP, 0);
	if (n < 4)
		m->c.dr[n] = value;
	else if (n == 6)
		m->c.dr6 = (value & DR6_WRITABLE) | DR6_INIT;
	else
		m->c.dr7 = (value & DR7_WRITABLE) | DR7_FIXED;
	model_derive(m);
	return EX_DONE;
}

enum ex mov_dr(struct model *m, const struct op *o)
{
	bool to = o->opnd[0].kind == OPND_DR;
	unsigned n = o->opnd[to ? 0 : 1].reg, gpr = o->opnd[to ? 1 : 0].reg;
	u64 mask = m->bits == 64 ? ~0ull : 0xffffffffull;

	if (!dr_number(m, n, &n))
		return raise_vector(m, EXC_UD);
	TRY(need_cpl0(m));
	if (m->c.dr7 & DR7_GD)
		return general_detect(m);
	if (to)
		return dr_write(m, n, m->c.gpr[gpr] & mask);
	m->c.gpr[gpr] = (n < 4 ? m->c.dr[n] : n == 6 ? m->c.dr6 : m->c.dr7) & mask;
	return EX_DONE;
}
