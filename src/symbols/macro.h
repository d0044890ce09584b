/*
 * macro.h - the macros of a unit as a list of events in the order of the text: macro_read.c makes it,
 * macro.c searches it. Inside src/symbols/ only.
 */
#ifndef VMSTEP_SYMBOLS_MACRO_H
#define VMSTEP_SYMBOLS_MACRO_H

#include "dwarf.h"

enum dwmacro_kind { DWMACRO_DEFINE, DWMACRO_UNDEF, DWMACRO_FILE, DWMACRO_FILE_END };

struct dwmacro {
	u8 kind;
	u32 line;         /* in the file around; of a FILE the #include's */
	union {
		const char *text; /* "NAME(a,b) body"; of UNDEF its name; lives in the section */
		const struct source_file *file; /* of FILE; NULL: unknown */
	};
};
struct dwmacros {
	struct dwmacro *event;
	u32 n, cap;
	bool cut; /* damaged behind the last event */
};

/* Read on first need; NULL: the unit tells of none. */
struct dwmacros *dw_macros(struct dwfile *f, struct dwunit *u);
/* Whether the file has such sections at all. */
bool dw_has_macros(struct dwfile *f);
void dw_macros_drop(struct dwfile *f);

#endif
