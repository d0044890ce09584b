/*
 * lines.h - the line table of a unit as gdb keeps it: a list of runs for each source file. Inside
 * src/symbols/ only.
 */
#ifndef VMSTEP_SYMBOLS_LINES_H
#define VMSTEP_SYMBOLS_LINES_H

#include "dwarf.h"

/* Where a run of a line begins. Line 0 ends the run before it. */
struct dwrow {
	u64 addr; /* link */
	u32 line;
	u16 column;
	bool is_stmt, prologue_end;
};

/* The rows of one source file, by address; an end before what begins at the same address. */
struct dwlinefile {
	const struct source_file *file;
	struct dwrow *row;
	u32 n, cap;
};

struct dwlines {
	struct dwlinefile *file;
	u32 n_files;
	const struct source_file **number; /* what DW_AT_decl_file means; NULL entries are unknown */
	u32 n_numbers;
};

/* Decoded on first need; NULL: the unit has none, or it is damaged. */
struct dwlines *dw_lines(struct dwfile *f, struct dwunit *u);
/* The file a unit means by DW_AT_decl_file or DW_AT_call_file; NULL: unknown. */
const struct source_file *dw_numbered_file(struct dwfile *f, struct dwunit *u, u64 number);
void lines_destroy(struct dwlines *l);

/* The answer of gdb's search for the line of an address; false: none. */
struct dwlineat {
	const struct dwlinefile *in;
	const struct dwrow *row;
	u64 end;
};
bool lines_at(struct dwfile *f, struct dwunit *u, u64 link, struct dwlineat *ret);

#endif
