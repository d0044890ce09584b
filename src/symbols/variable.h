/*
 * variable.h - between variable.c (what a DIE declares, where it is), scope.c (which are visible) and
 * scope_names.c (names of whole files). Inside src/symbols/.
 */
#ifndef VMSTEP_SYMBOLS_VARIABLE_H
#define VMSTEP_SYMBOLS_VARIABLE_H

#include <vmstep/scope.h>
#include "dwarf.h"

/* Whether the DIE declares something with a value. */
bool variable_tag(u16 tag);
/* Fills *ret; false when it is only a declaration of something elsewhere. */
bool variable_of(struct dwfile *f, Dwarf_Die die, struct variable *ret);
/* The constant `name` of an enum DIE. */
bool variable_of_enum(struct dwfile *f, Dwarf_Die die, const char *name, struct variable *ret);

/* ---- scope_names.c --------------------------------------------------------------------------- */

/* Of whole files: globals first, then statics and functions anywhere; `unit` (may be NULL) first. */
bool variable_find_named(struct symbols *s, struct dwfile *f, struct dwunit *unit, const char *name,
			 struct variable *ret);

#endif
