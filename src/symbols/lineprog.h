/*
 * lineprog.h - runs a line number program. Inside src/symbols/ only.
 */
#ifndef VMSTEP_SYMBOLS_LINEPROG_H
#define VMSTEP_SYMBOLS_LINEPROG_H

#include <vmstep/types.h>

/* A row as the program gives it; link addresses. */
struct lineraw {
	u64 addr;
	u32 line, file, discriminator, column;
	bool is_stmt, prologue_end, end; /* end: of a sequence */
};

/*
 * Calls `each` for every row of the program at `offset` in .debug_line, versions 2 to 5. False when
 * the program is damaged or of an unknown version: what came before has been told.
 */
bool lineprog_run(const u8 *section, size_t size, u64 offset, void (*each)(void *arg, const struct lineraw *),
		  void *arg);

#endif
