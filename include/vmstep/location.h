/*
 * location.h - where `break`, `until`, `list`, `info line` and the like mean: gdb's locations.
 *
 * Implemented by src/debug/location.c over source.h and expr.h.
 *
 *	FILE:LINE  LINE  +N  -N     lines; without FILE those of the default file
 *	FUNCTION  FILE:FUNCTION     all its code: instances of the same name, inlined copies
 *	*EXPR  SEG:OFF  0x7c00      an address, exactly; so is a symbol that is no function, and a plain
 *	                            number where there is no line information at all
 */
#ifndef VMSTEP_LOCATION_H
#define VMSTEP_LOCATION_H

#include <vmstep/session.h>
#include <vmstep/source.h>

struct location {
	u64 addr;                       /* linear; has_addr false: a line without code */
	bool has_addr;
	const struct source_file *file; /* NULL: no line is known */
	u32 line;
	const char *function;           /* the location belongs to; NULL: unknown */
};
/* Where LINE, +N and -N count from; file NULL: the lines of main(), as nothing was shown yet. */
struct location_default {
	const struct source_file *file;
	u32 line;
};
struct locations {
	struct location *at; /* at least one, by address */
	size_t n;
	bool exact;          /* an address, not to be moved when the symbols change */
	char *canonical;     /* the same location without a default: "demo.c:12" */
};
enum location_use {
	LOCATION_CODE, /* to stop at: functions behind their prologue, lines where they have code */
	LOCATION_LINE, /* to look at: functions at their first line, lines as they are named */
};
/*
 * Resolves a prefix of `text`; *ret_end is behind it (a blank, a comma, the end). -ENOENT and gdb's
 * sentence ("Function "x" not defined.") for names nobody knows; what may come with other symbols.
 */
int location_resolve(struct session *s, const char *text, const struct location_default *def,
		     enum location_use use, struct locations *ret, const char **ret_end,
		     struct err *err);
/* What an address is, as for *ADDR. */
void location_of_address(struct session *s, u64 addr, struct location *ret);
void locations_deinit(struct locations *l);

#endif
