/*
 * print.h - values as text, in gdb's layout. Implemented by src/debug/value_*.c; used by the commands
 * (print, display, info locals, finish, backtrace).
 */
#ifndef VMSTEP_PRINT_H
#define VMSTEP_PRINT_H

#include <vmstep/expr.h>

struct print_style {
	char letter;   /* x d u o t z a c f s, 0: by type */
	bool pretty;   /* members on lines of their own */
	u32 elements;  /* most elements of an array or string shown, 0: all */
	u32 repeats;   /* more equal elements than this are shown once; 0: all */
	u32 max_depth; /* structures deeper than this as {...}; 0: all */
	bool unions;   /* unions within structures; else {...} */
	bool address, symbol; /* of pointers: the address, and the symbol there; of functions always the latter */
	bool array;    /* elements on lines of their own */
	bool indexes;  /* [N] before elements */
	bool null_stop; /* characters end at the first NUL */
	bool bare;     /* no "(type *) " before pointers: as within structures */
	bool short_form; /* structures and arrays as "...": arguments of a backtrace */
};
/* gdb's: 200 elements, 10 repeats, 20 deep. */
extern const struct print_style print_default;

/* What stands behind "$1 = ". Errors of reading stand in the text as gdb has them ("<error: ...>"); the
 * return value is for what cannot be shown at all. */
int value_print(struct session *s, const struct print_style *style, const struct value *v, struct strbuf *out,
		struct err *err);

#endif
