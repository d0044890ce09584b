/*
 * linehead.h - the head of a line number program: its constants, directories and files. Inside
 * src/symbols/ only.
 */
#ifndef VMSTEP_SYMBOLS_LINEHEAD_H
#define VMSTEP_SYMBOLS_LINEHEAD_H

#include <string.h>
#include "cursor.h"

struct linehead {
	u8 version, min_length, max_ops, line_range, opcode_base;
	s8 line_base;
	bool default_stmt;
	u8 operands[256];      /* of the standard opcodes */
	const u8 *program, *end;

	/* By number; what a number before DWARF 5's 0 would mean is NULL. Strings lie in the sections. */
	const char **dir;
	u32 n_dirs;
	struct lineheadfile {
		const char *name;
		u32 dir;
	} *file;
	u32 n_files;
};

/* At an offset of the file's .debug_line; versions 2 to 5. False: damaged; nothing to free then. */
bool linehead_read(struct dwfile *f, u64 offset, struct linehead *ret);
void linehead_deinit(struct linehead *h);

#endif
