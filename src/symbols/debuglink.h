/*
 * debuglink.h - the separate file with a program's debug information. Inside src/symbols/ only.
 */
#ifndef VMSTEP_SYMBOLS_DEBUGLINK_H
#define VMSTEP_SYMBOLS_DEBUGLINK_H

#include "dwarf.h"

struct elfobj;

/* By build-id, then by .gnu_debuglink and its checksum. -ENOENT: there is none; the sentence says so. */
int debuglink_open(struct dwfile *f, struct elfobj **ret, struct err *err);

#endif
