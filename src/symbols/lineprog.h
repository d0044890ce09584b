/*
 * lineprog.h - runs a line number program. Inside src/symbols/ only.
 */
#ifndef VMSTEP_SYMBOLS_LINEPROG_H
#define VMSTEP_SYMBOLS_LINEPROG_H

#include "linehead.h"

/* A row as the program gives it; link addresses. */
struct lineraw {
	u64 addr;
	u32 line, file, discriminator, column;
	bool is_stmt, prologue_end, end; /* end: of a sequence */
};

/* Calls `each` for every row; false: damaged, it ended where it made no more sense. */
bool lineprog_run(const struct linehead *head, void (*each)(void *arg, const struct lineraw *), void *arg);

#endif
