/*
 * type_table.h - the types read from a file so far, by DIE; all their memory goes with the file. Between
 * type_table.c and type_read.c; type_alloc() is for all readers of types.
 */
#ifndef VMSTEP_SYMBOLS_TYPE_TABLE_H
#define VMSTEP_SYMBOLS_TYPE_TABLE_H

#include "type_die.h"

struct dwtypes {
	struct chunk *chunks; /* memory */
	struct ctype **slot; /* by die, open addressing; cap is a power of two */
	size_t n, cap;
	unsigned depth; /* of references being followed */
};

struct dwtypes *types_of_file(struct dwfile *f); /* NULL: no memory */
/* NULL: not read yet. */
struct ctype *types_known(const struct dwtypes *types, u64 die);
/* A new one of no DIE's (one dimension of an array of arrays); NULL: no memory. */
struct ctype *type_new(struct dwfile *f, u64 die, u8 kind);
/* A new one, entered before it is read; NULL: no memory. */
struct ctype *type_enter(struct dwfile *f, u64 die, u8 kind);

#endif
