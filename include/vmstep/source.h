/*
 * source.h - source files, lines and functions behind addresses, and back.
 *
 * Implemented by src/symbols/ over DWARF; used by debug/ (line stepping, breakpoints, frames), trace/
 * and cli/. All addresses are the guest's. Answers are those of gdb on the same file: rows of equal
 * line are runs, rows that are no statement begin none, a breakpoint on a function goes behind its
 * prologue by gdb's rules. Names and files are owned by the set and live as long as it does.
 *
 * Everything is read when it is first asked for. Where debug information is missing or damaged the
 * answer is "none"; source_trouble() has the sentence.
 */
#ifndef VMSTEP_SOURCE_H
#define VMSTEP_SOURCE_H

#include <vmstep/symbols.h>

/* One source file as one ELF file names it; equal pointers mean the same file. */
struct source_file {
	const char *name; /* as the compiler was told: "demo.c", "lib/x.h", "/usr/include/x.h" */
	const char *dir;  /* the directory it ran in, "" if unknown */
	const char *path; /* both together, without "." and "..": what to open */
	const char *base; /* last part of the name */
};

/* The run of code of one line that covers an address. */
struct source_line {
	const struct source_file *file;
	u32 line, column; /* from 1; column 0: not said */
	bool is_stmt;
	u64 start, end;   /* the run: start <= addr < end */
};

/* False: no line is known for that address. */
bool source_line_at(struct symbols *s, u64 addr, struct source_line *ret);
/* "demo.c:9", the base name; false if no line is known. For stop lines and traces. */
bool source_format(struct symbols *s, u64 addr, char *buf, size_t size);
/*
 * The first address of each run that begins at `addr` or later and before `end`, in order: what a
 * line stepper or a mixed disassembly walks. Stops when `each` returns false.
 */
void source_lines_each(struct symbols *s, u64 addr, u64 end, bool (*each)(void *arg, const struct source_line *),
		       void *arg);

/* ---- functions ------------------------------------------------------------------------------- */

struct source_range {
	u64 start, end;
};

/* A function's code: the real thing, or one copy of it inlined into another function. */
struct source_function {
	const char *name;     /* as in the source: "main", "ns::f(int)" in C++ */
	const char *linkage;  /* the linker's name, NULL where it is the same */
	u64 low, high;        /* lowest address and behind the highest */
	u64 entry;            /* where it is entered */
	const struct source_range *range; /* all its pieces; owned by the set */
	size_t n_ranges;
	const struct source_file *file;   /* of its declaration; NULL if unknown */
	u32 line;                         /* of its declaration; 0 if unknown */
	bool inlined;         /* a copy inlined into another function */
	bool external;
	const struct source_file *call_file; /* inlined: where it was called; NULL if unknown */
	u32 call_line, call_column;
	u32 file_index;       /* the ELF file, and the DIE in it: for scopes and types */
	u64 die;
};

/* The function around an address, inlined copies looked through; false if none is known. */
bool source_function_at(struct symbols *s, u64 addr, struct source_function *ret);
/* The inlined copies around an address, the innermost first, at most `max`. Returns how many. */
size_t source_inlines_at(struct symbols *s, u64 addr, struct source_function *ret, size_t max);
/*
 * All code of a function by its name: instances in several units (static), copies inlined anywhere.
 * `file` limits it to functions declared in that source file (as source_lines() matches; NULL: any).
 * *ret is malloced; returns 0, or -ENOENT and a sentence.
 */
int source_functions(struct symbols *s, const char *file, const char *name, struct source_function **ret,
		     size_t *ret_n, struct err *err);
/*
 * Where `break FUNCTION` stops: from an address in a function's prologue the end of that prologue, by
 * gdb's rules; functions without lines: behind the instructions that build the frame. An address
 * behind the prologue is given back as it is; an inlined copy has none.
 */
u64 source_skip_prologue(struct symbols *s, u64 addr);
/* Where `step` stops that comes to a function's entry: gdb looks at the frame's instructions alone then. */
u64 source_skip_frame(struct symbols *s, u64 addr);

/* ---- lines to addresses ------------------------------------------------------------------------ */

struct source_place {
	u64 addr;             /* first of the line's code in this function or copy */
	u64 body;             /* behind the prologue where addr is a function's entry; else addr */
	const struct source_file *file;
	u32 line;             /* the line found there: the one asked for, or the next that has code */
	const char *function; /* around it, NULL if unknown; an inlined copy counts as its own */
};

/*
 * Every place where FILE:LINE begins: by sequences, functions and inlined copies, one place each.
 * `file` matches whole path components from the end ("x.c" and "src/x.c" match "/p/src/x.c"). If no
 * place has exactly this line, the places of the nearest later one that has code. *ret is malloced.
 * -ENOENT and a sentence: no such file, no code behind that line.
 */
int source_lines(struct symbols *s, const char *file, u32 line, struct source_place **ret, size_t *ret_n,
		 struct err *err);

/* ---- lists: info sources/functions/variables/types, completion --------------------------------- */

enum source_kind { SOURCE_FUNCTION, SOURCE_VARIABLE, SOURCE_TYPE };
struct source_name {
	const char *name;     /* of a type: without "struct" */
	enum source_kind kind;
	u16 tag;              /* DW_TAG_* of its DIE */
	const char *keyword;  /* of a type: "struct ", "union ", "enum ", "typedef " or "" */
	bool external;
	const struct source_file *file; /* of its declaration; NULL if unknown */
	u32 line;
	u32 file_index;
	u64 die;
};
/* Each source file of each ELF file once; stops when `each` returns false. */
void source_files_each(struct symbols *s, bool (*each)(void *arg, const struct source_file *), void *arg);
/* The source file that `file` matches (see source_lines), the first in the order of the units. */
const struct source_file *source_file_find(struct symbols *s, const char *file);
/*
 * Definitions at file scope by name, from debug information. `prefix` NULL or "": all; with_place:
 * file and line are filled (costs reading the unit). Order: by name.
 */
void source_names_each(struct symbols *s, enum source_kind kind, const char *prefix, bool with_place,
		       bool (*each)(void *arg, const struct source_name *), void *arg);

/* Fills file and line of a name got without them. */
void source_name_place(struct symbols *s, struct source_name *n);
/* Whether debug information defines a variable of this name at file scope. */
bool source_has_variable(struct symbols *s, const char *name);

/* The type of a function or variable, the type itself of a type's name; NULL: void, or not told. */
struct ctype;
const struct ctype *source_name_type(struct symbols *s, const struct source_name *n);

/* The compilation unit of a source file, by its path: the one it is the main file of, else one that
 * includes it. Texts live as long as the symbols. */
struct source_unit {
	const char *language; /* gdb's name: "c", "c++", "asm" */
	const char *producer; /* NULL: not said */
	unsigned dwarf;       /* version */
	bool has_macros;
};
bool source_unit_of(struct symbols *s, const char *path, struct source_unit *ret);

/* The C++ name in readable form, malloced; NULL if it is none. */
char *source_demangle(const char *name);
/* What of the debug information could not be read, one sentence a file; false: nothing is wrong. */
bool source_trouble(struct symbols *s, size_t file_index, struct err *err);
/* The same for the first file of which it was not told yet and in which something was met by now: nothing is
 * read for the answer. */
bool source_trouble_new(struct symbols *s, struct err *err);

#endif
