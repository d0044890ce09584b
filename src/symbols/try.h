/*
 * try.h - calling libdwarf: without a place for its error it aborts, and the error is to be freed.
 * Inside src/symbols/.
 */
#ifndef VMSTEP_SYMBOLS_TRY_H
#define VMSTEP_SYMBOLS_TRY_H

#include "dwarf.h"

static inline bool try_done(struct dwfile *f, int rc, Dwarf_Error e)
{
	if (rc == DW_DLV_ERROR && e)
		dwarf_dealloc_error(f->dbg, e);
	return rc == DW_DLV_OK;
}

/* Whether CALL, which ends in an argument &e, succeeds. */
#define TRY(f, call)                                 \
	({                                           \
		Dwarf_Error e = NULL;                \
		int try_rc_ = (call);                \
		try_done((f), try_rc_, e);           \
	})

#endif
