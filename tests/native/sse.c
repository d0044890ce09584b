/*
 * sse.c - MMX and SSE to SSE4.2: the registers and memory that make their operations meet all they can
 * meet. The rows are sse_forms.c's.
 */
#include <string.h>

#include "../sse_random.h"
#include "native.h"
#include "sse_forms.h"

/* --- the state --- */

static bool name_begins(const struct form *f, const char *head)
{
	return !strncmp(f->name, head, strlen(head));
}

static void memory_fill(u64 *seed, const struct native_case *c, unsigned kind)
{
	struct op o;
	u8 v[16];

	if (!guest_decode(c, &o))
		return;
	lanes_fill(seed, kind, v, sizeof(v));
	for (unsigned i = 0; i < o.n; i++) {
		u64 at = o.opnd[i].kind == OPND_MEM ? guest_address(c, &o, i) : 0;

		if (at < AT_DATA || at > AT_HOLE - sizeof(v))
			continue;
		memcpy((void *)at, v, sizeof(v));
		memcpy(guest_data() + (at - AT_DATA), v, sizeof(v));
	}
}

static bool has_memory(const struct native_case *c)
{
	struct op o;

	return guest_decode(c, &o) && (o.opnd[0].kind == OPND_MEM || o.opnd[1].kind == OPND_MEM);
}

static void prepare(u64 *seed, const struct form *f, struct native_case *c)
{
	unsigned kind = random_below(seed, 4);
	struct fpu *fx = (struct fpu *)c->before.fx;

	mxcsr_make(seed, fx);
	mmx_state_make(seed, fx);
	if (name_begins(f, "pcmp") && !one_in(seed, 4))
		kind = 2;
	lanes_fill(seed, kind, (u8 *)fx->xmm, sizeof(fx->xmm));
	/* The way in and out of host.c is mapped there alone. */
	if (name_begins(f, "maskmov") && (!one_in(seed, 8) || c->before.gpr[GPR_RDI] >> 16 == 0xfff ||
					  c->before.gpr[GPR_RDI] >> 16 == 0x1000 || c->before.gpr[GPR_RDI] >> 16 == 0x1fff ||
					  c->before.gpr[GPR_RDI] >> 16 == 0x2000))
		c->before.gpr[GPR_RDI] = AT_DATA + random_below(seed, DATA_SIZE - 8);
	if (name_begins(f, "pcmpestr") && !(f->flags & FORM_MEM)) {
		/* A base of the memory operand keeps its value: then it is a long string. */
		struct native_case was = *c;

		c->before.gpr[GPR_RAX] = (s64)random_below(seed, 40) - 20;
		c->before.gpr[GPR_RDX] = (s64)random_below(seed, 40) - 20;
		if (c->len && (c->code[c->len - 2] & 0xc0) != 0xc0)
			*c = was;
	}
	if (name_begins(f, "cvtpi2ps") && has_memory(c))
		fx->fsw &= ~FSW_ES; /* see settle() */
	memory_fill(seed, c, kind);
}

/* --- where processors differ --- */

/*
 * Whether the x87 registers become MMX's: for CVTPI2PS from memory the SDM says so, and AMD's processors
 * leave them; for a MASKMOVQ that faults theirs do it before the fault, which nobody says. Theirs have bit
 * 17 of MXCSR, too (misaligned operands allowed).
 */
static void settle(const struct form *f, const struct native_case *c, struct native_state *host,
		   const struct native_state *model)
{
	struct fpu *h = (struct fpu *)host->fx;

	if (name_begins(f, "ldmxcsr") && h->mxcsr & BIT(17))
		*host = *model;
	if (!(name_begins(f, "cvtpi2ps") && has_memory(c)) &&
	    !(name_begins(f, "maskmovq") && host->vector != NATIVE_NONE))
		return;
	mmx_state_copy(h, (const struct fpu *)model->fx);
}

const struct native_family sse_family = { "sse", sse_forms, SSE_FORMS, prepare, settle, sse_form_missing };
