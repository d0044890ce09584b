/*
 * type.h - between the files that make types: type.c (questions), type_read.c (from DIEs),
 * type_members.c (insides of structures, enums, functions), type_find.c (by name), type_text.c and
 * type_describe.c (text). Inside src/symbols/.
 */
#ifndef VMSTEP_SYMBOLS_TYPE_H
#define VMSTEP_SYMBOLS_TYPE_H

#include <vmstep/ctype.h>

/* The definition of a declaration, from any file; `t` itself where there is none. Remembered. */
const struct ctype *type_definition(const struct ctype *t);

/* ---- type_text.c: a declaration is what stands before the name, the name, and what stands behind */

/* `show` is gdb's: above 0 the insides, 0 the insides of what has no name, below 0 never. `level` is
 * the indentation. */
struct type_style {
	int show;
	int level;
	/* Prints what is between the braces of a structure, union or enum; NULL: {...} */
	void (*body)(const struct ctype *t, const struct type_style *style, struct strbuf *out);
	void *arg;
	unsigned nesting; /* parameters within parameters */
};
void type_text(const struct ctype *t, const char *name, const struct type_style *style,
	       struct strbuf *out);

#endif
