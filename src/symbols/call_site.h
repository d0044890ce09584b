/*
 * call_site.h - between call_site.c (what a call passed) and tail_call.c (who jumped on). Inside
 * src/symbols/.
 */
#ifndef VMSTEP_SYMBOLS_CALL_SITE_H
#define VMSTEP_SYMBOLS_CALL_SITE_H

#include "dwarf.h"

/* A function's DIE and the abstract one it is an instance of; both 0: none. */
struct site_function {
	u64 die, origin;
};
struct site_function site_function_at(struct dwfile *f, struct dwunit *u, u64 link);
bool site_is_function(const struct site_function *fn, u64 die);
/* The instance with code of the function a call site names, in the unit; 0: none there. */
u64 site_instance(struct dwfile *f, struct dwunit *u, u64 die);
/* The call in the function DIE that returns to `link`; 0: it says none. */
u64 site_returning(struct dwfile *f, u64 function, u64 link);
bool site_is_tail(Dwarf_Die die);
/* The DIE of the function called; false: called through a pointer. */
bool site_target(Dwarf_Die die, u64 *ret);

#endif
