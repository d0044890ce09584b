/*
 * private.h - the set of files and its index of ELF symbols, how it is filled; what the parts of the
 * DWARF reader offer each other. Inside src/symbols/ only.
 */
#ifndef VMSTEP_SYMBOLS_PRIVATE_H
#define VMSTEP_SYMBOLS_PRIVATE_H

#include <vmstep/symbols.h>
#include "dwarf.h"

/* A symbol with what the index needs to decide which one covers an address. */
struct entry {
	struct symbol sym;
	u64 end; /* first address behind it: by its size, or to the next symbol or section end */
	u32 section; /* index of its section; symbols of unknown size end with it */
	u32 file;    /* which attached file: a symbol never reaches into another file */
};

/*
 * Filled by the first question, and immutable then: a kernel has two hundred thousand. Three views of the
 * same entries: by address, by name (by the first question about a name), and for each place in the address
 * order the furthest end so far, so that a lookup in nested symbols knows when to stop looking back.
 */
struct symbols {
	struct entry *entry; /* by address, then by rank */
	u32 n, cap;
	u32 *by_name;   /* indices into entry[], by name, then by binding */
	u64 *reach;     /* reach[i] = max(entry[0..i].end) */
	bool filled, named; /* asked for an address, a name; without memory it is empty */

	struct dwfile **file;
	u32 n_files;
};

/* Whether the symbols of one ELF file can be read; a sentence where its tables are damaged. */
int elf_symbols_check(struct dwfile *f, struct err *err);
/* Adds them: 0 or -ENOMEM, once the check was passed. */
int elf_symbols_read(struct symbols *s, struct dwfile *f);
/* Every symbol of exactly this name. */
void symbols_named(struct symbols *s, const char *name, bool (*each)(void *arg, const struct symbol *),
		   void *arg);
/* 0 or -ENOMEM. */
int index_add(struct symbols *s, const struct entry *e);

/* ---- ready.c, units.c: life of what a dwfile holds -------------------------------------------- */

void dw_finish(struct dwfile *f);
void dw_units_drop(struct dwfile *f);

#endif
