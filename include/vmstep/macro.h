/*
 * macro.h - the C preprocessor's macros as debug information tells them (gcc -g3, clang -fdebug-macro).
 *
 * Implemented by src/symbols/macro*.c: .debug_macro of DWARF 5, GNU's of DWARF 4, .debug_macinfo of
 * those before, read a unit at a time when somebody asks. Used by src/debug/expr_macro.c, which
 * expands an expression before it is parsed, and by src/cli/. Names and texts live as long as the
 * symbols do. A macro holds from its #define to its #undef, in the order of the source text.
 */
#ifndef VMSTEP_MACRO_H
#define VMSTEP_MACRO_H

#include <vmstep/source.h>

/* A line of the text of a unit: what is defined there. */
struct macro_scope {
	const struct source_file *file; /* NULL: the file is none of the unit's, its whole text counts */
	unsigned line;
	void *owner; /* private: the file's table, the unit's macros, how much of them is before */
	void *unit;
	u32 end;
};
/* Whether any file of the set tells of macros: else nothing below needs to be asked. */
bool macros_known(struct symbols *s);
/* The scope at a line of a source file for the code at `pc`; false: no macros are told there. */
bool macro_scope_at(struct symbols *s, u64 pc, const struct source_file *file, unsigned line,
		    struct macro_scope *ret);

struct macro {
	const char *name;
	size_t n_name;
	bool function;          /* takes arguments, perhaps none */
	const char *parameters; /* what is between ( and ), n_parameters bytes of "a,b,..." */
	size_t n_parameters;
	const char *body;       /* may be "" */
	unsigned line;          /* of the #define; 0: the compiler's own, or of its command line */
	u32 at;                 /* private */
};
/* The definition that holds; false: none. __FILE__ and __LINE__ are not among them. */
bool macro_find(const struct macro_scope *at, const char *name, size_t n, struct macro *ret);
/*
 * Definitions by name, those of one name in the order of the text, until `each` answers false: those
 * that hold at the scope, or all the unit ever has (`all`), of one name or of every one (NULL).
 */
void macro_each(const struct macro_scope *at, bool all, const char *name,
		bool (*each)(void *arg, const struct macro *), void *arg);
/* Where it was defined: its file, then the lines of the #include that led there; returns how many. */
struct macro_place {
	const struct source_file *file;
	unsigned line;
};
enum { MACRO_NESTING = 64 };
size_t macro_places(const struct macro_scope *at, const struct macro *m, struct macro_place ret[MACRO_NESTING]);
/* The same chain for the scope itself. */
size_t macro_scope_places(const struct macro_scope *at, struct macro_place ret[MACRO_NESTING]);

/*
 * Replaces every macro in a text as the preprocessor would, arguments, # and ## included. 0; -EINVAL
 * with a sentence: wrong arguments; -E2BIG: it grows without end.
 */
int macro_expand(const struct macro_scope *at, const char *text, struct strbuf *out, struct err *err);
/*
 * The macro invocation at the beginning of a text, if there is one: its replacement is added, *ret_n is
 * how many bytes of the text it takes. -ENOENT: there stands none.
 */
int macro_expand_first(const struct macro_scope *at, const char *text, size_t *ret_n, struct strbuf *out,
		       struct err *err);

#endif
