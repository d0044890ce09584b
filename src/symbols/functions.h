/*
 * functions.h - blocks of code as functions for the user. Inside src/symbols/ only.
 */
#ifndef VMSTEP_SYMBOLS_FUNCTIONS_H
#define VMSTEP_SYMBOLS_FUNCTIONS_H

#include "dwarf.h"

/* Everything source.h tells about a function or inlined copy that is a block. */
void function_fill(struct dwfile *f, struct dwunit *u, u32 block, struct source_function *ret);

#endif
