/* event.c - what an instruction raises. */
#include "model/operand.h"

enum ex raise(struct model *m, u8 vector)
{
	m->event = (struct guest_event){ .vector = vector, .type = INTR_HARD_EXC, .fault = true };
	return EX_EVENT;
}

enum ex raise_code(struct model *m, u8 vector, u32 error)
{
	raise(m, vector);
	m->event.has_error = true;
	m->event.error = error;
	return EX_EVENT;
}

enum ex raise_pf(struct model *m, u64 lin, u32 error)
{
	raise_code(m, EXC_PF, error);
	m->event.has_cr2 = true;
	m->event.cr2 = lin;
	return EX_EVENT;
}
