/*
 * names.h - the index of names at file scope: functions, variables, types. Inside src/symbols/ only.
 */
#ifndef VMSTEP_SYMBOLS_NAMES_H
#define VMSTEP_SYMBOLS_NAMES_H

#include "dwarf.h"

/* One definition; the name lies in the file's own strings. */
struct dwname {
	const char *name; /* the last part: "f" of ns::f */
	u32 hash;
	u32 unit;
	u32 at;   /* the DIE, from the unit's header */
	u16 tag;
	bool external, scoped; /* scoped: within a namespace or class */
};

/* All names of a kind, by hash; types only once a name. */
struct dwnamelist {
	struct dwname *name;
	u32 n, cap;
};

/* Built by a scan of the units' top level on first need; NULL: no debug information. */
const struct dwnamelist *dw_names(struct dwfile *f, enum source_kind kind);
/* The entries of one name: the first, *ret_n of them. */
const struct dwname *dw_names_find(struct dwfile *f, enum source_kind kind, const char *name, u32 *ret_n);
/*
 * The functions of one name, also before there is an index, which this does not build where it need
 * not: those of all units whose top level has the name.
 */
void dw_functions_named(struct dwfile *f, const char *name, void (*each)(void *arg, const struct dwname *n),
			void *arg);
/* name_seek.c: units that may have the name; false: they cannot be told, look through all. */
bool dw_name_seek(struct dwfile *f, const char *name, void (*each)(void *arg, struct dwunit *u), void *arg);
u64 dw_name_die(const struct dwfile *f, const struct dwname *n);
void dw_names_drop(struct dwfile *f);

/* Units that have a file of this base name in their line tables: calls `each` for every one. */
void dw_units_naming(struct dwfile *f, const char *base, void (*each)(void *arg, struct dwunit *u), void *arg);

/* Whether a linker that optimizes has spread functions over units: GCC calls those "<artificial>". */
bool dw_is_spread(struct dwfile *f);

#endif
