/*
 * symbols.h - names for addresses. Implemented by src/symbols/, the only user of libelf and libdwarf.
 *
 * A `struct symbols` is a set of files: a boot loader and its kernel, a program and what was attached
 * with add-symbol-file. Which files they are never changes, another set is loaded instead. Loading checks
 * the tables of ELF symbols; they are sorted by the first question, debug information (source.h, ctype.h,
 * unwind.h) is read as it is needed. Nothing of it is thread-safe.
 */
#ifndef VMSTEP_SYMBOLS_H
#define VMSTEP_SYMBOLS_H

#include <vmstep/err.h>
#include <vmstep/strbuf.h>

struct symbol {
	const char *name;  /* owned by the index */
	u64 addr, size;    /* size 0: unknown, reaches to the next symbol of its section */
	char kind;         /* 'F' function, 'O' object, 'N' label or untyped */
	bool global, weak;
};
struct symbols;
/* A section that was moved on its own (add-symbol-file -s). */
struct symbol_section {
	const char *name; /* ".data" */
	u64 addr;         /* where it is in the guest */
};
/* One file of a set and where it runs. */
struct symbol_file {
	const char *path;
	u64 bias;          /* added to its addresses (wrapping): an image linked high and loaded low */
	bool at_text;      /* `text` is where its .text is; the bias follows from that */
	u64 text;
	const struct symbol_section *section;
	size_t n_sections;
};
/*
 * The files in this order; one that cannot be read fails the whole. Everything is copied. Separate
 * debug files are looked for under `debug_dirs`, "DIR:DIR" (NULL: /usr/lib/debug).
 */
int symbols_load_files(const struct symbol_file *file, size_t n, const char *debug_dirs, struct symbols **ret,
		       struct err *err);
size_t symbols_files(const struct symbols *s);
/* Path and bias of a file of the set. */
const char *symbols_file(const struct symbols *s, size_t i, u64 *ret_bias);
/* The file with its DWARF: itself, or the separate one that was found; NULL: it has none. */
const char *symbols_debug_file(struct symbols *s, size_t i);
/* Allocated sections of a file, in the file's order (`info files`); stops when `each` returns false. */
struct symbol_area {
	const char *name;
	u64 start, end; /* in the guest */
	bool code, writable, has_bytes;
};
void symbols_areas(struct symbols *s, size_t i, bool (*each)(void *arg, const struct symbol_area *), void *arg);

/* One file: all symbol tables; addresses get `bias` added. A file without symbols is an empty index. */
int symbols_load(const char *path, u64 bias, struct symbols **ret, struct err *err);
void symbols_destroy(struct symbols *s);
size_t symbols_count(const struct symbols *s);
/* The symbol that covers `addr` (size rules; functions before objects before labels), NULL if none. */
const struct symbol *symbols_at(const struct symbols *s, u64 addr);
/* By exact name: global before weak before local; NULL if none. */
const struct symbol *symbols_find(const struct symbols *s, const char *name);
/* Names starting with `prefix` in alphabetical order; stops when the callback returns false. */
void symbols_complete(const struct symbols *s, const char *prefix, bool (*each)(void *arg, const struct symbol *),
		      void *arg);
/* "main+0x5" / "main"; false when nothing covers addr. Same shape as insn_symbolize_fn: arg is the index. */
bool symbols_format(void *symbols, u64 addr, char *buf, size_t size);

#endif
