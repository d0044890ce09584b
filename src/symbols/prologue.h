/*
 * prologue.h - the end of a function's prologue. Inside src/symbols/ only; link addresses.
 */
#ifndef VMSTEP_SYMBOLS_PROLOGUE_H
#define VMSTEP_SYMBOLS_PROLOGUE_H

#include "dwarf.h"

/* Of the function that is a block of a unit. */
u64 prologue_end(struct dwfile *f, struct dwunit *u, u32 block);
/* Where `step` stops in it: behind the instructions that build a frame, whoever compiled it. */
u64 prologue_frame(struct dwfile *f, struct dwunit *u, u32 block);
/* Of one that only the ELF symbols name, from `entry` to `end`. */
u64 prologue_end_elf(struct dwfile *f, u64 entry, u64 end);

#endif
