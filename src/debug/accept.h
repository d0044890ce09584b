/*
 * accept.h - between accept.c (which points of a stop count) and accept_catch.c (what happened there).
 * Inside src/debug/.
 */
#ifndef VMSTEP_DEBUG_ACCEPT_H
#define VMSTEP_DEBUG_ACCEPT_H

#include "private.h"

/* What happened at this stop, as catch bits: what the engine names and what the instruction was. */
u32 stop_catches(const struct stop *st);
/* Whether `p` waits for something of it: ports and vectors looked at. */
bool catch_matches(const struct stop *st, const struct upoint *p, u32 happened);

#endif
