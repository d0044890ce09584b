/*
 * type_die.h - types as far as they know of DIEs: type_read.c, type_members.c, type_find.c. Inside
 * src/symbols/.
 */
#ifndef VMSTEP_SYMBOLS_TYPE_DIE_H
#define VMSTEP_SYMBOLS_TYPE_DIE_H

#include "dwarf.h"
#include "type.h"

/* The type a DIE describes (a subprogram: its function type); NULL: void, or unreadable. */
const struct ctype *type_at(struct dwfile *f, u64 offset);
/* What its DW_AT_type refers to, also through its origin. */
const struct ctype *type_of(struct dwfile *f, Dwarf_Die die);
/* Zeroed memory that lives as long as the file's types; NULL: none. */
void *type_alloc(struct dwfile *f, size_t n);
/* A constant with the sign its form has: DW_AT_const_value, DW_AT_upper_bound. */
bool type_constant(struct dwfile *f, Dwarf_Die die, u16 attr, s64 *ret);

#endif
