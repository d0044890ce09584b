/*
 * symbols.h - names for addresses. Implemented by src/symbols/, the only user of libelf (and later of
 * libdwarf). An index is read once and immutable; several files can be attached to one session.
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
/* All symbol tables of the ELF file; addresses get `bias` added. A file without symbols is an empty index. */
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
