/*
 * known.h - what the files of known differences share (known*.c).
 */
#ifndef KNOWN_H
#define KNOWN_H

#include <string.h>

#include "diff.h"

extern const struct known known_delivery[], known_interpreter[], known_processor[], known_system[];

static inline bool entered(const struct result *r, enum place p)
{
	u64 at = r->c.rip + (p == P_REAL ? AT_HANDLERS : 0);

	return r->outcome == OUT_DONE && at >= AT_HANDLERS &&
	       at < AT_HANDLERS + 33 * HANDLER_SIZE &&
	       (p != P_REAL || r->c.seg[SEG_CS].sel == AT_HANDLERS >> 4);
}

/* The vector whose handler was entered, -1: none. */
static inline int vector_of(const struct contest *x, const struct result *r)
{
	u64 at = r->c.rip + (x->sample->place == P_REAL ? AT_HANDLERS : 0);

	return entered(r, x->sample->place) ? (int)(at - AT_HANDLERS) / HANDLER_SIZE : -1;
}

/* Nothing of the instance counts. */
static inline bool give_up(struct contest *x)
{
	x->kvm = x->soft;
	memcpy(x->kvm_ram + AT_DATA, x->soft_ram + AT_DATA, AT_END - AT_DATA);
	return true;
}

/* Ring 3 is interpreted while RSP could not be the processor's. */
static inline bool rsp_wild(const struct contest *x)
{
	u64 sp = x->sample->c.gpr[GPR_RSP];

	return x->sample->place == P_LONG3 && sp != (u64)((s64)(sp << 16) >> 16);
}

static inline bool has_prefix(const struct contest *x, u8 prefix)
{
	for (unsigned i = 0; i < 14 && x->sample->code[i] != 0x0f; i++)
		if (x->sample->code[i] == prefix)
			return true;
	return false;
}

#endif
